"""What both editions of the built site promise, in a browser with every other host blocked."""

import contextlib
import functools
import hashlib
import html
import json
import re
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from book import FIGURE_DATA, HEAVY
from bs4 import BeautifulSoup
from edition import Chinese
from fontTools.ttLib import TTFont
from test_faq import ERRORS
from test_package import PUBLIC

SITE = Path(__file__).resolve().parents[1] / "_build" / "html"
SEEN = SITE.parent / "seen"  # what a browser saw of pages without a fault
PAGES = sorted(
    str(file.relative_to(SITE))
    for file in SITE.rglob("*.html")
    if not {"_static", "reports"} & set(file.relative_to(SITE).parts)
)
CHAPTERS = [page for page in PAGES if "chapters/" in page]
EDITIONS = ["", "zh/"]
SCREEN = {"width": 1280, "height": 800}
WIDTHS = ["360", "320"]  # of narrow screens, in pixels
FAMILIES = {"fa-solid", "fa-regular", "fa-brands"}  # of icons


@pytest.mark.parametrize("edition", EDITIONS)
def test_site_is_built(edition):
    assert f"{edition}chapters/index.html" in CHAPTERS, f"no site in {SITE}: run `make book`"


@functools.cache
def soup(page):
    return BeautifulSoup((SITE / page).read_text("utf-8"), "html.parser")


