"""Derivatives of `ops.pooling`."""

from functools import reduce

import numpy as np

from dlcore._arguments import of_output, pool_arguments
from dlcore._windows import counts, gather, scatter


def max_pool2d(dy, x, pool_size=2, *, strides=None, padding="valid"):
    """Gradient of `ops.max_pool2d`: each window passes its `dy` to its maximum.

    Of equal maxima the first one, row by row, takes all of it, as in TensorFlow. A pixel that
    wins in windows that overlap gets the sum.

    Args:
        dy: gradient with respect to the maxima, shape (N, H', W', C).
        x, pool_size, strides, padding: as given to `ops.max_pool2d`.

    Returns:
        dx, shape (N, H, W, C).

    Raises:
        ValueError: for what `ops.max_pool2d` refuses, and if `dy` has not the shape of its result.

    Source: ``keras.ops.max_pool``.
    """
    x, size, strides = pool_arguments("max_pool2d", x, pool_size, strides)
    views = gather(x, size, strides=strides, padding=padding, fill=-np.inf)
    dy = of_output("max_pool2d", dy, views[0].shape)
    shares = _shares(dy, views)
    return scatter(shares, x.shape, size, strides=strides, padding=padding, dtype=x.dtype)


def avg_pool2d(dy, x, pool_size=2, *, strides=None, padding="valid"):
    """Gradient of `ops.avg_pool2d`: each window shares its `dy` equally among its pixels.

    Of `x` only the shape matters. Args, returns: as in `max_pool2d`.

    Raises:
        ValueError: for what `ops.avg_pool2d` refuses, and if `dy` has not the shape of its result.

    Source: ``keras.ops.average_pool``.
    """
    x, size, strides = pool_arguments("avg_pool2d", x, pool_size, strides)
    window = {"strides": strides, "padding": padding, "dtype": x.dtype}
    pixels = counts(x.shape, size, **window)
    dy = of_output("avg_pool2d", dy, (len(x), *pixels.shape[1:3], x.shape[3]))
    return scatter(size[0] * size[1] * [dy / pixels], x.shape, size, **window)


def _shares(dy, views):
    """What each pixel of a window gets of `dy`, offset by offset."""
    largest = reduce(np.maximum, views)
    for view in views:
        share = (view == largest) * dy
        yield share
        dy = dy - share  # nothing is left for an equal maximum
