"""Figures that more than one page needs. The data come first, the rest by keyword.

One picture takes `ax` (None: a new figure) and returns the Axes; a grid returns its Figure.
Colours, sizes and the transparent background come from ``chapters/matplotlibrc``.
"""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.ticker import MaxNLocator


def images(images, *, titles=None, columns=8, scale=1.0):
    """A grid of grey images on one scale: dark is high, white is low.

    Args:
        images: shape (N, H, W) or (N, H, W, 1).
        titles: N texts to stand above them, or None.
        columns: images a row.
        scale: width and height of one image, in inches.

    Returns:
        The Figure.

    Raises:
        ValueError: if there is no image, the rank is wrong, or titles and images differ in number.
    """
    images = np.asarray(images)
    if images.ndim == 4 and images.shape[3] == 1:
        images = images[..., 0]
    if images.ndim != 3 or not len(images):
        raise ValueError(f"images must be (N, H, W) or (N, H, W, 1) with N > 0; got {images.shape}")
    return _grid(images, titles, columns, scale, "gray_r", (images.min(), images.max()))


def kernels(kernel, *, titles=None, columns=8, scale=1.0):
    """A grid of filters on one scale: red adds, blue subtracts, 0 is the colour of the page.

    Args:
        kernel: filters of one input channel, shape (k_h, k_w, 1, F).

    Keywords, returns: as in `images`.

    Raises:
        ValueError: if the shape is another, or titles and filters differ in number.
    """
    kernel = np.asarray(kernel)
    if kernel.ndim != 4 or kernel.shape[2] != 1 or not kernel.size:
        raise ValueError(f"kernel must be (k_h, k_w, 1, F) and not empty; got {kernel.shape}")
    end = np.abs(kernel).max() or 1
    grid = _grid(np.moveaxis(kernel[:, :, 0], 2, 0), titles, columns, scale, "RdBu_r", (-end, end))
    grid.colorbar(grid.axes[0].images[0], ax=grid.axes, label="weight")
    return grid


def heat_map(image, values, *, label=None, limits=(None, None), ax=None):
    """Values as colours over a grey image: pale yellow is low, dark red is high.

    Args:
        image: shape (H, W) or (H, W, 1); dark is high, as in `images`.
        values: shape (h, w); a grid coarser than the image is enlarged, its cells stay visible.
        label: what the values are, with their unit, beside a colour bar; None for no bar.
        limits: ends of the colour scale, to give several maps one; None means that of `values`.
        ax: the Axes to draw on, or None for a new figure.

    Returns:
        The Axes.

    Raises:
        ValueError: if `image` or `values` has another rank.
    """
    image, values = np.asarray(image), np.asarray(values)
    if values.ndim != 2 or image.ndim not in (2, 3) or image.shape[2:] not in ((), (1,)):
        shapes = f"image {image.shape}, values {values.shape}"
        raise ValueError(f"image must be (H, W) or (H, W, 1) and values (h, w); got {shapes}")
    ax = _axes(ax, figsize=(4, 3.2))
    picture = ax.imshow(image, cmap="gray_r")
    shading = ax.imshow(values, cmap="YlOrRd", alpha=0.6, extent=picture.get_extent())
    shading.set_clim(limits)
    if label is not None:
        ax.figure.colorbar(shading, ax=ax, label=label, shrink=0.8)
    ax.set(xticks=[], yticks=[])
    ax.spines[:].set_visible(False)
    return ax


