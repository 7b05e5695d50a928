"""Make a PDF and an ePub of each edition in _build/paper; `make pdf` and `make epub` call this.

    paper.py pdf|epub [LANGUAGE]    en or zh; without one, both

Both show the pages of the built site, so what was tested is what is read, and nothing is executed.
Sphinx's builders are not used: its one long page gives the same address to all sections of one
name ("Exercises"), and its ePub leaves formulas to a script.
"""

import base64
import contextlib
import datetime
import io
import posixpath
import re
import sys
import time
import unicodedata
import uuid
import zipfile
from html import escape
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

import browser
import build
import yaml
from babel.messages.pofile import read_po
from bs4 import BeautifulSoup
from PIL import Image
from playwright.sync_api import sync_playwright
from pygments.formatters import HtmlFormatter

ROOT = build.ROOT
PAPER = build.BUILD / "paper"

# What needs a script or a screen. Of a check its line stays; all else unfolds, as the site prints.
DROPPED = (
    "script, noscript, template, button, dialog, .enlarge, .headerlink, .offers, .here, "
    ".check-code, .toctree-wrapper, .page-cards img, .interactive > :not(img), div.cell summary"
)
# Two thirds of what marks code has the colour of all code, and a PDF's structure holds each piece.
UNMARKED = "details, .highlight .n, .highlight .nn, .highlight .p, .highlight .w"
HOST = "http://book/"


# What the site has


class Book:
    """An edition: its words, its pages in the order of the contents, and what they load."""

    def __init__(self, language):
        self.lang = language.replace("_", "-")
        self.home = build.EDITIONS[language].relative_to(build.SITE)
        settings = yaml.safe_load((ROOT / "_config.yml").read_text("utf-8"))
        say = words(language)
        self.title, self.author = say(settings["title"]), say(settings["author"])
        self.contents_title = say("Contents")
        slug = re.sub(r"\W+", "-", settings["title"].lower())
        self.file = PAPER / f"{slug}-{language.partition('_')[0]}"
        soups = {PurePosixPath(page).name: self.soup(page) for page in build.pages()}
        first = next(iter(soups.values()))
        self.parts = [("", [next(iter(soups))]), *parts(first)]
        self.edition = first.select_one(".language-switch [aria-current]").get_text()
        self.imprint = first.select_one(".extra_footer").get_text(strip=True)
        self.styles = list(dict.fromkeys(s for soup in soups.values() for s in styles(soup)))
        self.mathematics = next(filter(None, map(mathematics, soups.values())), "")
        self.pages = {name: article(name, soup, soups) for name, soup in soups.items()}

    def soup(self, page):
        """A page with addresses from the site's root."""
        html = (build.SITE / self.home / f"{page}.html").read_text("utf-8")
        soup = BeautifulSoup(html, "html.parser")
        here = posixpath.join("/", self.home.as_posix(), posixpath.dirname(page))
        for attribute in ("href", "src"):
            for node in soup.find_all(attrs={attribute: re.compile(r"^(?![a-z]+:|#|$)")}):
                node[attribute] = posixpath.normpath(posixpath.join(here, node[attribute]))
        return soup

    def heading(self, name):
        return self.pages[name].h1.get_text()


def words(language):
    """What the site's frame says in this language."""
    catalog = ROOT / "locale" / language / "LC_MESSAGES/sphinx.po"
    if not catalog.exists():  # the language of the text itself
        return str
    with catalog.open("rb") as file:
        messages = read_po(file)
    return lambda text: messages[text].string if text in messages else text


def parts(soup):
    """The captions in the contents of the front page, each with the names of its pages."""
    for caption in soup.select("nav.bd-docs-nav .caption"):
        links = caption.find_next("ul").select("li.toctree-l1 > a")
        names = [PurePosixPath(urlsplit(link["href"]).path).stem for link in links]
        yield caption.get_text(), names


