"""What happens over a plane: regions of classes, paths over contours."""

import numpy as np

from dlcore.plot._axes import axes_or_new
from dlcore.plot._colours import MINUS, PLUS, SIGNED
from dlcore.plot._finite import finite


def decision_regions(predict, x, y, *, ax=None):
    """Where a classifier of points in the plane says one class and where the other.

    Blue stands for class 0, orange for class 1, as in `interactive`.

    Args:
        predict: takes points (M, 2), returns scores (M,) in [0, 1]; 0.5 is the border.
        x: the points to show, shape (N, 2).
        y: their classes, 0 or 1, shape (N,); drawn as circles and triangles.
        ax: the Axes to draw on, or None for a new figure.

    Returns:
        The Axes.

    Raises:
        ValueError: if `x` is not (N, 2), `y` is not (N,) or holds anything but 0 and 1, or a
            point or a score is not finite.
    """
    x, y = finite("points x", x), np.asarray(y)
    if x.ndim != 2 or x.shape[1] != 2 or y.shape != x.shape[:1]:
        raise ValueError(
            f"points x must be (N, 2) and classes y (N,); got x {x.shape}, y {y.shape}"
        )
    if not np.isin(y, (0, 1)).all():
        raise ValueError(f"classes y must be 0 or 1; got {np.unique(y)}")
    margin = 0.1 * np.ptp(x, axis=0)
    spans = [
        np.linspace(*ends, 120) for ends in zip(x.min(0) - margin, x.max(0) + margin, strict=True)
    ]
    grid = np.stack(np.meshgrid(*spans), axis=-1)
    scores = finite("scores", predict(grid.reshape(-1, 2))).reshape(grid.shape[:2])
    ax = axes_or_new(ax, figsize=(5, 4))
    levels = np.linspace(0, 1, 11)
    shades = SIGNED((levels[1:] + levels[:-1]) / 2) * [1, 1, 1, 0.6]
    areas = ax.contourf(*spans, scores, levels=levels, colors=shades)
    areas.set_rasterized(True)  # their outlines would be most of a drawing
    if scores.min() < 0.5 < scores.max():  # else there is no border, and matplotlib would warn
        ax.contour(*spans, scores, levels=[0.5], colors="black", linewidths=1)
    for label, marker, color in ((0, "o", MINUS), (1, "^", PLUS)):
        ax.plot(*x[y == label].T, marker, color=color, markersize=4, markeredgecolor="black")
    ax.set(xlabel="$x_1$", ylabel="$x_2$")
    return ax


def trajectories(function, paths, *, xlim, ylim, ax=None):
    """Paths over the contours of a function of two variables, each with its name.

    Args:
        function: takes two arrays of one shape, returns the heights in that shape.
        paths: name -> points, shape (T, 2), drawn as far as the limits; the name stands at the
            last point within them.
        xlim, ylim: the ends of the axes.
        ax: the Axes to draw on, or None for a new figure.

    Returns:
        The Axes.

    Raises:
        ValueError: if the heights have another shape or are not finite, or if a path has no point
            within the limits.
    """
    spans = np.linspace(*xlim, 200), np.linspace(*ylim, 200)
    heights = finite("heights", function(*np.meshgrid(*spans)))
    if heights.shape != (200, 200):
        raise ValueError(f"function must return the shape it is given; got {heights.shape}")
    ax = axes_or_new(ax, figsize=(6, 4.4))
    levels = np.quantile(heights, np.linspace(0, 1, 18) ** 2)
    ax.contour(*spans, heights, levels=np.unique(levels), colors="gray", linewidths=0.6)
    low, high = np.transpose([xlim, ylim])
    for name, path in paths.items():
        path = np.asarray(path)
        inside = path[((low <= path) & (path <= high)).all(axis=1)]
        if not len(inside):
            raise ValueError(f"path {name!r} has no point with x in {xlim} and y in {ylim}")
        (line,) = ax.plot(*path.T, marker=".", markersize=4, linewidth=1.2)
        ax.annotate(
            name, inside[-1], xytext=(5, 5), textcoords="offset points", color=line.get_color()
        )
    ax.set(xlim=xlim, ylim=ylim, xlabel=r"$\theta_1$", ylabel=r"$\theta_2$")
    return ax
