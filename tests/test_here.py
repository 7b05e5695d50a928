"""Cells that run in the page: which ones, what they print there, and how a reader handles them.

What needs the built site is skipped if that was built without Pyodide; tools/pyodide.py says how to
have it.
"""

import ast
import functools
import gzip
import itertools
import json
import re
from pathlib import Path

import here
import nbformat
import notebooks
import pytest
import runs
from bs4 import BeautifulSoup
from here.cell import run
from here.slices import Page

ROOT = Path(__file__).resolve().parents[1]
SITE = ROOT / "_build" / "html"
FILES = SITE / here.FOLDER
NO_PYTHON = (
    f"the book was built without the buttons: {FILES.relative_to(ROOT)} is missing; set "
    "DLCORE_PYODIDE to a folder with NumPy's wheel for Pyodide and build again"
)
needs_python = pytest.mark.skipif(not (FILES / "files.json").exists(), reason=NO_PYTHON)


# What a cell needs of the cells before it


def needed(*cells):
    """The sources of the statements that the last cell needs."""
    page = Page(cells)
    found, unknown = page.needed(len(cells) - 1)
    return [ast.unparse(statement.tree) for statement in found], unknown


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (["x = 1\ny = 2", "print(x)"], ["x = 1"]),
        (["x = 1\nx = 2", "x"], ["x = 2"]),
        (["x = 1\nx += 1", "x"], ["x = 1", "x += 1"]),
        (["import a, b as c", "c.f()"], ["import b as c"]),
        (["from m import a, b", "b"], ["from m import b"]),
        (["x = []\nx.append(1)\nx.index(1)", "x"], ["x = []", "x.append(1)"]),
        (["d = {}\nd['k'] = 1\nd['k']", "d"], ["d = {}", "d['k'] = 1"]),
        (["d = {}\nfor k in 'ab':\n    d[k] = 1", "d"], ["d = {}", "for k in 'ab':\n    d[k] = 1"]),
        (["import r\ng = r.g()\na = g.normal()\nb = g.normal()", "b"],
         ["import r", "g = r.g()", "a = g.normal()", "b = g.normal()"]),
        (["import m\nm.seed(1)\nx = m.f()", "x"], ["import m", "x = m.f()"]),
        (["def f():\n    return g()", "def g():\n    return 1", "f()"],
         ["def f():\n    return g()", "def g():\n    return 1"]),
        (["def f():\n    return y", "y = 1", "y = 2", "f()"],
         ["def f():\n    return y", "y = 2"]),
        (["n = []\ndef f():\n    n.append(1)\nf()", "n"],
         ["n = []", "def f():\n    n.append(1)", "f()"]),
        (["def f(z):\n    z[0] = 1\nx = [0]\nf(x)", "x"],
         ["def f(z):\n    z[0] = 1", "x = [0]", "f(x)"]),
        (["import numpy as np\nx = np.ones(2)\nnp.add.at(x, 0, 1)", "x"],
         ["import numpy as np", "x = np.ones(2)", "np.add.at(x, 0, 1)"]),
        (["x = 1\nif x:\n    x = 2", "x"], ["x = 1", "if x:\n    x = 2"]),
        (["x = 0\nfor x in range(3):\n    pass", "x"], ["for x in range(3):\n    pass"]),
        (["x = 5", "y = [x for x in 'ab']\n[z for z in y]"], []),
        (["x = 5", "def f(x):\n    return x\nf(1)"], []),
        (["x = 5", "(lambda x: x)(1)"], []),
        (["k = 1", "class A:\n    def f(self):\n        return k\nA().f()"], ["k = 1"]),
        (["%magic", "x = 1", "x"], ["x = 1"]),
    ],
)  # fmt: skip
def test_a_cell_gets_the_statements_that_it_needs(cells, expected):
    assert needed(*cells) == (expected, set())


def test_a_name_that_nothing_defines_is_told():
    assert needed("def f():\n    return g(len('a'))", "f() + h") == (
        ["def f():\n    return g(len('a'))"],
        {"g", "h"},
    )


def printed(cells, at):
    said = []
    return run(cells, at, said.append), "".join(said)