@pytest.fixture(scope="module")
def visit(browser, address):
    """Open a page in a new window; collect what it requests in vain, elsewhere, or complains of."""

    @contextlib.contextmanager
    def open_page(page):
        context = browser.new_context(viewport=SCREEN)
        context.add_init_script(
            "localStorage.setItem('mode', 'light'); localStorage.setItem('theme', 'light')"
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
        yield tab
        context.close()

    return open_page


@functools.cache
def shared_digest():
    """A digest of what every page loads, and of how it is looked at."""
    digest = hashlib.sha256(Path(__file__).read_bytes())
    for file in sorted(SITE.rglob("_static/**/*")):
        if file.is_file():
            digest.update(str(file.relative_to(SITE)).encode() + file.read_bytes())
    return digest


COLOURS = ["color-contrast", "link-in-text-block"]  # axe's rules that depend on the theme

# Thousands of words share some fifty looks, and axe takes milliseconds for each word. What has
# in both themes the colours, size and weight of three others, and the same behind and around,
# becomes plain text of what holds it. Three, since axe passes over one that something covers. The
# glyphs of a formula hold no text; what axe reads of it stands beside them.
THREE_OF_EACH_LOOK = """() => {
    const root = document.documentElement;
    const theme = root.dataset.theme;
    document.querySelectorAll("mjx-math").forEach((glyphs) => glyphs.remove());
    const shown = { visibilityProperty: true };
    const parts = [...document.querySelectorAll("body *")].filter((part) =>
        part.textContent.trim() && part.checkVisibility(shown)
            && !part.matches("table, thead, tbody, tr, th, td, svg, svg *"));
    const looks = parts.map((part) => part.localName);
    for (const each of ["light", "dark"]) {
        root.dataset.theme = each;
        const grounds = new Map([[null, ""]]);
        const ground = (part) => {
            if (!grounds.has(part)) {
                const style = getComputedStyle(part);
                const own = [style.backgroundColor, style.backgroundImage, style.opacity,
                    style.filter, style.clip, style.clipPath].join();
                const clear = own === "rgba(0, 0, 0, 0),none,1,none,auto,none";
                grounds.set(part, ground(part.parentElement) + (clear ? "" : own));
            }
            return grounds.get(part);
        };
        parts.forEach((part, at) => {
            const style = getComputedStyle(part);
            looks[at] += [style.color, style.fontSize, style.fontWeight, style.textShadow,
                style.textDecorationLine, getComputedStyle(part.parentElement).color,
                part.checkVisibility(shown), ground(part)].join();
        });
    }
    root.dataset.theme = theme;
    const counts = {};
    for (let at = parts.length - 1; at >= 0; at--) {  // what is inside before what holds it
        if (parts[at].childElementCount) continue;
        counts[looks[at]] = (counts[looks[at]] ?? 0) + 1;
        if (counts[looks[at]] > 3) parts[at].replaceWith(parts[at].textContent);
    }
}"""


def violations(tab, **options):
    """What axe finds on the page, by rule."""
    options["resultTypes"] = ["violations"]
    return {
        violation["id"]: [node["html"][:120] for node in violation["nodes"]]
        for violation in Axe().run(tab, options=options).response["violations"]
        if violation["impact"] in ("serious", "critical")
    }


def colour_violations(tab):
    """For each theme the colours of the page in which axe finds a fault."""
    tab.evaluate(THREE_OF_EACH_LOOK)
    found = {}
    for theme in ("light", "dark"):
        tab.evaluate(f"document.documentElement.dataset.theme = '{theme}'")
        found[theme] = violations(tab, runOnly=COLOURS)
    return found


@pytest.fixture(scope="module")
def seen(visit, browser):
    """What one visit to a page shows, for the tests that ask about it.

    A page that was without a fault is not visited again until it changes, or what it loads.
    """

    @functools.cache
    def look(page):
        digest = shared_digest().copy()
        digest.update(f"{page} {browser.version}".encode() + (SITE / page).read_bytes())
        memory = SEEN / f"{digest.hexdigest()}.json"
        if memory.exists():
            return json.loads(memory.read_text("utf-8"))
        facts = ask(page)
        if not any(fact for name, fact in facts.items() if name not in WIDTHS) and all(
            facts[width] <= int(width) for width in WIDTHS
        ):
            SEEN.mkdir(parents=True, exist_ok=True)
            memory.write_text(json.dumps(facts), "utf-8")
        return facts

    def ask(page):
        with visit(page) as tab:
            equations = len(soup(page).select("span.math, div.math"))
            tab.wait_for_function(
                f"document.querySelectorAll('mjx-container').length >= {equations}"
            )
            broken = """async () => {
                const images = [...document.images];
                images.forEach((image) => (image.loading = "eager"));
                await Promise.all(images.map((image) => image.decode().catch(() => {})));
                const stretched = ({ width, height, naturalWidth, naturalHeight }) =>
                    Math.abs(width * naturalHeight / naturalWidth - height) > 2;
                const fitted = (image) => getComputedStyle(image).objectFit === "contain";
                const faulty = (image) => !image.naturalWidth || !image.alt.trim()
                    || (!fitted(image) && stretched(image));
                return images.filter(faulty).map((image) => image.src);
            }"""
            facts = {
                "problems": list(tab.problems),  # before axe asks for style sheets of its own
                "broken images": tab.evaluate(broken),
                "broken equations": tab.locator("mjx-merror").count(),
            }
            tab.add_style_tag(content="* { transition: none !important; }")
            for width in WIDTHS:
                tab.set_viewport_size({"width": int(width), "height": 800})
                facts[width] = tab.evaluate("document.documentElement.scrollWidth")
            tab.set_viewport_size(SCREEN)
            off = {rule: {"enabled": False} for rule in COLOURS}
            facts["structure"] = violations(tab, rules=off)
            return facts | colour_violations(tab)

    return look


@pytest.mark.parametrize("page", PAGES)
def test_page_loads_without_problems(seen, page):
    assert seen(page)["problems"] == []
    assert seen(page)["broken images"] == []


@pytest.mark.parametrize("page", CHAPTERS)
def test_equations_are_rendered(seen, page):
    assert seen(page)["broken equations"] == 0


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("page", PAGES)
def test_nothing_is_wider_than_the_screen(seen, page, width):
    assert seen(page)[width] <= int(width)


@pytest.mark.parametrize("part", ["structure", "light", "dark"])
@pytest.mark.parametrize("page", PAGES)
def test_page_is_accessible(seen, page, part):
    assert seen(page)[part] == {}


LISTING = """<!doctype html><html lang="en" data-theme="light"><title>A page</title><style>
html {{ color: #222; background: #fff }} html[data-theme="dark"] {{ color: #eee; background: #111 }}
{style}</style><main><article><h1>A page</h1><details><summary>Folded</summary>
<pre>{words}</pre></details><pre>{words}</pre></article></main></html>"""


@pytest.mark.parametrize(
    ("style", "themes"),
    [
        (".k { color: #666 } [data-theme=dark] .k { color: #999 }", []),
        (".k { color: #bbb }", ["light"]),
        (".k { color: #555 }", ["dark"]),
        ("[data-theme=dark] .late { color: #333 }", ["dark"]),
        ("[data-theme=dark] b.late { background: #eee } .k { color: #555 }", ["dark"]),
        ("details .k { color: #bbb }", []),
        (".late { opacity: 0.3 }", ["light", "dark"]),
    ],
)
def test_a_word_without_contrast_is_found_among_many(browser, style, themes):
    words = '<b><span class="k">for</span></b> <span class="k">in</span> ' * 9
    words += words.replace("<b>", '<b class="late">')
    tab = browser.new_page()
    tab.set_content(LISTING.format(style=style, words=words))
    found = colour_violations(tab)
    assert tab.locator("span").count() < words.count("span")
    tab.close()
    assert [theme for theme in found if "color-contrast" in found[theme]] == themes


def results(tab):
    tab.wait_for_selector("#search-results li a")
    hrefs = tab.eval_on_selector_all("#search-results li a", "a => a.map(x => x.href)")
    return {urlsplit(href).path.lstrip("/") for href in hrefs}


def test_search_finds_a_known_word(visit):
    with visit("search.html?q=convolution") as tab:
        assert {f"chapters/{page}.html" for page in ("3_1_1_convolution", "4_keras_mnist")} <= (
            results(tab)
        )


def offered(tab, query):
    """The pages and places that the search offers, the first one first."""
    return tab.evaluate(
        """query => Search._performSearch(...Search._parseQuery(query))
            .reverse().map(([page, , place]) => [page, place])""",
        query,
    )


@pytest.mark.parametrize("edition", EDITIONS)
def test_search_for_a_title_offers_its_page_first(visit, edition):
    with visit(f"{edition}search.html?q=Keras") as tab:
        results(tab)  # the index has come
        for page in CHAPTERS:
            if page.startswith("zh/") == bool(edition):
                title = soup(page).h1.find(string=True, recursive=False)
                title = re.sub(r"^[\d.]+ ", "", title)
                assert offered(tab, title)[0] == [
                    page.removeprefix(edition).removesuffix(".html"),
                    "",
                ], title


@pytest.mark.parametrize(
    ("edition", "query", "place"),
    [
        ("", "dropout", "#term-dropout"),
        ("zh/", "交叉熵", "#term-cross-entropy"),
        ("zh/", "cross-entropy", "#term-cross-entropy"),
    ],
)
def test_search_for_a_term_offers_what_it_means_first(visit, edition, query, place):
    with visit(f"{edition}search.html?q=Keras") as tab:
        results(tab)
        assert offered(tab, query)[0] == ["chapters/a_glossary", place]


def test_search_offers_pages_with_most_words_where_no_chapter_has_all(visit):
    with visit("zh/search.html?q=Keras") as tab:
        results(tab)
        assert ["chapters/3_2_2_gates_and_attention", ""] in offered(tab, "注意力机制")


def test_search_leads_to_the_section_that_holds_the_word(visit):
    with visit("search.html?q=dropout") as tab:
        link = tab.locator('#search-results a[href*="3_1_3_looking_inside"]')
        tab.wait_for_function(
            "() => document.querySelectorAll('#search-results .context').length > 3"
        )
        found = urlsplit(link.get_attribute("href"))
        section = soup(found.path.removeprefix("/")).find(id=found.fragment)
        assert section.name == "section"
        assert "dropout" in section.get_text().lower()


@pytest.mark.parametrize("edition", EDITIONS)
def test_search_for_an_error_message_lands_on_its_answer(visit, edition):
    article = soup(f"{edition}chapters/6_faq.html").select_one("article")
    with visit(f"{edition}search.html?q=convolution") as tab:
        results(tab)  # the index has come
        for message, answer in ERRORS.items():
            page, address = offered(tab, message)[0]
            assert page == "chapters/6_faq", message
            assert (
                article.find(id=address.removeprefix("#"))
                .find_parent("section")
                .find(id=answer, recursive=False)
            ), message


def test_search_finds_an_error_message_with_the_shapes_of_another_reader(visit):
    theirs = (
        "Arguments `target` and `output` must have the same rank (ndim). "
        "Received: target.shape=(128,), output.shape=(128, 3)"
    )
    with visit(f"search.html?q={quote(theirs)}") as tab:
        assert "chapters/6_faq.html" in results(tab)


@pytest.mark.parametrize("search", ["search.html?q=softmax", "zh/search.html?q=梯度下降"])
def test_search_shows_sentences(visit, search):
    with visit(search) as tab:
        tab.wait_for_selector("#search-results p.context")
        tab.wait_for_load_state("networkidle")
        shown = tab.locator("#search-results p.context").all_inner_texts()
        assert len(shown) > 3
        assert [
            text for text in shown if re.search(r"\\|\.pdf|Contents|目录|minutes to read", text)
        ] == []


# Words longer than what the index holds, one of a single character, one beside a Latin word.
@pytest.mark.parametrize("word", ["梯度下降", "对数几率", "平移不变性", "交叉熵", "轮", "Keras"])
def test_search_finds_chinese_words(visit, word):
    pages = {
        page
        for page in CHAPTERS
        if page.startswith("zh/") and word in soup(page).select_one("article").get_text()
    }
    assert pages
    with visit(f"zh/search.html?q={word}") as tab:
        assert pages <= results(tab)


def test_search_cuts_a_chinese_query_as_the_index_is_cut(visit):
    with visit("zh/search.html") as tab:
        for query in ("平移不变性", "术", "Keras模型", "批量为 32 的 SGD"):
            index = set(Chinese({}).split(query))
            assert set(tab.evaluate("query => splitQuery(query)", query)) <= index
        cut = tab.evaluate("splitQuery('用Keras的梯度')")
    assert cut == ["用", "Keras", "的梯", "梯度"]


@pytest.mark.parametrize(
    ("search", "answer"), [("search.html", "did not match"), ("zh/search.html", "没有匹配")]
)
def test_search_finds_nothing_for_nonsense(visit, search, answer):
    with visit(f"{search}?q=xqzzyv") as tab:
        tab.wait_for_function(
            f"document.querySelector('#search-results')?.innerText.includes('{answer}')"
        )
        assert tab.locator("#search-results li a").count() == 0


def test_dark_mode_toggles_and_reaches_the_figures(visit):
    with visit("chapters/index.html") as tab:
        figures = (
            "[...document.querySelectorAll('article img')]"
            ".filter(figure => !figure.closest('.interactive'))"
            ".map(figure => getComputedStyle(figure).filter)"
        )
        before = tab.evaluate(figures)
        assert len(before) > 1
        assert set(before) == {"none"}
        for _ in range(3):  # the button cycles through light, dark and automatic
            if tab.evaluate("document.documentElement.dataset.theme") == "dark":
                break
            tab.locator("button.theme-switch-button:visible").first.click()
        assert tab.evaluate("document.documentElement.dataset.theme") == "dark"
        assert all("invert(1)" in shown for shown in tab.evaluate(figures))


def luminance(colour):
    parts = [int(part) / 255 for part in re.findall(r"\d+", colour)[:3]]
    linear = [part / 12.92 if part <= 0.04 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return sum(share * part for share, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def test_words_of_a_drawing_can_be_read_in_the_dark(visit):
    # Words without a colour of their own have the page's; white on an image's pixels is not asked.
    # A formula's have that of the group around them.
    words = """
        [...document.querySelectorAll(".drawing text:not([fill='black'], [fill='#ffffff'])")].map(
          (text) => [
            text.closest("[fill]:not(svg)")?.getAttribute("fill"), getComputedStyle(text).fill])"""
    with visit("chapters/2_4_backpropagation.html") as tab:
        page = "getComputedStyle(document.querySelector('article .drawing').parentElement).color"
        light = tab.evaluate(page)
        assert {seen for fill, seen in tab.evaluate(words) if fill is None} == {light}
        tab.evaluate("document.documentElement.dataset.theme = 'dark'")
        dark, shown = tab.evaluate(page), tab.evaluate(words)
        ground = luminance(tab.evaluate("getComputedStyle(document.body).backgroundColor"))
    assert {seen for fill, seen in shown if fill is None} == {dark} != {light}
    assert len({fill for fill, _seen in shown}) > 5
    assert min((luminance(seen) + 0.05) / (ground + 0.05) for _fill, seen in shown) >= 4.5


@pytest.mark.parametrize("page", ["index", "4_keras_mnist"])
@pytest.mark.parametrize("edition", EDITIONS)
def test_the_reader_draws_and_the_network_answers(visit, edition, page):
    with visit(f"{edition}chapters/{page}.html") as tab:
        tab.locator(".interactive").scroll_into_view_if_needed()
        field = tab.locator(".interactive-digit svg")
        field.scroll_into_view_if_needed()
        box = field.bounding_box()
        for i, (x, y) in enumerate([(0.3, 0.2), (0.7, 0.2), (0.5, 0.8)]):  # a seven
            tab.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"], steps=9)
            if i == 0:
                tab.mouse.down()
        tab.mouse.up()
        assert field.locator("polyline").count() == 1
        words = tab.locator(".interactive-text").inner_text()
        chinese = r"它读作\d，概率是\d+\xa0%。"
        english = r"It reads a \d, with a probability of \d+\xa0%."
        assert re.fullmatch(chinese if edition else english, words)
        assert not tab.problems


@pytest.mark.parametrize("edition", EDITIONS)
def test_the_reader_types_and_the_network_goes_on(visit, edition):
    with visit(f"{edition}chapters/3_2_2_gates_and_attention.html") as tab:
        tab.locator(".interactive").scroll_into_view_if_needed()
        field, button = (
            ("开头的字母", "写一个名字") if edition else ("first letters", "write a name")
        )
        tab.get_by_role("textbox", name=field).fill("q")
        words = tab.locator(".interactive-text").inner_text()
        likeliest = (
            r"接下来最可能的：u \d\d\xa0%、\S+ \d+\xa0%、\S+ \d+\xa0%。\S"
            if edition
            else r"The likeliest next: u \d\d\xa0%, \S+ \d+\xa0%, \S+ \d+\xa0%\. "
        )
        assert re.match(likeliest, words)
        tab.get_by_role("button", name=button).click()
        assert tab.locator("[role=log]").inner_text().strip().startswith("q")
        assert not tab.problems


@pytest.mark.parametrize("edition", EDITIONS)
def test_a_figure_opens_as_large_as_it_was_drawn(visit, edition):
    offer, name, close = (
        ("放大此图", "放大的图", "关闭")
        if edition
        else ("Enlarge the figure", "Enlarged figure", "Close")
    )
    with visit(f"{edition}chapters/2_4_backpropagation.html") as tab:
        tab.set_viewport_size({"width": 390, "height": 844})
        way = tab.locator(f"figure .enlarge[aria-label='{offer}']").first
        still = tab.locator("figure > :has(+ .enlarge)").first
        large = tab.get_by_role("dialog", name=name, exact=True)
        shown = large.locator("img, svg")

        way.press("Enter")
        assert shown.bounding_box()["width"] > 2 * still.bounding_box()["width"]
        assert tab.evaluate("document.documentElement.scrollWidth") <= 390
        assert violations(tab) == {}
        tab.keyboard.press("Escape")
        shown.wait_for(state="hidden")
        assert way.evaluate("way => way === document.activeElement")

        closings = (
            tab.get_by_role("button", name=close, exact=True).click,
            lambda: shown.click(position={"x": 50, "y": 400}),
        )
        for shut in closings:
            still.click()
            assert shown.is_visible()
            shut()
            shown.wait_for(state="hidden")


def test_a_figure_opens_where_it_was_tapped(visit):
    with visit("chapters/2_4_backpropagation.html") as tab:
        tab.set_viewport_size({"width": 390, "height": 844})
        still = tab.locator("figure > :has(+ .enlarge)").first
        for share in (0.1, 0.5, 0.9):
            still.click(position={"x": share * still.bounding_box()["width"], "y": 50})
            box = tab.locator("dialog.enlarged :is(img, svg)").bounding_box()
            assert 0 <= box["x"] + share * box["width"] <= 390
            tab.keyboard.press("Escape")


@pytest.mark.parametrize("page", CHAPTERS)
def test_what_a_phone_shows_smaller_can_be_enlarged_and_nothing_else(page):
    offers = soup(page).select(".enlarge")
    stills = [
        still
        for still in soup(page).select("figure > img, figure > svg")
        if int(still["width"]) > 400
    ]
    assert [offer.find_previous_sibling() for offer in offers] == stills
    for offer, still in zip(offers, stills, strict=True):
        assert offer.get("href") == still.get("src")


@pytest.mark.parametrize("edition", EDITIONS)
def test_without_scripts_a_page_says_what_it_lacks(browser, address, edition):
    tab = browser.new_page(java_script_enabled=False)
    for page in ("index", "4_keras_mnist"):
        tab.goto(f"{address}{edition}chapters/{page}.html")
        for figure in tab.locator(".interactive").all():
            still, said = figure.locator("img"), figure.locator("noscript")
            assert still.is_visible()
            assert ("脚本" if edition else "JavaScript") in said.inner_text()
    tab.goto(f"{address}{edition}chapters/2_4_backpropagation.html")
    assert "TeX" in tab.locator("h1 + noscript").inner_text()
    assert not tab.locator(".enlarge").first.is_visible()  # a drawing's way needs a script
    tab.close()


@pytest.mark.parametrize("page", CHAPTERS)
def test_a_page_loads_no_script_that_it_does_not_use(page):
    text = (SITE / page).read_text("utf-8")
    held = BeautifulSoup(text.replace("template>", "div>"), "html.parser")
    used = {
        "codes.js": ".interactive-codes",
        "digit.js": ".interactive-digit",
        "letters.js": ".interactive-letters",
        "interactive.js": ".interactive",
        "mathjax": ".math",
    }
    for script, mark in used.items():
        assert bool(held.select(f'script[src*="{script}"]')) == bool(
            held.select(f"article {mark}")
        ), script
    assert not re.search("thebe|binder-examples|all.min.js", text)
    assert max((len(script) for script in FIGURE_DATA.findall(text)), default=0) < HEAVY


def test_the_site_is_small():
    files = [file for file in SITE.rglob("*.*") if file.is_file() and "here" not in file.parts]
    assert sum(file.stat().st_size for file in files) < 25e6


def test_what_code_leaves_plain_has_the_colour_of_all_code():
    style = (SITE / "_static/pygments.css").read_text("utf-8")
    for theme in ("light", "dark"):
        rule = rf'data-theme="{theme}"\] \.highlight {{}}{{{{[^}}}}]*\bcolor: (#\w+)'
        (code,) = re.findall(rule.format(""), style)
        for token in "npw":
            assert re.findall(rule.format(rf"\.{token} "), style) == [code]


def test_each_icon_is_in_the_font():
    (folder,) = SITE.glob("_static/vendor/fontawesome/*")
    style = (folder / "css/all.min.css").read_text("utf-8")
    fonts = [TTFont(file).getBestCmap() for file in folder.glob("webfonts/*.woff")]
    names = {
        name
        for page in CHAPTERS
        for icon in soup(page).select("[class*='fa-']")
        for name in icon["class"]
        if name.startswith("fa-") and name not in FAMILIES
    }
    assert len(names) > 5
    for name in names:
        (code,) = re.findall(rf'\.{name}:before[^{{]*{{content:"\\(\w+)"', style)
        assert any(int(code, 16) in font for font in fonts), name


@pytest.mark.parametrize("page", CHAPTERS)
def test_no_script_holds_up_the_first_words(page):
    head = soup(page).head.select("script[src]")
    waited = [script["src"] for script in head if not script.has_attr("defer")]
    assert all("documentation_options" in src for src in waited)


def test_the_editions_share_what_they_have_alike():
    double = [
        str(file.relative_to(SITE))
        for file in (SITE / "zh").rglob("*.*")
        for original in [SITE / file.relative_to(SITE / "zh")]
        if file.suffix != ".html"
        and original.is_file()
        and original.read_bytes() == file.read_bytes()
    ]
    assert double == []


@pytest.mark.parametrize("edition", EDITIONS)
def test_a_page_prints_whole_and_light_from_the_dark_theme(visit, edition):
    with visit(f"{edition}chapters/2_4_backpropagation.html") as tab:
        tab.evaluate("document.documentElement.dataset.theme = 'dark'")
        folded = "document.querySelectorAll('.bd-article details:not([open])').length"
        before = tab.evaluate(folded)
        assert before > 0
        tab.evaluate("dispatchEvent(new Event('beforeprint'))")
        assert tab.evaluate("document.documentElement.dataset.theme") == "light"
        assert tab.evaluate(folded) == 0
        tab.emulate_media(media="print")
        assert tab.locator(".check-measured").first.is_visible()
        assert tab.locator(".check-code:visible, .enlarge:visible").count() == 0
        tab.evaluate("dispatchEvent(new Event('afterprint'))")
        assert tab.evaluate("document.documentElement.dataset.theme") == "dark"
        assert tab.evaluate(folded) == before


def test_only_formulas_that_scroll_are_tab_stops(visit):
    with visit("chapters/3_4_1_gan.html") as tab:
        tab.wait_for_selector("mjx-container[tabindex]")
        scroll = """all => all.filter((m) => getComputedStyle(m).overflowX === "auto"
            && m.scrollWidth > m.clientWidth).length"""
        formulas = tab.locator("mjx-container")
        stops = tab.locator("mjx-container[tabindex='0']").count()
        assert stops == formulas.evaluate_all(scroll) < formulas.count() / 2


def test_the_theme_stands_before_the_first_paint(browser, address):
    context = browser.new_context(color_scheme="dark")
    tab = context.new_page()
    tab.route("**/*.js*", lambda route: route.abort())  # the theme's own scripts come later
    tab.goto(f"{address}chapters/index.html")
    assert tab.evaluate("document.documentElement.dataset.theme") == "dark"
    context.close()


def test_by_touch_code_can_be_copied_and_the_contents_close(browser, address):
    context = browser.new_context(
        viewport={"width": 390, "height": 800}, has_touch=True, is_mobile=True
    )
    tab = context.new_page()
    tab.goto(f"{address}chapters/2_3_loss.html", wait_until="networkidle")
    button = tab.locator("div.cell_input button.copybtn").first
    assert button.evaluate("button => getComputedStyle(button).opacity") == "1"
    drawer = tab.locator("#pst-secondary-sidebar-checkbox")
    drawer.evaluate("box => (box.checked = true)")
    tab.locator(".bd-sidebar-secondary nav a").nth(2).click()
    assert not drawer.is_checked()
    context.close()


@pytest.mark.parametrize("page", CHAPTERS)
def test_a_chapter_offers_its_notebook_in_words(page):
    chapter = Path(page).with_suffix(".ipynb").name
    offers = soup(page).select("article p.offers a[download]")
    words = "下载笔记本" if page.startswith("zh/") else "Download notebook"
    expected = [(words, chapter)] if (SITE.parents[1] / "chapters" / chapter).exists() else []
    assert [(link.string, Path(link["href"]).name) for link in offers] == expected


@pytest.mark.parametrize("edition", EDITIONS)
def test_buttons_of_code_speak_the_language(visit, edition):
    page = f"{edition}chapters/4_keras_mnist.html"
    with visit(page) as tab:
        cells = len(soup(page).select("div.cell_input"))
        copy = tab.locator("div.cell_input button.copybtn")
        assert copy.count() == cells > 0
        assert copy.first.get_attribute("data-tooltip") == ("复制" if edition else "Copy")
        assert tab.evaluate("toggleHintShow") == ("点击展开" if edition else "Click to show")


@pytest.mark.parametrize("page", ["chapters/4_keras_mnist.html", "search.html", "404.html"])
def test_the_switch_leads_to_the_other_edition_and_back(visit, address, page):
    with visit(page) as tab:
        for expected in (f"zh/{page}", page):
            tab.locator(".language-switch a").click()
            tab.wait_for_load_state("networkidle")
            assert tab.url == address + expected
        assert tab.problems == []


@functools.cache
def identifiers(file):
    # Each page leads to most others: a parsed tree takes long to make and to search.
    return set(map(html.unescape, re.findall(r'\sid="([^"]*)"', file.read_text("utf-8"))))


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
        if not file.exists() or (
            target.fragment
            and file.suffix == ".html"
            and unquote(target.fragment) not in identifiers(file)
        ):
            missing.append(anchor["href"])
    assert missing == []


@pytest.mark.parametrize("page", PAGES)
def test_page_names_no_other_host_as_a_resource(page):
    named = [
        element.get("src") or element.get("href")
        for element in soup(page).select("script[src], link[href], img[src], iframe[src]")
        if element.get("rel") not in (["canonical"], ["alternate"])  # their addresses are complete
    ]
    assert [url for url in named if url and urlsplit(url).netloc] == []
    scripts = " ".join(script.text for script in soup(page).select("script"))
    assert "https://" not in scripts


@pytest.mark.parametrize("page", CHAPTERS)
def test_page_shows_no_debris(page):
    text = soup(page).select_one("article").get_text()
    debris = ["Traceback (most recent", "<Axes", "<Figure size", "\x1b", "{glue", "{cite", "{term"]
    assert [piece for piece in debris if piece in text] == []


# The ledgers quote the words of checks as a run prints them.
@pytest.mark.parametrize("page", [page for page in CHAPTERS if "chapters/a_" not in page])
def test_no_line_ends_between_a_number_and_its_percent_sign(page):
    prose = soup(page).select("article.bd-article :is(p, figcaption):not(:has(p), template *)")
    assert not [found for p in prose for found in re.findall(r".{0,20}\d %", p.get_text())]


@pytest.mark.parametrize("page", CHAPTERS)
def test_page_describes_itself(page):
    properties = {
        meta.get("property") or meta.get("name"): meta.get("content")
        for meta in soup(page).select("meta")
    }
    for name in ("og:title", "og:description", "og:type", "og:site_name", "description"):
        assert properties.get(name), name
    assert properties["og:description"] == properties["description"]
    assert re.search("[.?!。？！]$", properties["description"])
    assert not re.search(r"\.\.\.|[{}\\]| passed ·", properties["description"])
    assert soup(page).select("link[rel=icon], link[rel='shortcut icon']")
    assert soup(page).select("link[hreflang=x-default]")
    assert not soup(page).select("meta[name=robots]")
    assert properties["og:site_name"] == soup(page).title.get_text().rpartition(" — ")[2]
    assert soup(page).html["lang"] == ("zh-CN" if page.startswith("zh/") else "en")
    assert len(soup(page).select("article h1")) == 1


@pytest.mark.parametrize("edition", EDITIONS)
def test_the_front_page_has_a_card_for_each_chapter(edition):
    cards = soup(f"{edition}chapters/index.html").select("ul.page-cards > li")
    chapters = {file.stem for file in (SITE.parents[1] / "chapters").glob("[0-9]*.ipynb")}
    assert {card.a["href"].removesuffix(".html") for card in cards} >= chapters
    for card in cards:
        assert card.a.get_text() == soup(f"{edition}chapters/{card.a['href']}").h1.contents[0]
        assert len(card.p.get_text()) > 10
        assert re.search(r"\d", card.b.get_text())  # what the run of the page found
        assert (SITE / edition / "chapters" / card.img["src"]).resolve().is_file()


@pytest.mark.parametrize("size", [(390, 844), (1280, 800)])
@pytest.mark.parametrize("edition", EDITIONS)
def test_the_first_screen_lets_one_draw_read_and_run(visit, edition, size):
    with visit(f"{edition}chapters/index.html") as tab:
        tab.set_viewport_size(dict(zip(("width", "height"), size, strict=True)))
        actions = tab.locator(".actions a").all()
        assert len(actions) == 2
        for shown in (*actions, tab.locator(".interactive-digit svg").first):
            box = shown.bounding_box()
            assert box["y"] + box["height"] <= size[1]


@pytest.mark.parametrize("edition", EDITIONS)
def test_boxes_differ_in_mark_and_colour(visit, edition):
    with visit(f"{edition}chapters/2_1_neural_network.html") as tab:
        looks = tab.evaluate(
            """kinds => kinds.map((kind) => {
                const box = document.querySelector(`article .${kind}`);
                const title = box.querySelector(".admonition-title");
                const mark = getComputedStyle(title ?? box, title ? "::after" : "::before");
                return [mark.content, mark.color];
            })""",
            ["tip", "source", "predict", "answer", "solution", "exercise", "pitfall"],
        )
    marks, colours = zip(*looks, strict=True)
    assert len(set(marks)) == len(marks)
    assert len(set(colours)) == len(colours) - 1  # an answer has the colour of its question


@pytest.mark.parametrize("edition", EDITIONS)
def test_what_unfolds_is_named_by_what_it_holds(visit, edition):
    page = f"{edition}chapters/2_4_backpropagation.html"
    with visit(page) as tab:
        buttons = tab.locator("button.toggle-button").all()
        for button in buttons:
            title = button.locator("xpath=..").text_content().strip()
            assert button.get_attribute("aria-label") == title
    assert buttons
    assert not soup(page).select("summary[aria-label]")


def test_every_figure_has_a_caption_and_a_number():
    for page in CHAPTERS:
        for figure in soup(page).select("figure"):
            assert figure.select_one("figcaption .caption-number"), figure.get("id")
            assert len(figure.select_one("figcaption").get_text()) > 20


@pytest.mark.parametrize("edition", EDITIONS)
def test_every_public_name_has_its_entry_and_is_led_to(edition):
    entries = {entry["id"] for entry in soup(f"{edition}chapters/a_dlcore.html").select("dt[id]")}
    names = {f"dlcore.{module}.{name}" for module, public in PUBLIC.items() for name in public}
    assert names - {"dlcore.plot.SIGNED"} <= entries  # a colour map has no docstring
    link = soup(f"{edition}chapters/2_2_forward_propagation.html").select_one("a.name code")
    assert link.get_text() == "ops.dense"


@pytest.mark.parametrize("page", ["search.html", "genindex.html", "404.html"])
@pytest.mark.parametrize("edition", EDITIONS)
def test_what_is_no_page_is_not_offered_by_search_engines(edition, page):
    assert soup(edition + page).select("meta[name=robots][content=noindex]")


@pytest.mark.parametrize("page", CHAPTERS)
def test_nothing_moves_when_an_image_arrives(page):
    assert [
        image["alt"]
        for image in soup(page).select("article img")
        if not image["src"].startswith("data:") and not image.get("width")
    ] == []


@pytest.mark.parametrize("edition", EDITIONS)
def test_a_missing_address_shows_a_page_that_leads_home(edition):
    links = [anchor["href"] for anchor in soup(f"{edition}404.html").select("a[href]")]
    assert any(re.fullmatch(rf"/(.+/)?{edition}chapters/index\.html", link) for link in links)
