"""The kernel that the reader edits: what Python writes, and what a browser computes."""

import json
import re

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from bs4 import BeautifulSoup
from matplotlib.figure import Figure

from dlcore import ops
from dlcore.interactive import InteractiveKernel
from dlcore.interactive._colours import COLOURS

IMAGE = np.random.default_rng(0).integers(0, 17, (6, 8))
EDGE = [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]]
KERNELS = {"edge <b>": EDGE, "blur": np.outer([1, 2, 1], [1, 2, 1]) / 16}
ALT = 'A "digit" of <numbers>.'


def figure(image=IMAGE, kernels=KERNELS, **options):
    return InteractiveKernel(image, kernels, **{"alt": ALT, "start": (1, 2)} | options)


def features(kernel):
    x = IMAGE[None, :, :, None].astype(float)
    return ops.conv2d(x, np.array(kernel, float)[..., None, None])[0, ..., 0]


def numbers(text):
    return [float(part) for part in re.findall(r"-?\d+(?:\.\d+)?", text.replace("−", "-"))]


def soup(made):
    return BeautifulSoup(made.html.replace("template>", "div>"), "html.parser")


# What Python writes


def test_every_word_of_the_page_is_given_and_none_is_taken_for_markup():
    names = ("picture", "weights", "response", "down <i>", "across")
    made = soup(figure(names=names, text="{sum} at {i}, {j} </script>"))
    assert [p.text for p in made.select(".interactive-pair p")] == ["picture", "response"]
    assert made.legend.text == "weights"
    assert [label.text for label in made.select("label")] == ["down <i>", "across"]
    assert [button.text for button in made.select("button")] == list(KERNELS)
    assert made.select("input")[5]["aria-label"] == "weights 1, 2"
    assert made.img["alt"] == made.select_one("[role=img]")["aria-label"] == ALT
    assert made.find(["b", "i"]) is None
    data = json.loads(made.script.string)
    assert data["text"] == "{sum} at {i}, {j} </script>"
    assert data["image"] == IMAGE.tolist()
    assert data["labels"] == [["0", "1", "2", "3"], ["0", "1", "2", "3", "4", "5"]]


def test_the_still_shows_the_start(monkeypatch):
    drawn, save = [], Figure.savefig

    def savefig(figure, *args, **options):
        drawn.append(figure)
        save(figure, *args, **options)

    monkeypatch.setattr(Figure, "savefig", savefig)
    made = figure(text="{i} {j}: {sum}")
    image, kernel, response = drawn[0].axes
    shown = [text.get_text() for text in response.texts]
    assert shown == [f"{value:g}".replace("-", "−") for value in features(EDGE).ravel()]
    assert len(image.texts) == IMAGE.size
    assert len(kernel.texts) == 9
    assert image.patches[0].get_bbox().bounds == (1.5, 0.5, 3, 3)
    assert response.patches[0].get_bbox().bounds == (1.5, 0.5, 1, 1)
    assert numbers(drawn[0].get_suptitle()) == [1, 2, features(EDGE)[1, 2]]
    assert len(made.html) < 100_000
    assert repr(made) == f"<InteractiveKernel with 2 kernels: {ALT}>"
    assert made._repr_mimebundle_() == {"text/html": made.html, "text/plain": repr(made)}


def test_a_black_image_has_a_still():
    assert "base64" in figure(np.zeros((4, 4)), start=(1, 1)).html


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"image": np.zeros((3, 8))}, "image must be (H, W) from (4, 4) on; got (3, 8)"),
        ({"image": np.zeros(8)}, "image must be (H, W) from (4, 4) on; got (8,)"),
        ({"image": np.eye(4) / 2}, "image must hold whole numbers from 0 on; got "),
        ({"image": -np.eye(4)}, "image must hold whole numbers from 0 on; got "),
        ({"kernels": {}}, "an interactive kernel needs at least one kernel; got none"),
        (
            {"kernels": {"k": [[1]]}},
            "kernel 'k' must be (3, 3), with weights from -9 to 9; got [[1.0]]",
        ),
        (
            {"kernels": {"k": np.full((3, 3), 10)}},
            "kernel 'k' must be (3, 3), with weights from -9 to 9; got [[10.0, ",
        ),
        ({"kernels": {"k": np.full((3, 3), np.nan)}}, "kernel 'k' must be (3, 3), with weights"),
        ({"start": (4, 0)}, "start must be a position in a map of (4, 6); got (4, 0)"),
        ({"names": ("a", "b")}, "names must be five; got ('a', 'b')"),
    ],
)
def test_what_is_refused(arguments, message):
    with pytest.raises(ValueError, match="^" + re.escape(message)):
        figure(**arguments)


