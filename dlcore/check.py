"""What a chapter asserts with: each check prints one line, and raises when it does not hold."""

from itertools import combinations

import numpy as np

from dlcore._answer import diagnosis


def close(words, ours, reference, *, atol, rival=None):
    """Assert that two arrays agree: ``max |ours - reference| <= atol``.

    Args:
        words: what is compared, for the printed line.
        ours, reference: arrays of one shape.
        atol: largest difference allowed, in the units of the arrays.
        rival: the difference that would be measured if the claim were false, or None.

    Raises:
        ValueError: if `atol` is negative or not finite, or an array holds no numbers.
        AssertionError: with the difference and the bound, with both shapes if they differ, or
            if the rival would pass.
    """
    atol = _bound(words, "atol", atol)
    if atol < 0:
        raise ValueError(f"{words}: atol must be at least 0, got {atol:g}")
    ours, reference = np.asarray(ours), np.asarray(reference)
    if ours.shape != reference.shape:
        raise AssertionError(f"{words}: shapes {ours.shape} and {reference.shape} differ")
    difference = _largest_difference(words, ours, reference)
    _verdict(words, "largest difference", difference, {"at most": atol}, rival)


def claim(words, value, *, at_least=None, at_most=None, rival=None):
    """Assert that a measured number lies within bounds, both included.

    Args:
        words: the claim, for the printed line.
        value: the number.
        at_least, at_most: the bounds; give one or both.
        rival: the number that would be measured if the claim were false, or None. A bound that
            lets it pass could not tell the two apart.

    Raises:
        ValueError: if no bound is given, since such a claim could not fail; if a bound is not
            finite; if `value` or `rival` is not one number.
        AssertionError: with the number and the bound it breaks, or if the rival would pass.
    """
    given = {"at least": at_least, "at most": at_most}
    bounds = {
        key: _bound(words, key.replace(" ", "_"), bound)
        for key, bound in given.items()
        if bound is not None
    }
    if not bounds:
        raise ValueError(f"{words}: a claim needs at_least, at_most or both")
    _verdict(words, "measured", _number(words, "value", value), bounds, rival)


def gradient(words, function, gradient, x, *, step=1e-5, rtol=1e-6):
    r"""Assert that a gradient agrees with central differences.

    Each entry of `x` is moved by `step` both ways, in float64:
    :math:`\partial f / \partial x_i \approx (f(x + h e_i) - f(x - h e_i)) / 2h`.

    Args:
        words: what is checked, for the printed line.
        function: takes an array of the shape of `x`, returns a number.
        gradient: the gradient of `function` at `x`, shape of `x`.
        x: where it was computed.
        step: h.
        rtol: largest difference allowed, relative to the largest entry of either gradient.

    Raises:
        ValueError: if `function` returns anything but one number.
        AssertionError: with the relative difference and the bound, or both shapes if they differ.
    """
    x, gradient = np.array(x, dtype=float), np.asarray(gradient)
    if gradient.shape != x.shape:
        raise AssertionError(f"{words}: shapes {gradient.shape} of the gradient, {x.shape} of x")
    differences = np.empty_like(x)
    for i in np.ndindex(x.shape):
        kept = x[i]
        x[i] = kept + step
        above = _number(words, "result of the function", function(x))  # no view into x
        x[i] = kept - step
        below = _number(words, "result of the function", function(x))
        differences[i] = (above - below) / (2 * step)
        x[i] = kept
    scale = max(np.max(np.abs(gradient), initial=0), np.max(np.abs(differences), initial=0)) or 1.0
    error = np.max(np.abs(gradient - differences), initial=0) / scale
    _verdict(words, "relative difference", float(error), {"at most": rtol}, None)


