"""Where a picture is drawn."""

import matplotlib.pyplot as plt


def axes_or_new(ax, *, figsize):
    """The Axes given, or those of a new figure, never the current ones."""
    return plt.subplots(figsize=figsize)[1] if ax is None else ax