def styles(soup):
    return [link["href"] for link in soup.head.find_all("link", rel="stylesheet")]


def mathematics(soup):
    """What typesets a page's formulas, if it has any."""
    scripts = soup.head.find_all("script")
    used = [s for s in scripts if "mathjax" in s.get("src", "") or "window.MathJax" in s.text]
    return "".join(map(str, used)) if len(used) > 1 else ""


def article(name, soup, names):
    """A page's text without what needs a script; its links are ``page.xhtml#section``."""
    text = soup.select_one("article.bd-article")
    for node in text.select(DROPPED):
        node.decompose()
    for node in text.select(UNMARKED):
        node.unwrap()
    for node in text.select("[role]:not(svg)"):
        del node["role"]  # those of a bibliography's entries are no longer valid
    seen = set()
    for node in places(text):
        if node["id"] in seen:  # what the errata show of several pages; an ePub allows each once
            del node["id"]
        else:
            seen.add(node["id"])
    for link in text.find_all("a", href=True):
        address = urlsplit(link["href"])
        target = PurePosixPath(address.path).stem or name
        if address.scheme:
            continue
        if target in names and PurePosixPath(address.path).suffix in ("", ".html"):
            section = f"#{unquote(address.fragment)}" if address.fragment else ""
            link["href"] = f"{target}.xhtml{section}"
        else:
            link.unwrap()  # the index, a notebook
    return text


def places(text):
    """What can be linked to. The names in a drawing are its own, and nobody else's."""
    return text.select("[id]:not(svg *)")


# The browser


class Desk:
    """A browser in which the site's files are at ``HOST``, and nothing else is anywhere."""

    def __init__(self):
        self.playwright = sync_playwright().start()
        self.browser = browser.launch(self.playwright)
        if self.browser is None:
            self.playwright.stop()
            sys.exit(f"No browser was found, and one makes the pages. {browser.WAYS}")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.browser.close()
        self.playwright.stop()

    def open(self, html, **options):
        """A tab that shows the page, all that it loads being there."""
        tab = self.browser.new_page(**options)
        tab.set_default_timeout(600_000)
        missing = []

        def serve(route):
            path = unquote(urlsplit(route.request.url).path)
            file = build.SITE / path[1:]
            if route.request.url == HOST:
                route.fulfill(body=html, content_type="text/html; charset=utf-8")
            elif route.request.url.startswith(HOST) and file.is_file():
                route.fulfill(path=file)
            else:
                missing.append(route.request.url)
                route.abort()

        tab.route(re.compile("^http"), serve)
        tab.goto(HOST)
        tab.evaluate("window.MathJax?.startup.promise")
        tab.evaluate("document.fonts.ready.then(() => true)")
        if missing:
            sys.exit(f"The site lacks what its pages load: {', '.join(sorted(set(missing)))}")
        return tab


def document(book, body, style, scripts=""):
    links = "".join(f'<link rel="stylesheet" href="{escape(s)}">' for s in book.styles)
    css = (ROOT / "tools" / style).read_text("utf-8")
    return (
        f'<!doctype html><html lang="{book.lang}" data-theme="light"><head><meta charset="utf-8">'
        f"<title>{escape(book.title)}</title>{links}<style>{css}</style>{scripts}</head>"
        f'<body><div class="bd-content"><div class="bd-article">{body}</div></div></body></html>'
    )


def title_page(book):
    lines = {
        "book-title": book.title,
        "book-author": book.author,
        "book-edition": book.edition,
        "book-imprint": book.imprint,
    }
    said = "".join(f'<p class="{name}">{escape(line)}</p>' for name, line in lines.items())
    return f'<section class="title-page"><img alt="" src="/_static/mark.svg">{said}</section>'


# PDF


