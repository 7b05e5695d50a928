"""The book's pair of colours for signs: blue is minus, orange is plus, no colour is 0."""

import numpy as np
from matplotlib.colors import ListedColormap, to_rgb

MINUS, PLUS = "#0072B2", "#D55E00"  # Okabe and Ito's, as in `interactive`
_SHARE = np.linspace(-1, 1, 257)  # an odd number: 0 has a place of its own
SIGNED = ListedColormap(
    np.column_stack([np.where(_SHARE[:, None] < 0, to_rgb(MINUS), to_rgb(PLUS)), abs(_SHARE)]),
    name="signed",
)