# What a browser computes


def shown(tab):
    """Position, feature map, products with their sum, and the line that is read aloud."""
    live = tab.locator(".interactive-live")
    position = tuple(int(text) for text in live.locator("output").all_text_contents())
    drawn = live.locator("svg").nth(1).locator("text").all_text_contents()
    drawn = np.array([numbers(text) for text in drawn]).reshape(4, 6)
    window = live.locator("svg .window").evaluate_all(
        "all => all.map(e => ['y', 'x', 'width'].map(a => Number(e.getAttribute(a)) / 100))"
    )
    assert window == [[*position, 3], [*position, 1]]
    written = numbers(live.locator(".interactive-sum").text_content())
    return position, drawn, written, live.locator(".interactive-text").text_content()


def expect(tab, position, kernel):
    """The page shows what `ops.conv2d` says."""
    at, drawn, written, line = shown(tab)
    expected, (i, j) = features(kernel), position
    assert at == position
    assert np.abs(drawn - expected).max() <= 0.0500001  # one decimal
    pixels, weights, total = written[0:18:2], written[1:18:2], written[18]
    assert pixels == IMAGE[i : i + 3, j : j + 3].ravel().tolist()
    assert weights == pytest.approx(np.ravel(kernel), abs=5e-5)
    assert total == pytest.approx(expected[position], abs=5e-5)
    assert numbers(line) == [i, j, total]


def test_the_page_starts_with_the_still(browse):
    expect(browse(figure()), (1, 2), EDGE)


def test_the_keyboard_reaches_everything(browse):
    tab = browse(figure())
    tab.get_by_label("kernel 0, 0").focus()
    tab.keyboard.press("ArrowUp")
    expect(tab, (1, 2), [[0, 0, 1], *EDGE[1:]])
    tab.keyboard.type("2.5")
    edited = [[2.5, 0, 1], *EDGE[1:]]
    expect(tab, (1, 2), edited)
    for _ in range(9):
        tab.keyboard.press("Tab")
    for _ in range(2):
        tab.keyboard.press("Tab")
    tab.keyboard.press("ArrowDown")  # the first slider: one row up
    expect(tab, (0, 2), edited)
    tab.keyboard.press("Tab")
    tab.keyboard.press("End")
    expect(tab, (0, 5), edited)
    for _ in range(2):
        tab.keyboard.press("Shift+Tab")
    tab.keyboard.press("Enter")
    expect(tab, (0, 5), KERNELS["blur"])
    assert tab.get_by_label("kernel 1, 1").input_value() == "0.25"


def test_the_mouse_leads_the_window(browse):
    tab = browse(figure())
    image, response = (tab.locator(".interactive-pair svg").nth(k).bounding_box() for k in (0, 1))
    cell = image["width"] / 8
    assert response["width"] / 6 == pytest.approx(cell, rel=0.01)
    tab.mouse.move(image["x"] + 2.5 * cell, image["y"] + 3.5 * cell)
    expect(tab, (1, 2), EDGE)  # no button is down
    tab.mouse.down()
    expect(tab, (2, 1), EDGE)  # the window's middle is under the pointer
    tab.mouse.move(image["x"] + 7.9 * cell, image["y"] + 0.1 * cell, steps=5)
    expect(tab, (0, 5), EDGE)  # and the window stays on the image
    tab.mouse.up()
    tab.mouse.click(response["x"] + 1.5 * cell, response["y"] + 3.5 * cell)
    expect(tab, (3, 1), EDGE)
    tab.get_by_role("button", name="blur").click()
    expect(tab, (3, 1), KERNELS["blur"])


