"""Figures that the reader moves: what Python writes, and what a browser without a network shows."""

import base64
import io
import json
import re
from pathlib import Path
from types import SimpleNamespace

import book
import matplotlib.pyplot as plt
import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from bs4 import BeautifulSoup
from matplotlib.figure import Figure
from PIL import Image

from dlcore.interactive import Interactive
from dlcore.interactive._colours import COLOURS

STATIC = Path(__file__).resolve().parents[1] / "_static"
WIDTHS, STEPS = [1, 4], [0, 10, 200]
ALT = 'A plane shaded blue at the lower left, "vermilion" elsewhere, with <dots> of two classes.'
AXES = {"xlim": (-2, 2), "ylim": (0, 1), "xlabel": "x₁", "ylabel": "a < b", "alt": ALT}
LEVELS = (np.hypot, [0.5, 0.75])


def shaded(width, step):
    """Vermilion, but for the lower left quarter: the bluer, the later the step."""
    image = np.ones((20, 30))
    image[:10, :15] = 0.4 - step / 500
    return {"image": image, "text": f"Accuracy {width} of {step} & <more>"}


def moons(**changes):
    points = np.array([[-1, 0.25], [1, 0.75], [1.5, 0.5]]), [0, 1, 1]
    options = {"background": {"points": points}, "still": (4, 10), **AXES} | changes
    return Interactive({"hidden units": WIDTHS, "training step": STEPS}, shaded, **options)


def walks(rate):
    """One path that walks, one that leaps away until it is not a number."""
    rate = {"none": 0, "small": 0.05}.get(rate, rate)
    t = np.arange(20.0)
    far = np.column_stack([-1.5 + rate * 10**t, np.where(t < 5, 1, np.nan)])
    return {"lines": {"SGD": np.column_stack([-1 + rate * t, 0.5 + 0 * t]), "far": far}}


def paths(**changes):
    options = {"background": {"contours": LEVELS, "text": "All"}, "ratio": 0.5, **AXES} | changes
    return Interactive({"step size": ["none", "small", 0.1]}, walks, **options)


def soup(figure):
    """The figure's elements, those that wait in its template for the script among them."""
    return BeautifulSoup(figure.html.replace("template>", "div>"), "html.parser")


def data(figure):
    return json.loads(soup(figure).script.string)


def decoded(png):
    return Image.open(io.BytesIO(base64.b64decode(png)))


# What Python writes


def test_frames_stand_in_the_order_of_the_sliders():
    made = data(moons())
    assert made["labels"] == [["1", "4"], ["0", "10", "200"]]
    assert [frame["text"] for frame in made["frames"]] == [
        f"Accuracy {width} of {step} & <more>" for width in WIDTHS for step in STEPS
    ]


def test_an_image_survives_with_its_shades_and_its_transparent_middle():
    values = np.linspace(0, 1, 65).reshape(5, 13)
    figure = Interactive({"a": [0, 1]}, lambda a: {"image": values}, **AXES)
    rows, columns, png = data(figure)["frames"][0]["image"]
    assert (rows, columns) == (5, 13)
    pixels = np.asarray(decoded(png).convert("RGBA"))[::-1].reshape(-1, 4)  # from the bottom
    assert pixels[0].tolist() == [0x00, 0x72, 0xB2, 153]
    assert pixels[-1].tolist() == [0xD5, 0x5E, 0x00, 153]
    assert pixels[32, 3] == 0
    assert (np.diff(pixels[:33, 3].astype(int)) < 0).all()
    assert (np.diff(pixels[32:, 3].astype(int)) > 0).all()


def test_points_and_lines_are_whole_numbers_from_the_upper_left_corner():
    assert data(moons())["background"] == {
        "points": ["M500 1500h1", "M1500 500h1M1750 1000h1"],
    }
    none, small, _ = (frame["lines"] for frame in data(paths())["frames"])
    assert none[0] == "500 1000"  # a path that stays is one point
    assert small[0].startswith("500 1000 525 1000 550 1000 ")
    assert small[1].startswith("275 0 500 0 2750 0 ")


