"""JupyterLab shows what the site shows, in copies that are the reader's."""

import contextlib
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request

import environment
import lab
import nbformat
import notebooks
import pytest
import translation
from babel.messages import Catalog

FIGURE = """\
from dlcore.interactive import Interactive
Interactive(
    {"step": [1, 2, 3]}, lambda step: {"text": f"step {step} of 3"},
    xlim=(0, 1), ylim=(0, 1), xlabel="x", ylabel="y", alt="nothing but its text",
)"""
TEXT = """\
# A page

$$
a = b
$$ (equation)

:::{admonition} Answer
:class: dropdown

It was {glue:text}`lines:.1f`.
:::
"""


@pytest.fixture
def book(monkeypatch, tmp_path):
    """A book of one page, and `lab` working on it."""
    root = tmp_path / "book"
    for folder in ("tools", "_static"):
        shutil.copytree(environment.ROOT / folder, root / folder)
    shutil.copy(environment.ROOT / "_config.yml", root)
    (root / "chapters").mkdir()
    (root / "chapters" / "ruff.toml").touch()
    (root / "chapters" / "matplotlibrc").touch()
    page(root, TEXT)
    monkeypatch.setattr(lab, "ROOT", root)
    monkeypatch.setattr(lab, "WORK", root / "work")
    catalogs = root / "locale" / "zh_CN" / "LC_MESSAGES"
    monkeypatch.setattr(translation, "CATALOGS", catalogs)
    monkeypatch.setattr(translation.build, "ROOT", root)
    catalog = Catalog()
    catalog.add("A page", "一页")
    translation.write(catalogs / "chapters" / "page.po", catalog)
    return root


def page(root, text):
    cells = [
        nbformat.v4.new_markdown_cell(text),
        nbformat.v4.new_code_cell(FIGURE, metadata={"tags": ["hide-input"]}),
    ]
    metadata = {"kernelspec": notebooks.KERNEL}
    nbformat.write(
        nbformat.v4.new_notebook(cells=cells, metadata=metadata), root / "chapters" / "page.ipynb"
    )


def test_a_copy_follows_its_page_until_the_reader_changes_it(book):
    copy = book / "work" / "page.ipynb"
    assert lab.copy_pages("en") == []
    assert {file.name for file in (book / "work").iterdir()} == {
        "page.ipynb", "matplotlibrc", ".copied.json",
    }  # fmt: skip
    page(book, "# A better page")
    assert lab.copy_pages("en") == []
    assert "A better page" in copy.read_text("utf-8")

    copy.write_text(copy.read_text("utf-8").replace("# A better page", "mine"), "utf-8")
    assert lab.copy_pages("en") == []  # nothing new in the page
    page(book, "# The best page")
    for _ in range(2):
        assert lab.copy_pages("en") == ["work/page.ipynb"]
        assert "mine" in copy.read_text("utf-8")

    copy.unlink()
    assert lab.copy_pages("en") == []
    assert "The best page" in copy.read_text("utf-8")


def test_a_copy_folds_what_the_site_folds(book):
    lab.copy_pages("en")
    text, figure = nbformat.read(book / "work" / "page.ipynb", as_version=4).cells
    assert figure.metadata["jupyter"] == {"source_hidden": True}
    assert "jupyter" not in text.metadata
    assert "It was `lines`." in text.source


def test_each_language_has_its_own_copies(book):
    lab.copy_pages("en")
    english, chinese = book / "work" / "page.ipynb", book / "work" / "zh" / "page.ipynb"
    english.write_text(english.read_text("utf-8").replace("# A page", "# mine"), "utf-8")
    assert lab.copy_pages("zh") == []
    (text, code), (own, _) = (
        nbformat.read(file, as_version=4).cells for file in (chinese, english)
    )
    assert text.source == own.source.replace("# mine", "# 一页")
    assert code.source == FIGURE
    chinese.write_text(chinese.read_text("utf-8").replace("# 一页", "# 我的"), "utf-8")
    page(book, "# Another page")
    assert lab.copy_pages("zh") == ["work/zh/page.ipynb"]
    assert lab.copy_pages("en") == ["work/page.ipynb"]
    assert "# 我的" in chinese.read_text("utf-8")


@pytest.mark.parametrize("language", ["fr", "zh_CN", ""])
def test_an_unknown_language_is_named_with_the_known_ones(language):
    with pytest.raises(SystemExit, match=f"language '{language}', but in en and zh"):
        lab.main(language)


def make_lab(*arguments, **settings):
    """What `make lab` would call."""
    command = ("make", "--no-print-directory", "--dry-run", "lab", *arguments)
    run = subprocess.run(
        command, cwd=environment.ROOT, env=os.environ | settings, capture_output=True, text=True
    )
    return run.stdout.splitlines()[-1].partition("tools/lab.py ")[2]


def test_only_an_argument_of_make_says_the_language():
    """The variable LANGUAGE is gettext's."""
    assert make_lab(LANGUAGE="zh_CN:zh") == "en "
    assert make_lab("LANGUAGE=zh", "LAB=--no-browser") == '"zh" --no-browser'


def test_copies_are_not_part_of_the_book():
    ignored = (environment.ROOT / ".gitignore").read_text("utf-8").splitlines()
    assert f"{lab.WORK.name}/" in ignored
    settings = (environment.ROOT / "_config.yml").read_text("utf-8")
    assert re.search(rf"^exclude_patterns: .*\b{lab.WORK.name},", settings, re.MULTILINE)


@contextlib.contextmanager
def served(book, language, **settings):
    """The address of JupyterLab, as `make lab` starts it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    arguments = ("--no-browser", f"--port={port}", "--IdentityProvider.token=")
    log = book / "lab.log"
    with log.open("w") as file:
        command = (sys.executable, book / "tools" / "lab.py", language, *arguments)
        process = subprocess.Popen(command, env=os.environ | settings, stdout=file, stderr=file)
    try:
        direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        for _ in range(300):
            with contextlib.suppress(OSError):
                direct.open(f"{address}/api", timeout=5).close()
                break
            assert process.poll() is None, log.read_text()
            time.sleep(0.2)
        yield address
    finally:
        process.terminate()
        process.wait(timeout=60)


def test_jupyterlab_shows_what_the_site_shows(book, browser, tmp_path):
    proxies = dict.fromkeys(("ALL_PROXY", "all_proxy"), "socks5://127.0.0.1:9")
    settings = {"NO_PROXY": "127.0.0.1", "JUPYTER_CONFIG_DIR": str(tmp_path), **proxies}
    with served(book, "zh", **settings) as address:
        tab = browser.new_page()
        tab.goto(f"{address}/lab/tree/page.ipynb")
        tab.locator(".myst").get_by_text("一页").first.wait_for(timeout=60_000)
        answer = tab.locator(".myst details")
        answer.wait_for(timeout=60_000)
        assert not answer.get_by_text("It was").is_visible()
        answer.locator("summary").click()
        assert answer.get_by_text("It was").is_visible()
        assert tab.locator(".myst .katex-display").is_visible()
        assert not tab.get_by_text("xlim=").is_visible()

        tab.get_by_text("Run", exact=True).click()
        tab.get_by_text("Run All Cells", exact=True).click()
        words = tab.locator(".interactive-live [role=status]")
        words.wait_for(timeout=60_000)
        assert words.inner_text() == "step 1 of 3"
        tab.locator(".interactive-live input").focus()
        tab.keyboard.press("ArrowRight")
        assert words.inner_text() == "step 2 of 3"
        tab.close()
    assert json.loads((book / "work" / "zh" / ".copied.json").read_text("utf-8"))