def pdf(book, desk):
    body = title_page(book) + contents(book)
    for name, text in book.pages.items():
        for node in places(text):
            node["id"] = f"{name}.{node['id']}"
        for link in text.find_all("a", href=re.compile(r"^\w+\.xhtml(#|$)")):
            page, _, section = link["href"].partition(".xhtml")
            link["href"] = f"#{page}" + section.replace("#", ".")
        body += f'<section class="book-page" id="{name}">{text.decode_contents()}</section>'
    tab = desk.open(document(book, body, "paper.css", book.mathematics))
    plain = tab.locator(".math:not(:has(mjx-container))").all_text_contents()
    refuse(plain + (tab.evaluate(WRONG) if book.mathematics else []))
    settings = {"prefer_css_page_size": True, "print_background": True, "outline": True}
    # Chromium has no target-counter(): a first print says on which page each part begins.
    numbers = page_numbers(tab.pdf(tagged=True, **settings))
    tab.locator(".book-contents a").evaluate_all(WRITE_NUMBERS, numbers)
    file = book.file.with_suffix(".pdf")
    tab.pdf(path=file, tagged=True, **settings)
    tab.close()
    return file


WRITE_NUMBERS = """(links, numbers) => links.forEach((link) => {
  link.dataset.page = numbers[link.hash.slice(1)];
})"""


WRONG = """() => [...MathJax.startup.document.math]
  .filter((formula) => formula.typesetRoot.querySelector("mjx-merror"))
  .map((formula) => formula.math)"""


def refuse(formulas):
    """End the process if there are formulas that MathJax did not typeset."""
    if formulas:
        sys.exit(f"MathJax does not typeset {'; '.join(formulas)}")


def page_numbers(made):
    """The page of each place that is linked to in a PDF by Chromium."""
    pages = re.findall(rb"(\d+) 0 obj\n<</Type /Page\n", made)
    places = re.findall(rb"/([\w.-]+) \[(\d+) 0 R /XYZ", made)
    return {name.decode(): pages.index(page) + 1 for name, page in places}


def contents(book):
    made = f"<h1>{escape(book.contents_title)}</h1>"
    for caption, names in book.parts:
        made += f'<p class="book-part">{escape(caption)}</p>' if caption else ""
        for name in names:
            made += f'<p><a href="#{name}">{escape(book.heading(name))}</a></p>'
    return f'<section class="book-page book-contents">{made}</section>'


# ePub

XHTML = """<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE html>
<html xmlns="http://www.w3.org/1999/xhtml" xmlns:epub="http://www.idpf.org/2007/ops"
 xml:lang="{lang}" lang="{lang}">
<head><title>{title}</title><link rel="stylesheet" href="style.css"/></head>
{body}
</html>
"""

CONTAINER = """<?xml version="1.0" encoding="utf-8"?>
<container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container">
<rootfiles>
<rootfile full-path="EPUB/package.opf" media-type="application/oebps-package+xml"/>
</rootfiles>
</container>
"""

PACKAGE = """<?xml version="1.0" encoding="utf-8"?>
<package xmlns="http://www.idpf.org/2007/opf" version="3.0" unique-identifier="id"
 xml:lang="{lang}">
<metadata xmlns:dc="http://purl.org/dc/elements/1.1/">
<dc:identifier id="id">{identifier}</dc:identifier>
<dc:title>{title}</dc:title>
<dc:language>{lang}</dc:language>
<dc:creator>{author}</dc:creator>
<dc:rights>{imprint}</dc:rights>
<meta property="dcterms:modified">{modified}</meta>
<meta property="schema:accessMode">textual</meta>
<meta property="schema:accessMode">visual</meta>
<meta property="schema:accessibilityFeature">alternativeText</meta>
<meta property="schema:accessibilityFeature">MathML</meta>
<meta property="schema:accessibilityFeature">tableOfContents</meta>
<meta property="schema:accessibilityHazard">none</meta>
</metadata>
<manifest>
{manifest}
</manifest>
<spine>
{spine}
</spine>
</package>
"""