def test_a_line_ends_before_its_first_infinite_point_and_never_runs_far():
    line = [[0, 0.5], [1e300, 0.5], [-1e300, 0.5], [0, np.inf], [1, 0.5]]
    figure = Interactive({"a": [0, 1]}, lambda a: {"lines": {"x": line}}, **AXES)
    assert data(figure)["frames"][0]["lines"] == ["1000 1000 102000 1000 -100000 1000"]
    nothing = Interactive({"a": [0, 1]}, lambda a: {"lines": {"x": [[np.nan, 0]]}}, **AXES)
    assert data(nothing)["frames"][0]["lines"] == [""]


def test_level_lines_lie_on_their_levels():
    contours = data(paths())["background"]["contours"]
    lines = [np.array(part.split(), float).reshape(-1, 2) for part in contours.split("M")[1:]]
    x, y = np.concatenate(lines).T / 2000
    radius = np.hypot(4 * x - 2, 1 - y)
    assert np.minimum(abs(radius - 0.5), abs(radius - 0.75)).max() < 0.01
    assert {round(r, 2) for r in radius} >= {0.5, 0.75}


def test_no_text_is_taken_for_markup():
    figure = moons(xlabel="</script><b>")
    assert soup(figure).img["alt"] == ALT
    assert soup(figure).find("b") is None
    assert soup(figure).select_one("p.y").text == "a < b"
    assert "</script>" not in soup(figure).script.string
    line = Interactive({"<i>": [0, 1]}, lambda a: {"lines": {"<b>": [[0, 0]]}}, **AXES)
    assert soup(line).find(["b", "i"]) is None


def test_ticks_lie_within_the_limits():
    figure = moons(xlim=(-1.7, 2.7), ylim=(-0.004, 0.001))
    ticks = soup(figure).select(".interactive-plot span")
    assert [tick.text for tick in ticks if tick["class"] == ["x"]] == ["−1", "0", "1", "2"]
    assert next(tick.text for tick in ticks if tick["class"] == ["y"]) == "−0.004"
    assert ticks[1]["style"].startswith(f"--at:{100 * 1.7 / 4.4:.4g}%")


def test_the_same_figure_is_the_same_text():
    assert moons().html == moons().html
    ids = [element["id"] for f in (moons(), paths()) for element in soup(f).select("[id]")]
    assert len(set(ids)) == len(ids) == 3


def test_a_page_shows_html_and_a_terminal_one_line():
    figure = moons()
    bundle = figure._repr_mimebundle_(include=None, exclude=None)
    assert bundle == {"text/html": figure.html, "text/plain": repr(figure)}
    assert repr(figure) == f"<Interactive figure with 6 frames: {ALT}>"
    assert plt.get_fignums() == []


@pytest.fixture
def drawn(monkeypatch):
    """The matplotlib figures that stills are made of."""
    figures, save = [], Figure.savefig
    monkeypatch.setattr(
        Figure,
        "savefig",
        lambda figure, *args, **options: (figures.append(figure), save(figure, *args, **options)),
    )
    return figures


def test_the_still_is_the_frame_that_the_page_starts_with(drawn):
    figure = moons()
    (ax,) = drawn[0].axes
    assert ax.get_title().replace("\n", " ") == (
        "hidden units 4, training step 10. Accuracy 4 of 10 & <more>"
    )
    (image,) = ax.images
    half = 2 / 29, 0.5 / 19
    assert image.get_extent() == pytest.approx([-2 - half[0], 2 + half[0], -half[1], 1 + half[1]])
    blue, vermilion = image.get_array()[0, 0], image.get_array()[-1, -1]
    assert blue[2] > blue[0]
    assert vermilion[0] > vermilion[2]
    assert image.origin == "lower"
    assert (ax.get_xlim(), ax.get_ylim()) == ((-2, 2), (0, 1))
    assert [line.get_xydata().tolist() for line in ax.lines] == [
        [[-1, 0.25]],
        [[1, 0.75], [1.5, 0.5]],
    ]
    assert [line.get_color() for line in ax.lines] == list(COLOURS[:2])
    inputs = soup(figure).select("input")
    assert [(i["min"], i["max"], i["value"]) for i in inputs] == [("0", "1", "1"), ("0", "2", "1")]
    assert decoded(soup(figure).img["src"].split(",")[1]).size[0] > 400


