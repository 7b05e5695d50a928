"""The letters that the reader types: what Python writes, and what a browser computes."""

import base64
import json
import re
from string import ascii_lowercase

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from bs4 import BeautifulSoup

from dlcore import ops
from dlcore.interactive import InteractiveLetters

ALT = 'A "field" of <letters>.'
UNITS, SYMBOLS = 8, 27
WORDS = ["a", "q", "anna", "Maria ", "zzyzx", "christopher", "abcdefghijklmnopqrst"]


@pytest.fixture(scope="module")
def weights():
    """A GRU's and a dense layer's, large enough for probabilities that differ."""
    random = np.random.default_rng(0)
    shapes = [(SYMBOLS, 24), (UNITS, 24), (2, 24), (UNITS, SYMBOLS), (SYMBOLS,)]
    drawn = [random.normal(scale=1.5, size=shape).astype(np.float32) for shape in shapes]
    drawn[4][0] += 5  # most names end
    return drawn


@pytest.fixture(scope="module")
def keras_shares(weights):
    """What Keras's layers give after some letters, with the weights that the page holds."""
    import keras

    model = keras.Sequential(
        [keras.Input((None, SYMBOLS)), keras.layers.GRU(UNITS), keras.layers.Dense(SYMBOLS)]
    )
    model.set_weights([w.astype(np.float16) for w in weights])

    def shares(word, temperature=1.0):
        symbols = [0, *(1 + ascii_lowercase.index(letter) for letter in word)]
        logits = np.array(model(np.eye(SYMBOLS)[[symbols]]))
        return ops.softmax(logits.astype(float) / temperature)[0]

    return shares


def figure(weights, letters=ascii_lowercase, **options):
    return InteractiveLetters(weights, letters, **{"alt": ALT} | options)


def soup(made):
    return BeautifulSoup(made.html.replace("template>", "div>"), "html.parser")


def shares(tab):
    return tab.locator(".interactive-letters li").evaluate_all(
        "all => all.map(bar => Number(bar.style.getPropertyValue('--share')))"
    )


def field(tab):
    return tab.get_by_role("textbox")


def status(tab):
    return tab.locator(".interactive-text").inner_text()


def written(tab):
    return tab.locator("[role=log] span").all_inner_texts()


# What Python writes


def test_every_word_of_the_page_is_given_and_none_is_taken_for_markup(weights):
    made = soup(
        figure(
            weights, start="ab",
            names=("first <i>", "next <b>", "<u>", "heat <i>", "go <b>"),
            text="{next} </script>", typed="{bits} <u>", unknown="{letter} {letters} <b>",
        )
    )  # fmt: skip
    assert made.find(["i", "b", "u"]) is None
    assert made.select_one(".interactive-choices label").text.strip() == "first <i>"
    assert made.select_one(".interactive-letters p").text == "next <b>"
    assert [bar.text for bar in made.select("li")] == ["<u>", *ascii_lowercase]
    assert made.select_one(".interactive-sliders label").text == "heat <i>"
    assert made.button.text == "go <b>"
    assert made.input["value"] == "ab"
    assert made.img["alt"] == made.select_one("[role=img]")["aria-label"] == ALT
    data = json.loads(made.script.string)
    assert [data[key] for key in ("text", "typed", "unknown")] == [
        "{next} </script>", "{bits} <u>", "{letter} {letters} <b>",
    ]  # fmt: skip


def test_weights_travel_in_half_precision(weights):
    made = figure(weights)
    data = json.loads(soup(made).script.string)
    flat = np.frombuffer(base64.b64decode(data["weights"]), "<f2")
    np.testing.assert_allclose(flat, np.concatenate([w.ravel() for w in weights]), 1e-3, 1e-7)
    np.testing.assert_array_equal(flat, np.concatenate([w.ravel() for w in made.weights]))
    assert repr(made) == f"<InteractiveLetters with 8 units: {ALT}>"
    assert made._repr_mimebundle_() == {"text/html": made.html, "text/plain": repr(made)}


