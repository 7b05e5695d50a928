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
    ("value", "bounds", "line"),
    [
        (0.97999, {"at_least": 0.98}, "measured 0.97999, at least 0.98 does not hold"),
        (
            0.9,
            {"at_least": 0.95, "rival": 0.8},
            "measured 0.9, at least 0.95 does not hold; rival 0.8",
        ),
        (2**62 + 1, {"at_most": 2**62}, f"measured {2**62 + 1}, at most {2**62} does not hold"),
        (
            0.98,
            {"at_least": 0.97, "rival": 0.975},
            "measured 0.98, at least 0.97; rival 0.975, which would pass too",
        ),
        (
            0.98,
            {"at_least": 0.97, "rival": 0.97},
            "measured 0.98, at least 0.97; rival 0.97, which would pass too",
        ),
    ],
)
def test_claim_shows_what_fails(capsys, value, bounds, line):
    with raises(AssertionError, f"accuracy: {line}"):
        check.claim("accuracy", value, **bounds)
    assert capsys.readouterr().out == ""


def test_rival_is_printed(capsys):
    check.claim("accuracy", 0.98, at_least=0.97, rival=0.9)
    check.claim("ratio", 2, at_least=1, at_most=3, rival=np.inf)
    check.close("softmax", [1.0], [1.0], atol=0.1, rival=0.5)
    assert capsys.readouterr().out.splitlines() == [
        "accuracy: measured 0.98, at least 0.97; rival 0.9",
        "ratio: measured 2, at least 1 and at most 3; rival inf",
        "softmax: largest difference 0, at most 0.1; rival 0.5",
    ]
    with raises(
        AssertionError,
        "softmax: largest difference 0, at most 0.1; rival 0.05, which would pass too",
    ):
        check.close("softmax", [1.0], [1.0], atol=0.1, rival=0.05)


@pytest.mark.parametrize(
    ("value", "bounds", "line"),
    [
        (2, {"at_most": np.nan}, "at_most must be finite, got nan"),
        (2, {"at_least": -np.inf}, "at_least must be finite, got -inf"),
        (2, {"at_most": 3, "rival": np.nan}, "the rival must be a number, got nan"),
        ([1, 2], {"at_most": 3}, "the value must be one number, got an array of shape (2,)"),
        (None, {"at_most": 3}, "the value must be one number, got a NoneType"),
        ("2", {"at_most": 3}, "the value must be one number, got a str"),
        (2, {"at_most": [3]}, "the at_most must be one number, got an array of shape (1,)"),
    ],
)
def test_claim_refuses_what_is_no_number(value, bounds, line):
    with raises(ValueError, f"accuracy: {line}"):
        check.claim("accuracy", value, **bounds)


def test_close_does_not_overflow_or_round():
    with pytest.raises(AssertionError, match=r"largest difference 1\.2e\+05, at most 1000"):
        check.close("half", np.float16([60000]), np.float16([-60000]), atol=1000)
    check.close("half", np.float16([60000]), np.float16([-60000]), atol=1e9)  # 120000, not inf
    with pytest.raises(AssertionError, match=r"largest difference 1, at most 0\.5"):
        check.close("counts", np.int64([2**62 + 1]), np.int64([2**62]), atol=0.5)


@pytest.mark.parametrize("atol", [np.inf, np.nan, -1])
def test_close_refuses_a_bound_that_decides_nothing(atol):
    with pytest.raises(ValueError, match=r"^f: atol must be"):
        check.close("f", [1.0], [1.0], atol=atol)


def test_close_refuses_words():
    with raises(ValueError, "f: only numbers can be compared, got <U1"):
        check.close("f", ["a"], ["a"], atol=1)