def test_the_still_names_every_line(drawn):
    paths(still=("small",))
    (legend,) = drawn[0].legends
    assert [text.get_text() for text in legend.get_texts()] == ["SGD", "far"]
    assert drawn[0].axes[0].get_title() == "step size small. All"
    named = [line for line in drawn[0].axes[0].lines if line.get_label() in ("SGD", "far")]
    assert [len(line.get_xdata()) for line in named] == [20, 5]
    assert [line.is_dashed() for line in named] == [False, True]


def test_colours_are_the_books():
    style = (STATIC.parent / "chapters" / "matplotlibrc").read_text("utf-8")
    (cycle,) = re.findall(r"'color', \[(.*)\]", style)
    assert tuple(f"#{colour}" for colour in re.findall(r"\w{6}", cycle)) == COLOURS


def test_the_books_two_figures_are_light():
    image = 1 / (1 + np.exp(-np.add.outer(np.linspace(-3, 5, 60), np.linspace(-2, 3, 60) ** 2)))
    points = np.random.default_rng(0).uniform((-2, 0), (2, 1), (200, 2)), np.arange(200) % 2
    regions = Interactive(
        {"width": range(4), "step": range(12)},
        lambda width, step: {"image": image ** (1 + width + step)},
        background={"points": points},
        **AXES,
    )
    line = np.column_stack([np.linspace(-2, 2, 80), np.cos(np.arange(80) / 2) / 2 + 0.5])
    optimisers = Interactive(
        {"rate": range(15)},
        lambda rate: {"lines": {f"optimiser {k}": line for k in range(5)}},
        background={"contours": (np.hypot, np.linspace(0.1, 2, 10))},
        **AXES,
    )
    assert len(regions.html) < 200_000
    assert len(optimisers.html) < 200_000


# What is refused


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        ({"lnes": {}}, "unknown layer 'lnes'; allowed: image, contours, lines, points, text"),
        ({"image": np.zeros(3)}, "image must be (H, W) from (2, 2) on; got (3,)"),
        ({"image": np.zeros((1, 3))}, "image must be (H, W) from (2, 2) on; got (1, 3)"),
        ({"image": np.array([[0, 1], [2, 0]])}, "image must be in [0, 1]; got 0 to 2"),
        ({"image": np.array([[0, 1], [-1, 0]])}, "image must be in [0, 1]; got -1 to 1"),
        ({"image": np.full((2, 2), np.nan)}, "image must be in [0, 1]; got nan to nan"),
        ({"lines": {"b": [1, 2]}}, "line 'b' must have shape (T, 2); got (2,)"),
        ({"lines": {"b": np.ones((2, 3))}}, "line 'b' must have shape (T, 2); got (2, 3)"),
        ({"points": ([[0, 1, 2]], [0])}, "points must have shape (T, 2); got (1, 3)"),
        (
            {"points": ([[0, 1]], [0, 1])},
            "1 finite points need as many classes from 0 to 5; got shape (2,), [0 1]",
        ),
        (
            {"points": ([[0, 1]], [6])},
            "1 finite points need as many classes from 0 to 5; got shape (1,), [6]",
        ),
    ],
)
def test_a_wrong_layer_is_named_with_its_place(frame, message):
    def later(width, step):
        return frame if step else {}

    with pytest.raises(ValueError, match=f"^{re.escape(f'width 1, step 2: {message}')}$"):
        Interactive({"width": [1], "step": [0, 2]} | {"width": [1, 3]}, later, **AXES)
    with pytest.raises(ValueError, match=f"^{re.escape(f'background: {message}')}$"):
        Interactive({"step": [0, 2]}, lambda step: {}, background=frame, **AXES)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"sliders": {}}, "an interactive figure needs at least one slider; got none"),
        ({"sliders": {"a": [1]}}, "slider 'a' needs two or more distinct values; got [1]"),
        ({"sliders": {"a": [1, 1]}}, "slider 'a' needs two or more distinct values; got [1, 1]"),
        ({"alt": ""}, "alt must say what is seen; got ''"),
        (
            {"xlim": (1, 1)},
            "xlim and ylim must each be finite, the lower end first; got (1, 1) and (0, 1)",
        ),
        (
            {"ylim": (0, np.inf)},
            "xlim and ylim must each be finite, the lower end first; got (-2, 2) and (0, inf)",
        ),
        ({"still": "1"}, "still '1' is not among the sliders' values {'a': [1, 2]}"),
        ({"still": (3,)}, "still (3,) is not among the sliders' values {'a': [1, 2]}"),
        (
            {"frame": lambda a: {"lines": {f"{k}": [[0, 0]] for k in range(7)}}},
            "lines need names of their own, at most 6; got ['0', '1', '2', '3', '4', '5', '6']",
        ),
        (
            {
                "frame": lambda a: {"lines": {"x": [[0, 0]]}},
                "background": {"lines": {"x": [[0, 0]]}},
            },
            "lines need names of their own, at most 6; got ['x', 'x']",
        ),
        (
            {"frame": lambda a: {"lines": {f"at {a}": [[0, 0]]}}},
            "a 2: lines ['at 2'], elsewhere ['at 1']",
        ),
    ],
)
def test_a_wrong_figure_is_refused(arguments, message):
    usual = {"sliders": {"a": [1, 2]}, "frame": lambda a: {}, **AXES}
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        Interactive(**usual | arguments)


