"""check.gradient finds what is usually wrong with a gradient."""

import re

import numpy as np
import pytest

from dlcore import check

A = np.array([[1.0, 2.0], [3.0, 5.0]])
X = np.array([[0.5, -1.0], [2.0, 0.25]])
RIGHT = 2 * A.T @ A @ X


def function(x):
    return np.sum((A @ x) ** 2)


def test_right_gradient_passes_and_leaves_x_alone(capsys):
    x = X.copy()
    x.flags.writeable = False
    check.gradient("quadratic", function, RIGHT, x)
    printed = capsys.readouterr().out
    assert printed.startswith("quadratic: relative difference ")
    assert printed.endswith("at most 1e-06\n")
    assert printed.count("\n") == 1


@pytest.mark.parametrize("wrong", [-RIGHT, RIGHT.T, RIGHT / 2, A.T @ A.T @ X, 0 * RIGHT, RIGHT + 1])
def test_wrong_gradient_raises(wrong):
    with pytest.raises(AssertionError, match="does not hold"):
        check.gradient("quadratic", function, wrong, X)


def test_zero_gradient_of_a_constant():
    check.gradient("constant", lambda x: 1.0, np.zeros(3), np.ones(3))


def test_x_may_be_one_number_or_hold_integers():
    check.gradient("line", lambda x: x, 1.0, 3.0)  # an array without axes: x itself is the number
    check.gradient("parabola", lambda x: np.sum(x**2), [2, 4], [1, 2])


def test_the_bound_is_relative_and_can_be_chosen():
    check.gradient("loose", function, 1.009 * RIGHT, X, rtol=0.01)
    for large in (1.0, 1e6):
        with pytest.raises(
            AssertionError, match=r"relative difference 0\.0099\S*, at most 0\.005 "
        ):
            check.gradient(
                "f", lambda x, large=large: large * function(x), 1.01 * large * RIGHT, X, rtol=0.005
            )


def test_the_step_is_the_distance_to_each_side():
    seen = []
    check.gradient("f", lambda x: seen.append(x.item()) or x.item(), [1.0], [3.0], step=0.25)
    assert seen == [3.25, 2.75]


def test_a_gradient_that_is_no_number():
    with pytest.raises(AssertionError, match="relative difference nan"):
        check.gradient("f", function, np.nan * RIGHT, X)


def test_shapes_are_named():
    for shape in (2,), (1, 3):  # the second would broadcast
        message = re.escape(f"f: shapes {shape} of the gradient, (3,) of x")
        with pytest.raises(AssertionError, match=f"^{message}$"):
            check.gradient("f", np.sum, np.ones(shape), np.ones(3))


def test_a_function_of_many_numbers_is_named():
    message = re.escape(
        "f: the result of the function must be one number, got an array of shape (2,)"
    )
    with pytest.raises(ValueError, match=f"^{message}$"):
        check.gradient("f", lambda x: x**2, np.ones(2), np.ones(2))
