"""Figures that stand still are drawings: as Matplotlib drew them, in the words of the edition."""

import io
import re
from pathlib import Path
from xml.etree import ElementTree

import drawings
import matplotlib.pyplot as plt
import numpy as np
import pytest
from bs4 import BeautifulSoup
from build import EDITIONS, ROOT, pages
from matplotlib import rc_context
from PIL import Image

HEAVIEST = 120_000  # characters of a drawing without its images
# What Chinese says in Latin letters too.
NAMES = """
Adam AdamW AE AlexNet CAM CPU fit float GAN GP Grad gram GRU He ImageNet JAX JPEG Keras ln log
logit LSTM MB Nesterov NumPy PCA PNG predict PyTorch ReLU RMSprop same SGD sigmoid softmax tanh
TensorFlow Transformer VAE WGAN Wz zlib
"""
FOLDER = ROOT / "chapters"  # its settings are those of every figure


def svg(draw, **sizes):
    """What Matplotlib writes for a figure, with the chapters' settings."""
    with rc_context(fname=FOLDER / "matplotlibrc"):
        figure, axes = plt.subplots(**sizes)
        draw(axes)
        figure.savefig(written := io.StringIO(), format="svg")
    return written.getvalue()


def drawn(source, *, label="A line.", translate=False, store=None):
    return drawings.drawing(source, label, translate, store)


def parts(made, selector):
    return BeautifulSoup(made, "html.parser").select(selector)


@pytest.fixture(scope="module")
def line():
    def draw(axes):
        axes.plot([0, 1, 3], [1, 2, 0], "o-")
        axes.set(xlabel="steps", ylabel="loss", title="Loss & steps")

    return svg(draw)


def test_a_drawing_says_what_its_figure_says(line):
    made = drawn(line)
    (root,) = parts(made, "svg")
    assert root["role"] == "img"
    assert root["aria-label"] == "A line."
    said = {text.get_text() for text in parts(made, "text")}
    assert {"steps", "loss", "Loss & steps", "0.5"} <= said
    assert "Matplotlib" not in made
    assert not parts(made, "style, metadata")
    assert "style=" not in made


def test_words_are_those_of_the_edition(line, monkeypatch):
    monkeypatch.setattr(drawings, "say", lambda words: {"steps": "步数"}.get(words, words))
    said = {text.get_text() for text in parts(drawn(line, translate=True), "text")}
    assert {"步数", "loss"} <= said
    assert "steps" in {text.get_text() for text in parts(drawn(line), "text")}


def test_names_inside_a_drawing_are_found_and_are_no_other_one_s(line):
    other = svg(lambda axes: axes.plot([0, 1], [1, 0], "s"))
    names = []
    for source in (line, other):
        made = drawn(source)
        own = {part["id"] for part in parts(made, "[id]")}
        asked = set(re.findall(r'(?:href="|url\()#([\w-]+)', made))
        assert asked
        assert asked == own
        names.append(own)
    assert names[0].isdisjoint(names[1])


@pytest.mark.parametrize(
    ("side", "anchor", "x"),
    [("left", "start", 0.25), ("center", "middle", 0.5), ("right", "end", 1)],
)
def test_lines_of_a_text_meet_where_matplotlib_let_them(side, anchor, x):
    words = "a short line\nand a much, much longer one\nend"
    source = svg(lambda axes: axes.set_axis_off() or axes.figure.text(x, 0.5, words, ha=side))
    wide = ElementTree.fromstring(source).get("viewBox").split()[2]
    lines = parts(drawn(source), "text")
    assert len(lines) == 3
    for text in lines:
        assert text["text-anchor"] == anchor
        place = float(re.match(r"translate\(([\d.]+)", text["transform"])[1])
        assert place == pytest.approx(x * float(wide), abs=1)


def test_a_large_image_has_a_file_of_its_own_and_a_small_one_has_none():
    random = np.random.default_rng(0)
    kept = []

    def store(pixels):
        kept.append(pixels)
        return "_images/a.png"

    for size in (3, 60):
        image = random.random((size, size))
        source = svg(lambda axes, image=image: axes.imshow(image, interpolation="none"))
        (element,) = parts(drawn(source, store=store), "image")
        assert element["href"].startswith("data:" if size == 3 else "_images/a.png")
    (pixels,) = kept
    assert Image.open(io.BytesIO(pixels)).size == (60, 60)


def test_a_figure_of_too_many_points_is_shown_in_its_pixels(line):
    many = svg(lambda axes: axes.plot(np.random.default_rng(0).random(9_000), "."))
    figures = [{"data": {drawings.SVG: drawn, "image/png": "pixels"}} for drawn in (line, many)]
    drawings.drop_heavy([{"text": "printed"}, *figures])
    assert [set(figure["data"]) for figure in figures] == [
        {drawings.SVG, "image/png"},
        {"image/png"},
    ]


