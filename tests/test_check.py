"""The checks: what they print, when they raise, how they explain a wrong answer."""

import re

import numpy as np
import pytest

from dlcore import check


def raises(error, message):
    return pytest.raises(error, match=f"^{re.escape(message)}$")


@pytest.mark.parametrize(
    ("ours", "reference", "atol", "line"),
    [
        ([1.0, 2], [1.0, 2], 0, "largest difference 0, at most 0"),
        ([1.0, 2], [1.25, 1.5], 0.5, "largest difference 0.5, at most 0.5"),
        ([1.0, 2], [1.5, 1.75], 0.5, "largest difference 0.5, at most 0.5"),
        (np.float32([[1]]), np.float64([[1.00001]]), 1e-4, "largest difference 1e-05, at most 0.0"),
        ([], [], 1e-6, "largest difference 0, at most 1e-06"),
        ([True], [True], 0, "largest difference 0, at most 0"),
    ],
)
def test_close_prints_the_difference_and_the_bound(capsys, ours, reference, atol, line):
    check.close("softmax", ours, reference, atol=atol)
    printed = capsys.readouterr().out
    assert printed.startswith(f"softmax: {line}")
    assert printed.count("\n") == 1


@pytest.mark.parametrize(
    ("ours", "reference", "line"),
    [
        ([1.0, 2], [1.0, 2.75], "largest difference 0.75, at most 0.5 does not hold"),
        ([1.0, 2], [1.0, 1.25], "largest difference 0.75, at most 0.5 does not hold"),
        ([1.0, np.nan], [1.0, 2], "largest difference nan, at most 0.5 does not hold"),
        (np.uint8([0]), np.uint8([255]), "largest difference 255, at most 0.5 does not hold"),
        ([True], [False], "largest difference 1, at most 0.5 does not hold"),
        ([1.0], [[1.0]], "shapes (1,) and (1, 1) differ"),  # broadcasting would hide it
    ],
)
def test_close_raises_with_the_difference_and_the_bound(capsys, ours, reference, line):
    with raises(AssertionError, f"conv2d: {line}"):
        check.close("conv2d", ours, reference, atol=0.5)
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("value", "bounds", "line"),
    [
        (0.98, {"at_least": 0.98}, "measured 0.98, at least 0.98"),
        (0.98, {"at_most": 0.98}, "measured 0.98, at most 0.98"),
        (2, {"at_least": 1, "at_most": 3}, "measured 2, at least 1 and at most 3"),
        (np.float32(0.5), {"at_most": 0.5}, "measured 0.5, at most 0.5"),
    ],
)
def test_claim_prints_the_number_and_the_bounds(capsys, value, bounds, line):
    check.claim("accuracy", value, **bounds)
    assert capsys.readouterr().out == f"accuracy: {line}\n"


@pytest.mark.parametrize(
    ("value", "bounds", "line"),
    [
        (0.97, {"at_least": 0.98}, "measured 0.97, at least 0.98 does not hold"),
        (0.99, {"at_most": 0.98}, "measured 0.99, at most 0.98 does not hold"),
        (4, {"at_least": 1, "at_most": 3}, "measured 4, at least 1 and at most 3 does not hold"),
        (0, {"at_least": 1, "at_most": 3}, "measured 0, at least 1 and at most 3 does not hold"),
        (np.nan, {"at_most": 3}, "measured nan, at most 3 does not hold"),
    ],
)
def test_claim_raises_with_the_number_and_the_bounds(capsys, value, bounds, line):
    with raises(AssertionError, f"accuracy: {line}"):
        check.claim("accuracy", value, **bounds)
    assert capsys.readouterr().out == ""


def test_claim_without_a_bound_is_none():
    with raises(ValueError, "accuracy: a claim needs at_least, at_most or both"):
        check.claim("accuracy", 0.98)


