"""What a page shows is all that a reader needs: its visible cells run alone, and may be repeated.

Data sets are replaced by their stand-ins and training is cut short, for speed: what the cells show
is nbval's matter.
"""

import hashlib
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import notebooks
import pytest
import runs

ONCE = "run-once"
OFFLINE = "offline"
QUICK = 2.0  # seconds; a cell that takes longer is not repeated, or this would double the cost
# Once a cell has imported Keras, the cells after it train and evaluate on one batch an epoch, and
# for two epochs instead of twenty or more. A `for` over a range of a hundred or more ends after a
# tenth of a second; `for _ in range(5)` or more does, too.
SHORT = """\
def shorten():
    import ast
    import builtins
    import itertools
    import sys
    import time

    shell = get_ipython()

    def patch(*_):
        if keras := sys.modules.get("keras"):
            shell.events.unregister("post_run_cell", patch)
            fit, evaluate = keras.Model.fit, keras.Model.evaluate
            one = {"steps_per_epoch": 1, "validation_steps": 1}
            keras.Model.fit = lambda *given, epochs=1, **named: fit(
                *given, epochs=2 if epochs >= 20 else epochs, **named | one
            )
            keras.Model.evaluate = lambda *given, **named: evaluate(*given, **named | {"steps": 1})

    def limited(turns, least):
        if not isinstance(turns, range) or len(turns) < least:
            return turns
        end = time.monotonic() + 0.1
        return itertools.takewhile(lambda _: time.monotonic() < end, turns)

    class Limited(ast.NodeTransformer):
        def visit_For(self, loop):
            least = 5 if getattr(loop.target, "id", "") == "_" else 100
            call = ast.parse(f"__import__('builtins').limited(0, {least})", mode="eval").body
            call.args[0], loop.iter = loop.iter, call
            return ast.fix_missing_locations(self.generic_visit(loop))

    builtins.limited = limited  # no name of the page, and not one of its globals
    shell.events.register("post_run_cell", patch)
    shell.ast_transformers.append(Limited())


shorten()
del shorten"""
PASSED = runs.ROOT / "_build" / "visible"
PAGES = [pytest.param(path, id=path.stem) for path in notebooks.chapters()]


def tags(cell):
    return cell.metadata.get("tags", [])


def printed(cell):
    """What a cell shows as text. Pieces of one stream are one text."""
    parts = [
        output.get("text") or output.get("data", {}).get("text/plain", "")
        for output in cell.outputs
    ]
    return "".join(parts)


def problem(path, *, short=False):
    """What is wrong when the visible cells alone run in order in a fresh kernel; None if nothing.

    A cell runs a second time directly after its first, as a reader's hand would have it, and shows
    the same again where its output is compared at all. The text says where a cell may not.
    """
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError

    notebook = nbformat.read(path, as_version=4)
    # Where a visible cell downloads, a hidden one hands out what is here, with network or without.
    offline = [cell for cell in runs.code(notebook) if OFFLINE in tags(cell)]
    cells = [*offline, *notebooks.visible(notebook)]
    if short:
        cells.insert(0, nbformat.v4.new_code_cell(SHORT, metadata={"tags": [ONCE]}))
    alone = nbformat.v4.new_notebook(cells=cells)
    resources = {"metadata": {"path": path.parent}}
    client = NotebookClient(alone, timeout=600, kernel_name="python3", resources=resources)
    with client.setup_kernel():
        for index, cell in enumerate(cells):
            when = "on its first run"
            try:
                started = time.perf_counter()
                client.execute_cell(cell, index)
                first = printed(cell)
                if time.perf_counter() - started > QUICK or ONCE in tags(cell):
                    continue
                when = "when it is repeated"
                client.execute_cell(cell, index)
            except CellExecutionError as error:
                return f"{cell.source}\n\nThis cell fails {when}: {error.ename}: {error.evalue}"
            if notebooks.IGNORED not in tags(cell) and printed(cell) != first:
                return (
                    f"{cell.source}\n\nThis cell shows something else {when}. Let it start from "
                    f"what it needs, or tag it {ONCE}.\nFirst: {first}\nThen: {printed(cell)}"
                )
    return None


