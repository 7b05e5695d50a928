"""The judge of exercises: right answers in many forms, wrong ones explained, not given away."""

import re
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest

from dlcore import check

ROWS = np.array(
    [[0, -1e4, -2e4], [-0.6931472, -0.6931472, -1e4], [-2.407606, -1.407606, -0.407606]]
)
GRADIENT = np.array([1.0, -2, 4])


def verdict(given, expected, **options):
    with pytest.raises(AssertionError) as raised:
        check.answer("E", given, expected, **options)
    name, colon, message = str(raised.value).partition(": ")
    assert (name, colon) == ("E", ": ")
    assert message.strip()
    return message


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (7, 7),
        (7.0, 7),
        (np.float32(7), 7),
        ("7", 7),
        ("3/4", 0.75),
        (" 3 / 4 ", 0.75),
        (Fraction(3, 4), 0.75),
        (Decimal("0.75"), 0.75),
        (0.75, Fraction(3, 4)),
        ([Fraction(1, 9)] * 3, [1 / 9] * 3),
        ([Fraction(1, 9)] * 3, np.full(3, 1 / 9)),
        (["1/9", 1 / 9, "1/9"], np.full(3, 1 / 9)),
        ((1, 2), [1, 2]),
        ("(1, 2)", [1, 2]),
        ([[1, 2], [3, 4]], np.array([[1, 2], [3, 4]])),
        (GRADIENT.astype(np.float32), GRADIENT),
        (1e-7, 0.0),
        ([], []),
        (np.array([]), np.array([])),
        ("Mask", "mask"),
        ("1/n", "1/N"),
        ("(32,10)", "(32, 10)"),
        ((32, 10), "(32, 10)"),
        ([32, 10], "(32, 10)"),
        ([(32, 10), "(32,7)"], ["(32, 10)", "(32, 7)"]),
        (["1/n", "Transpose", "mask "], ["1/N", "transpose", "mask"]),
        ("True", True),
        (np.True_, True),
        ({"a": 1, "b": "X"}, {"a": 1, "b": "x"}),
        (ROWS, ROWS),
        (ROWS.astype(np.float32), ROWS),
    ],
)
def test_right_in_many_forms(capsys, given, expected):
    check.answer("E", given, expected)
    assert capsys.readouterr().out == "E: right\n"


@pytest.mark.parametrize(
    ("given", "expected", "message"),
    [
        (13, 14, "too small"),
        (3, 2, "too large"),
        (1, 2, "too small"),  # the factor of a count would be the count
        (336, 337, "too small"),
        (10.2, 10.22, "too small"),
        (3, 0, "too large"),
        (0.5, 0.25, "twice as large as it should be"),
        (98.1, 0.981, "100 times as large as it should be"),
        (-0.3, 0.3, "the sign is the other way round"),
        (np.inf, 1.5, "the answer is infinite"),
        (np.nan, 1.5, "the answer is not a number (nan)"),
        (17.1, 17, "too large"),
        (None, 7, "got None: does the function return its result?"),
        (None, "same", "got None: does the function return its result?"),
        ("seven", 7, "a number is expected, got the text 'seven'"),
        ("1/0", 7, "a number is expected, got the text '1/0'"),
        (print, 7, "a number is expected, got a function"),
        (1j, 7, "a number is expected, got one number"),
        ({}, 7, "a number is expected, got a dict"),
        ("valid", "same", "not the right text"),
        (print, "same", "a text is expected, got a function"),
        (False, True, "not right"),
        ([[1], [1, 2]], np.array([1, 2]), "the rows differ in shape: (1,), (2,)"),
        (
            [[1], [1, 2]],
            [1, 2],
            "part 1 of 2: the shape is (1,), expected (); "
            "part 2 of 2: the shape is (2,), expected ()",
        ),
        (5, [1, 2], "2 parts are expected, got one number"),
        (None, [1, 2], "2 parts are expected, got a NoneType"),
        ([1], [1, 2], "2 parts are expected, got 1"),
        (
            [17611, 1740000, 94801],
            [17610, 1740000, 94800],
            "part 1 of 3: too large; part 3 of 3: too large",
        ),
        ([17609, 1740000, 94800], [17610, 1740000, 94800], "part 1 of 3: too small"),
        ((4, 10.22), [10.22, 4], "the parts are right, their order is not"),
        ([1, -1], [-1, 1], "the parts are right, their order is not"),
        ([1, -2], [-1, 2], "the sign is the other way round"),
        (["a", "x"], ["a", "b"], "part 2 of 2: not the right text"),
        ({"a": 1, "b": 3}, {"a": 1, "b": 2}, "b: too large"),
        ({"c": 1}, {"a": 1}, "no part is called c; the parts are a"),
        (3, {"a": 1}, "a dict with the keys a is expected, got one number"),
        (-GRADIENT, GRADIENT, "the sign is the other way round"),
        (2 * GRADIENT, GRADIENT, "every entry is 2 times the right one"),
        (GRADIENT / 50, GRADIENT, "every entry is 1/50 of the right one"),
        (GRADIENT * 0.9285714, GRADIENT, "every entry is off by one factor"),
        (GRADIENT[::-1], GRADIENT, "the entries are right, their order is not"),
        ([1, -2, 4.5], GRADIENT, "1 of 3 entries are wrong; the first, at 2, is too large"),
        ([[1, -2, 4]], GRADIENT, "the shape is (1, 3), expected (3,)"),
        ([np.nan, -2, 4], GRADIENT, "entries are not a number (nan)"),
        (
            np.uint8([0, 9]),
            np.uint8([1, 8]),
            "2 of 2 entries are wrong; the first, at 0, is too small",
        ),
        (["a", "b", "c"], np.array(["a", "c", "b"]), "2 of 3 entries are wrong"),
        ([True, False], np.array([True, True]), "1 of 2 entries are wrong"),
        (np.round(ROWS, 2), ROWS, "5 of 9 entries are wrong; the first, at (1, 0), is too large"),
    ],
)
def test_wrong_in_many_ways(capsys, given, expected, message):
    assert verdict(given, expected) == message
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("given", [1, 13, 336, 0.111, 1e6, -5.3])
@pytest.mark.parametrize("expected", [14.5, 337, 2, 0.25])
def test_a_wrong_number_is_no_division_away_from_the_right_one(given, expected):
    assert not re.search(r"\d\.\d|\d{2}", verdict(given, expected).replace("100", ""))