def test_a_network_that_writes_is_small_enough_for_a_page():
    shapes = [(27, 159), (53, 159), (2, 159), (53, 27), (27,)]
    random = np.random.default_rng(0)
    assert len(figure([random.normal(size=shape) for shape in shapes]).html) < 60_000


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda w: w[:4], "weights must have shapes (27, 3h), (h, 3h), (2, 3h), (h, 27), (27,) "),
        (lambda w: [], "for 26 letters; got "),
        (lambda w: [w[0], np.float32(0), *w[2:]], "for 26 letters; got (27, 24), (), (2, 24)"),
        (lambda w: [w[0][1:], *w[1:]], "for 26 letters; got (26, 24), (8, 24)"),
        (lambda w: [*w[:2], w[2][0], *w[3:]], "for 26 letters; got (27, 24), (8, 24), (24,)"),
        (lambda w: [*w[:4], w[4] + 1e6], "weights must be finite numbers that float16 can hold"),
        (lambda w: [*w[:4], w[4] * np.nan], "weights must be finite numbers that float16 can hold"),
    ],
)
def test_weights_of_another_network_are_refused(weights, change, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        figure(change(weights))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"letters": "abc"}, "(4, 3h), (h, 3h), (2, 3h), (h, 4), (4,) for 3 letters; got (27, 24)"),
        ({"letters": ascii_lowercase[:-1] + "a"}, "letters must be lower case and differ from one"),
        ({"letters": ascii_lowercase[:-1] + "Z"}, "letters must be lower case and differ from one"),
        ({"letters": ascii_lowercase[:-1] + "<"}, "letters must be lower case and differ from one"),
        ({"start": "An"}, f"start must be at most 20 of '{ascii_lowercase}'; got 'An'"),
        ({"start": 21 * "a"}, f"start must be at most 20 of '{ascii_lowercase}'; got '{21 * 'a'}'"),
        ({"temperatures": (0.5, 2)}, "temperatures must be positive, 1 among them; got (0.5, 2)"),
        ({"temperatures": (0, 1)}, "temperatures must be positive, 1 among them; got (0, 1)"),
        ({"names": ("one",)}, "names must be five; got ('one',)"),
        ({"alt": " "}, "alt must say what is seen"),
    ],
)
def test_other_arguments_are_refused(weights, options, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        figure(weights, **options)


def test_the_still_says_what_the_network_expects(weights, keras_shares):
    made = figure(weights, start="an")
    still = made._still(["end", *ascii_lowercase])
    heights = [bar.get_height() for bar in still.axes[0].patches]
    np.testing.assert_allclose(heights, keras_shares("an"), atol=1e-5)
    best = int(np.argmax(heights))
    said = f"first letters: an\nThe likeliest next: {['end', *ascii_lowercase][best]} "
    assert still.get_suptitle().startswith(f"{said}{100 * heights[best]:.0f} %, ")


# What a browser computes


def test_the_page_computes_what_the_network_does(browse, weights, keras_shares):
    tab = browse(figure(weights))
    np.testing.assert_allclose(shares(tab), keras_shares(""), atol=1e-5)
    found, expected = [], []
    for word in WORDS:
        field(tab).fill(word)
        found.append(shares(tab))
        expected.append(keras_shares(word.strip().lower()))
    np.testing.assert_allclose(found, expected, atol=1e-5)
    assert np.ptp(expected, axis=0).max() > 0.5, "all alike: nothing is compared"


def test_the_line_names_the_likeliest_letters_and_what_the_typed_ones_cost(
    browse, weights, keras_shares
):
    tab = browse(figure(weights))
    field(tab).fill("anna")
    symbols, after = ["end", *ascii_lowercase], keras_shares("anna")
    likely = [f"{symbols[k]} {100 * after[k]:.0f}" for k in np.argsort(-after)[:3]]
    said = ", ".join(f"{share}\N{NO-BREAK SPACE}%" for share in likely)
    bits = [
        -np.log2(keras_shares("anna"[:t])[1 + ascii_lowercase.index("anna"[t])]) for t in range(4)
    ]
    assert status(tab) == (
        f"The likeliest next: {said}. "
        f"At a temperature of 1 what is typed costs {np.mean(bits):.1f} bits a letter."
    )
    field(tab).fill("")
    assert re.fullmatch(r"The likeliest next: (\w+ \d+\xa0%(, )?){3}\.", status(tab))


def test_the_slider_divides_the_logits_but_not_those_of_the_cost(browse, weights, keras_shares):
    tab = browse(figure(weights, start="an"))
    slider = tab.get_by_role("slider", name="temperature")
    assert slider.get_attribute("aria-valuetext") == "1"
    cost = status(tab).partition("At a")[2]
    slider.press("End")
    assert slider.get_attribute("aria-valuetext") == "2"
    np.testing.assert_allclose(shares(tab), keras_shares("an", 2), atol=1e-5)
    slider.press("Home")
    np.testing.assert_allclose(shares(tab), keras_shares("an", 0.25), atol=1e-5)
    assert status(tab).partition("At a")[2] == cost


def test_letters_that_the_network_does_not_know_are_refused(browse, weights):
    tab = browse(figure(weights))
    before = shares(tab)
    field(tab).press_sequentially("zoë")
    assert status(tab) == (f'The network does not know "ë". It knows {" ".join(ascii_lowercase)}.')
    assert shares(tab) == [0] * SYMBOLS
    assert field(tab).get_attribute("aria-invalid") == "true"
    assert tab.get_by_role("button").is_disabled()
    field(tab).press("Enter")
    assert written(tab) == []
    for letter in ("!", "$&", "{letters}", "é", "3"):
        field(tab).fill(letter)
        assert status(tab).startswith(f'The network does not know "{letter[0]}". It knows a b c')
    field(tab).fill("")
    assert shares(tab) == before
    assert field(tab).get_attribute("aria-invalid") == "false"
    assert tab.get_by_role("button").is_enabled()


def test_an_input_method_may_compose_the_letters(browse, weights):
    """Enter takes what it composed. Wide letters are letters; an accent belongs to its letter."""
    tab = browse(figure(weights))
    field(tab).focus()
    method = tab.context.new_cdp_session(tab)
    method.send("Input.imeSetComposition", {"text": "an", "selectionStart": 2, "selectionEnd": 2})
    field(tab).evaluate(
        """field => field.dispatchEvent(
             new KeyboardEvent("keydown", { key: "Enter", isComposing: true, bubbles: true }))"""
    )
    assert written(tab) == []
    method.send("Input.insertText", {"text": "an"})
    field(tab).press("Enter")
    assert len(written(tab)) == 1
    narrow = shares(tab)
    field(tab).fill("ａＮ")
    assert shares(tab) == narrow
    field(tab).fill("zoe\N{COMBINING DIAERESIS}")
    assert status(tab).startswith('The network does not know "ë".')


@pytest.mark.parametrize("temperature", [1, 2])
def test_a_written_name_is_drawn_letter_by_letter(browse, weights, keras_shares, temperature):
    """With the same random numbers, what the page writes is what Keras's probabilities give."""
    tab = browse(figure(weights, start="a"))
    if temperature == 2:
        tab.get_by_role("slider").press("End")
    numbers = np.random.default_rng(5).random(200)
    tab.evaluate(f"() => {{ const all = {numbers.tolist()}; Math.random = () => all.shift(); }}")
    draws, expected = iter(numbers), []
    for _ in range(8):
        tab.get_by_role("button").click()
        word = "a"
        while len(word) < 20:
            drawn = int((np.cumsum(keras_shares(word, temperature)) <= next(draws)).sum())
            if drawn == 0:
                break
            word += ascii_lowercase[drawn - 1]
        expected.append(word)
    assert written(tab) == expected
    assert len(set(expected)) > 3
    assert min(map(len, expected)) < 20
    assert field(tab).input_value() == "a"


def test_what_rounding_leaves_over_is_the_end_and_a_name_has_a_last_letter(browse, weights):
    tab = browse(figure(weights, start="an"))
    tab.evaluate("() => (Math.random = () => 2)")
    field(tab).press("Enter")
    assert written(tab) == ["an"]
    tab.evaluate("() => (Math.random = () => 1 - 1e-9)")
    for _ in range(14):
        tab.get_by_role("button").press("Enter")
    assert len(written(tab)) == 12
    assert max(map(len, written(tab))) <= 20


def test_it_fits_a_phone_and_answers_a_finger(browse, weights):
    tab = browse(figure(weights, start="mar"), width=320, has_touch=True)
    assert tab.evaluate("document.documentElement.scrollWidth") <= 320
    for _ in range(12):
        tab.get_by_role("button").tap()
    assert len(written(tab)) == 12
    assert tab.evaluate("document.documentElement.scrollWidth") <= 320
    assert field(tab).get_attribute("autocapitalize") == "none"


@pytest.mark.parametrize("typed", ["ann", "zoë"])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_figure_is_accessible(browse, weights, theme, typed):
    tab = browse(figure(weights), theme=theme)
    field(tab).fill("an")
    tab.get_by_role("button").press("Enter")
    field(tab).fill(typed)
    found = Axe().run(tab)
    assert found.violations_count == 0, found.generate_report()
    assert tab.get_by_role("textbox", name="first letters").count() == 1
    assert tab.get_by_role("slider", name="temperature").count() == 1
    assert tab.get_by_role("button", name="write a name").count() == 1