MEDIA = {".xhtml": "application/xhtml+xml", ".css": "text/css", ".png": "image/png"}
TEX = re.compile(r"\\[(\[](.*)\\[)\]]", re.DOTALL)
TO_MATHML = """async (all) => {
  const made = [];
  for (const [tex, display] of all) made.push(await MathJax.tex2mmlPromise(tex, {display}));
  return made;
}"""
TO_XHTML = """all => all.map((html) => new XMLSerializer().serializeToString(
  new DOMParser().parseFromString(html, "text/html").body))"""


def epub(book, desk):
    files = {}
    for text in book.pages.values():
        files |= images(text)
    tab = desk.open(document(book, "", "cover.css", book.mathematics))
    typeset(book, tab)
    bodies = tab.evaluate(
        TO_XHTML, [f"<body>{text.decode_contents()}</body>" for text in book.pages.values()]
    )
    for name, body in zip(book.pages, bodies, strict=True):
        title = escape(book.heading(name))
        files[f"{name}.xhtml"] = XHTML.format(lang=book.lang, title=title, body=body)
    size = {"width": 800, "height": 1200}
    cover = desk.open(document(book, title_page(book), "cover.css"), viewport=size)
    files["cover.png"] = cover.screenshot()
    shown = f'<body class="cover"><img alt="{escape(book.title)}" src="cover.png"/></body>'
    files["cover.xhtml"] = XHTML.format(lang=book.lang, title=escape(book.title), body=shown)
    files["nav.xhtml"] = navigation(book)
    colours = HtmlFormatter(style="a11y-high-contrast-light").get_style_defs(".highlight")
    files["style.css"] = (ROOT / "tools/epub.css").read_text("utf-8") + colours + "\n"
    files["package.opf"] = package(book, files)
    return packed(book.file.with_suffix(".epub"), files)


def images(text):
    """The files of a page's images, in PNG, which every reader shows; the page then names them."""
    found = {}
    for image in text.find_all(["img", "image"]):
        address = "src" if image.name == "img" else "href"
        source = image[address]
        if source.startswith("data:"):  # the still of a figure that moves
            data = base64.b64decode(source.partition(",")[2])
            stem = f"still-{uuid.uuid5(uuid.NAMESPACE_OID, source)}"
        else:
            data = (build.SITE / source[1:]).read_bytes()
            stem = PurePosixPath(source).stem
        with Image.open(io.BytesIO(data)) as shown:
            shown.save(png := io.BytesIO(), "png")
        image[address] = f"images/{stem}.png"
        found[image[address]] = png.getvalue()
    return found


def typeset(book, tab):
    """Put MathML where the pages have TeX."""
    formulas = [f for text in book.pages.values() for f in text.select(".math")]
    sources = []
    for formula in formulas:
        number = formula.select_one(".eqno")
        if number:
            number.extract()
        tex = formula.get_text().strip()
        within = TEX.fullmatch(tex)
        sources.append([within[1] if within else tex, formula.name == "div"])
        formula.clear()
        if number:
            formula.append(number)
    made = tab.evaluate(TO_MATHML, sources) if sources else []
    refuse([tex for (tex, _), ml in zip(sources, made, strict=True) if "<merror" in ml])
    for formula, (tex, _), ml in zip(formulas, sources, made, strict=True):
        (math,) = BeautifulSoup(ml, "html.parser").find_all("math")
        math["alttext"] = tex
        for symbol in math.find_all(mathvariant=True):
            symbol.string = "".join(letter(c, symbol["mathvariant"]) for c in symbol.text)
        formula.append(math)


def letter(character, variant):
    """The letter of a mathematical alphabet: MathML Core knows them as characters alone."""
    name = re.sub(r"(LATIN|GREEK) (\w+) LETTER", r"\2", unicodedata.name(character, ""))
    alphabet = variant.removeprefix("-tex-").upper().replace("CALLIGRAPHIC", "SCRIPT")
    for kind in ("MATHEMATICAL ", ""):
        with contextlib.suppress(KeyError):
            return unicodedata.lookup(f"{kind}{alphabet.replace('BOLD-', 'BOLD ')} {name}")
    return character


