"""Derivatives of `ops.convolution`."""

import numpy as np

from dlcore import ops
from dlcore._arguments import images_and_kernel, of_output
from dlcore._windows import enlarged, gather, scatter


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
    dy = of_output("conv2d", dy, (*views[0].shape[:3], kernel.shape[3]), np.result_type(x, kernel))
    rows = dy.reshape(-1, kernel.shape[3])
    dbias = np.ones(len(rows), rows.dtype) @ rows  # a fourth of the time of sum(axis=0)
    dbias = dbias.astype(kernel.dtype, copy=False)
    dkernel = np.empty_like(kernel)
    for (u, v), view in zip(np.ndindex(kernel.shape[:2]), views, strict=True):
        dkernel[u, v] = view.reshape(-1, x.shape[3]).T @ rows
    if not input_gradient:
        return None, dkernel, dbias
    parts = (
        (rows @ kernel[u, v].T).reshape(views[0].shape) for u, v in np.ndindex(kernel.shape[:2])
    )
    return scatter(parts, x.shape, kernel.shape[:2], dtype=x.dtype, **window), dkernel, dbias


def conv2d_transpose(dy, x, kernel, *, strides=1, padding="valid", input_gradient=True):
    r"""Gradients of ``y = conv2d_transpose(x, kernel, bias)``.

    The transpose of the transpose is the convolution itself, so x receives `dy` convolved with the
    kernel; the kernel receives what it would as the kernel of that convolution, with `dy` as its
    image and x as the gradient of its output.

    .. math:: dx_{n,i,j,c} = \sum_{u,v,f} K_{u,v,f,c}\, dy_{n,\, s_h i + u,\, s_w j + v,\, f}

    .. math:: dK_{u,v,f,c} = \sum_{n,i,j} x_{n,i,j,c}\, dy_{n,\, s_h i + u,\, s_w j + v,\, f},
        \qquad db_f = \sum_{n,a,b} dy_{n,a,b,f}

    Args:
        dy: gradient with respect to y, shape (N, H', W', F).
        x, kernel, strides, padding: as given to `ops.conv2d_transpose`.
        input_gradient: False leaves out dx.

    Returns:
        dx (N, H, W, C) or None, dkernel (k_h, k_w, F, C), dbias (F,).

    Raises:
        ValueError: for what `ops.conv2d_transpose` refuses, and if `dy` has not the shape of y.

    Source: Dumoulin and Visin, 2016, arXiv:1603.07285; ``keras.ops.conv_transpose``.
    """
    x, kernel = images_and_kernel(x, kernel, transposed=True)
    window = {"strides": strides, "padding": padding}
    size = enlarged(x.shape[1:3], kernel.shape[:2], **window)
    shape = len(x), *size, kernel.shape[2]
    dy = of_output("conv2d_transpose", dy, shape, np.result_type(x, kernel))
    _, dkernel, _ = conv2d(x, dy, kernel, input_gradient=False, **window)
    dbias = dy.sum(axis=(0, 1, 2)).astype(kernel.dtype, copy=False)
    if not input_gradient:
        return None, dkernel, dbias
    dx = ops.conv2d(dy, kernel, **window)
    return dx.astype(x.dtype, copy=False), dkernel, dbias
