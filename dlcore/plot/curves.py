"""Lines and dots over one axis."""

import numpy as np
from matplotlib.ticker import MaxNLocator

from dlcore.plot._axes import axes_or_new


def curves(series, *, xlabel, ylabel, yscale="linear", ax=None):
    """Lines over steps 1, 2, ..., each with its name at its end.

    Args:
        series: name -> values, one a step; the names are drawn beside the lines, and one above the
            other where lines end together.
        xlabel, ylabel: what the axes show, with units.
        yscale: "linear" or "log".
        ax: the Axes to draw on, or None for a new figure.

    Returns:
        The Axes.
    """
    ax = axes_or_new(ax, figsize=(6, 3.6))
    ax.set(xlabel=xlabel, ylabel=ylabel, yscale=yscale)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ends = []
    for name, values in series.items():
        (line,) = ax.plot(np.arange(1, len(values) + 1), values, marker=".")
        ends.append((name, (len(values), values[-1]), line.get_color()))
    ax.get_ylim()  # settles the limits that transData needs
    lowest = -np.inf  # where the next name may stand, in points
    for name, end, color in sorted(ends, key=lambda end: end[1][1]):
        height = ax.transData.transform(end)[1] * 72 / ax.figure.dpi
        at = max(height, lowest)
        ax.annotate(
            name, end, xytext=(6, at - height), textcoords="offset points",
            va="center", color=color,
        )  # fmt: skip
        lowest = at + 12
    return ax


def intervals(rows, *, xlabel, ax=None):
    """Every measurement as a dot, its interval as a bar, one row a name from top to bottom.

    Args:
        rows: name -> (values, low, high): all measurements and the ends of their interval.
        xlabel: what was measured, with its unit.
        ax: the Axes to draw on, or None for a new figure.

    Returns:
        The Axes.
    """
    ax = axes_or_new(ax, figsize=(6.4, 0.55 * len(rows) + 0.9))
    for y, (values, low, high) in enumerate(rows.values()):
        ax.plot([low, high], [y, y], color="C0", linewidth=3, alpha=0.5, solid_capstyle="butt")
        ax.plot(values, np.full(np.shape(values), y), "o", color="C0", markersize=5)
    ax.set_yticks(range(len(rows)), rows)
    ax.set_ylim(len(rows) - 0.5, -0.5)
    ax.set_xlabel(xlabel)
    ax.grid(axis="x", alpha=0.3)
    return ax


def gradient_norms(series, *, ax=None):
    """Norms of the gradient from the first layer to the last, as `curves` on a logarithmic axis."""
    return curves(series, xlabel="layer", ylabel="norm of the gradient", yscale="log", ax=ax)


def reliability(confidence, accuracy, counts, *, ax=None):
    """A reliability diagram: accuracy against stated confidence, one dot a bin.

    Args:
        confidence: mean stated probability of each bin, shape (B,).
        accuracy: share of right answers in each bin, shape (B,).
        counts: predictions in each bin, shape (B,); empty bins are left out.
        ax: the Axes to draw on, or None for a new figure.

    Returns:
        The Axes.

    Raises:
        ValueError: if the three do not have one shape.
    """
    confidence, accuracy, counts = map(np.asarray, (confidence, accuracy, counts))
    if not confidence.shape == accuracy.shape == counts.shape:
        raise ValueError(
            f"shapes differ: confidence {confidence.shape}, accuracy {accuracy.shape}, "
            f"counts {counts.shape}"
        )
    ax = axes_or_new(ax, figsize=(5, 4.6))
    filled = counts > 0
    ax.plot([0, 1], [0, 1], color="gray", linestyle="--", linewidth=1)
    ax.text(0.03, 0.07, "says what it gets", rotation=42, color="dimgray", fontsize="small")
    ax.plot(confidence[filled], accuracy[filled], marker="o")
    for x, y, n in zip(confidence[filled], accuracy[filled], counts[filled], strict=True):
        ax.annotate(f"{n:,}", (x, y), xytext=(6, -11), textcoords="offset points", fontsize="small")
    ax.set(xlim=(0, 1.08), ylim=(0, 1.05), xlabel="stated probability", ylabel="share right")
    return ax
