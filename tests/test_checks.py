"""The strips, the line of facts and the ledger, on a book of two pages."""

import shutil
import sys
from pathlib import Path

import nbformat
import pytest
from sphinx.application import Sphinx

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "_ext"))

import checks  # noqa: E402

CONF = f"""
import sys
sys.path.insert(0, {str(ROOT / "_ext")!r})
extensions = ["myst_nb", "checks"]
myst_enable_extensions = ["colon_fence"]
nb_execution_mode = "off"
exclude_patterns = ["out", "jupyter_execute"]
html_theme = "sphinx_book_theme"
html_static_path = [{str(ROOT / "_static")!r}]
html_css_files = ["book.css"]
locale_dirs = ["locale"]
gettext_compact = False
"""
BOX = """:::{admonition} The article on this: 1 statement holds, 1 does not
:class: dropdown source
> quoted
>
> - one of its own list

- **Holds.** A neuron adds. [Shown](#part)
- **Does not hold.** A neuron thinks. [Shown](#part)
:::"""
CODE = """from dlcore import check

for name in ("ReLU", "tanh"):
    check.claim(f"accuracy of {name}", 0.98, at_least=0.97, rival=0.9)"""
LINES = """accuracy of ReLU: measured 0.98, at least 0.97; rival 0.9
accuracy of tanh: measured 0.98, at least 0.97; rival 0.9
"""
CLOSE = 'check.close("softmax: Keras and ours", 1, 1, atol=1e-6)'
RUN = {
    "date": "2026-05-04T10:00:00",
    "seconds": 12.4,
    "python": "3.12.1",
    "numpy": "2.1.0",
    "keras": "3.9.0",
    "data": "MNIST",
}


def cell(source, printed="", tags=("check",)):
    made = nbformat.v4.new_code_cell(source, metadata={"tags": list(tags)})
    if printed:
        made.outputs = [nbformat.v4.new_output("stream", name="stdout", text=printed)]
        made.execution_count = 1
    return made


def notebook():
    markdown = nbformat.v4.new_markdown_cell
    cells = [
        markdown("# A page\n\nSome words.\n\n" + BOX + "\n\n## Part\n"),
        cell("1 + 1", tags=()),
        cell(CODE, LINES, ("check", "remove-cell")),  # not on the page, so not counted
        cell(CODE, LINES),
        cell(
            CLOSE, "also this\nsoftmax: Keras and ours: largest difference 1e-08, at most 1e-06\n"
        ),
    ]
    return nbformat.v4.new_notebook(cells=cells, metadata={"book": RUN})


PO = """msgid ""
msgstr ""
"Language: zh_CN\\n"
"Content-Type: text/plain; charset=UTF-8\\n"

msgid "accuracy of {name}"
msgstr "{name}的准确率"
"""


def sphinx(folder, language="en", builder="html", fresh=True):
    out = folder / "out" / builder / language
    return Sphinx(
        folder, folder, out, out / "doctrees", builder, {"language": language}, status=None,
        warning=None, warningiserror=False, freshenv=fresh,
    )  # fmt: skip


def build(folder, language="en", builder="html"):
    app = sphinx(folder, language, builder)
    app.build()
    return Path(app.outdir)


@pytest.fixture(scope="module")
def book(tmp_path_factory):
    folder = tmp_path_factory.mktemp("book")
    (folder / "chapters").mkdir()
    (folder / "conf.py").write_text(CONF)
    toc = "```{toctree}\nchapters/page\nchapters/a_checks\n```\n"
    (folder / "index.md").write_text(
        f"# Book\n\n{{total}}`checks` checks, {{total}}`hold` and {{total}}`fail`\n\n{toc}"
    )
    (folder / "chapters" / "a_checks.md").write_text(
        "# Ledger\n\n```{ledger}\n```\n\n```{statements}\n```\n"
    )
    nbformat.write(notebook(), folder / "chapters" / "page.ipynb")
    catalogs = folder / "locale" / "zh_CN" / "LC_MESSAGES" / "chapters"
    catalogs.mkdir(parents=True)
    (catalogs / "page.po").write_text(PO, "utf-8")
    message = "{total}`checks` checks, {total}`hold` and {total}`fail`"
    total = f'msgid "{message}"\nmsgstr "共{{total}}`checks`项"\n'
    (catalogs.parent / "index.po").write_text(PO.partition('msgid "acc')[0] + total, "utf-8")
    return folder


