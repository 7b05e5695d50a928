"""The digit that the reader draws: what Python writes, and what a browser computes."""

import base64
import json
import re

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from bs4 import BeautifulSoup
from sklearn.datasets import load_digits

from dlcore import models, ops
from dlcore.interactive import InteractiveDigit

ALT = 'A "digit" of <numbers>.'
SMALL = load_digits()
IMAGES = np.pad(np.kron(SMALL.images / 16, np.ones((1, 3, 3))), ((0, 0), (2, 2), (2, 2)))
LABELS = SMALL.target


@pytest.fixture(scope="module")
def weights():
    """The article's network, trained for a second."""
    import keras

    keras.utils.set_random_seed(0)
    model = models.mnist_cnn()
    model.compile("adam", "sparse_categorical_crossentropy")
    model.fit(IMAGES[..., None], LABELS, epochs=4, batch_size=16, verbose=0)
    return model.get_weights()


def figure(weights, count=3, **options):
    return InteractiveDigit(weights, IMAGES[:count], LABELS[:count], **{"alt": ALT} | options)


def soup(made):
    return BeautifulSoup(made.html.replace("template>", "div>"), "html.parser")


def shares(tab):
    return tab.locator(".interactive-digit li").evaluate_all(
        "all => all.map(bar => Number(bar.style.getPropertyValue('--share')))"
    )


def seen(tab):
    """The image that the network gets, values in [0, 1]."""
    pixels = tab.locator(".interactive-digit canvas").first.evaluate(
        "canvas => [...canvas.getContext('2d').getImageData(0, 0, 28, 28).data]"
    )
    return np.array(pixels).reshape(28, 28, 4)[..., 3] / 255


def draw(tab, *strokes):
    """Strokes of points in a field of side 1, by the mouse."""
    box = tab.locator(".interactive-digit svg").bounding_box()
    for stroke in strokes:
        at = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in stroke]
        tab.mouse.move(*at[0])
        tab.mouse.down()
        for point in at[1:]:
            tab.mouse.move(*point, steps=6)
        tab.mouse.up()


ONE = [(0.5, 0.2), (0.5, 0.8)]
ANGLE = [(0.3, 0.2), (0.7, 0.2), (0.5, 0.8)]


def moved(stroke, scale, shift):
    return [(scale * x + shift[0], scale * y + shift[1]) for x, y in stroke]


# What Python writes


def test_every_word_of_the_page_is_given_and_none_is_taken_for_markup(weights):
    names = ("here <i>", "input", "answer", "maps", "centre <b>", "wipe", "wrong <u>")
    made = soup(
        InteractiveDigit(
            weights, IMAGES[:3], [0, 1, 9], alt=ALT, names=names,
            text="{digit} {share} </script>", labelled="not <u>",
        )
    )  # fmt: skip
    words = [p.text for p in made.select(".interactive-digit p")]
    assert words == ["here <i>", "input", "answer", "maps"]
    assert [button.text for button in made.select("button")] == ["wipe", "0", "1", "9, wrong <u>"]
    assert made.label.text.strip() == "centre <b>"
    assert made.find(["i", "b", "u"]) is None
    assert made.img["alt"] == made.select_one("[role=img]")["aria-label"] == ALT
    data = json.loads(made.script.string)
    assert (data["text"], data["labelled"]) == ("{digit} {share} </script>", "not <u>")
    assert data["exampleLabels"] == [0, 1, 9]


