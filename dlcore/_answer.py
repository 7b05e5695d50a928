"""Judges the answer to an exercise without giving the right one away."""

import ast
from fractions import Fraction
from numbers import Number

import numpy as np

SHOWN = 6  # wrong parts that one message names
DEFAULT_RTOL = 1e-6


class Wrong(Exception):  # noqa: N818  (it is a verdict on an answer, not an error of ours)
    """What is wrong with an answer, in words."""


def diagnosis(given, expected, rtol):
    """What is wrong with an answer (None if nothing), its parts that are missing, its parts."""
    labels = None
    if isinstance(expected, dict):
        labels = [str(key) for key in expected]
    elif isinstance(expected, (list, tuple)) and not _is_table(expected):
        labels = [f"part {i} of {len(expected)}" for i in range(1, len(expected) + 1)]
    if given is ...:
        return None, 1, 1
    try:
        if labels is None:
            _judge(given, expected, rtol)
            return None, 0, 1
        given, expected = _parts(given, expected)
        return (*_judge_parts(labels, given, expected, rtol), len(expected))
    except Wrong as wrong:
        return str(wrong), 0, 1


def _is_table(expected):
    """Whether a list stands for an array of two or more axes, not for parts."""
    try:
        array = np.asarray(expected)
    except ValueError:
        return False
    return array.ndim > 1 and array.dtype.kind in "biuf"


def _parts(given, expected):
    """Both as lists of one length."""
    if isinstance(expected, dict):
        if not isinstance(given, dict):
            raise Wrong(f"a dict with the keys {_listed(expected)} is expected, got {_kind(given)}")
        if set(given) - set(expected):
            unknown = _listed(key for key in given if key not in expected)
            raise Wrong(f"no part is called {unknown}; the parts are {_listed(expected)}")
        return [given.get(key, ...) for key in expected], list(expected.values())
    if isinstance(given, str):
        given = _literal(given)
    if not isinstance(given, (list, tuple)) and (given is None or not _guarded(given).ndim):
        raise Wrong(f"{len(expected)} parts are expected, got {_kind(given)}")
    given = list(given)
    if len(given) != len(expected):
        raise Wrong(f"{len(expected)} parts are expected, got {len(given)}")
    return given, list(expected)


def _judge_parts(labels, given, expected, rtol):
    """What is wrong with which part, and how many are missing."""
    present = [i for i, part in enumerate(given) if part is not ...]
    faults = {i: fault for i in present if (fault := _fault(given[i], expected[i], rtol))}
    missing = len(given) - len(present)
    if not faults:
        return None, missing
    if not missing and _in_another_order(given, expected, rtol):
        return "the parts are right, their order is not", 0
    signs = [_fault(given[i], expected[i], rtol) == SIGN for i in present]
    if len(present) > 1 and all(signs):
        return SIGN, missing
    told = [f"{labels[i]}: {fault}" for i, fault in list(faults.items())[:SHOWN]]
    if len(faults) > SHOWN:
        told.append(f"and {len(faults) - SHOWN} more")
    return "; ".join(told), missing


def _in_another_order(given, expected, rtol):
    left = list(given)
    for part in expected:
        match = next((i for i, g in enumerate(left) if not _fault(g, part, rtol)), None)
        if match is None:
            return False
        del left[match]
    return True


def _fault(given, expected, rtol):
    try:
        _judge(given, expected, rtol)
    except Wrong as wrong:
        return str(wrong)
    return None


def _judge(given, expected, rtol):
    """Raise `Wrong` unless one part is right."""
    if given is None:
        raise Wrong("got None: does the function return its result?")
    if isinstance(expected, (dict, list, tuple)) and not _is_table(expected):
        wrong, missing, _ = diagnosis(given, expected, rtol)
        if wrong or missing:
            raise Wrong(wrong or "a part is missing")
        return
    if isinstance(expected, str):
        return _judge_text(given, expected)
    wanted = np.asarray(expected)
    if wanted.dtype.kind not in "biuf":
        try:
            wanted = _numbers(expected)
        except Wrong:  # an array of words, or an object that only equals itself
            return _judge_others(given, expected)
    if wanted.dtype.kind == "b":
        return _judge_truth(given, wanted)
    return _judge_numbers(_numbers(given), wanted, rtol)


def _judge_text(given, expected):
    if not isinstance(given, (str, tuple, list, Number)):
        raise Wrong(f"a text is expected, got {_kind(given)}")
    if isinstance(given, list):
        given = tuple(given)
    if _plain(given) != _plain(expected):
        raise Wrong("not the right text" if isinstance(given, str) else f"{given} is not right")


def _judge_others(given, expected):
    if given is expected:
        return
    wanted = np.asarray(expected)
    if wanted.dtype.kind not in "US":
        raise Wrong(f"{_kind(expected)} is expected, got {_kind(given)}")
    words = np.asarray(_guarded(given))
    if words.shape != wanted.shape:
        raise Wrong(f"the shape is {words.shape}, expected {wanted.shape}")
    wrong = sum(_plain(a) != _plain(b) for a, b in zip(words.flat, wanted.flat, strict=True))
    if wrong:
        raise Wrong(f"{wrong} of {wanted.size} entries are wrong")