@pytest.mark.parametrize(
    ("given", "expected", "line"),
    [
        (..., 7, "no answer yet"),
        ([..., ...], [1, 2], "no answer yet"),
        ([1, ...], [1, 2], "right so far, 1 of 2 parts to go"),
        ({"b": 2}, {"a": 1, "b": 2}, "right so far, 1 of 2 parts to go"),
    ],
)
def test_an_answer_may_be_begun(capsys, given, expected, line):
    check.answer("E", given, expected)
    assert capsys.readouterr().out == f"E: {line}\n"


def test_what_has_begun_is_judged():
    assert verdict([..., 3], [1, 2]) == "part 2 of 2: too large"


def test_answer_within_a_tolerance():
    check.answer("E", 1.98, 2, rtol=0.03)
    check.answer("E", 1.01, 1.0, rtol=0.02)
    assert verdict(1.01, 1.0, rtol=0.005) == "too large"


def test_answer_does_not_write_to_what_it_is_given():
    given, expected = np.array([2.0, 4.5]), np.array([1.0, 2])
    verdict(given, expected)
    assert given.tolist() == [2, 4.5]
    assert expected.tolist() == [1, 2]


THING = object()


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ([[1, 2], 3], [[1, 2], 3]),
        (THING, THING),
        ("[1, 2]", np.array([1.0, 2])),
        ("false", False),
        (np.array(["A", "b "]), np.array(["a", "b"])),
    ],
)
def test_a_right_answer_of_another_form(given, expected, capsys):
    check.answer("E", given, expected)
    assert capsys.readouterr().out == "E: right\n"


@pytest.mark.parametrize(
    ("given", "expected", "said"),
    [
        ([1, 2], [[1], [1, 2]], "part 1 of 2: 1 parts are expected, got one number"),
        ([3, 1, 2], [1, 2, 3], "the parts are right, their order is not"),
        ([3, 1, 4], [1, 2, 3], "part 1 of 3: too large"),
        ([[1, 5], 3], [[1, 2], 3], "part 1 of 2: part 2 of 2: too large"),
        ([[1, ...], 3], [[1, 2], 3], "part 1 of 2: a part is missing"),
        (np.array(["a", "b"]), np.array(["a", "c"]), "1 of 2 entries are wrong"),
        (["a"], np.array(["a", "c"]), "the shape is (1,), expected (2,)"),
        (object(), THING, "is expected, got"),
        ([True, False], np.array([True, True]), "1 of 2 entries are wrong"),
        (1, np.array([True, True]), "the shape is (), expected (2,)"),
        (None, np.array([True]), "got None"),
        ([None, 1], np.array([1.0, 2]), "got None"),
        ([..., 1], np.array([1.0, 2]), "an entry is missing"),
        ([0.0] * 9, [float(n) for n in range(1, 10)], " more"),
        ("text", THING, "is expected, got the text 'text'"),
        (2, THING, "is expected, got one number"),
        ("1/0", 2.0, "a number is expected, got the text '1/0'"),
    ],
)
def test_a_wrong_answer_of_another_form(given, expected, said):
    with pytest.raises(AssertionError) as wrong:
        check.answer("E", given, expected)
    assert said in str(wrong.value)
