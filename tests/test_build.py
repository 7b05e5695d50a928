"""What the commands promise, tried on a copy of the book with chapters that run in no time."""

import os
import re
import shutil
import subprocess
import sys
from html import unescape
from pathlib import Path

import nbformat
import numpy as np
import pytest
from build import halve_figures
from PIL import Image

ROOT = Path(__file__).resolve().parents[1]

QUICK = """\
import matplotlib.pyplot as plt
from IPython.display import HTML
from myst_nb import glue

plt.plot([1, 2])
glue("ladder", plt.gcf(), display=False)
glue("ratio", 31.25, display=False)
glue("drawing", HTML('<div class="interactive"><img alt="A field."></div>'), display=False)
plt.show()"""

NOTEBOOKS = ("1_background", "2_3_loss", "4_keras_mnist")  # the other pages run nothing

BORROWER = "# 7 Conclusion\n\nFaster, {glue:text}`4_keras_mnist.ipynb::ratio:.2f` times.\n"


UNWANTED = shutil.ignore_patterns(
    ".venv", "_build", ".git", "__pycache__", "*.egg-info", ".*cache", "*.mo"
)

WAITING = """
import sys
sys.path.insert(0, "tools")
import notebooks, recorder
print(len(recorder.needed(notebooks.chapters())))"""


@pytest.fixture(scope="module")
def book(tmp_path_factory):
    """The book, its chapters replaced by quick ones, built once."""
    root = tmp_path_factory.mktemp("books") / "book"
    shutil.copytree(ROOT, root, ignore=UNWANTED)
    for path in root.glob("chapters/*.ipynb"):
        if path.stem in NOTEBOOKS:
            rewrite(root, path.stem, f"{path.stem!r}")  # each its own run
        else:
            path.unlink()
            path.with_suffix(".md").write_text(f"# {path.stem}\n")
    rewrite(root, "4_keras_mnist", QUICK)
    (root / "chapters" / "7_conclusion.md").write_text(BORROWER)
    front = root / "chapters" / "index.md"
    cards = re.compile("```{cards}.*?```", re.DOTALL)  # of numbers that quick pages do not have
    front.write_text(cards.sub("", front.read_text("utf-8")), "utf-8")
    first = build(root)
    assert first.returncode == 0, first.output
    assert first.executed == len(NOTEBOOKS)
    assert "_build/html/index.html" in first.stdout
    assert first.stdout.count("No cell will run in its page: ") == 1
    return root


@pytest.fixture
def copy(book, tmp_path):
    """That book, for a test to change."""
    return shutil.copytree(book, tmp_path / "book")


def rewrite(root, name, source):
    path = root / "chapters" / f"{name}.ipynb"
    notebook = nbformat.read(path, as_version=4)
    notebook.cells = [
        nbformat.v4.new_markdown_cell(f"# {name}"),
        nbformat.v4.new_code_cell(source, metadata={"tags": ["nbval-ignore-output"]}),
    ]
    nbformat.write(notebook, path)
    return path


def run(root, *command):
    settings = {name: value for name, value in os.environ.items() if name != "DLCORE_PYODIDE"}
    return subprocess.run(
        [sys.executable, *command],
        cwd=root,
        env=settings,
        capture_output=True,
        text=True,
        timeout=300,
    )


def build(root):
    result = run(root, "tools/build.py")
    result.output = result.stdout + result.stderr
    result.executed = len(re.findall(r"cells?, (?:new|the last run)", result.output))
    return result


def page(root, name="4_keras_mnist", edition=""):
    return (root / "_build/html" / edition / "chapters" / f"{name}.html").read_text("utf-8")


def test_build_executes_again_only_what_changed(copy):
    second = build(copy)
    assert second.executed == 0
    assert "4_keras_mnist: passed from the cache" in second.stdout

    index = copy / "chapters" / "index.md"
    index.write_text(index.read_text("utf-8") + "\nA new sentence.\n", "utf-8")
    chapter = copy / "chapters" / "4_keras_mnist.ipynb"
    notebook = nbformat.read(chapter, as_version=4)
    notebook.cells[0].source += "\n\nMore of it."
    nbformat.write(notebook, chapter)
    prose = build(copy)
    assert prose.returncode == 0, prose.output
    assert prose.executed == 0
    assert "More of it." in page(copy)
    for edition in ("", "zh"):
        assert "A new sentence." in page(copy, "index", edition)

    rewrite(copy, "2_3_loss", "'another'")
    assert build(copy).executed == 1
    for edition in ("", "zh"):
        assert "another" in page(copy, "2_3_loss", edition)


