"""What the built site promises, in a browser with every other host blocked."""

import functools
import http.server
import threading
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from bs4 import BeautifulSoup

SITE = Path(__file__).resolve().parents[1] / "_build" / "html"
PAGES = sorted(
    str(file.relative_to(SITE))
    for file in SITE.rglob("*.html")
    if not {"_static", "reports"} & set(file.relative_to(SITE).parts)
)
CHAPTERS = [page for page in PAGES if page.startswith("chapters/")]


def test_site_is_built():
    assert "chapters/index.html" in CHAPTERS, f"no site in {SITE}: run `make book`"


@functools.cache
def soup(page):
    return BeautifulSoup((SITE / page).read_text("utf-8"), "html.parser")


class _Handler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def address():
    server = http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), functools.partial(_Handler, directory=SITE)
    )
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


@pytest.fixture
def visit(browser, address):
    """Open a page in a new window; collect what it requests in vain, elsewhere, or complains of."""
    contexts = []

    def open_page(page, *, width=1280, theme="light"):
        context = browser.new_context(viewport={"width": width, "height": 800})
        contexts.append(context)
        context.add_init_script(
            f"localStorage.setItem('mode', '{theme}'); localStorage.setItem('theme', '{theme}')"
        )
        tab = context.new_page()
        tab.problems = []

        def local_only(route):
            if route.request.url.startswith((address, "data:", "blob:")):
                route.continue_()
            else:
                tab.problems.append(f"asks another host: {route.request.url}")
                route.abort()

        tab.route("**/*", local_only)
        tab.on("pageerror", lambda error: tab.problems.append(f"script error: {error}"))
        tab.on(
            "console",
            lambda message: tab.problems.append(message.text) if message.type == "error" else None,
        )
        tab.on(
            "response",
            lambda response: (
                tab.problems.append(f"{response.status} {response.url}")
                if response.status >= 400
                else None
            ),
        )
        tab.goto(address + page, wait_until="networkidle")
        return tab

    yield open_page
    for context in contexts:
        context.close()


@pytest.mark.parametrize("page", PAGES)
def test_page_loads_without_problems(visit, page):
    tab = visit(page)
    assert tab.problems == []
    broken = "[...document.images].filter(i => !i.naturalWidth || !i.alt.trim()).map(i => i.src)"
    assert tab.evaluate(broken) == []


@pytest.mark.parametrize("page", CHAPTERS)
def test_equations_are_rendered(visit, page):
    tab = visit(page)
    equations = len(soup(page).select("span.math, div.math"))
    tab.wait_for_function(f"document.querySelectorAll('mjx-container').length >= {equations}")
    assert tab.locator("mjx-merror").count() == 0


@pytest.mark.parametrize("width", [320, 360])
@pytest.mark.parametrize("page", PAGES)
def test_nothing_is_wider_than_the_screen(visit, page, width):
    tab = visit(page, width=width)
    assert tab.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("page", PAGES)
def test_page_is_accessible(visit, page, theme):
    tab = visit(page, theme=theme)
    violations = Axe().run(tab).response["violations"]
    serious = {
        violation["id"]: [node["html"][:120] for node in violation["nodes"]]
        for violation in violations
        if violation["impact"] in ("serious", "critical")
    }
    assert serious == {}


def test_search_finds_a_known_word(visit):
    tab = visit("search.html?q=convolution")
    tab.wait_for_selector("#search-results li a")
    links = tab.eval_on_selector_all("#search-results li a", "a => a.map(x => x.href)")
    assert any("4_keras_mnist.html" in link for link in links)


def test_search_finds_nothing_for_nonsense(visit):
    tab = visit("search.html?q=xqzzyv")
    tab.wait_for_function(
        "document.querySelector('#search-results')?.innerText.includes('did not match')"
    )
    assert tab.locator("#search-results li a").count() == 0


def test_dark_mode_toggles_and_reaches_the_figures(visit):
    tab = visit("chapters/index.html")
    figure = "getComputedStyle(document.querySelector('figure img')).filter"
    assert tab.evaluate(figure) == "none"
    for _ in range(3):  # the button cycles through light, dark and automatic
        if tab.evaluate("document.documentElement.dataset.theme") == "dark":
            break
        tab.locator("button.theme-switch-button:visible").first.click()
    assert tab.evaluate("document.documentElement.dataset.theme") == "dark"
    assert "invert(1)" in tab.evaluate(figure)


def test_copy_buttons_are_there(visit):
    tab = visit("chapters/4_keras_mnist.html")
    cells = len(soup("chapters/4_keras_mnist.html").select("div.cell_input"))
    assert tab.locator("div.cell_input button.copybtn").count() == cells > 0


@pytest.mark.parametrize("page", PAGES)
def test_internal_links_lead_somewhere(page):
    missing = []
    for anchor in soup(page).select("a[href]"):
        target = urlsplit(anchor["href"])
        if target.scheme or target.netloc:
            continue
        base = SITE if target.path.startswith("/") else (SITE / page).parent
        path = unquote(target.path).lstrip("/")
        file = (base / path).resolve() if path else SITE / page
        file = file / "index.html" if file.is_dir() else file
        if not file.exists():
            missing.append(anchor["href"])
        elif target.fragment and file.suffix == ".html":
            found = soup(str(file.relative_to(SITE))).find(id=unquote(target.fragment))
            if found is None:
                missing.append(anchor["href"])
    assert missing == []


@pytest.mark.parametrize("page", PAGES)
def test_page_names_no_other_host_as_a_resource(page):
    named = [
        element.get("src") or element.get("href")
        for element in soup(page).select("script[src], link[href], img[src], iframe[src]")
        if element.get("rel") != ["canonical"]
    ]
    assert [url for url in named if url and urlsplit(url).netloc] == []
    scripts = " ".join(script.text for script in soup(page).select("script"))
    assert "https://" not in scripts


@pytest.mark.parametrize("page", CHAPTERS)
def test_page_shows_no_debris(page):
    text = soup(page).select_one("article").get_text()
    debris = ["Traceback (most recent", "<Axes", "<Figure size", "\x1b", "{glue", "{cite", "{term"]
    assert [piece for piece in debris if piece in text] == []


@pytest.mark.parametrize("page", CHAPTERS)
def test_page_describes_itself(page):
    properties = {
        meta.get("property") or meta.get("name"): meta.get("content")
        for meta in soup(page).select("meta")
    }
    for name in ("og:title", "og:description", "og:type", "og:site_name", "description"):
        assert properties.get(name), name
    assert soup(page).html["lang"] == "en"
    assert len(soup(page).select("article h1")) == 1


def test_every_figure_has_a_caption_and_a_number():
    for page in CHAPTERS:
        for figure in soup(page).select("figure"):
            assert figure.select_one("figcaption .caption-number"), figure.get("id")
            assert len(figure.select_one("figcaption").get_text()) > 20


def test_a_missing_address_shows_a_page_that_leads_home():
    links = [anchor["href"] for anchor in soup("404.html").select("a[href]")]
    assert any(link.startswith("/") and link.endswith("index.html") for link in links)