def navigation(book):
    entries = ""
    for caption, names in book.parts:
        inner = "".join(entry(book, name) for name in names)
        part = f"<li><span>{escape(caption)}</span><ol>\n{inner}</ol></li>\n"
        entries += part if caption else inner
    title = escape(book.contents_title)
    nav = f'<body><nav epub:type="toc"><h1>{title}</h1><ol>\n{entries}</ol></nav></body>'
    return XHTML.format(lang=book.lang, title=title, body=nav)


def entry(book, name):
    """A page in the contents, with its sections."""
    sections = "".join(
        f'<li><a href="{name}.xhtml#{section["id"]}">{escape(section.h2.get_text())}</a></li>'
        for section in book.pages[name].select("section[id]:has(> h2)")
    )
    within = f"<ol>{sections}</ol>" if sections else ""
    return f'<li><a href="{name}.xhtml">{escape(book.heading(name))}</a>{within}</li>\n'


def package(book, files):
    manifest = []
    for name, content in files.items():
        path = PurePosixPath(name)
        properties = {"nav.xhtml": ["nav"], "cover.png": ["cover-image"]}.get(name, [])
        if path.suffix == ".xhtml":
            properties = properties + [kind for kind in ("math", "svg") if f"<{kind}" in content]
        said = " ".join(properties).replace("math", "mathml")
        said = f' properties="{said}"' if said else ""
        ident = re.sub(r"\W", "-", f"{path.suffix[1:]}-{path.stem}")
        media = MEDIA[path.suffix]
        manifest.append(f'<item id="{ident}" href="{name}" media-type="{media}"{said}/>')
    spine = [f'<itemref idref="xhtml-{name}"/>' for name in ("cover", "nav", *book.pages)]
    return PACKAGE.format(
        lang=book.lang,
        identifier=uuid.uuid5(uuid.NAMESPACE_URL, book.file.name).urn,
        title=escape(book.title),
        author=escape(book.author),
        imprint=escape(book.imprint),
        modified=f"{datetime.datetime.now(datetime.UTC):%Y-%m-%dT%H:%M:%SZ}",
        manifest="\n".join(manifest),
        spine="\n".join(spine),
    )


def packed(file, files):
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        # A reader knows the format by these first bytes.
        archive.writestr("mimetype", "application/epub+zip", zipfile.ZIP_STORED)
        archive.writestr("META-INF/container.xml", CONTAINER)
        for name, content in files.items():
            archive.writestr(f"EPUB/{name}", content)
    return file


# The command

MAKERS = {"pdf": pdf, "epub": epub}


def stale():
    """Why the site does not show the book as it stands, or None."""
    if not build.FINISHED.exists():
        return "The site is not built."
    built = build.FINISHED.stat().st_mtime
    sources = [*ROOT.glob("chapters/*.*"), *ROOT.glob("locale/*/LC_MESSAGES/**/*.po")]
    newer = [file.relative_to(ROOT) for file in sources if file.stat().st_mtime > built]
    return f"{newer[0]} was changed since the site was built." if newer else None


def main(kind, *chosen):
    unknown = [language for language in chosen if language not in build.LANGUAGES]
    if unknown:
        sys.exit(f"LANGUAGE={unknown[0]} is none of the editions: {', '.join(build.LANGUAGES)}")
    if changed := stale():
        sys.exit(f"{changed} First: make book")
    PAPER.mkdir(exist_ok=True)
    with Desk() as desk:
        for language in chosen or build.LANGUAGES:
            start = time.monotonic()
            file = MAKERS[kind](Book(build.LANGUAGES[language]), desk)
            size, seconds = file.stat().st_size / 1e6, time.monotonic() - start
            print(f"{file.relative_to(ROOT)}: {size:.1f} MB in {seconds:.0f} s", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
