"""What a mask lets through of an upstream gradient."""

import numpy as np


def chooser(dy):
    """The function of (dy, mask) that returns `dy` where the mask holds, else 0.

    A product takes an eighth of the time of ``np.where``, but makes NaN of infinity times 0.
    """
    if np.isfinite(dy).all():
        return np.multiply
    return lambda dy, mask: np.where(mask, dy, 0)