@pytest.mark.parametrize(
    ("language", "folder", "changed"),
    [("en", "", "changed since, and show none: "), ("zh", "zh/", "没有输出的单元格：")],
)
def test_a_preview_executes_nothing_and_shows_the_last_run(copy, language, folder, changed):
    chapter = copy / "chapters" / "2_3_loss.ipynb"
    notebook = nbformat.read(chapter, as_version=4)
    notebook.cells[0].source += "\n\nMore, with [a link](4_keras_mnist)."
    notebook.cells.append(nbformat.v4.new_code_cell("6 * 7"))
    nbformat.write(notebook, chapter)
    shutil.rmtree(copy / "_build" / "html")
    before = sorted((copy / "_build" / "executed").iterdir())
    result = run(copy, "tools/preview.py", "2_3_loss", language)
    assert result.returncode == 0, result.stdout + result.stderr
    assert sorted((copy / "_build" / "executed").iterdir()) == before
    name = f"_build/preview/{folder}chapters/2_3_loss.html"
    assert result.stdout.splitlines()[-1] == name
    html = (copy / name).read_text("utf-8")
    assert "More, with" in html
    assert unescape(html).count("'2_3_loss'") == 2  # as code and as output
    assert "<pre><span></span>42" not in html
    assert f"{changed}1" in html


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (("2_3", "en"), "There is no page '2_3'. PAGE is one of index, 1_background, "),
        (("2_3_loss", "fr"), "not in the language 'fr', but in en and zh"),
    ],
)
def test_a_preview_names_what_it_does_not_know(arguments, problem):
    failed = run(ROOT, "tools/preview.py", *arguments)
    assert failed.returncode == 1
    assert problem in failed.stderr


@pytest.mark.parametrize("file", ["ops/new.py", "new/page.js"])
def test_build_executes_again_when_the_package_changed(copy, file):
    path = copy / "dlcore" / file
    path.parent.mkdir(exist_ok=True)
    path.write_text("# changed\n")
    again = subprocess.run(
        [sys.executable, "-c", WAITING], cwd=copy, capture_output=True, text=True, timeout=300
    )
    assert again.stdout.split()[-1] == str(len(NOTEBOOKS))


def test_what_is_shown_elsewhere_follows_its_page(copy):
    drawn = page(copy, "index")
    rewrite(copy, "4_keras_mnist", QUICK.replace("[1, 2]", "[2, 1]").replace("31.25", "47.75"))
    assert build(copy).executed == 1
    assert page(copy, "index") != drawn
    for edition in ("", "zh"):
        assert "47.75" in page(copy, "7_conclusion", edition)


def test_a_failing_cell_fails_the_build_every_time_and_leaves_no_page(copy):
    rewrite(copy, "4_keras_mnist", QUICK + "\n1 / 0")
    for _ in range(2):
        failed = build(copy)
        assert failed.returncode != 0
        assert "4_keras_mnist.ipynb::Cell 0" in failed.output
        assert "ZeroDivisionError" in failed.output
        assert "these chapters failed: 4_keras_mnist" in failed.output
        assert not list((copy / "_build/html").rglob("4_keras_mnist.html"))
    alone = run(copy, "tools/build.py", "en")
    assert alone.returncode != 0
    assert "chapters/4_keras_mnist has no passed run" in alone.stdout + alone.stderr


def test_a_cell_that_writes_to_stderr_fails_the_build(copy):
    rewrite(copy, "4_keras_mnist", QUICK + "\nimport sys\nprint('oops', file=sys.stderr)")
    failed = build(copy)
    assert failed.returncode != 0
    assert "wrote to stderr, which no page shows: oops" in failed.output


def test_another_output_than_the_stored_one_fails_the_build(copy):
    path = rewrite(copy, "4_keras_mnist", "print(1)")
    notebook = nbformat.read(path, as_version=4)
    (cell,) = notebook.cells[1:]
    cell.metadata, cell.execution_count = {}, 1
    cell.outputs = [nbformat.v4.new_output("stream", name="stdout", text="2\n")]
    nbformat.write(notebook, path)
    failed = build(copy)
    assert failed.returncode != 0
    assert "Cell outputs differ" in failed.output


def test_a_page_that_was_not_built_fails_the_build(copy):
    toc = copy / "_toc.yml"
    toc.write_text(toc.read_text("utf-8").replace("a_glossary", "a_missing"), "utf-8")
    failed = build(copy)
    assert failed.returncode != 0
    assert "a_missing" in failed.output


URL = "https://github.com/you/your-copy"