def answer(name, given, expected, *, rtol=None):
    """Assert that the answer to an exercise is right, or say how it is wrong.

    Numbers may be fractions, also as texts such as "3/4". In words, blanks and capitals do not
    count, and a tuple may stand for its text. The message does not give the answer away.

    Args:
        name: the exercise, for the printed line.
        given: the reader's answer; ``...``, alone or as a part, stands for none yet and passes.
        expected: the right one: a number, text or array, or a list or dict of such parts.
        rtol: largest difference allowed, relative to the largest entry of the part of `expected`,
            or, below 1/100 of that, to the entry itself. Without it integers are judged exactly
            and other numbers by 1e-6.

    Raises:
        AssertionError: with what is wrong, and in which part: the kind, the shape, the order, the
            sign, a telling factor, or that it is too small or too large.
    """
    wrong, missing, parts = diagnosis(given, expected, rtol)
    if wrong:
        raise AssertionError(f"{name}: {wrong}")
    if not missing:
        print(f"{name}: right")
    elif missing == parts:
        print(f"{name}: no answer yet")
    else:
        print(f"{name}: right so far, {missing} of {parts} parts to go")


def _number(words, what, value):
    """One real number, integers exact; else an error that names the check."""
    if np.ndim(value) != 0:
        raise ValueError(
            f"{words}: the {what} must be one number, got an array of shape {np.shape(value)}"
        )
    try:
        number = value.item() if isinstance(value, (np.generic, np.ndarray)) else value
        if isinstance(number, (str, bytes)):
            raise TypeError
        return int(number) if isinstance(number, int) else float(number)
    except (TypeError, ValueError):
        kind = type(value).__name__
        raise ValueError(f"{words}: the {what} must be one number, got a {kind}") from None


def _bound(words, what, value):
    number = _number(words, what, value)
    if not np.isfinite(number):
        raise ValueError(f"{words}: {what} must be finite, got {number}")
    return number


def _largest_difference(words, ours, reference):
    """In float64, since float16 overflows; integers that float64 would round are kept."""
    for array in ours, reference:
        if array.dtype.kind not in "biufc":
            raise ValueError(f"{words}: only numbers can be compared, got {array.dtype}")
    if ours.dtype.kind in "iu" and reference.dtype.kind in "iu":
        wide = object if max(ours.itemsize, reference.itemsize) == 8 else np.int64
        return int(np.max(np.abs(ours.astype(wide) - reference.astype(wide)), initial=0))
    kind = np.result_type(ours, reference, float)
    with np.errstate(invalid="ignore"):  # inf - inf is nan, which holds no bound
        return float(np.max(np.abs(ours.astype(kind) - reference.astype(kind)), initial=0))


def _holds(value, bounds):
    return all(value >= b if key == "at least" else value <= b for key, b in bounds.items())


def _verdict(words, what, value, bounds, rival):
    numbers = [value, *bounds.values()]
    if rival is not None:
        rival = _number(words, "rival", rival)
        if np.isnan(rival):
            raise ValueError(f"{words}: the rival must be a number, got nan")
        numbers.append(rival)
    shown, *texts = _told_apart(numbers)
    line = f"{words}: {what} {shown}, "
    line += " and ".join(f"{key} {text}" for key, text in zip(bounds, texts, strict=False))
    suffix = "" if rival is None else f"; rival {texts[-1]}"
    if not _holds(value, bounds):
        raise AssertionError(f"{line} does not hold{suffix}")
    if rival is not None and _holds(rival, bounds):
        raise AssertionError(f"{line}{suffix}, which would pass too")
    print(line + suffix)


def _told_apart(numbers):
    """The numbers as texts, with as many digits as it takes to see which of them differ."""
    pairs = list(combinations(range(len(numbers)), 2))
    for digits in range(4, 18):
        seen = [float(f"{n:.{digits}g}") for n in numbers]
        if all((seen[i] == seen[j]) == (numbers[i] == numbers[j]) for i, j in pairs):
            value, *bounds = numbers
            return [f"{value:.{digits}g}", *(f"{b:.{max(digits, 6)}g}" for b in bounds)]
    return [str(number) for number in numbers]