def _judge_truth(given, wanted):
    if isinstance(given, str) and _plain(given) in ("true", "false"):
        given = _plain(given) == "true"
    truth = _numbers(given)
    if truth.shape != wanted.shape:
        raise Wrong(f"the shape is {truth.shape}, expected {wanted.shape}")
    wrong = int(np.sum(truth != wanted))
    if wrong:
        raise Wrong(
            "not right" if wanted.size == 1 else f"{wrong} of {wanted.size} entries are wrong"
        )


SIGN = "the sign is the other way round"


@np.errstate(all="ignore")  # a wrong answer may be infinite, the right one 0
def _judge_numbers(given, wanted, rtol):
    if given.shape != wanted.shape:
        raise Wrong(f"the shape is {given.shape}, expected {wanted.shape}")
    bound = _tolerance(given, wanted, rtol)
    counts = wanted.dtype.kind in "iu"
    given, wanted = given.astype(float), wanted.astype(float)  # unsigned would wrap around

    def right(candidate):
        return np.abs(candidate - wanted) <= bound

    if np.all(right(given)):
        return
    if np.all(right(-given)):
        raise Wrong(SIGN)
    bad = np.argwhere(~right(given))
    if not np.all(np.isfinite(given)):
        unfit = "not a number (nan)" if np.any(np.isnan(given)) else "infinite"
        raise Wrong(f"the answer is {unfit}" if given.size == 1 else f"entries are {unfit}")
    ratio = np.sum(given * wanted) / np.sum(wanted * wanted)
    if given.size == 1:
        if not counts:  # the factor of a count is the count
            for factor, told in FACTORS.items():
                if np.all(right(given / factor)):
                    raise Wrong(f"{told} as large as it should be")
        raise Wrong("too small" if given.item() < wanted.item() else "too large")
    if np.all(right(given / ratio)):
        told = _telling(ratio)
        raise Wrong(f"every entry is {told}" if told else "every entry is off by one factor")
    if given.ndim and np.array_equal(np.sort(given, None), np.sort(wanted, None)):
        raise Wrong("the entries are right, their order is not")
    where = bad[0].tolist()
    first = where[0] if len(where) == 1 else tuple(where)
    way = "small" if given[tuple(where)] < wanted[tuple(where)] else "large"
    raise Wrong(
        f"{len(bad)} of {wanted.size} entries are wrong; the first, at {first}, is too {way}"
    )


FACTORS = {2: "twice", 0.5: "half", 100: "100 times", 0.01: "1/100"}


def _telling(ratio):
    """A factor such as 2, 1/2 or N, whose cause can be guessed; None for any other."""
    for value, told in (ratio, "{} times the right one"), (1 / ratio, "1/{} of the right one"):
        if abs(value - round(value)) < 1e-6 * abs(value) and abs(value) < 1e6:
            return told.format(round(value))
    return None


def _tolerance(given, wanted, rtol):
    """Largest difference allowed, entry by entry."""
    size = np.abs(wanted.astype(float))
    rounding = 16 * np.finfo(given.dtype).eps if given.dtype.kind == "f" else 0
    if rtol is None and wanted.dtype.kind in "iu":
        return np.minimum(max(rounding, 1e-12) * np.maximum(size, 1), 0.1)
    relative = DEFAULT_RTOL if rtol is None else rtol
    scale = np.max(size, initial=0)
    if scale == 0:
        return relative
    # A small entry beside large ones is judged on its own, down to what rounding leaves of it.
    unit = np.where(size >= scale / 100, scale, np.maximum(size, scale / 1000))
    return np.maximum(relative * unit, min(rounding, DEFAULT_RTOL) * scale)


def _numbers(given):
    """An array of numbers, of what a reader may give for one; else `Wrong`."""
    if given is None:
        raise Wrong("got None: does the function return its result?")
    if given is ...:
        raise Wrong("an entry is missing")
    if isinstance(given, str):
        try:
            return np.asarray(float(Fraction("".join(given.split()))))
        except (ValueError, ZeroDivisionError):
            literal = _literal(given)
            if isinstance(literal, (list, tuple)):
                return _numbers(literal)
            raise Wrong(f"a number is expected, got the text {given!r}") from None
    if isinstance(given, (list, tuple)):
        rows = [_numbers(row) for row in given]
        shapes = {row.shape for row in rows}
        if len(shapes) > 1:
            raise Wrong("the rows differ in shape: " + _listed(sorted(shapes)))
        return np.stack(rows) if rows else np.array([])
    array = np.asarray(_guarded(given))
    if array.dtype.kind in "OUS" and array.ndim and array.size:
        return _numbers(array.tolist())
    try:
        return array if array.dtype.kind in "biuf" else array.astype(float, casting="unsafe")
    except (TypeError, ValueError, OverflowError):
        raise Wrong(f"a number is expected, got {_kind(given)}") from None


def _guarded(given):
    """The array of an answer, whatever its class thinks of being one."""
    try:
        if np.iscomplexobj(given):
            raise TypeError
        return np.asarray(given)
    except Exception:  # any class may raise anything here
        raise Wrong(f"a number is expected, got {_kind(given)}") from None


def _literal(text):
    try:
        return ast.literal_eval(text.strip())
    except (SyntaxError, ValueError):
        return text


def _plain(text):
    return "".join(str(text).split()).casefold()


def _listed(things):
    return ", ".join(str(thing) for thing in things)


def _kind(thing):
    """How a message calls what it was given."""
    if isinstance(thing, str):
        return f"the text {thing!r}"
    if isinstance(thing, Number):
        return "one number"
    if callable(thing):
        return "a function"
    return f"a {type(thing).__name__}"
