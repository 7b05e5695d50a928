"""Derivatives of `ops.convolution`."""

import numpy as np

from dlcore._arguments import images_and_kernel, of_output
from dlcore._windows import gather, scatter


def conv2d(dy, x, kernel, *, strides=1, padding="valid", dilation_rate=1, input_gradient=True):
    r"""Gradients of ``y = conv2d(x, kernel, bias)``.

    Each output is a dot product of the filter with its window, so each passes its gradient, times
    the filter, back to its window, and windows that overlap add up:

    .. math:: dx_{n,a,b,c} = \sum_{u,v,f} K_{u,v,c,f}\, dy_{n,i,j,f}
        \quad\text{with } s_h i + d_h u = a,\; s_w j + d_w v = b

    .. math:: dK_{u,v,c,f} =
        \sum_{n,i,j} x_{n,\, s_h i + d_h u,\, s_w j + d_w v,\, c}\, dy_{n,i,j,f},
        \qquad db_f = \sum_{n,i,j} dy_{n,i,j,f}

    For strides of 1, dx is `dy` convolved with the flipped filters, with zeros all around.

    Args:
        dy: gradient with respect to y, shape (N, H', W', F).
        x, kernel, strides, padding, dilation_rate: as given to `ops.conv2d`.
        input_gradient: False leaves out dx, for which the first layer has no use.

    Returns:
        dx (N, H, W, C) or None, dkernel (k_h, k_w, C, F), dbias (F,).

    Raises:
        ValueError: for what `ops.conv2d` refuses, and if `dy` has not the shape of y.

    Source: LeCun et al., Neural Computation 1, 1989; ``keras.ops.conv``.
    """
    x, kernel = images_and_kernel(x, kernel)
    window = {"strides": strides, "padding": padding, "dilation_rate": dilation_rate}
    views = gather(x, kernel.shape[:2], **window)
    dy = of_output("conv2d", dy, (*views[0].shape[:3], kernel.shape[3]))
    rows = dy.reshape(-1, kernel.shape[3])
    dbias = np.ones(len(rows), rows.dtype) @ rows  # a fourth of the time of sum(axis=0)
    dkernel = np.empty_like(kernel)
    for (u, v), view in zip(np.ndindex(kernel.shape[:2]), views, strict=True):
        dkernel[u, v] = view.reshape(-1, x.shape[3]).T @ rows
    if not input_gradient:
        return None, dkernel, dbias
    parts = (
        (rows @ kernel[u, v].T).reshape(views[0].shape) for u, v in np.ndindex(kernel.shape[:2])
    )
    return scatter(parts, x.shape, kernel.shape[:2], dtype=x.dtype, **window), dkernel, dbias
