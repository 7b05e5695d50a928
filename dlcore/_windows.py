"""Windows over images: the one mechanism of convolution and pooling, forward and backward.

A window is given by its `size`, `strides`, `padding` and `dilation_rate`, as Keras gives them.
"""

import operator
from functools import reduce

import numpy as np


def gather(x, size, *, strides, padding, dilation_rate=1, fill=0):
    """For each offset (u, v) in a window, row by row: the pixels there in every window.

    Each view has shape (N, H', W', C); together they hold every window of the images.

    Args:
        x: images, shape (N, H, W, C); with padding, the views look at a copy.
        fill: what "same" puts around the images.
    """
    strides, dilation, span, margins = _geometry(x.shape, size, strides, padding, dilation_rate)
    if padding == "same":
        x = np.pad(x, ((0, 0), *margins, (0, 0)), constant_values=fill)
    return _views(x, strides, dilation, span)


def scatter(parts, shape, size, *, strides, padding, dtype, dilation_rate=1):
    """The adjoint of `gather`: what windows say of a pixel is summed at that pixel.

    Args:
        parts: one array (N, H', W', C) an offset, in the order of `gather`, each used once.
        shape: of the images, (N, H, W, C), which is also that of the result.
    """
    strides, dilation, span, margins = _geometry(shape, size, strides, padding, dilation_rate)
    (top, bottom), (left, right) = margins
    n, height, width, channels = shape
    padded = np.zeros((n, top + height + bottom, left + width + right, channels), dtype)
    for view, part in zip(_views(padded, strides, dilation, span), parts, strict=True):
        view += part
    return padded[:, top : top + height, left : left + width]


def enlarged(size, window, *, strides, padding):
    """Height and width of the image whose windows are as many as `size` says, rows and columns.

    Several images have that many windows; Keras chooses this one. With stride s it has s pixels a
    window, and for "valid" what the last window overhangs.
    """
    if min(size) < 1:
        raise ValueError(f"images x must have pixels; got {size[0]} rows of {size[1]}")
    strides = pair("strides", strides)
    overhang = 0 if _is_same(padding) else 1
    return tuple(
        n * s + overhang * max(k - s, 0) for n, k, s in zip(size, window, strides, strict=True)
    )


def largest(views):
    """The maximum of each window, a new array; NaN if one is in the window."""
    maxima = views[0].copy()
    for view in views[1:]:
        np.maximum(maxima, view, out=maxima)
    return maxima


def counts(shape, size, *, strides, padding, dtype):
    """Pixels of the image in each window, padding left out, shape (1, H', W', 1)."""
    ones = np.ones((1, *shape[1:3], 1), dtype)
    return reduce(np.add, gather(ones, size, strides=strides, padding=padding))


def pair(name, value):
    """Two positive integers from one or two; ValueError, with `name`, for anything else."""
    try:
        both = (value, value) if np.ndim(value) == 0 else value
        rows, columns = map(operator.index, both)
    except (TypeError, ValueError):
        rows = columns = 0
    if min(rows, columns) < 1:
        raise ValueError(f"{name} must be one positive integer or two; got {value!r}")
    return rows, columns


def _is_same(padding):
    if padding not in ("valid", "same"):
        raise ValueError(f"padding must be 'valid' or 'same'; got {padding!r}")
    return padding == "same"


def _geometry(shape, size, strides, padding, dilation_rate):
    """Strides and dilation as pairs, the span of a window, and the margins around the images."""
    strides, dilation = pair("strides", strides), pair("dilation_rate", dilation_rate)
    span = [(k - 1) * d + 1 for k, d in zip(size, dilation, strict=True)]
    margins = [(0, 0), (0, 0)]
    if _is_same(padding):
        margins = [_same_margins(*axis) for axis in zip(shape[1:3], span, strides, strict=True)]
    room = [n + sum(margin) for n, margin in zip(shape[1:3], margins, strict=True)]
    if span[0] > room[0] or span[1] > room[1]:
        raise ValueError(f"a window of {tuple(span)} does not fit into images x {shape}")
    return strides, dilation, span, margins


def _views(x, strides, dilation, span):
    last = [n - k + 1 for n, k in zip(x.shape[1:3], span, strict=True)]
    return [
        x[:, u : u + last[0] : strides[0], v : v + last[1] : strides[1]]
        for u in range(0, span[0], dilation[0])
        for v in range(0, span[1], dilation[1])
    ]


def _same_margins(n, size, stride):
    """Pixels to add before and after an axis of n pixels for ceil(n / stride) windows."""
    total = max((-(-n // stride) - 1) * stride + size - n, 0)
    return total // 2, total - total // 2