@pytest.mark.parametrize("path", PAGES)
def test_visible_cells_run_alone_and_may_be_repeated(path):
    digest = hashlib.sha256(runs.key(nbformat.read(path, as_version=4)).encode())
    digest.update(Path(__file__).read_bytes() + Path(notebooks.__file__).read_bytes())
    passed = PASSED / f"{path.stem}.{digest.hexdigest()[:16]}"
    if passed.exists():
        return
    # A process of its own: the stand-in is a matter of the environment that a kernel inherits.
    run = subprocess.run(
        [sys.executable, __file__, str(path)],
        env=os.environ | {"DLCORE_STAND_IN": "1", "PYTHONPATH": str(runs.ROOT / "tools")},
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stderr
    assert run.stdout == ""
    PASSED.mkdir(parents=True, exist_ok=True)
    passed.touch()


def undefined(notebook, path=notebooks.ROOT / "chapters" / "page.ipynb"):
    """The names that visible cells use and no visible cell defines, as ruff finds them."""
    alone = nbformat.v4.new_notebook(cells=notebooks.visible(notebook), metadata=notebook.metadata)
    command = [sys.executable, "-m", "ruff", "check", "--select=F821", "--output-format=json"]
    run = subprocess.run(
        [*command, f"--stdin-filename={path}", "-"],
        input=nbformat.writes(alone),
        capture_output=True,
        text=True,
    )
    assert run.returncode in (0, 1), run.stderr
    return [finding["message"] for finding in json.loads(run.stdout)]


@pytest.mark.parametrize("path", PAGES)
def test_visible_cells_define_what_they_use(path):
    assert undefined(nbformat.read(path, as_version=4), path) == []


# The tests' own tests


def page(*cells):
    return nbformat.v4.new_notebook(
        cells=[
            nbformat.v4.new_code_cell(source, metadata={"tags": given}) for source, *given in cells
        ],
        metadata={"kernelspec": notebooks.KERNEL},
    )


@pytest.mark.parametrize("tag", sorted(notebooks.HIDDEN))
def test_a_name_from_a_hidden_cell_is_undefined(tag):
    assert undefined(page(["import os", tag], ["os.name"])) == ["Undefined name `os`"]
    assert undefined(page(["import os"], ["os.name"], ["check.claim()", tag])) == []


@pytest.mark.parametrize(
    ("cells", "found"),
    [
        ([["import os", "hide-input"], ["os.name"]], "fails on its first run: NameError"),
        ([["x = [1, 2]"], ["x.remove(1)"]], "fails when it is repeated: ValueError"),
        ([["x = 1"], ["x += 1\nprint(x)"]], "shows something else when it is repeated"),
        ([["x = 1"], ["x += 1\nprint(x)", ONCE]], None),
        ([["x = 1"], ["x += 1\nprint(x)", notebooks.IGNORED]], None),
        ([["import time"], ["time.sleep(2.1)\nprint(time.time())"]], None),
        ([["1 / 0", "check"], ["print('alone')"]], None),
    ],
)
def test_a_page_that_breaks_the_promise_is_found(tmp_path, cells, found):
    nbformat.write(page(*cells), tmp_path / "page.ipynb")
    said = problem(tmp_path / "page.ipynb")
    assert (found in said) if found else (said is None)


TRAINING = """\
keras.utils.set_random_seed(0)
model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
model.compile("sgd", "mse")
model.fit(keras.ops.ones((9, 1)), keras.ops.ones((9, 1)), batch_size=3, epochs=2, verbose=0)
assert int(model.optimizer.iterations) == 2, "once an epoch"
model.fit(keras.ops.ones((9, 1)), keras.ops.ones((9, 1)), epochs=20, verbose=0)
assert int(model.optimizer.iterations) == 4, "two epochs are enough"
import time
turns = [0, 0, 0, 0]
for i in range(100):
    time.sleep(0.03)
    turns[0] += 1
for _ in range(5):
    time.sleep(0.3)
    turns[1] += 1
for i in range(99):
    time.sleep(0.003)
    turns[2] += 1
for _ in range(4):
    time.sleep(0.1)
    turns[3] += 1
assert turns[0] < 100 and turns[1] < 5 and turns[2:] == [99, 4]
assert "shorten" not in globals()"""


def test_training_is_cut_short_and_leaves_no_name(tmp_path):
    nbformat.write(page(["import keras"], [TRAINING]), tmp_path / "page.ipynb")
    assert problem(tmp_path / "page.ipynb", short=True) is None


if __name__ == "__main__":
    chapter = Path(sys.argv[1])
    # Where training that was cut short is not enough, the whole of it decides.
    sys.stdout.write((problem(chapter, short=True) and problem(chapter)) or "")
