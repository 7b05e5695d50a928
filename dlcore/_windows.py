"""Windows over images: the one mechanism of convolution and pooling, forward and backward."""

import numpy as np


def window_views(x, size, strides, padding, fill=0, dilation_rate=1):
    """For each offset (u, v) in a window, row by row: the pixels there in every window.

    Each view has shape (N, H', W', C); together they hold every window of the images. Adding to
    the views of zeros is the adjoint: what windows say of a pixel is summed at that pixel.

    Args:
        x: images, shape (N, H, W, C); with padding, the views look at a copy.
        fill: what "same" puts around the images.

    Returns:
        The views, and the images that they look at, without the padding, shape (N, H, W, C).
    """
    strides, dilation = pair("strides", strides), pair("dilation_rate", dilation_rate)
    span = [(k - 1) * d + 1 for k, d in zip(size, dilation, strict=True)]
    height, width = x.shape[1:3]
    top = left = 0
    if padding == "same":
        margins = [_same_margins(*axis) for axis in zip(x.shape[1:3], span, strides, strict=True)]
        x = np.pad(x, ((0, 0), *margins, (0, 0)), constant_values=fill)
        (top, _), (left, _) = margins
    elif padding != "valid":
        raise ValueError(f"padding must be 'valid' or 'same'; got {padding!r}")
    if span[0] > x.shape[1] or span[1] > x.shape[2]:
        raise ValueError(f"a window of {tuple(span)} does not fit into images x {x.shape}")
    last = [n - k + 1 for n, k in zip(x.shape[1:3], span, strict=True)]
    views = [
        x[:, u : u + last[0] : strides[0], v : v + last[1] : strides[1]]
        for u in range(0, span[0], dilation[0])
        for v in range(0, span[1], dilation[1])
    ]
    return views, x[:, top : top + height, left : left + width]


def pair(name, value):
    """Two positive integers from one or two; ValueError, with `name`, for anything else."""
    pair = (value, value) if np.ndim(value) == 0 else tuple(value)
    if len(pair) != 2 or any(v != int(v) or v < 1 for v in pair):
        raise ValueError(f"{name} must be one positive integer or two; got {value!r}")
    return int(pair[0]), int(pair[1])


def _same_margins(n, size, stride):
    """Pixels to add before and after an axis of n pixels for ceil(n / stride) windows."""
    total = max((-(-n // stride) - 1) * stride + size - n, 0)
    return total // 2, total - total // 2