@pytest.fixture(scope="module")
def site(book):
    return build(book)


def words(html):
    from bs4 import BeautifulSoup

    return BeautifulSoup(html, "html.parser")


def page(site, name):
    return words((site / f"{name}.html").read_text("utf-8"))


def test_a_check_is_a_strip_with_the_words_of_its_line(site):
    rows = [row.get_text(" ", strip=True) for row in page(site, "chapters/page").select("p.check")]
    assert rows == [
        "✓ accuracy of ReLU measured 0.98, at least 0.97; rival 0.9",
        "✓ accuracy of tanh measured 0.98, at least 0.97; rival 0.9",
        "✓ softmax: Keras and ours largest difference 1e-08, at most 1e-06",
    ]


def test_the_code_is_folded_and_other_output_stays(site):
    shown = page(site, "chapters/page")
    folded = [block.get_text() for block in shown.select("details.check-code:not([open])")]
    assert len(folded) == 2
    assert "check.claim" in folded[0]
    assert "also this" in shown.select_one("article").get_text()
    assert "largest difference 1e-08, at most 1e-06\n" not in shown.select_one(".output").get_text()


def test_the_line_of_facts(site):
    line = page(site, "chapters/page").select_one("h1 + p.facts").get_text()
    assert line == (
        "1 min to read · 12 s to run · 3 checks passed · run on 2026-05-04 · "
        "Python 3.12.1, NumPy 2.1.0, Keras 3.9.0 · MNIST"
    )


def test_the_ledger_and_the_totals(site):
    ledger = page(site, "chapters/a_checks")
    links = [a["href"] for a in ledger.select(".ledger-checks a")]
    assert links == ["page.html#check-1", "page.html#check-1", "page.html#check-2"]
    strips = page(site, "chapters/page")
    assert all(strips.find(id=link.partition("#")[2]) for link in links)
    said = [item.get_text() for item in ledger.select(".statements li")]
    assert [text.split(".")[0] for text in said] == ["Holds", "Does not hold"]
    assert "3 checks, 1 and 1" in page(site, "index").get_text()


def test_every_page_with_a_total_is_written_again(book, tmp_path):
    copy = shutil.copytree(book, tmp_path / "book", ignore=shutil.ignore_patterns("out"))
    index, other = copy / "index.md", copy / "chapters" / "other.md"
    index.write_text(index.read_text("utf-8").replace("a_checks\n", "a_checks\nchapters/other\n"))

    def again(text):
        other.write_text(f"# Other\n\n{text}\n")
        app = sphinx(copy, fresh=False)
        app.build()
        return checks.counting_pages(app, app.env)

    assert again("{total}`checks` in all") == ["chapters/a_checks", "chapters/other", "index"]
    assert "3 in all" in page(copy / "out" / "html" / "en", "chapters/other").get_text()
    assert again("nothing") == ["chapters/a_checks", "index"]


def test_words_are_messages_and_are_translated(book):
    template = (build(book, builder="gettext") / "chapters" / "page.pot").read_text("utf-8")
    assert 'msgid "accuracy of {name}"' in template
    assert 'msgid "softmax: Keras and ours"' in template
    chinese = page(build(book, "zh_CN"), "chapters/page")
    rows = [row.get_text() for row in chinese.select(".check-words")]
    assert rows == ["ReLU的准确率", "tanh的准确率", "softmax: Keras and ours"]
    linked = page(book / "out" / "html" / "zh_CN", "chapters/a_checks").select(".ledger-checks a")
    assert [a.get_text() for a in linked] == rows
    assert "共3项" in page(book / "out" / "html" / "zh_CN", "index").get_text()