def test_ink_is_the_page_s_and_colours_are_themselves():
    def draw(axes):
        axes.plot([0, 1], color="black")
        axes.plot([1, 0], "o", color="black", markerfacecolor="C1", label="ends")
        axes.text(0.5, 0.5, "words")
        axes.legend()

    made = drawn(svg(draw))
    assert parts(made, "svg")[0]["fill"] == "currentColor"
    painted = {part.get(paint) for part in parts(made, "*") for paint in ("fill", "stroke")}
    assert {"currentColor", "#d55e00"} <= painted
    assert not painted & {"black", drawings.BLACK}


@pytest.mark.parametrize(
    ("alpha", "ink"),
    [(1, "black"), ([[1, 1], [1, 0]], "black"), (0.6, "currentColor")],
    ids=["opaque", "opaque but for a corner", "see-through"],
)
def test_ink_on_pixels_that_hide_the_page_stays_black(alpha, ink):
    def draw(axes):
        axes.imshow([[0, 1], [2, 3]], alpha=alpha, interpolation="none")
        axes.plot([0, 1], [0.2, 0.2], color="black")
        axes.text(0.2, 0.8, "on it")
        axes.text(0.2, 0.6, "two\nlines")
        axes.set(xlabel="below it")

    made = drawn(svg(draw), store=lambda pixels: "_images/a.png")
    inks = {text.get_text(): text.get("fill", "currentColor") for text in parts(made, "text")}
    assert {inks[words] for words in ("on it", "two", "lines")} == {ink}
    assert inks["below it"] == inks["0.50"] == "currentColor"
    (line,) = parts(made, "path[clip-path]")
    assert line["stroke"] == ink


def test_words_on_a_field_drawn_as_pixels_stay_black():
    def draw(axes):
        axes.pcolormesh(np.arange(4).reshape(2, 2), rasterized=True)
        for x, words in ((1, "on it"), (2.5, "beside")):
            axes.text(x, 0.2, words)
        axes.set(xlim=(0, 4))

    texts = parts(drawn(svg(draw), store=lambda pixels: "_images/a.png"), "text")
    inks = {text.get_text(): text.get("fill", "currentColor") for text in texts}
    assert inks["on it"] == "black"
    assert inks["beside"] == "currentColor"


def test_words_in_a_shape_that_hides_the_page_stay_black():
    def draw(axes):
        axes.add_patch(plt.Circle((1, 1), 0.5, facecolor="white", edgecolor="gray"))
        axes.add_patch(plt.Rectangle((2, 0.5), 1, 1, facecolor="C0", alpha=0.2))
        axes.set(xlim=(0, 4), ylim=(0, 2))
        for x, words in ((1, "in it"), (0.6, "two\nlines"), (2.5, "on a tint"), (3.5, "beside")):
            axes.text(x, 1, words)
        axes.text(1, 1.2, "up", rotation=90)

    inks = {
        text.get_text(): text.get("fill", "currentColor")
        for text in parts(drawn(svg(draw)), "text")
    }
    assert {inks[words] for words in ("in it", "two", "lines", "up")} == {"black"}
    assert {inks[words] for words in ("on a tint", "beside", "2.0")} == {"currentColor"}


def test_a_drawing_is_what_matplotlib_drew(line, browser):
    alike = "<style>text { visibility: hidden } svg { width: 900px; height: auto }</style>"
    shots = []
    for made in (line[line.index("<svg") :], drawn(line)):
        tab = browser.new_page(viewport={"width": 1000, "height": 800})
        tab.set_content(alike + made)
        shots.append(np.asarray(Image.open(io.BytesIO(tab.screenshot())).convert("L"), float))
        tab.close()
    # Hairs may lie half a pixel apart.
    blurred = [shot.reshape(100, 8, 125, 8).mean(axis=(1, 3)) for shot in shots]
    ink = np.mean(255 - blurred[0])
    assert ink > 1
    assert np.mean(np.abs(blurred[0] - blurred[1])) < 0.2 * ink


def test_a_browser_that_died_is_started_anew(browser):
    assert browser.new_page().title() == ""
    browser.running.close()
    tab = browser.new_page()
    tab.set_content("<title>alive</title>")
    assert tab.title() == "alive"
    tab.close()


# The built site


def figures(edition):
    for page in pages():
        html = Path(EDITIONS[edition], f"{page}.html").read_text("utf-8")
        for made in re.findall(r'<svg class="drawing".*?</svg>', html, re.DOTALL):
            yield page, made


@pytest.mark.parametrize("edition", EDITIONS)
def test_pages_show_drawings_and_none_is_heavy(edition):
    found = list(figures(edition))
    assert len(found) > 80
    weights = {}
    for page, made in found:
        weight = len(drawings.PIXELS.sub("", made))
        weights[page] = max(weight, weights.get(page, 0))
    assert {page: weight for page, weight in weights.items() if weight > HEAVIEST} == {}
    assert not list(EDITIONS[edition].glob("_images/*.svg"))


def test_drawings_speak_chinese():
    left = {}
    for page, made in figures("zh_CN"):
        for text in parts(made, "text:not(:has(tspan))"):
            words = text.get_text()
            if set(re.findall(r"[A-Za-z]{2,}", words)) - set(NAMES.split()):
                left.setdefault(page, set()).add(words)
    assert left == {}