@pytest.fixture(scope="module")
def addressed(book, tmp_path_factory):
    """The book with an address of its repository, built with one of its site."""
    root = shutil.copytree(book, tmp_path_factory.mktemp("addressed") / "book")
    stamped = run(root, "tools/notebooks.py", "repository", URL)
    assert stamped.returncode == 0, stamped.stderr
    assert f'url: "{URL}"' in (root / "_config.yml").read_text("utf-8")
    chapter = nbformat.read(root / "chapters" / "4_keras_mnist.ipynb", as_version=4)
    assert f"%pip install -q --no-deps git+{URL}@main" in chapter.cells[1].source
    rewrite(root, "4_keras_mnist", QUICK)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BOOK_URL", "https://example.org/book/")
        built = build(root)
    assert built.returncode == 0, built.output
    return root


def test_repository_buttons_appear_with_its_address(book, addressed, browser):
    hosts = re.compile(r"colab\.research|github\.com/you|example\.org|executablebooks")
    assert not hosts.search(page(book))

    text = page(addressed)
    colab = "https://colab.research.google.com/github/you/your-copy/blob/main/chapters/4_keras_mnist.ipynb"
    assert re.search(rf'<a href="{re.escape(colab)}">Open in Colab</a>', text)
    assert text.count(colab) == 1
    assert "在Colab中打开英文版</a>" in page(addressed, edition="zh")
    for link in (f"{URL}/edit/main/chapters/4_keras_mnist.ipynb", f"{URL}/issues/new"):
        assert link in text
    tab = browser.new_page(viewport={"width": 320, "height": 800})
    tab.goto((addressed / "_build/html/chapters/4_keras_mnist.html").as_uri())
    assert tab.get_by_text("Open in Colab").is_visible()
    assert tab.evaluate("document.documentElement.scrollWidth") <= 320
    tab.close()


def test_a_published_site_knows_its_address(addressed):
    site = addressed / "_build" / "html"
    addresses = (site / "sitemap.txt").read_text("utf-8").split()
    assert len(addresses) > 20
    for address in addresses:
        file = site / address.removeprefix("https://example.org/book/")
        text = file.read_text("utf-8")
        assert f'<link rel="canonical" href="{address}"' in text
        assert f'<meta property="og:url" content="{address}"' in text
    for edition in ("", "zh/"):
        missing = (site / edition / "404.html").read_text("utf-8")
        for style in re.findall(r'href="([^"?]+\.css)', missing):
            assert (site / style.removeprefix("/book/")).is_file(), style


def test_a_changed_sentence_is_english_until_it_is_translated(copy):
    index = copy / "chapters" / "index.md"
    old, new = "For people who program in Python", "For all who program in Python"
    assert old in index.read_text("utf-8")
    index.write_text(index.read_text("utf-8").replace(old, new), "utf-8")
    updated = run(copy, "tools/translation.py", "messages")
    assert updated.returncode == 0, updated.stderr
    check = run(copy, "tools/translation.py", "check", "chapters/index")
    assert check.returncode != 0
    assert "is fuzzy" in check.stderr
    assert check.stderr.strip().count("\n") == 0, "one sentence changed"
    built = run(copy, "tools/build.py", "zh_CN")
    assert built.returncode == 0, built.stderr
    assert new in page(copy, "index", "zh")
    assert "怎么读" in page(copy, "index", "zh"), "the other sentences stay Chinese"


@pytest.mark.parametrize(
    "url",
    [
        "",
        "github.com/you/book",
        "https://github.com/you",
        "https://github.com/you/book.git",
        "https://you:token@github.com/you/book",
        'https://github.com/you/bo"ok',
        r"https://github.com/you/\1",
    ],
)
def test_repository_refuses_what_is_no_address(copy, url):
    before = (copy / "_config.yml").read_text("utf-8")
    refused = run(copy, "tools/notebooks.py", "repository", url)
    assert refused.returncode != 0
    assert repr(url) in refused.stderr
    assert (copy / "_config.yml").read_text("utf-8") == before


def test_figures_lose_bytes_and_no_pixel(tmp_path):
    (tmp_path / "_images").mkdir()
    drawn = np.random.default_rng(0).integers(256, size=(64, 64, 4), dtype=np.uint8)
    drawn[8:56, 8:56] = 255, 255, 255, 0
    Image.fromarray(drawn).save(tmp_path / "_images" / "figure.png")
    page = tmp_path / "page.html"
    page.write_text('<img src="_images/figure.png"> figure.png')
    halve_figures(tmp_path)
    assert page.read_text() == '<img src="_images/figure.webp"> figure.png'
    [kept] = (tmp_path / "_images").iterdir()
    seen = np.asarray(Image.open(kept))
    shown = drawn[..., 3] > 0  # what is transparent has no colour
    np.testing.assert_array_equal(seen[shown], drawn[shown])
    np.testing.assert_array_equal(seen[..., 3], drawn[..., 3])
