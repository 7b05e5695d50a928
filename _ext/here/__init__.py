"""Cells that run in the page: which ones can, their buttons, and the files that a click loads.

A cell runs by Pyodide, which is CPython compiled for browsers, without a server. It can if all that
it imports, also by the statements that it needs of earlier cells, is NumPy, modules of dlcore that
import NumPy alone, scikit-learn's digits and parts of the standard library. Nothing is loaded
before the first click. ``tools/pyodide.py`` finds the files; without them no page has a button.
"""

import ast
import importlib.util
import json
import shutil
import sys
import zipfile
from html import escape
from pathlib import Path, PurePosixPath

import nbformat
import notebooks
from docutils import nodes
from edition import EDITIONS
from sphinx.locale import _
from sphinx.transforms import SphinxTransform

from here.slices import Page

STANDARD = {
    *("collections", "dataclasses", "enum", "fractions", "functools", "heapq", "itertools"),
    *("json", "math", "operator", "re", "statistics", "string", "textwrap", "types", "typing"),
}
DIGITS = ("sklearn.datasets", "load_digits")

# Cells that could run in a page and are left out, by page and cell id: they would take a minute or
# more, or print something else in a browser. Cells that need them are left out with them.
LEFT_OUT = {
    "2_2_forward_propagation": ("930f6c72", "22df730e", "e109e851"),
    "2_3_loss": ("192d761d",),
    "3_1_1_convolution": ("6847b3eb", "bd99c5e7"),
    "3_2_1_rnn": ("copy-run", "size-run", "clip-run", "trained"),
    "6_faq": ("errors", "teachers", "cases", "tuning"),
}

FOLDER = "_static/here"  # in the English edition; the Chinese one uses the same files


# Which cells run


