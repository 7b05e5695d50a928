"""The plane of codes: what Python writes, and what a browser computes."""

import base64
import json
import re

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from bs4 import BeautifulSoup
from matplotlib.figure import Figure

from dlcore import ops
from dlcore.interactive import InteractiveCodes
from dlcore.interactive.codes import STEPS, TEN

ALT = 'A "plane" of <digits>.'
RNG = np.random.default_rng(0)
WEIGHTS = [RNG.normal(0, scale, shape) for scale, shape in
           ((1, (2, 16)), (1, 16), (0.5, (16, 64)), (0.5, 64))]  # fmt: skip
CODES = RNG.uniform((-8, 0), (12, 10), (60, 2))
LABELS = np.arange(60) % 10


def figure(weights=WEIGHTS, codes=CODES, labels=LABELS, **options):
    return InteractiveCodes(weights, codes, labels, **{"alt": ALT} | options)


def soup(made):
    return BeautifulSoup(made.html.replace("template>", "div>"), "html.parser")


def place(tab):
    """The code of the point: what the sliders say."""
    said = tab.locator(".interactive-sliders output").all_inner_texts()
    return np.array([float(number.replace("−", "-")) for number in said])


def steps(tab):
    return [int(slider.input_value()) for slider in tab.locator("input[type=range]").all()]


def drawn(tab, side=8):
    pixels = tab.locator("canvas").evaluate(
        "c => [...c.getContext('2d').getImageData(0, 0, c.width, c.height).data]"
    )
    return np.array(pixels).reshape(side, side, 4)[..., 3] / 255


def put(tab, *at):
    for slider, value in zip(tab.locator("input[type=range]").all(), at, strict=True):
        slider.fill(str(value))


def words(code):
    """The line of text by other means: a sort of all distances."""
    near = sorted((np.hypot(*(c - code)), label) for c, label in zip(CODES, LABELS, strict=True))
    near = near[:10]
    counts = [sum(label == digit for _, label in near) for digit in range(10)]
    return max(counts), counts.index(max(counts)), near[0][0]


# What Python writes


def test_every_word_of_the_page_is_given_and_none_is_taken_for_markup():
    names = ("image <i>", "plane <b>", "across <u>", "up")
    made = soup(figure(names=names, text="{digit} {count} {distance} </script>"))
    assert [p.text for p in made.select(".interactive-codes p")] == ["image <i>", "plane <b>"]
    assert [label.text for label in made.select("label")] == ["across <u>", "up"]
    assert [button.text for button in made.select("button")] == list("0123456789")
    assert made.find(["i", "b", "u"]) is None
    assert made.img["alt"] == made.select_one("[role=img]")["aria-label"] == ALT
    assert json.loads(made.script.string)["text"] == "{digit} {count} {distance} </script>"


def test_the_decoder_is_rounded_to_eight_bits_a_weight():
    made = figure()
    data = json.loads(soup(made).script.string)
    kernel = np.frombuffer(base64.b64decode(data["kernel"]), np.int8).reshape(16, 64)
    assert np.abs(kernel).max(axis=0).tolist() == [127] * 64
    half_a_step = np.abs(WEIGHTS[2]).max(axis=0) / 254
    assert (np.abs(kernel * data["out"][0] - WEIGHTS[2]) <= 1.001 * half_a_step).all()
    hidden = ops.relu(ops.dense(CODES, *WEIGHTS[:2]))
    exact = ops.sigmoid(ops.dense(hidden, *WEIGHTS[2:])).reshape(-1, 8, 8)
    assert 1e-4 < np.abs(made.decode(CODES) - exact).max() < 0.06
    assert np.median(np.ptp(exact, axis=0)) > 0.5, "all alike: nothing is compared"
    assert repr(made) == f"<InteractiveCodes with 60 codes: {ALT}>"
    assert made._repr_mimebundle_() == {"text/html": made.html, "text/plain": repr(made)}