@pytest.mark.parametrize(
    ("given", "expected", "line"),
    [
        (..., 7, "no answer yet"),
        (7, 7, "right"),
        (7.000006, 7, "right"),
        ([1, -2, 4], [1.0, -2, 4], "right"),
        ([1, -2, 4 + 3e-6], [1, -2, 4], "right"),
        ([1 + 3e-6, -2, 4], [1, -2, 4], "right"),
        (0, 0, "right"),
        (1e-7, 0, "right"),
        ([], [], "right"),
        ("same", "same", "right"),
        (["a", "b"], ["a", "b"], "right"),
    ],
)
def test_answer_that_is_right_or_not_given(capsys, given, expected, line):
    check.answer("Exercise 1", given, expected)
    assert capsys.readouterr().out == f"Exercise 1: {line}\n"


GRADIENT = [1.0, -2, 4]


@pytest.mark.parametrize(
    ("given", "expected", "diagnosis"),
    [
        (0.0, [], "the shape is (), expected (0,)"),
        ([[1, -2, 4]], GRADIENT, "the shape is (1, 3), expected (3,)"),
        ([-1, 2, -4], GRADIENT, "the sign is the other way round"),
        ([2, -4, 8], GRADIENT, "the scale is off: 2 times the right answer"),
        ([-0.5, 1, -2], GRADIENT, "the scale is off: -0.5 times the right answer"),
        (7.000008, 7, "the scale is off: 1.000001 times the right answer"),
        ([1, -2, 4.5], GRADIENT, "off by up to 0.5"),
        ([1, -2.25, 4], GRADIENT, "off by up to 0.25"),
        ([1 + 5e-6, -2, 4], GRADIENT, "off by up to 5e-06"),
        ([0, 0, 0], GRADIENT, "off by up to 4"),
        (3, 0, "off by up to 3"),
        (np.inf, 1, "off by up to inf"),
        ([np.nan, -2, 4], GRADIENT, "off by up to nan"),
        (np.uint8(255), np.uint8(1), "the scale is off: 255 times the right answer"),
        (np.uint8([0, 9]), np.uint8([1, 8]), "off by up to 1"),
        ("valid", "same", "1 of 1 entries are wrong"),
        (["a", "b", "c"], ["a", "c", "b"], "2 of 3 entries are wrong"),
        ([True, False], [True, True], "1 of 2 entries are wrong"),
        ("seven", 7, "1 of 1 entries are wrong"),
        (7, "seven", "1 of 1 entries are wrong"),
        (None, 7, "1 of 1 entries are wrong"),
    ],
)
def test_answer_that_is_wrong(capsys, given, expected, diagnosis):
    with raises(AssertionError, f"Exercise 1: {diagnosis}"):
        check.answer("Exercise 1", given, expected)
    assert capsys.readouterr().out == ""


def test_answer_within_a_tolerance():
    check.answer("Exercise 2", 1.01, 1.0, rtol=0.02)
    with pytest.raises(AssertionError):
        check.answer("Exercise 2", 1.01, 1.0, rtol=0.005)


def test_answer_does_not_write_to_what_it_is_given():
    given, expected = np.array([2.0, 4.5]), np.array([1.0, 2])
    with pytest.raises(AssertionError):
        check.answer("Exercise 3", given, expected)
    assert given.tolist() == [2, 4.5]
    assert expected.tolist() == [1, 2]


@pytest.mark.parametrize(
    ("given", "expected", "complaint"),
    [
        ([[1], [1, 2]], [1, 2], "E: the rows of [[1], [1, 2]] differ in length"),
        (None, 3, "E: it is None, as of a function without return"),
        ("3", 3, "E: the type is str32, expected int64"),
        (True, "yes", "E: the type is bool, expected str96"),
    ],
)
def test_an_answer_of_another_kind_is_named(given, expected, complaint):
    with pytest.raises(AssertionError, match=re.escape(complaint)):
        check.answer("E", given, expected)