@pytest.mark.parametrize("kind", [int, float, bool, np.uint8])
def test_classes_may_be_of_any_kind_of_number(kind):
    points = np.array([[-1, 0.25], [1, 0.75], [1.5, 0.5]]), np.array([0, 1, 1]).astype(kind)
    assert moons(background={"points": points}).html == moons().html


def test_no_stray_text_stands_in_the_page():
    made = soup(paths())
    made.script.decompose()
    words = [text for text in made.stripped_strings if not re.fullmatch(r"[−\d.]+", text)]
    assert words == ["a < b", "x₁", "SGD", "far", "step size"]


def test_a_heavy_figure_is_refused():
    noise = np.random.default_rng(0).random((400, 400))
    with pytest.raises(ValueError, match=r"^the figure has [\d,]{7,} bytes; allowed: 300,000$"):
        Interactive({"a": [0, 1]}, lambda a: {"image": noise}, **AXES)


# What a browser shows


def shown(tab):
    """What the first figure shows: the sliders' values, the text and the image."""
    live = tab.locator(".interactive-live").first
    image = live.locator("image").get_attribute("href").split(",")[1]
    text = live.locator(".interactive-text").text_content()
    return [*live.locator("output").all_text_contents(), text], image


def state(width, step):
    figure = data(moons())
    frame = figure["frames"][3 * WIDTHS.index(width) + STEPS.index(step)]
    return [f"{width}", f"{step}", frame["text"]], frame["image"][2]


def test_arrow_keys_move_the_figure(browse):
    tab = browse(moons(), paths())
    assert shown(tab) == state(4, 10)
    slider = tab.get_by_label("training step")
    slider.focus()
    assert slider.get_attribute("aria-valuetext") == "10"
    tab.keyboard.press("ArrowRight")
    assert shown(tab) == state(4, 200)
    assert slider.get_attribute("aria-valuetext") == "200"
    tab.keyboard.press("Shift+Tab")
    tab.keyboard.press("ArrowLeft")
    assert shown(tab) == state(1, 200)
    tab.keyboard.press("Tab")
    tab.keyboard.press("Home")
    assert shown(tab) == state(1, 0)


def test_the_mouse_moves_the_figure(browse):
    tab = browse(moons())
    box = tab.get_by_label("training step").bounding_box()
    middle = box["y"] + box["height"] / 2
    tab.mouse.click(box["x"] + box["width"] - 4, middle)
    assert shown(tab) == state(4, 200)
    tab.mouse.down()
    tab.mouse.move(box["x"] + 4, middle, steps=5)
    assert shown(tab) == state(4, 0)
    tab.mouse.up()