def confusion(counts, *, ax=None):
    """A confusion matrix with its mistakes shaded and every count written.

    Args:
        counts: shape (C, C); row = true class, column = predicted class.
        ax: the Axes to draw on, or None for a new figure.

    Returns:
        The Axes.

    Raises:
        ValueError: if `counts` is not square.
    """
    counts = np.asarray(counts)
    if counts.ndim != 2 or counts.shape[0] != counts.shape[1]:
        raise ValueError(f"counts must be square, (C, C); got {counts.shape}")
    ax = _axes(ax, figsize=(6, 5.4))
    mistakes = np.where(np.eye(len(counts), dtype=bool), 0, counts)
    shading = ax.imshow(mistakes, cmap="Blues")
    ax.figure.colorbar(shading, ax=ax, label="images", shrink=0.8)
    for (row, column), count in np.ndenumerate(counts):
        dark = mistakes[row, column] > mistakes.max() / 2
        ax.text(
            column, row, count or "·", ha="center", va="center", fontsize="small",
            color="white" if dark else "black", weight="bold" if row == column else "normal",
        )  # fmt: skip
    ticks = range(len(counts))
    ax.set(xticks=ticks, yticks=ticks, xlabel="predicted class", ylabel="true class")
    ax.spines[:].set_visible(False)
    return ax


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
    ax = _axes(ax, figsize=(5, 4.6))
    filled = counts > 0
    ax.plot([0, 1], [0, 1], color="gray", linestyle="--", linewidth=1)
    ax.text(0.03, 0.07, "says what it gets", rotation=42, color="dimgray", fontsize="small")
    ax.plot(confidence[filled], accuracy[filled], marker="o")
    for x, y, n in zip(confidence[filled], accuracy[filled], counts[filled], strict=True):
        ax.annotate(f"{n:,}", (x, y), xytext=(6, -11), textcoords="offset points", fontsize="small")
    ax.set(xlim=(0, 1.08), ylim=(0, 1.05), xlabel="stated probability", ylabel="share right")
    return ax


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
    ax = _axes(ax, figsize=(6, 3.6))
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
    ax = _axes(ax, figsize=(6.4, 0.55 * len(rows) + 0.9))
    for y, (values, low, high) in enumerate(rows.values()):
        ax.plot([low, high], [y, y], color="C0", linewidth=3, alpha=0.5, solid_capstyle="butt")
        ax.plot(values, np.full(np.shape(values), y), "o", color="C0", markersize=5)
    ax.set_yticks(range(len(rows)), rows)
    ax.set_ylim(len(rows) - 0.5, -0.5)
    ax.set_xlabel(xlabel)
    ax.grid(axis="x", alpha=0.3)
    return ax


def decision_regions(predict, x, y, *, ax=None):
    """Where a classifier of points in the plane says one class and where the other.

    Args:
        predict: takes points (M, 2), returns scores (M,) in [0, 1]; 0.5 is the border.
        x: the points to show, shape (N, 2).
        y: their classes, 0 or 1, shape (N,); drawn as circles and triangles.
        ax: the Axes to draw on, or None for a new figure.

    Returns:
        The Axes.

    Raises:
        ValueError: if `x` is not (N, 2), `y` is not (N,) or holds anything but 0 and 1.
    """
    x, y = np.asarray(x), np.asarray(y)
    if x.ndim != 2 or x.shape[1] != 2 or y.shape != x.shape[:1]:
        raise ValueError(
            f"points x must be (N, 2) and classes y (N,); got x {x.shape}, y {y.shape}"
        )
    if not np.isin(y, (0, 1)).all():
        raise ValueError(f"classes y must be 0 or 1; got {np.unique(y)}")
    ax = _axes(ax, figsize=(5, 4))
    margin = 0.1 * np.ptp(x, axis=0)
    spans = [
        np.linspace(*ends, 120) for ends in zip(x.min(0) - margin, x.max(0) + margin, strict=True)
    ]
    grid = np.stack(np.meshgrid(*spans), axis=-1)
    scores = np.asarray(predict(grid.reshape(-1, 2))).reshape(grid.shape[:2])
    ax.contourf(*spans, scores, levels=np.linspace(0, 1, 11), cmap="PuOr", alpha=0.6)
    if scores.min() < 0.5 < scores.max():  # else there is no border, and matplotlib would warn
        ax.contour(*spans, scores, levels=[0.5], colors="black", linewidths=1)
    for label, marker, color in ((0, "o", "C1"), (1, "^", "C3")):
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
        ValueError: if a path has no point within the limits.
    """
    ax = _axes(ax, figsize=(6, 4.4))
    spans = np.linspace(*xlim, 200), np.linspace(*ylim, 200)
    heights = function(*np.meshgrid(*spans))
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


def gradient_norms(series, *, ax=None):
    """Norms of the gradient from the first layer to the last, as `curves` on a logarithmic axis."""
    return curves(series, xlabel="layer", ylabel="norm of the gradient", yscale="log", ax=ax)


def _grid(images, titles, columns, scale, cmap, limits):
    if titles is not None and len(titles) != len(images):
        raise ValueError(f"{len(titles)} titles for {len(images)} images")
    columns = min(columns, len(images))
    rows = -(-len(images) // columns)
    size = columns * scale, rows * scale * (1.35 if titles is not None else 1)
    figure, axes = plt.subplots(rows, columns, figsize=size, squeeze=False)
    for ax in axes.flat:
        ax.axis("off")
    for i, (ax, image) in enumerate(zip(axes.flat, images, strict=False)):
        ax.imshow(image, cmap=cmap, vmin=limits[0], vmax=limits[1])
        if titles is not None:
            ax.set_title(titles[i], fontsize="small")
    return figure


def _axes(ax, *, figsize):
    return plt.subplots(figsize=figsize)[1] if ax is None else ax
