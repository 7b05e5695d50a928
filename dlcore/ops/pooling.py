"""Pooling: windows become one number each."""

from functools import reduce

import numpy as np

from dlcore._arguments import pool_arguments
from dlcore._windows import counts, gather


def max_pool2d(x, pool_size=2, *, strides=None, padding="valid"):
    r"""Maximum over windows of each channel.

    .. math:: p_{n,i,j,c} = \max_{0 \le u < k_h,\, 0 \le v < k_w} x_{n,\, s_h i+u,\, s_w j+v,\, c}

    Args:
        x: images or feature maps, shape (N, H, W, C).
        pool_size: window in pixels, one integer or (k_h, k_w).
        strides: step of the window, one integer or (s_h, s_w); None means `pool_size`.
        padding: "valid" drops rows and columns that fill no window, "same" keeps them, as in
            `conv2d`; what is padded never wins.

    Returns:
        Shape (N, H', W', C), sizes as in `conv2d`.

    Raises:
        ValueError: for a wrong rank, a window larger than the image, a window or stride below 1,
            or an unknown padding.

    Source: ``keras.ops.max_pool``.
    """
    x, size, strides = pool_arguments("max_pool2d", x, pool_size, strides)
    views = gather(x, size, strides=strides, padding=padding, fill=-np.inf)
    return reduce(np.maximum, views[1:], views[0].copy())


def avg_pool2d(x, pool_size=2, *, strides=None, padding="valid"):
    r"""Mean over windows of each channel, of the pixels within the image: padding is not counted.

    .. math:: p_{n,i,j,c} = \frac{1}{k_h k_w} \sum_{u,v} x_{n,\, s_h i+u,\, s_w j+v,\, c}

    Args, returns, raises: as `max_pool2d`.

    Source: ``keras.ops.average_pool``.
    """
    x, size, strides = pool_arguments("avg_pool2d", x, pool_size, strides)
    sums = reduce(np.add, gather(x, size, strides=strides, padding=padding))
    return sums / counts(x.shape, size, strides=strides, padding=padding, dtype=x.dtype)
