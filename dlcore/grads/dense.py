"""Derivatives of `ops.dense`."""

import numpy as np

from dlcore._arguments import affine, of_output


def dense(dy, x, kernel):
    """Gradients of ``y = x @ kernel + bias``.

    ``dx = dy @ kernel.T``, ``dkernel = x.T @ dy``, ``dbias`` = the sum of `dy` over all rows.

    Args:
        dy: gradient with respect to y, shape (N, h) or (N, ..., h).
        x: inputs, shape (N, d) or (N, ..., d).
        kernel: weights, shape (d, h).

    Returns:
        dx in the shape of `x`, dkernel (d, h), dbias (h,).

    Raises:
        ValueError: if the shapes do not fit one another.

    Source: Rumelhart, Hinton and Williams, Nature 323, 1986.
    """
    x, kernel = affine(x, kernel)
    dy = of_output("dense", dy, (*x.shape[:-1], kernel.shape[1]), np.result_type(x, kernel))
    columns, rows = x.reshape(-1, len(kernel)).T, dy.reshape(-1, kernel.shape[1])
    gradients = dy @ kernel.T, columns @ rows, rows.sum(axis=0)
    dtypes = x.dtype, kernel.dtype, kernel.dtype
    return tuple(g.astype(dtype, copy=False) for g, dtype in zip(gradients, dtypes, strict=True))