def test_a_finger_leads_the_window(browse):
    tab = browse(figure(), has_touch=True, width=360)
    image = tab.locator(".interactive-pair svg").first.bounding_box()
    cell = image["width"] / 8
    tab.touchscreen.tap(image["x"] + 4.5 * cell, image["y"] + 4.5 * cell)
    expect(tab, (3, 3), EDGE)
    blur = tab.get_by_role("button", name="blur").bounding_box()
    assert blur["height"] >= 24
    tab.touchscreen.tap(blur["x"] + blur["width"] / 2, blur["y"] + blur["height"] / 2)
    expect(tab, (3, 3), KERNELS["blur"])
    slider = tab.get_by_label("row i").bounding_box()
    tab.touchscreen.tap(slider["x"] + 4, slider["y"] + slider["height"] / 2)
    expect(tab, (0, 3), KERNELS["blur"])


def test_a_weight_out_of_range_is_cut_off_and_none_is_zero(browse):
    tab = browse(figure())
    field = tab.get_by_label("kernel 2, 2")
    for typed, taken in (("-1234", "-9"), ("", "0"), ("0.3333", "0.3333")):
        field.fill(typed)
        expect(tab, (1, 2), [*EDGE[:2], [-1, 0, float(taken)]])
        field.blur()
        assert field.input_value() == taken


def test_zeros_are_drawn_without_a_scale(browse):
    tab = browse(figure(kernels={"nothing": np.zeros((3, 3))}))
    expect(tab, (1, 2), np.zeros((3, 3)))


def test_signs_have_colours_of_their_own(browse):
    tab = browse(figure())
    fills = tab.locator(".interactive-pair svg").nth(1).locator("rect:not(.window)")
    found = fills.evaluate_all("all => all.map(e => e.getAttribute('fill'))")
    colours = np.array(COLOURS)[(features(EDGE).ravel() >= 0).astype(int)]
    assert found == colours.tolist()
    strengths = fills.evaluate_all("all => all.map(e => Number(e.getAttribute('fill-opacity')))")
    expected = 0.6 * np.abs(features(EDGE)) / np.abs(features(EDGE)).max()
    assert np.allclose(strengths, expected.ravel(), rtol=0, atol=1e-9)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_figure_is_accessible_and_legible(browse, theme):
    tab = browse(figure(), theme=theme)
    violations = Axe().run(tab).response["violations"]
    assert {v["id"]: [node["html"][:120] for node in v["nodes"]] for v in violations} == {}
    page = tab.evaluate("getComputedStyle(document.documentElement).color")
    for name in ("button", "input[type=number]", ".interactive-sum", "legend"):
        style = tab.locator(f".interactive-live {name}").first
        assert style.evaluate("e => getComputedStyle(e).color") == page
    assert tab.locator("svg text").first.evaluate("e => getComputedStyle(e).fill") == page


def test_without_scripts_and_in_print_the_still_is_shown(browse):
    tab = browse(figure(), java_script_enabled=False)
    assert tab.get_by_alt_text(ALT).is_visible()
    assert tab.locator("input, button").count() == 0
    tab = browse(figure())
    assert not tab.get_by_alt_text(ALT).is_visible()
    tab.emulate_media(media="print")
    assert tab.get_by_alt_text(ALT).is_visible()
    assert not tab.locator(".interactive-live").is_visible()


@pytest.mark.parametrize("width", [320, 800])
def test_the_figure_fits_the_screen(browse, width):
    tab = browse(figure(), width=width)
    assert tab.evaluate("document.documentElement.scrollWidth") <= width
    for svg in tab.locator(".interactive-pair svg").all():
        box = svg.bounding_box()
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width