def test_a_run_shows_what_the_cell_alone_prints():
    cells = ["x = 1\nprint('no')", "print(x)\n[x]", "x = 5"]
    assert printed(cells, 1) == (True, "1\n[1]\n")
    assert printed(cells, 1) == (True, "1\n[1]\n"), "without a trace of the first run"
    assert printed(cells, 2) == (True, "")


def test_an_error_says_where_and_what():
    cells = ["def f(x):\n    return 1 / x", "f(1)\nf(0)", "y = f(0)", "y", "if"]
    assert printed(cells, 1) == (False, "line 2: f(0)\nZeroDivisionError: division by zero\n")
    assert printed(cells, 3) == (
        False,
        "In an earlier cell: line 1: y = f(0)\nZeroDivisionError: division by zero\n",
    )
    assert printed(cells, 4)[1].endswith("SyntaxError: invalid syntax\n")
    assert printed(cells, 0) == (True, ""), "a cell that is no Python does no harm to others"


# Which cells


def notebook(*sources, tags=()):
    cells = [nbformat.v4.new_code_cell(source) for source in sources]
    cells[0].metadata["tags"] = list(tags)
    return nbformat.v4.new_notebook(cells=cells)


@pytest.mark.parametrize(
    ("source", "runs_here"),
    [
        ("import numpy as np\nfrom numpy.linalg import inv", True),
        ("from dlcore import check, grads, ops, optimizers\nfrom dlcore.ops import relu", True),
        ("import math\nfrom itertools import pairwise", True),
        ("from sklearn.datasets import load_digits", True),
        ("from sklearn.datasets import make_moons", False),
        ("from dlcore import models", False),
        ("from dlcore import data", False),
        ("import keras", False),
        ("import scipy.stats", False),
        ("import matplotlib.pyplot as plt", False),
        ("import time", False),
        ("def f():\n    import tensorflow", False),
        ("nothing_defines_this", False),
        ("%matplotlib inline", False),
    ],
)
def test_a_cell_runs_in_a_page_if_all_that_it_imports_is_there(source, runs_here):
    modules = here.package(ROOT)
    assert list(here.runnable(notebook(source), modules)) == [0] * runs_here
    assert list(here.runnable(notebook(source, "x = 1"), modules)) == [0] * runs_here + [1]


def test_a_cell_that_needs_one_without_a_button_has_none():
    book = notebook("import time\nx = time.time()", "x", "y = 1", "y")
    assert list(here.runnable(book, {})) == [2, 3]
    assert list(here.runnable(book, {}, {book.cells[2].id})) == []
    hidden = notebook("x = 1", "x", tags=["hide-input"])
    assert list(here.runnable(hidden, {})) == []


def test_cells_that_are_left_out_are_there():
    for name, ids in here.LEFT_OUT.items():
        page = nbformat.read(ROOT / "chapters" / f"{name}.ipynb", as_version=4)
        assert set(ids) <= {cell.id for cell in notebooks.visible(page)}


def test_the_package_in_the_page_loads_numpy_alone():
    modules = here.package(ROOT)
    assert {"dlcore.ops", "dlcore.grads", "dlcore.check", "dlcore.optimizers"} <= set(modules)
    assert not {"dlcore.models", "dlcore.plot", "dlcore.data", "dlcore.training"} & set(modules)


def test_the_words_are_in_the_chinese_catalog():
    from babel.messages.pofile import read_po

    said = set(re.findall(r'\b_\("([^"]+)"', Path(here.__file__).read_text("utf-8")))
    with (ROOT / "locale/zh_CN/LC_MESSAGES/sphinx.po").open("rb") as file:
        known = {message.id: message.string for message in read_po(file)}
    assert len(said) > 12
    for words in said:
        assert known.get(words)
        assert set(re.findall(r"{\w+}", words)) == set(re.findall(r"{\w+}", known[words]))


# What the pages hold

PAGES = sorted(path.stem for path in (SITE / "chapters").glob("*.html"))
CHAPTERS = [path.stem for path in notebooks.chapters()]


@functools.cache
def soup(page):
    return BeautifulSoup((SITE / page).read_text("utf-8"), "html.parser")


