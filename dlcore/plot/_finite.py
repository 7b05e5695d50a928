"""What cannot be drawn is refused: matplotlib leaves it out without a word."""

import numpy as np


def finite(name, values):
    """`values` as an array, none of them NaN or infinite."""
    values = np.asarray(values)
    lost = np.count_nonzero(~np.isfinite(values))
    if lost:
        raise ValueError(f"{name} must be finite; got {lost} of {values.size} NaN or infinite")
    return values
