"""What a chapter asserts with: each check prints one line, and raises when it does not hold."""

import numpy as np


def close(name, ours, reference, *, atol):
    """Assert that two arrays agree: ``max |ours - reference| <= atol``.

    Args:
        name: what is compared, for the printed line.
        ours, reference: arrays of one shape.
        atol: largest difference allowed, in the units of the arrays.

    Raises:
        AssertionError: with the difference and the bound, or with both shapes if they differ.
    """
    ours, reference = np.asarray(ours), np.asarray(reference)
    if ours.shape != reference.shape:
        raise AssertionError(f"{name}: shapes {ours.shape} and {reference.shape} differ")
    difference = np.max(np.abs(1.0 * ours - reference), initial=0)  # unsigned would wrap around
    _verdict(name, "largest difference", difference, difference <= atol, f"at most {atol:g}")


def claim(name, value, *, at_least=-np.inf, at_most=np.inf):
    """Assert that a measured number lies within bounds, both included.

    Args:
        name: what was measured, for the printed line.
        value: the number.
        at_least, at_most: the bounds; give one or both.

    Raises:
        ValueError: if no bound is given: such a claim could not fail.
        AssertionError: with the number and the bound it breaks.
    """
    if at_least == -np.inf and at_most == np.inf:
        raise ValueError(f"{name}: a claim needs at_least, at_most or both")
    bounds = [
        f"{word} {bound:g}"
        for word, bound in (("at least", at_least), ("at most", at_most))
        if np.isfinite(bound)
    ]
    _verdict(name, "measured", value, at_least <= value <= at_most, " and ".join(bounds))


def gradient(name, function, gradient, x, *, step=1e-5, rtol=1e-6):
    r"""Assert that a gradient agrees with central differences.

    Each entry of `x` is moved by `step` both ways, in float64:
    :math:`\partial f / \partial x_i \approx (f(x + h e_i) - f(x - h e_i)) / 2h`.

    Args:
        name: what is checked, for the printed line.
        function: takes an array of the shape of `x`, returns a number.
        gradient: the gradient of `function` at `x`, shape of `x`.
        x: where it was computed.
        step: h.
        rtol: largest difference allowed, relative to the largest entry of either gradient.

    Raises:
        AssertionError: with the relative difference and the bound, or both shapes if they differ.
    """
    x, gradient = np.array(x, dtype=float), np.asarray(gradient)
    if gradient.shape != x.shape:
        raise AssertionError(f"{name}: shapes {gradient.shape} of the gradient, {x.shape} of x")
    differences = np.empty_like(x)
    for i in np.ndindex(x.shape):
        kept = x[i]
        x[i] = kept + step
        above = float(function(x))  # a number, not a view into x
        x[i] = kept - step
        differences[i] = (above - function(x)) / (2 * step)
        x[i] = kept
    scale = max(np.max(np.abs(gradient), initial=0), np.max(np.abs(differences), initial=0)) or 1.0
    error = np.max(np.abs(gradient - differences), initial=0) / scale
    _verdict(name, "relative difference", error, error <= rtol, f"at most {rtol:g}")


def answer(name, given, expected, *, rtol=1e-6):
    """Assert that the answer to an exercise is right, or say how it is wrong.

    Args:
        name: the exercise, for the printed line.
        given: the reader's answer, a number or an array; ``...`` stands for none yet and passes.
        expected: the right one.
        rtol: largest difference allowed, relative to the largest entry of `expected`.

    Raises:
        AssertionError: with what is wrong: the shape, the sign, the scale, how many entries or
            by how much.
    """
    if given is ...:
        print(f"{name}: no answer yet")
        return
    try:
        wrong = _diagnosis(np.asarray(given), np.asarray(expected), rtol)
    except ValueError:  # rows of different lengths
        wrong = f"the rows of {given!r} differ in length: it is no array"
    if given is None:
        wrong = "it is None, as of a function without return"
    if wrong:
        raise AssertionError(f"{name}: {wrong}")
    print(f"{name}: right")


@np.errstate(all="ignore")  # a wrong answer may be infinite, the right one 0
def _diagnosis(given, expected, rtol):
    """None for a right answer, else what is wrong with it."""
    if given.shape != expected.shape:
        return f"the shape is {given.shape}, expected {expected.shape}"
    if not (np.issubdtype(given.dtype, np.number) and np.issubdtype(expected.dtype, np.number)):
        if given.dtype.kind != expected.dtype.kind:
            return f"the type is {given.dtype.name}, expected {expected.dtype.name}"
        wrong = int(np.sum(given != expected))
        return f"{wrong} of {expected.size} entries are wrong" if wrong else None
    given, expected = 1.0 * given, 1.0 * expected  # unsigned would wrap around
    scale = np.max(np.abs(expected), initial=0) or 1.0
    if np.allclose(given, expected, rtol=0, atol=rtol * scale):
        return None
    if np.allclose(-given, expected, rtol=0, atol=rtol * scale):
        return "the sign is the other way round"
    ratio = np.sum(given * expected) / np.sum(expected * expected)
    if np.allclose(given / ratio, expected, rtol=0, atol=rtol * scale):
        return f"the scale is off: {ratio:.7g} times the right answer"
    return f"off by up to {np.max(np.abs(given - expected)):.4g}"


def _verdict(name, what, value, holds, bounds):
    line = f"{name}: {what} {value:.4g}, {bounds}"
    if not holds:
        raise AssertionError(line + " does not hold")
    print(line)