@functools.cache
def chapter(name):
    """The executed notebook, its cells that run in the page, and its visible sources."""
    path = ROOT / "chapters" / f"{name}.ipynb"
    if not path.exists():  # a page without code
        return None, {}, []
    book = runs.shown(path)
    left_out = here.LEFT_OUT.get(name, ())
    found = here.runnable(book, here.package(ROOT), left_out)
    return book, found, [cell.source for cell in notebooks.visible(book)]


@pytest.mark.parametrize("edition", ["", "zh/"])
@pytest.mark.parametrize("name", PAGES)
def test_a_page_has_the_buttons_of_its_cells_and_no_other_page_names_their_script(name, edition):
    page = soup(f"{edition}chapters/{name}.html")
    places = [int(bar["data-cell"]) for bar in page.select("div.here")]
    assert places == (list(chapter(name)[1]) if (FILES / "files.json").exists() else [])
    for bar in page.select("div.here"):
        code = bar.find_previous_sibling(class_="cell_input").select_one("pre")
        assert code.text.rstrip("\n") == chapter(name)[2][int(bar["data-cell"])]
    text = str(page)
    for file in ("here.js", "here.css", 'id="here"'):
        assert (file in text) == bool(places)
    assert "pyodide" not in text
    assert "DOCUMENTATION_OPTIONS.pagename" in text, "other scripts stay"
    if places:
        told = json.loads(page.select_one("#here").string)
        folder = (SITE / edition / "chapters" / told["files"]).resolve()
        if (FILES / "files.json").exists():
            assert folder == FILES
            assert json.loads((folder / f"{told['page']}.json").read_text()) == chapter(name)[2]
        said = page.select_one(".here-run").string
        assert said == ("在此运行" if edition else "Run here")


def test_what_a_page_loads_before_a_click_is_small():
    static = [(ROOT / "_static" / file).read_bytes() for file in ("here.js", "here.css")]
    assert sum(len(gzip.compress(content)) for content in static) < 6_000
    for name in PAGES:
        text = (SITE / "chapters" / f"{name}.html").read_text("utf-8")
        bars = re.findall(r'<div class="here".*?</div>|<script [^>]*id="here">.*?</script>', text)
        assert sum(len(bar.encode()) for bar in bars) < 10_000


# In a browser


@pytest.fixture(scope="module")
def visit(browser, address):
    """Open a page in a window of its own; its own host alone can be reached."""
    contexts = []

    def open_page(page, **options):
        context = browser.new_context(**{"viewport": {"width": 1280, "height": 800}} | options)
        contexts.append(context)
        tab = context.new_page()
        tab.asked, tab.problems = [], []

        def local_only(route):
            tab.asked.append(route.request.url.removeprefix(address))
            if route.request.url.startswith((address, "data:", "blob:")):
                route.continue_()
            else:
                tab.problems.append(f"asks another host: {route.request.url}")
                route.abort()

        context.route("**/*", local_only)
        tab.on("pageerror", lambda error: tab.problems.append(str(error)))
        tab.goto(address + page)
        return tab

    yield open_page
    for context in contexts:
        context.close()


WORKER = """async (folder) => {
  const get = (name) => fetch(folder + name);
  const facts = await (await get("files.json")).json();
  const files = {};
  for (const name of Object.keys(facts.files)) files[name] = await (await get(name)).arrayBuffer();
  const worker = new Worker("../_static/here-worker.mjs", { type: "module" });
  worker.postMessage({ files, facts });
  const waiting = new Map();
  worker.onmessage = ({ data }) => {
    const asked = waiting.get(data.id);
    if (!asked) return;
    asked.text += data.text ?? "";
    if (data.done) asked.done([data.ran, asked.text + (data.broken ?? "")]);
  };
  let next = 0;
  window.runCells = (cells, places) => Promise.all(places.map((at) => new Promise((done) => {
    waiting.set(next, { text: "", done });
    worker.postMessage({ id: next++, cells, at });
  })));
}"""


@pytest.fixture(scope="module")
def in_a_worker(visit):
    """Run cells in the worker of the pages: whether each ran, and its text."""
    tab = visit("chapters/a_glossary.html")
    tab.evaluate(WORKER, f"../{here.FOLDER}/")
    yield lambda cells, places: tab.evaluate(
        "([cells, places]) => runCells(cells, places)", [cells, places]
    )
    assert tab.problems == []