def test_a_finger_moves_the_figure(browse):
    tab = browse(moons(), has_touch=True, width=360)
    box = tab.get_by_label("training step").bounding_box()
    assert box["height"] >= 24
    tab.touchscreen.tap(box["x"] + box["width"] - 4, box["y"] + box["height"] / 2)
    assert shown(tab) == state(4, 200)


def test_lines_are_drawn_from_their_frame(browse):
    tab = browse(paths(still=("small",)))
    drawn = "[...document.querySelectorAll('polyline')].map(line => line.getAttribute('points'))"
    frames = data(paths())["frames"]
    assert tab.evaluate(drawn) == frames[1]["lines"]
    tab.get_by_label("step size").press("End")
    assert tab.evaluate(drawn) == frames[2]["lines"]
    assert tab.locator(".interactive-text").text_content() == "All"
    assert tab.locator(".interactive-legend li").all_text_contents() == ["SGD", "far"]
    assert tab.locator("path.contour").count() == 1


def test_what_is_missing_is_not_drawn(browse):
    tab = browse(Interactive({"a": [0, 1]}, lambda a: {"lines": {"x": [[np.nan, 0]]}}, **AXES))
    assert tab.locator(".interactive-plot svg > *").count() == 0
    assert tab.locator(".interactive-text").text_content() == ""


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_colours_lie_where_the_data_say(browse, theme):
    tab = browse(moons(still=(1, 200)), theme=theme)
    plot = tab.locator(".interactive-plot svg")
    tab.wait_for_timeout(1000)  # the image is decoded beside the script
    picture = Image.open(io.BytesIO(plot.screenshot())).convert("RGB")

    def colour(x, y):
        return np.array(
            picture.getpixel((picture.width * (x + 2) / 4, picture.height * (1 - y))), int
        )

    for (x, y), expected in {
        (-1, 0.25): "#0072B2",
        (1, 0.75): "#D55E00",
        (1.5, 0.5): "#D55E00",
    }.items():
        rgb = [int(expected[i : i + 2], 16) for i in (1, 3, 5)]
        assert abs(colour(x, y) - rgb).max() <= 12
    ground = np.array([255] * 3 if theme == "light" else [0x12] * 3)
    vermilion = 0.6 * np.array([0xD5, 0x5E, 0]) + 0.4 * ground
    for corner in ((-1.9, 0.95), (1.9, 0.95), (1.9, 0.05)):
        assert abs(colour(*corner) - vermilion).max() <= 6
    bluest = np.array([0x00, 0x72, 0xB2])
    assert abs(colour(-1.9, 0.05) - (0.6 * bluest + 0.4 * ground)).max() <= 6


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_words_have_the_pages_colour(browse, theme):
    tab = browse(paths(), theme=theme)
    page = tab.evaluate("getComputedStyle(document.documentElement).color")
    for name in ("span.x", "p.y", ".interactive-legend li", "label", "output"):
        assert (
            tab.locator(f".interactive {name}").first.evaluate("e => getComputedStyle(e).color")
            == page
        )
    assert tab.locator("path.contour").evaluate("e => getComputedStyle(e).stroke") == page


def test_ticks_stand_at_their_numbers(browse):
    tab = browse(moons())
    plot = tab.locator(".interactive-plot svg").bounding_box()
    for tick in tab.locator(".interactive-plot span").all():
        value, box = float(tick.text_content().replace("−", "-")), tick.bounding_box()
        if tick.get_attribute("class") == "x":
            found = (box["x"] + box["width"] / 2 - plot["x"]) / plot["width"]
            assert found == pytest.approx((value + 2) / 4, abs=0.01)
        else:
            found = (plot["y"] + plot["height"] - box["y"] - box["height"] / 2) / plot["height"]
            assert found == pytest.approx(value, abs=0.01)


def test_without_scripts_the_still_is_shown(browse):
    tab = browse(moons(), java_script_enabled=False)
    assert tab.get_by_alt_text(ALT).is_visible()
    assert tab.locator(".interactive-live, input").count() == 0
    assert "hidden units" not in tab.inner_text("main")