def test_weights_travel_in_half_precision(weights):
    made = figure(weights)
    data = json.loads(soup(made).script.string)
    flat = np.frombuffer(base64.b64decode(data["weights"]), "<f2")
    np.testing.assert_allclose(flat, np.concatenate([w.ravel() for w in weights]), 1e-3, 1e-7)
    assert len(made.html) < 200_000
    assert repr(made) == f"<InteractiveDigit with 3 examples: {ALT}>"
    assert made._repr_mimebundle_() == {"text/html": made.html, "text/plain": repr(made)}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda w: w[:2],
            "weights must have shapes (3, 3, 1, F), (F,), (169 F, 10), (10,); got (3",
        ),
        (lambda w: [], "weights must have shapes (3, 3, 1, F), (F,), (169 F, 10), (10,); got "),
        (lambda w: [w[0], w[1], w[2][1:], w[3]], "(5407, 10), (10,)"),
        (lambda w: [np.float32(0), *w[1:]], "got (), (32,), (5408, 10), (10,)"),
        (lambda w: [*w[:3], w[3] + 1e6], "weights must be finite numbers that float16 can hold"),
        (lambda w: [*w[:3], w[3] * np.nan], "weights must be finite numbers that float16 can hold"),
    ],
)
def test_weights_of_another_network_are_refused(weights, change, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        figure(change(weights))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((IMAGES[:2], [0]), "examples must be (N, 28, 28), one for each of the 1 labels; got (2, "),
        ((IMAGES[:0], []), "examples must be (N, 28, 28), one for each of the 0 labels; got (0, "),
        ((255 * IMAGES[:1], [0]), "examples must have values in [0, 1]"),
        ((np.nan * IMAGES[:1], [0]), "examples must have values in [0, 1]"),
    ],
)
def test_other_examples_are_refused(weights, arguments, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        InteractiveDigit(weights, *arguments, alt=ALT)


def test_other_words_are_refused(weights):
    with pytest.raises(ValueError, match="names must be seven; got"):
        figure(weights, names=("one",))
    with pytest.raises(ValueError, match="alt must say what is seen"):
        figure(weights, alt=" ")


# What a browser computes


def test_the_page_computes_what_the_network_does(browse, weights):
    """A hundred images, each chosen in turn, beside the book's own formulas in full precision."""
    kernel, bias, dense, out = (w.astype(float) for w in weights)
    maps = ops.max_pool2d(ops.relu(ops.conv2d(IMAGES[:100, ..., None], kernel, bias)))
    expected = ops.softmax(ops.dense(maps.reshape(100, -1), dense, out))
    tab = browse(figure(weights, 100))
    buttons = tab.locator(".interactive-live button")
    found = []
    for i in range(100):
        buttons.nth(i + 1).click()
        found.append(shares(tab))
        assert tab.locator("[aria-pressed=true]").count() == 1
    np.testing.assert_allclose(found, expected, atol=5e-3)
    assert np.ptp(expected, axis=0).min() > 0.5, "all alike: nothing is compared"
    words = tab.locator(".interactive-text").inner_text()
    read, share = expected[-1].argmax(), round(100 * expected[-1].max())
    assert words == (
        f"It reads a {read}, with a probability of {share}\N{NO-BREAK SPACE}%. "
        f"The label says {LABELS[99]}."
    )
    np.testing.assert_allclose(seen(tab), IMAGES[99], atol=1 / 255)


def test_a_drawing_is_brought_into_the_form_of_the_data(browse, weights):
    tab = browse(figure(weights))
    draw(tab, moved(ANGLE, 1, (0, 0)))
    large = seen(tab)
    rows, columns = (np.flatnonzero(large.max(axis) > 0.5) for axis in (1, 0))
    assert 19 <= max(np.ptp(rows), np.ptp(columns)) + 1 <= 21
    places = np.arange(28) + 0.5
    for axis in (0, 1):
        assert abs((large.sum(1 - axis) * places).sum() / large.sum() - 14) < 0.1
    tab.locator("button", has_text="clear").click()
    assert not seen(tab).any()
    assert shares(tab) == [0] * 10
    draw(tab, moved(ANGLE, 0.5, (0.45, 0.05)))
    small = seen(tab)
    assert np.abs(small - large).max() < 0.35  # the mouse stands on whole pixels
    tab.locator("input[type=checkbox]").uncheck()
    raw = seen(tab)
    assert np.abs(raw - large).max() == 1
    assert raw[:, 14:].sum() > 5 * raw[:, :14].sum()


def test_a_stroke_and_a_dot(browse, weights):
    tab = browse(figure(weights))
    draw(tab, ONE)
    assert seen(tab)[14, 13:15].min() == 1
    assert seen(tab)[14, [5, 22]].max() == 0
    assert tab.locator("polyline").count() == 1
    draw(tab, [(0.2, 0.2)])
    assert tab.locator("polyline").count() == 2
    assert abs(sum(shares(tab)) - 1) < 1e-6


def test_a_finger_draws_and_a_second_one_does_not(browse, weights):
    tab = browse(figure(weights), width=390, has_touch=True)
    field = tab.locator(".interactive-digit svg")
    event = {"pointerId": 1, "button": 0, "pointerType": "touch", "isPrimary": True}
    box = field.bounding_box()
    field.evaluate("svg => (svg.setPointerCapture = () => {})")  # no true pointer is down
    at = {"clientX": box["x"] + 40, "clientY": box["y"] + 40}
    field.dispatch_event("pointerdown", event | at)
    field.dispatch_event("pointerdown", event | at | {"pointerId": 2})
    field.dispatch_event("pointermove", event | at | {"pointerId": 2, "clientX": box["x"] + 90})
    assert tab.locator("polyline").count() == 1
    assert len(tab.locator("polyline").get_attribute("points").split(",")) == 3  # a dot
    field.dispatch_event("pointermove", event | at | {"clientX": box["x"] + 90})
    field.dispatch_event("pointerup", event)
    field.dispatch_event("pointermove", event | at | {"clientY": box["y"] + 90})
    assert len(tab.locator("polyline").get_attribute("points").split(",")) == 4
    assert tab.evaluate("document.documentElement.scrollWidth") <= 390


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_figure_is_accessible(browse, weights, theme):
    tab = browse(figure(weights), theme=theme)
    tab.locator("button", has_text="1").press("Enter")
    assert "reads a" in tab.locator(".interactive-text").inner_text()
    found = Axe().run(tab)
    assert found.violations_count == 0, found.generate_report()