def shown(cell):
    """What the page shows under a cell."""
    texts = [o.get("text") or o.get("data", {}).get("text/plain", "") + "\n" for o in cell.outputs]
    return "".join(texts).rstrip()


@needs_python
@pytest.mark.parametrize("name", CHAPTERS)
def test_every_cell_prints_in_the_page_what_its_run_printed(in_a_worker, name):
    _, found, sources = chapter(name)
    results = in_a_worker(sources, list(found))
    for (place, cell), (ran, text) in zip(found.items(), results, strict=True):
        assert ran, f"cell {place}:\n{cell.source}\n{text}"
        assert text.rstrip() == shown(cell), f"cell {place}:\n{cell.source}"


def exercises(name):
    """For each exercise that can be answered in its page: its place, its cell, and the answer of
    its executed solution as the reader would type it.
    """
    book, found, sources = chapter(name)
    code = runs.code(book)
    for place, cell in found.items():
        if here.is_exercise(cell):
            following = code[code.index(cell) + 1 :]
            folded = itertools.takewhile(
                lambda c: "hide-cell" in c.metadata.get("tags", []), following
            )
            solution = "\n".join(other.source for other in folded)
            if solution:
                yield place, cell, answer_of(solution, [*sources[:place], cell.source])


def is_folded(cell):
    return "hide-cell" in cell.metadata.get("tags", [])


def answer_of(solution, before):
    """The part of a solution that gives its answer; the rest shows more about it."""
    lines = [ast.unparse(statement) for statement in ast.parse(solution).body]
    calls = [line for line in lines if line.startswith("checker_")] or lines[-1:]
    others = [line for line in lines if line not in calls]
    page = Page([*before, "\n".join(others), "\n".join(calls)])
    needed, _ = page.needed(len(before) + 1)
    own = [ast.unparse(statement.tree) for statement in needed if statement.cell == len(before)]
    return "\n".join([*own, *calls])


def answered(source, value):
    """An exercise's cell with the value in place of each answer, and without what checks it."""
    tree = ast.parse(source)
    for statement in tree.body:
        if isinstance(statement, ast.Assign) or statement is tree.body[-1]:
            Filled(value).visit(statement)
    *rest, _check = tree.body
    return ast.unparse(tree), "\n".join(map(ast.unparse, rest))


class Filled(ast.NodeTransformer):
    def __init__(self, value):
        self.value = value

    def visit_Constant(self, node):
        return ast.Constant(self.value) if node.value is ... else node


@needs_python
@pytest.mark.parametrize("name", CHAPTERS)
def test_each_solution_is_accepted_in_the_page_and_a_wrong_answer_is_not(in_a_worker, name):
    _, _, sources = chapter(name)
    for place, cell, solution in exercises(name):
        wrong, rest = answered(cell.source, 12345.678)

        def typed(text, place=place):
            return in_a_worker([*sources[:place], text, *sources[place + 1 :]], [place])[0]

        ran, text = typed(f"{rest}\n{solution}")
        # found with SciPy, say, or with what a folded cell defines
        elsewhere = re.search("No module named|cannot import name|is not defined", text)
        assert ran or elsewhere, f"{cell.source}\n{solution}\n{text}"
        assert "no answer yet" not in text
        ran, text = typed(wrong)
        assert not ran, f"{wrong}\n{text}"


PAGE = "chapters/2_4_backpropagation.html"
EXERCISE = "checker_1("


@pytest.fixture(scope="module")
def tab(visit):
    """A page whose Python was started by its first click, which it tells in `tab.first`."""
    tab = visit(PAGE)
    tab.before = list(tab.asked)
    tab.first = []
    tab.expose_function("told", lambda said: tab.first.append(said))
    tab.evaluate("""new MutationObserver((all) => told(all[0].target.textContent)).observe(
      document.querySelector(".here-status"), { childList: true })""")
    bar = tab.locator("div.here").first
    bar.locator(".here-run").click()
    wait(bar)
    return tab


def wait(bar):
    """Until no cell of the page runs."""
    bar.page.wait_for_function(
        "[...document.querySelectorAll('.here-stop')].every((button) => button.hidden)"
    )