def test_codes_of_another_length_are_not_decoded():
    with pytest.raises(ValueError, match=re.escape("(60, 3)")):
        figure().decode(np.ones((60, 3)))


def test_a_pixel_without_weights_is_its_bias():
    weights = [*WEIGHTS[:2], np.zeros((16, 64)), WEIGHTS[3]]
    expected = np.tile(ops.sigmoid(WEIGHTS[3]).reshape(8, 8), (60, 1, 1))
    np.testing.assert_allclose(figure(weights).decode(CODES), expected, atol=1e-4)


def test_the_plane_is_a_square_around_the_codes():
    axes = figure().axes
    assert axes.shape == (2, STEPS + 1)
    sides = np.ptp(axes, axis=1)
    assert sides[0] == pytest.approx(sides[1])
    assert (axes[:, 0] < CODES.min(axis=0)).all()
    assert (axes[:, -1] > CODES.max(axis=0)).all()
    assert np.ptp(figure(codes=np.ones((60, 2))).axes[0]) == 2  # all in one place


def test_ten_digits_have_ten_colours():
    assert len(set(TEN)) == 10


def test_the_still_shows_the_start(monkeypatch):
    still, save = [], Figure.savefig

    def savefig(figure, *args, **options):
        still.append(figure)
        save(figure, *args, **options)

    monkeypatch.setattr(Figure, "savefig", savefig)
    made = figure(start=(3, 4), text="{count} of {digit}, {distance}")
    image, plane = still[0].axes
    at = made.axes[[0, 1], made.at]
    assert np.abs(at - [3, 4]).max() <= np.ptp(made.axes[0]) / STEPS / 2
    np.testing.assert_array_equal(image.images[0].get_array(), made.decode(at[None])[0])
    assert plane.lines[-1].get_xydata().tolist() == [at.tolist()]
    assert sum(len(line.get_xydata()) for line in plane.lines[:-1]) == 60
    count, digit, distance = words(at)
    assert still[0].get_suptitle() == f"{count} of {digit}, {distance:.1f}"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"weights": WEIGHTS[:2]}, "weights must have shapes (2, H), (H,), (H, S^2), (S^2,); got"),
        ({"weights": []}, "weights must have shapes (2, H), (H,), (H, S^2), (S^2,); got "),
        ({"weights": [*WEIGHTS[:3], 1.0]}, "(S^2,); got (2, 16), (16,), (16, 64), ()"),
        ({"weights": [*WEIGHTS[:2], np.ones((16, 63)), np.ones(63)]}, "got (2, 16), (16,), (16, 6"),
        ({"weights": [*WEIGHTS[:3], WEIGHTS[3] * np.nan]}, "weights must be finite numbers"),
        ({"codes": CODES[:50]}, "codes must be (N, 2) with N from 10 on, one for each of the 60 "),
        ({"codes": CODES[:9], "labels": LABELS[:9]}, "for each of the 9 labels; got (9, 2)"),
        ({"codes": CODES * np.inf}, "codes must be finite numbers"),
        ({"labels": LABELS + 1}, "labels must be digits; got [ 1  2 "),
        ({"start": (30, 0)}, "start must be two numbers from ["),
        ({"start": (1,)}, "start must be two numbers from ["),
        ({"names": ("one",)}, "names must be four; got ('one',)"),
        ({"text": "{z}"}, "text may hold {digit}, {count} and {distance}; got {z}"),
        ({"alt": " "}, "alt must say what is seen"),
    ],
)
def test_other_arguments_are_refused(arguments, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        figure(**arguments)


# What a browser computes


def test_the_page_draws_what_the_decoder_does(browse):
    made = figure()
    tab = browse(made)
    for at in ((0, 0), (200, 0), (0, 200), (37, 151), (120, 80)):
        put(tab, *at)
        code = made.axes[[0, 1], at]
        np.testing.assert_allclose(place(tab), code, atol=0.051)
        np.testing.assert_allclose(drawn(tab), made.decode(code[None])[0], atol=1 / 254)
        said = re.findall(r"\d+(?:\.\d+)?", tab.locator(".interactive-text").inner_text())
        np.testing.assert_allclose([float(number) for number in said], words(code), atol=0.051)


def test_keras_decodes_the_same(browse):
    import keras

    from dlcore import models

    keras.utils.set_random_seed(0)
    decoder = models.autoencoder(2).layers[1]
    made = figure(decoder.get_weights(), 3 * CODES)
    tab = browse(made)
    put(tab, 20, 180)
    code = made.axes[[0, 1], [20, 180]]
    expected = np.asarray(decoder(code[None].astype(np.float32))).reshape(28, 28)
    assert np.ptp(expected) > 0.3
    np.testing.assert_allclose(drawn(tab, 28), expected, atol=0.02)


def test_the_mouse_leads_the_point(browse):
    made = figure()
    tab = browse(made)
    box = tab.locator(".interactive-codes svg").bounding_box()
    before = steps(tab)

    def to(x, y):
        tab.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"])

    to(0.2, 0.1)
    assert steps(tab) == before  # it only passed over
    tab.mouse.down()
    assert np.abs(np.subtract(steps(tab), [40, 180])).max() <= 1  # up is more
    to(1.3, 0.5)
    assert steps(tab)[0] == 200
    tab.mouse.up()
    to(0.5, 0.5)
    assert steps(tab)[0] == 200
    ring = tab.locator("circle").first
    assert float(ring.get_attribute("cx")) == pytest.approx(200)
    assert float(ring.get_attribute("cy")) == pytest.approx(200 - steps(tab)[1])
    glyph = tab.locator(".interactive-codes text").nth(7)
    share = (CODES[7] - made.axes[:, 0]) / np.ptp(made.axes, axis=1)
    assert glyph.text_content() == "7"
    at = [float(glyph.get_attribute(name)) for name in "xy"]
    np.testing.assert_allclose(at, [200 * share[0], 200 - 200 * share[1]], atol=0.06)


def test_a_finger_and_the_arrow_keys_lead_the_point(browse):
    tab = browse(figure(), width=390, has_touch=True)
    box = tab.locator(".interactive-codes svg").bounding_box()
    tab.touchscreen.tap(box["x"] + 0.75 * box["width"], box["y"] + 0.25 * box["height"])
    assert np.abs(np.subtract(steps(tab), 150)).max() <= 1
    assert tab.locator("svg").evaluate("e => getComputedStyle(e).touchAction") == "none"
    first, second = steps(tab)
    tab.get_by_label("first number").press("ArrowRight")
    tab.get_by_label("second number").press("ArrowUp")
    assert steps(tab) == [first + 1, second + 1]


def test_one_digit_can_be_looked_at_alone(browse):
    tab = browse(figure())
    button = tab.get_by_role("button", name="3")
    button.press("Enter")
    assert button.get_attribute("aria-pressed") == "true"
    bright = tab.locator(".interactive-codes text:not(.faded)")
    assert set(bright.all_text_contents()) == {"3"}
    tab.get_by_role("button", name="4").click()
    assert set(bright.all_text_contents()) == {"4"}
    assert tab.locator("[aria-pressed=true]").count() == 1
    tab.get_by_role("button", name="4").click()
    assert bright.count() == 60


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_figure_is_accessible(browse, theme):
    found = Axe().run(browse(figure(), theme=theme))
    assert found.violations_count == 0, found.generate_report()


@pytest.mark.parametrize("width", [320, 800])
def test_the_figure_fits_the_screen(browse, width):
    tab = browse(figure(), width=width)
    assert tab.evaluate("document.documentElement.scrollWidth") <= width
    boxes = [tab.locator(part).bounding_box() for part in ("canvas", "svg")]
    if width == 320:  # the hand that leads the point does not cover the image
        assert boxes[0]["y"] + boxes[0]["height"] <= boxes[1]["y"]
