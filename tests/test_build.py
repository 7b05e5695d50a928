"""What the commands promise, tried on a copy of the book with chapters that run in no time."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).resolve().parents[1]

QUICK = """\
import matplotlib.pyplot as plt
from myst_nb import glue

plt.plot([1, 2])
glue("ladder", plt.gcf(), display=False)
plt.show()"""


@pytest.fixture
def copy(tmp_path):
    """The book, without what was built, its chapters replaced by quick ones."""
    root = tmp_path / "book"
    unwanted = shutil.ignore_patterns(
        ".venv", "_build", ".git", "__pycache__", "*.egg-info", ".*cache", "*.mo"
    )
    shutil.copytree(ROOT, root, ignore=unwanted)
    for path in root.glob("chapters/*.ipynb"):
        rewrite(root, path.stem, f"{path.stem!r}")  # each its own entry of the cache
    rewrite(root, "4_keras_mnist", QUICK)
    return root


def rewrite(root, name, source):
    path = root / "chapters" / f"{name}.ipynb"
    notebook = nbformat.read(path, as_version=4)
    notebook.cells = [
        nbformat.v4.new_markdown_cell(f"# {name}"),
        nbformat.v4.new_code_cell(source, metadata={"tags": ["nbval-ignore-output"]}),
    ]
    nbformat.write(notebook, path)


def run(root, *command):
    return subprocess.run(
        [sys.executable, *command], cwd=root, capture_output=True, text=True, timeout=300
    )


def build(root):
    result = run(root, "tools/build.py")
    result.output = result.stdout + result.stderr
    result.executed = result.output.count("Executing notebook")
    return result


def page(root, name="4_keras_mnist", edition=""):
    return (root / "_build/html" / edition / "chapters" / f"{name}.html").read_text("utf-8")


def test_build_executes_once_for_both_editions_and_again_only_what_changed(copy):
    chapters = len(list(copy.glob("chapters/*.ipynb")))
    first = build(copy)
    assert first.returncode == 0, first.output
    assert first.executed == chapters
    assert "_build/html/index.html" in first.stdout

    assert build(copy).executed == 0

    index = copy / "chapters" / "index.md"
    index.write_text(index.read_text("utf-8") + "\nA new sentence.\n", "utf-8")
    prose = build(copy)
    assert prose.returncode == 0, prose.output
    assert prose.executed == 0
    assert "A new sentence." in page(copy, "index")
    assert "A new sentence." in page(copy, "index", "zh")

    with (copy / "dlcore" / "ops" / "losses.py").open("a") as file:
        file.write("# changed\n")
    assert build(copy).executed == chapters


def test_a_failing_cell_fails_the_build_every_time(copy):
    rewrite(copy, "4_keras_mnist", QUICK + "\n1 / 0")
    for _ in range(2):
        failed = build(copy)
        assert failed.returncode != 0
        assert "ZeroDivisionError" in failed.output


def test_a_cell_that_writes_to_stderr_fails_the_build(copy):
    rewrite(copy, "4_keras_mnist", QUICK + "\nimport sys\nprint('oops', file=sys.stderr)")
    failed = build(copy)
    assert failed.returncode != 0
    assert "stderr was found" in failed.output


def test_a_page_that_was_not_built_fails_the_build(copy):
    toc = copy / "_toc.yml"
    toc.write_text(toc.read_text("utf-8").replace("a_glossary", "a_missing"), "utf-8")
    failed = build(copy)
    assert failed.returncode != 0
    assert "a_missing" in failed.output


def test_repository_buttons_appear_with_its_address(copy):
    assert build(copy).returncode == 0
    hosts = re.compile(r"colab\.research|github\.com/you|example\.org|executablebooks")
    assert not hosts.search(page(copy))

    url = "https://github.com/you/your-copy"
    stamped = run(copy, "tools/notebooks.py", "repository", url)
    assert stamped.returncode == 0, stamped.stderr
    assert f'url: "{url}"' in (copy / "_config.yml").read_text("utf-8")
    first = nbformat.read(copy / "chapters" / "4_keras_mnist.ipynb", as_version=4).cells[1].source
    assert f"%pip install -q --no-deps git+{url}@main" in first

    rewrite(copy, "4_keras_mnist", QUICK)
    assert build(copy).returncode == 0
    text = page(copy)
    colab = "https://colab.research.google.com/github/you/your-copy/blob/main/chapters/4_keras_mnist.ipynb"
    for link in (colab, f"{url}/edit/main/chapters/4_keras_mnist.ipynb", f"{url}/issues/new"):
        assert link in text


def test_a_changed_sentence_is_english_until_it_is_translated(copy):
    index = copy / "chapters" / "index.md"
    old, new = "Most introductions to deep learning ask", "Many introductions to deep learning ask"
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
    "url", ["", "github.com/you/book", "https://github.com/you", "https://github.com/you/book.git"]
)
def test_repository_refuses_what_is_no_address(copy, url):
    before = (copy / "_config.yml").read_text("utf-8")
    refused = run(copy, "tools/notebooks.py", "repository", url)
    assert refused.returncode != 0
    assert repr(url) in refused.stderr
    assert (copy / "_config.yml").read_text("utf-8") == before