def bar_with(tab, code):
    """The bar of the first cell whose code holds a text."""
    return tab.locator("div.cell", has_text=code).locator("div.here").first


def output(bar):
    return bar.locator(".here-output").text_content()


def typed(bar, text):
    """Replace the cell's code."""
    field = bar.locator("xpath=..").locator("textarea")
    if field.count() == 0:
        bar.locator(".here-edit").click()
    field.fill(text)
    return field


@needs_python
def test_nothing_is_loaded_before_the_first_click(tab):
    asked = [url for url in tab.before if re.search(r"here|pyodide|numpy|\.whl|\.wasm", url)]
    assert sorted(url.partition("?")[0] for url in asked) == ["_static/here.css", "_static/here.js"]


@needs_python
def test_the_first_click_says_how_much_it_loads_and_what_it_started(tab):
    facts = json.loads((FILES / "files.json").read_text())
    amount = sum(facts["files"].values())
    assert amount < 10_000_000
    pattern = rf"Loading Python: [\d.]+ of {amount / 1e6:.1f} MB"
    assert [said for said in tab.first if re.fullmatch(pattern, said)]
    loaded = [url.rpartition("/")[2] for url in tab.asked if f"{here.FOLDER}/" in url]
    assert sorted(loaded) == sorted(["2_4_backpropagation.json", "files.json", *facts["files"]])
    versions = tab.locator(".here-versions").first
    named = f"Python {facts['python']} and NumPy {facts['numpy']} in this page. "
    assert versions.text_content().startswith(named)
    assert "no floating-point warnings" in versions.text_content()
    assert tab.locator(".here-versions:visible").count() == 1
    assert tab.problems == []


@needs_python
def test_the_output_stands_under_the_cell(tab):
    bar = tab.locator("div.here").first
    stored = bar.locator("xpath=..").locator(".cell_output pre").first.text_content()
    assert output(bar).strip() == stored.strip()
    assert bar.locator(".here-output").is_visible()


@needs_python
def test_an_exercise_is_answered_by_keyboard_alone(tab):
    bar = bar_with(tab, EXERCISE)
    bar.locator(".here-edit").focus()
    tab.keyboard.press("Enter")
    assert tab.evaluate("document.activeElement.tagName") == "TEXTAREA"
    tab.keyboard.type("1")  # in place of the dots, which are selected
    tab.keyboard.press("Control+Enter")
    wait(bar)
    assert "AssertionError: Exercise 1: " in output(bar)
    assert "here-error" in bar.locator(".here-output").get_attribute("class")
    tab.keyboard.press("Backspace")
    tab.keyboard.type("2 * 32 * (2 * 784 * 128 + 3 * 128 * 10)")
    tab.keyboard.press("Control+Enter")
    wait(bar)
    assert output(bar) == "Exercise 1: right\n"
    tab.keyboard.press("Escape")
    assert tab.evaluate("document.activeElement.className") == "here-run"
    tab.keyboard.press("Enter")
    wait(bar)
    assert output(bar) == "Exercise 1: right\n"
    assert tab.evaluate("document.activeElement.className") == "here-run"


@needs_python
def test_a_change_counts_for_later_cells_once_it_ran(tab):
    first, later = bar_with(tab, "d_o = o - 4.0"), tab.locator("div.here").nth(1)
    code = first.locator("xpath=..").locator("pre").first.text_content()
    changed = code.replace("d_h * 1.5", "d_h * 2")
    typed(later, "print(d_w)")
    typed(first, changed + "\n1 / 0")
    for bar in (first, later):
        bar.locator(".here-run").click()
        wait(bar)
    assert re.fullmatch(r"(?s).*line \d+: 1 / 0\nZeroDivisionError.*", output(first))
    assert output(later) == "1.125\n", "a mistake in another cell does no harm"
    typed(first, changed)
    for bar in (first, later):
        bar.locator(".here-run").click()
        wait(bar)
    assert output(later) == "1.5\n"
    for bar in (first, later):
        bar.locator(".here-restore").click()
        bar.locator(".here-run").click()
        wait(bar)
    assert output(first).startswith("d_z1 1.0")


