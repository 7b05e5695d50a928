"""Images, filters, and matrices drawn as images."""

import matplotlib.pyplot as plt
import numpy as np

from dlcore.plot._axes import axes_or_new


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
    ax = axes_or_new(ax, figsize=(4, 3.2))
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
    ax = axes_or_new(ax, figsize=(6, 5.4))
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