def test_print_shows_the_still_and_the_screen_the_sliders(browse):
    tab = browse(moons())
    still, live = tab.get_by_alt_text(ALT), tab.locator(".interactive-live")
    assert (still.is_visible(), live.is_visible()) == (False, True)
    tab.emulate_media(media="print")
    assert (still.is_visible(), live.is_visible()) == (True, False)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_figures_are_accessible(browse, theme):
    tab = browse(moons(), paths(), theme=theme)
    violations = Axe().run(tab).response["violations"]
    assert {v["id"]: [node["html"][:120] for node in v["nodes"]] for v in violations} == {}
    assert tab.get_by_role("img", name=ALT).count() == 2
    assert tab.get_by_role("slider").count() == 3


@pytest.mark.parametrize("width", [320, 800])
def test_figures_fit_the_screen(browse, width):
    tab = browse(moons(ylim=(-0.0004, 0.0001)), paths(), width=width)
    assert tab.evaluate("document.documentElement.scrollWidth") <= width
    for label in tab.locator(".interactive-plot span, .interactive-live p").all():
        box = label.bounding_box()
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width


def built(monkeypatch, folder, heavy, *figures):
    """What the build makes of a page with these figures: data from this size on in files."""
    context = {
        "body": "".join(figure.html for figure in figures),
        "pathto": lambda address, resource: address.rpartition("/")[2],
    }
    monkeypatch.setattr(book, "HEAVY", heavy)
    book.set_heavy_data_apart(SimpleNamespace(outdir=folder / "built"), "", "", context, None)
    return SimpleNamespace(html=context["body"])


def test_heavy_data_come_when_the_reader_does(monkeypatch, browse, tmp_path):
    light, heavy = sorted((moons(), paths()), key=lambda made: len(soup(made).script.string))
    size = len(soup(heavy).script.string)
    page = built(monkeypatch, tmp_path, size, light, heavy)
    assert soup(light).script.string in page.html
    assert len(page.html) < len(light.html) + len(heavy.html) - 0.9 * size
    (file,) = (tmp_path / "built" / "_static" / "figures").iterdir()
    (tmp_path / file.name).write_bytes(file.read_bytes())

    far = SimpleNamespace(html='<div style="height: 6000px"></div>' + page.html)
    tab = browse(far)
    tab.wait_for_selector(".interactive-on")
    assert tab.locator(".interactive-on").count() == 1, "fetched before it was near"
    tab.locator(".interactive").last.scroll_into_view_if_needed()
    tab.wait_for_function("document.querySelectorAll('.interactive-on').length === 2")
    inline = browse(heavy).locator(".interactive-live").inner_html()
    assert tab.locator(".interactive-live").last.inner_html() == inline


def test_a_figure_that_comes_twice_moves_twice(monkeypatch, browse, tmp_path):
    page = built(monkeypatch, tmp_path, 0, moons())
    (file,) = (tmp_path / "built" / "_static" / "figures").iterdir()
    (tmp_path / file.name).write_bytes(file.read_bytes())
    gap = '<div style="height: 6000px"></div>'
    tab = browse(SimpleNamespace(html=page.html + gap + page.html))
    tab.wait_for_selector(".interactive-on")
    tab.locator(".interactive").last.scroll_into_view_if_needed()
    tab.wait_for_function("document.querySelectorAll('.interactive-on').length === 2")


def test_the_still_stands_where_heavy_data_cannot_be_had(monkeypatch, browser, tmp_path):
    page = built(monkeypatch, tmp_path, 0, moons())
    scripts = (STATIC / "interactive.js").read_text("utf-8")
    (tmp_path / "page.html").write_text(f"{page.html}<script>{scripts}</script>", "utf-8")
    tab = browser.new_page()
    with tab.expect_event("requestfailed"):
        tab.goto((tmp_path / "page.html").as_uri())
    assert tab.locator(".interactive-still").is_visible()
    assert tab.locator(".interactive-on").count() == 0
    tab.close()


def test_the_script_is_small():
    assert len((STATIC / "interactive.js").read_text("utf-8").splitlines()) < 250
