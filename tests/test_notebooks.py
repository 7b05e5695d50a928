"""What the repository promises of its notebooks, beyond what nbval compares."""

import ast
import re
import subprocess
import sys

import nbformat
import notebooks
import pytest

CHAPTERS = {path.name: nbformat.read(path, as_version=4) for path in notebooks.chapters()}
CELLS = [
    pytest.param(cell, id=f"{name}-{cell.id}")
    for name, notebook in CHAPTERS.items()
    for cell in notebook.cells
    if cell.cell_type == "code"
]


def tags(cell):
    return cell.metadata.get("tags", [])


def example(*cells):
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(""), *cells])


@pytest.mark.parametrize("path", notebooks.chapters(), ids=lambda path: path.name)
def test_notebook_is_in_stored_form(path):
    stored = notebooks.stored(nbformat.read(path, as_version=4))
    assert path.read_text("utf-8") == notebooks.serialized(stored)


@pytest.mark.parametrize("cell", CELLS)
def test_figure_has_alternative_text_and_a_caption(cell):
    if re.search(r"\bInteractive\w*\(", cell.source):
        assert re.search(r"\balt=", cell.source)  # the class refuses an empty one
    elif "plt.show()" in cell.source:
        assert cell.source.endswith("plt.show()")
        assert len(cell.metadata.mystnb.image.alt) > 40
    else:
        return
    assert notebooks.IGNORED in tags(cell)
    assert len(cell.metadata.mystnb.figure.caption) > 40
    assert cell.metadata.mystnb.figure.name.startswith("fig-")


@pytest.mark.parametrize("cell", CELLS)
def test_a_cell_that_loads_digits_is_not_compared(cell):
    # Without data and network the loader prints a note about the stand-in.
    if re.search(r"load_(fashion_)?mnist\(", cell.source):
        assert notebooks.IGNORED in tags(cell)


@pytest.mark.parametrize("name", CHAPTERS)
def test_what_is_not_compared_is_checked_nearby(name):
    # What is there for the page alone, figures and glue, does not count as a distance.
    code = [
        cell
        for cell in CHAPTERS[name].cells
        if cell.cell_type == "code" and "remove-cell" not in tags(cell)
    ]
    unchecked = []
    for i, cell in enumerate(code):
        near = [after for after in code[i + 1 :] if "mystnb" not in after.metadata]
        if notebooks.IGNORED in tags(cell) and not any(
            "check" in tags(checks) or "check" in checks.source or "assert" in checks.source
            for checks in (cell, *near[:2])
        ):
            unchecked.append(cell.source)
    assert unchecked == []


@pytest.mark.parametrize("cell", CELLS)
def test_what_rounding_leaves_is_not_compared(cell):
    # Another processor adds in another order.
    printed = "".join(output.get("text", "") for output in cell.outputs)
    left = re.findall(r"(?:largest|relative) difference ([^\s,]+)", printed)
    assert [value for value in left if 0 < abs(float(value)) < 1e-4] == []


@pytest.mark.parametrize("name", CHAPTERS)
def test_what_keras_draws_is_drawn_from_a_seed(name):
    # An unseeded layer prints something else in one run of a hundred, and the reader sees that one.
    unseeded = []
    for cell in CHAPTERS[name].cells:
        if cell.cell_type != "code":
            continue
        if "set_random_seed" in cell.source:
            break
        statements = [
            part
            for part in ast.parse(cell.source).body
            if not isinstance(part, ast.FunctionDef | ast.ClassDef)
        ]
        unseeded += [
            ast.unparse(call.func)
            for part in statements
            for call in ast.walk(part)
            if isinstance(call, ast.Call)
            if re.match(r"(keras\.)?(Sequential|layers|models)\b", ast.unparse(call.func))
        ]
    assert unseeded == []


def test_stored_form_keeps_text_and_drops_the_rest():
    printed = nbformat.v4.new_output("stream", name="stdout", text="1\n")
    cell = nbformat.v4.new_code_cell("print(1)", outputs=[printed], execution_count=7)
    cell.metadata = {"tags": ["hide-input"], "execution": {"started": "now"}}
    timed = nbformat.v4.new_code_cell("clock()", outputs=[printed], execution_count=8)
    timed.metadata = {"tags": [notebooks.IGNORED]}
    notebook = example(cell, timed)
    notebook.metadata["widgets"] = {}
    _, kept, dropped = notebooks.stored(notebook).cells
    assert kept.outputs == [printed]
    assert kept.execution_count == 2
    assert kept.metadata == {"tags": ["hide-input"]}
    assert dropped.outputs == []
    assert dropped.execution_count is None
    assert "widgets" not in notebooks.stored(notebook).metadata


@pytest.mark.parametrize(
    "output",
    [
        nbformat.v4.new_output("display_data", {"image/png": "", "text/plain": "<Figure>"}),
        nbformat.v4.new_output("execute_result", {"text/html": "<b>1</b>", "text/plain": "1"}),
        nbformat.v4.new_output("stream", name="stderr", text="warning"),
        nbformat.v4.new_output("error", ename="NameError", evalue="x", traceback=[]),
    ],
    ids=lambda output: output.output_type,
)
def test_stored_form_refuses_what_cannot_be_compared(output):
    cell = nbformat.v4.new_code_cell("f()", outputs=[output], execution_count=1)
    with pytest.raises(ValueError, match=f"code cell 2 has {output.output_type}"):
        notebooks.stored(example(cell))


def test_bootstrap_names_no_address_while_none_is_set():
    source = notebooks.bootstrap("", "main")
    assert "pip install" not in source
    with pytest.raises(ImportError, match=r"needs the book.s dlcore .* found 0.1.0: .*`make lab`"):
        run_with_an_older_dlcore(source)


def test_bootstrap_installs_from_the_repository_once_it_is_known():
    source = notebooks.bootstrap("https://example.org/you/book", "edition")
    install = "%pip install -q --no-deps git+https://example.org/you/book@edition"
    assert install in source
    # What the install brings is imported, not what lay in memory.
    left = run_with_an_older_dlcore(source.replace(install, "import os"))
    assert "dlcore._only_in_the_older" not in left
    assert "dlcore.check" in left
    exec(source.replace(install, "raise AssertionError"), {})  # the current one stays


def run_with_an_older_dlcore(source):
    """Run a first cell where an older dlcore is installed; the modules that are left."""
    code = (
        "import sys, types\n"
        "sys.modules['dlcore'] = types.ModuleType('dlcore')\n"
        "sys.modules['dlcore'].__version__ = '0.1.0'\n"
        "sys.modules['dlcore._only_in_the_older'] = types.ModuleType('old')\n"
        f"exec({source!r})\n"
        "print(*sys.modules)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    if run.returncode:
        raise ImportError(run.stderr.splitlines()[-1])
    return run.stdout.split()