@needs_python
def test_what_was_typed_is_there_when_the_page_is_opened_again(visit, tab):
    bar = tab.locator("div.here").nth(2)
    typed(bar, "print('kept')")
    again = tab.context.new_page()
    again.goto(tab.url)
    field = again.locator("div.here").nth(2).locator("xpath=..").locator("textarea")
    assert field.input_value() == "print('kept')"
    again.locator("div.here").nth(2).locator(".here-restore").click()
    again.reload()
    assert field.count() == 0
    again.close()


@needs_python
def test_an_endless_loop_is_stopped_and_the_cell_runs_again(tab):
    bar, other = tab.locator("div.here").nth(3), tab.locator("div.here").first
    typed(bar, "print('begun', flush=True)\nwhile True:\n    pass")
    bar.locator(".here-run").click()
    other.locator(".here-run").click()
    bar.locator(".here-status", has_text="Running").wait_for()
    tab.keyboard.press("Escape")  # the button that was pressed is a button to stop by now
    wait(bar)
    assert bar.locator(".here-status").text_content() == "Stopped."
    assert output(bar).strip() == "begun"
    assert other.locator(".here-status").text_content() == "Stopped."
    before = len(tab.asked)
    typed(bar, "print(1 + 1)")
    bar.locator(".here-run").click()
    wait(bar)
    assert output(bar) == "2\n"
    assert not [url for url in tab.asked[before:] if f"{here.FOLDER}/" in url], "it has the files"


@needs_python
def test_the_end_of_a_long_output_is_left_out(tab):
    bar = tab.locator("div.here").nth(3)
    typed(bar, "for i in range(100_000):\n    print(i)")
    bar.locator(".here-run").click()
    wait(bar)
    assert len(output(bar)) < 110_000
    assert output(bar).endswith("... the rest is left out")


@needs_python
def test_loading_can_be_stopped(visit):
    tab = visit(PAGE)
    held = []
    tab.context.route("**/*.wasm.gz", lambda route: held.append(route))  # a slow line
    bar = tab.locator("div.here").first
    bar.locator(".here-run").click()
    bar.locator(".here-status", has_text=re.compile(r"Loading Python: 0\.\d of")).wait_for()
    bar.locator(".here-stop").click()
    assert bar.locator(".here-status").text_content() == "Stopped."
    assert bar.locator(".here-run").is_visible()
    assert tab.evaluate("document.activeElement.className") == "here-run"
    assert tab.problems == []


@needs_python
def test_a_failed_load_is_said_and_loses_nothing(visit):
    tab = visit(PAGE)
    tab.context.route("**/*.whl", lambda route: route.fulfill(status=404))
    bar = tab.locator("div.here").first
    field = typed(bar, "print('mine')")
    bar.locator(".here-run").click()
    bar.locator(".here-status", has_text="could not be loaded").wait_for()
    assert field.input_value() == "print('mine')"


@needs_python
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_phone_shows_it_without_scrolling_sideways(visit, theme):
    from axe_playwright_python.sync_playwright import Axe

    tab = visit(f"zh/{PAGE}", viewport={"width": 390, "height": 800}, has_touch=True)
    tab.evaluate(f"document.documentElement.dataset.theme = '{theme}'")
    bar = tab.locator("div.here").first
    bar.locator(".here-edit").tap()
    field = bar.locator("xpath=..").locator("textarea")
    field.press_sequentially("x" * 120)
    tab.evaluate("""document.querySelector(".here-output").hidden = false;
      document.querySelector(".here-output").textContent = "0123456789".repeat(30)""")
    assert tab.evaluate("document.documentElement.scrollWidth") <= 390
    for button in bar.locator("button:visible").all():
        assert button.bounding_box()["height"] >= 24
    options = {"resultTypes": ["violations"]}
    found = Axe().run(tab, context={"include": [["div.here"], ["textarea"]]}, options=options)
    assert [violation["id"] for violation in found.response["violations"]] == []
    assert bar.locator(".here-restore").text_content() == "复原"


@needs_python
def test_print_shows_no_buttons(visit):
    tab = visit(PAGE)
    tab.emulate_media(media="print")
    assert tab.locator("div.here:visible").count() == 0