def package(root):
    """The files of dlcore that need NumPy alone, by the name of their module."""
    files = {}
    for file in sorted((root / "dlcore").rglob("*.py")):
        parts = file.relative_to(root).with_suffix("").parts
        files[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = file
    wanted = {
        name: set(imported(ast.parse(file.read_text("utf-8")))) for name, file in files.items()
    }
    light = dict(files)
    while heavy := [
        name
        for name in light
        if name.rpartition(".")[0] not in {"", *light}
        or not all(
            module.partition(".")[0] in {*sys.stdlib_module_names, "numpy"}
            or module in light
            or (module.partition(".")[0] == "dlcore" and module not in files)
            for module in wanted[name]
        )
    ]:
        for name in heavy:
            del light[name]
    return light


def imported(tree):
    """The modules that a tree imports, and what it imports from each as if it were one."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def runs_in_a_page(statement, modules):
    """Whether what the statement imports is there."""
    for node in ast.walk(statement.tree):
        if isinstance(node, ast.ImportFrom) and node.module == "dlcore":
            names = [f"dlcore.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            if (node.module, *(alias.name for alias in node.names)) == DIGITS:
                continue
            names = [node.module]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        else:
            continue
        for name in names:
            if name not in modules and name.partition(".")[0] not in STANDARD | {"numpy"}:
                return False
    return True


def runnable(notebook, modules, left_out=()):
    """The visible cells of a page that can run in it, by their place among all visible ones."""
    visible = notebooks.visible(notebook)
    page = Page([cell.source for cell in visible])
    left_out = {number for number, cell in enumerate(visible) if cell.get("id") in left_out}
    found = {}
    for number, cell in enumerate(visible):
        own = [statement for statement in page.statements if statement.cell == number]
        needed, unknown = page.needed(number)
        if (
            own
            and not unknown
            and all(
                statement.cell not in left_out and runs_in_a_page(statement, modules)
                for statement in needed + own
            )
        ):
            found[number] = cell
    return found


# Their buttons


def has_files(app):
    return bool(app.config.here_files) and app.builder.format == "html"


def pages(env):
    """For each page with such cells: their places among its visible cells, and among all."""
    if not hasattr(env, "book_here"):
        env.book_here = {}
    return env.book_here


def read_cells(app, docname, source):
    """Find the cells of a page that run in it; `source` has the outputs by now."""
    pages(app.env).pop(docname, None)
    if not has_files(app) or not app.env.doc2path(docname).endswith(".ipynb"):
        return
    notebook = nbformat.reads(source[0], as_version=4)
    left_out = LEFT_OUT.get(PurePosixPath(docname).name, ())
    found = runnable(notebook, package(Path(app.srcdir)), left_out)
    if found:
        places = {id(cell): place for place, cell in enumerate(notebook.cells)}
        pages(app.env)[docname] = {
            "sources": [cell.source for cell in notebooks.visible(notebook)],
            "buttons": {
                places[id(cell)]: (number, is_exercise(cell)) for number, cell in found.items()
            },
        }


def is_exercise(cell):
    """Whether the cell waits for an answer."""
    return any("no answer yet" in output.get("text", "") for output in cell.outputs)


def merge_cells(app, env, docnames, other):
    pages(env).update({name: pages(other)[name] for name in docnames if name in pages(other)})


def forget_cells(app, env, docname):
    pages(env).pop(docname, None)


class Buttons(SphinxTransform):
    """Put the buttons under the code of each cell that runs in the page."""

    default_priority = 900

    def apply(self):
        buttons = pages(self.env).get(self.env.docname, {}).get("buttons", {})
        for cell in self.document.findall(nodes.container):
            if cell.get("nb_element") == "cell_code" and cell.get("cell_index") in buttons:
                number, exercise = buttons[cell["cell_index"]]
                code = next(c for c in cell.children if "cell_input" in c.get("classes", ()))
                bar = nodes.raw("", bar_of(number, exercise), format="html")
                cell.insert(cell.index(code) + 1, bar)


def bar_of(number, exercise):
    edit = _("Answer here") if exercise else _("Edit")
    return (
        f'<div class="here" data-cell="{number}"{" data-exercise" * exercise}>'
        f'<button type="button" class="here-run">{escape(_("Run here"))}</button>'
        f'<button type="button" class="here-edit">{escape(edit)}</button></div>'
    )


def words():
    """What the script says, in the language of the edition."""
    return {
        "run": _("Run here"),
        "stop": _("Stop"),
        "restore": _("Restore"),
        "code": _("Code of this cell: Ctrl+Enter runs it, Escape leaves it"),
        "loading": _("Loading Python: {done} of {all} MB"),
        "starting": _("Starting Python ..."),
        "running": _("Running ..."),
        "waiting": _("Waiting for the other cell ..."),
        "stopped": _("Stopped."),
        "nothing": _("It ran and printed nothing."),
        "versions": _(
            "Python {python} and NumPy {numpy} in this page. Here NumPy gives no floating-point "
            "warnings (overflow, division by zero) and has no BLAS: last digits and times may "
            "differ."
        ),
        "failed": _("Python could not be loaded. What you typed is still here; run it again."),
        "file": _("Python does not start in a page opened from a file: `make serve` shows it."),
        "long": _("... the rest is left out"),
    }


def tell_the_script(app, pagename, templatename, context, doctree):
    """Tell the script of a page with buttons what it says, and where the files are."""
    if pagename in pages(app.env):
        home = "../" * (pagename + EDITIONS[app.config.language][1]).count("/")
        told = {
            "files": f"{home}{FOLDER}/",
            "page": PurePosixPath(pagename).name,
            "words": words(),
        }
        data = json.dumps(told, ensure_ascii=False).replace("<", "\\u003c")
        context["body"] += f'<script type="application/json" id="here">{data}</script>'


# The files that a click loads


def write_files(app, exception):
    """Put Pyodide, NumPy, dlcore and the cells of each page beside the English edition."""
    if exception or not has_files(app) or EDITIONS[app.config.language][1]:
        return
    source, folder = Path(app.config.here_files), Path(app.outdir, FOLDER)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    files = json.loads((source / "files.json").read_text("utf-8"))
    for name in files["files"]:
        shutil.copyfile(source / name, folder / name)
    write_book(Path(app.srcdir), folder / "book.zip")
    names = [*files["files"], "book.zip"]
    sizes = {name: (folder / name).stat().st_size for name in names}
    (folder / "files.json").write_text(json.dumps(files | {"files": sizes}), "utf-8")
    for docname, page in pages(app.env).items():
        text = json.dumps(page["sources"], ensure_ascii=False)
        (folder / f"{PurePosixPath(docname).name}.json").write_text(text, "utf-8")


def write_book(root, path):
    """What a cell may import besides NumPy and the standard library, and what runs it."""
    here = Path(__file__).parent
    datasets = importlib.util.find_spec("sklearn").submodule_search_locations[0]
    contents = {
        str(file.relative_to(root)): file.read_bytes() for file in package(root).values()
    } | {
        "here/__init__.py": b"",
        "here/slices.py": (here / "slices.py").read_bytes(),
        "here/cell.py": (here / "cell.py").read_bytes(),
        "sklearn/__init__.py": b"",
        "sklearn/datasets/__init__.py": (here / "digits.py").read_bytes(),
        "sklearn/datasets/digits.csv.gz": Path(
            datasets, "datasets", "data", "digits.csv.gz"
        ).read_bytes(),
    }
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in contents.items():
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)


def setup(app):
    app.add_config_value("here_files", "", "env")  # the folder of Pyodide's files; none: no buttons
    app.add_transform(Buttons)
    app.connect("source-read", read_cells, priority=910)  # after the outputs are there
    app.connect("env-merge-info", merge_cells)
    app.connect("env-purge-doc", forget_cells)
    app.connect("html-page-context", tell_the_script, priority=900)
    app.connect("build-finished", write_files)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
