"""Figures that more than one page needs. The data come first, the rest by keyword.

One picture takes `ax` (None: a new figure) and returns the Axes; a grid returns its Figure.
Colours, sizes and the transparent background come from ``chapters/matplotlibrc``.
"""

from dlcore.plot.curves import curves, gradient_norms, intervals, reliability
from dlcore.plot.images import confusion, heat_map, images, kernels
from dlcore.plot.planes import decision_regions, trajectories

__all__ = [
    "confusion",
    "curves",
    "decision_regions",
    "gradient_norms",
    "heat_map",
    "images",
    "intervals",
    "kernels",
    "reliability",
    "trajectories",
]
