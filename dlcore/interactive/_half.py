"""A network's weights in the page: half precision, for they are most of what it loads."""

import base64

import numpy as np


def rounded(weights):
    """The weights as float16.

    Raises:
        ValueError: if one is not finite, or too large for float16.
    """
    weights = [np.asarray(w) for w in weights]
    if not all((np.abs(w) <= np.finfo(np.float16).max).all() for w in weights):
        raise ValueError("weights must be finite numbers that float16 can hold")
    return [w.astype("<f2") for w in weights]


def packed(weights):
    """What was rounded, one after the other, in base 64."""
    return base64.b64encode(b"".join(w.tobytes() for w in weights)).decode()
