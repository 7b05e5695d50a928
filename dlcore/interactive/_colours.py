"""The colours of figures that the reader moves, in the page and in the still."""

import numpy as np
from matplotlib.colors import to_rgb

SHADES = 64  # of an image, besides none at 0.5
# Okabe and Ito's colours, as in chapters/matplotlibrc; dashes tell lines apart without colour.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
DASHES = ((), (6, 3), (2, 2), (9, 3, 2, 3), (12, 3), (4, 2, 1, 2))


def shade(values):
    """Values in [0, 1] as places in the palette."""
    return np.rint(SHADES * values).astype(np.uint8)


def palette():
    """Blue to vermilion over transparent, so that it shows on a light page and on a dark one."""
    share = 2 * np.arange(SHADES + 1) / SHADES - 1
    colours = np.where(share[:, None] < 0, to_rgb(COLOURS[0]), to_rgb(COLOURS[1]))
    return np.column_stack([colours, 0.6 * np.abs(share)])