@pytest.mark.parametrize("value", ["1e-08", "0", "-2", "inf"])
def test_a_bar_holds_any_number_that_a_check_may_pass(value):
    for rival in (None, "inf", "0.5"):
        parts = {"what": "measured", "value": value, "bounds": "at most 1e-06", "rival": rival}
        svg = checks.bar(parts)
        assert 'class="value"' in svg
        assert ('class="rival"' in svg) is bool(rival)
        assert "nan" not in svg


def test_reading_time():
    markdown = nbformat.v4.new_markdown_cell
    figure = cell("plot()", tags=("hide-input",))
    figure.metadata["mystnb"] = {"figure": {}}
    cells = [
        markdown("word " * 200),
        markdown(":::{admonition} Answer\n:class: dropdown\n" + "word " * 900 + "\n:::\n"),
        markdown("````{solution} one\n" + "word " * 900 + "\n````\n"),
        markdown(":::{note}\n" + "word " * 198 + "\n:::\n"),  # with the fence 200
        cell("a = 1\n\nb = 2", tags=()),
        cell("check.claim()"),
        figure,
        markdown("## Going deeper\n" + "word " * 400),
    ]
    core, whole = checks.minutes(cells)
    assert core == pytest.approx(2 + 10 / 60 + 20 / 60)
    assert whole == pytest.approx(core + 2)
    assert checks.minutes(cells[:-1]) == (core, core)


PAGES = sorted((ROOT / "chapters").glob("*.ipynb"))


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_the_core_of_a_page_takes_half_an_hour_at_most(path):
    cells = nbformat.read(path, as_version=4).cells
    if not any("\n## Going deeper" in f"\n{c.source}" for c in cells):
        pytest.skip("the page does not say yet where its core ends")
    assert checks.minutes(cells)[0] <= 30


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_the_title_of_a_source_box_counts_its_statements(path):
    for title, verdicts in checks.source_boxes(nbformat.read(path, as_version=4).cells):
        assert title == checks.box_title(verdicts)


def test_a_source_box_is_read():
    (box,) = checks.source_boxes([nbformat.v4.new_markdown_cell(BOX)])
    assert box == (checks.box_title([True, False]), [True, False])
    assert checks.box_title([True, True, False, False]).endswith("2 statements hold, 2 do not")


def test_no_commit_outside_a_checkout(tmp_path):
    assert checks.commit(tmp_path) == ""


def test_the_foot_has_licence_and_commit(site):
    foot = page(site, "chapters/page").select_one("footer .facts").get_text()
    assert foot == "Text: CC BY 4.0, code: MIT"  # the fixture is no checkout
    assert len(checks.commit(ROOT)) in (0, *range(7, 13))


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_strips_are_accessible_and_fit(browser, site, theme, width):
    from axe_playwright_python.sync_playwright import Axe

    tab = browser.new_page(viewport={"width": width, "height": 900})
    tab.goto((site / "chapters" / "page.html").as_uri(), wait_until="domcontentloaded")
    tab.evaluate(f"document.documentElement.dataset.theme = '{theme}'")
    found = Axe().run(tab, context=".check-strip").response["violations"]
    found += Axe().run(tab, context="p.facts").response["violations"]
    assert [violation["id"] for violation in found] == []
    assert tab.evaluate("document.documentElement.scrollWidth") <= width
    tab.close()


def test_print_has_the_words_without_the_code(browser, site):
    tab = browser.new_page()
    tab.goto((site / "chapters" / "page.html").as_uri(), wait_until="domcontentloaded")
    tab.emulate_media(media="print")
    assert tab.locator(".check-measured").first.is_visible()
    assert not tab.locator(".check-code").first.is_visible()
    tab.close()


def test_the_words_of_the_extension_are_in_the_chinese_catalog():
    import re

    from babel.messages.pofile import read_po

    source = (ROOT / "_ext" / "checks.py").read_text("utf-8")
    said = set(re.findall(r'\b_\(\s*"([^"]+)"', source))
    said |= {"measured", "largest difference", "relative difference", "at least", "at most"}
    with (ROOT / "locale/zh_CN/LC_MESSAGES/sphinx.po").open("rb") as file:
        known = {message.id for message in read_po(file) if message.string}
    assert len(said) > 12
    assert said <= known
