"""Convolution of images, and its transpose."""

import numpy as np

from dlcore._arguments import add_bias, images_and_kernel
from dlcore._windows import enlarged, gather, scatter


def conv2d(x, kernel, bias=None, *, strides=1, padding="valid", dilation_rate=1):
    r"""Cross-correlation of images with filters, what deep learning calls convolution.

    .. math:: y_{n,i,j,f} =
        b_f + \sum_{u,v,c} K_{u,v,c,f}\, x_{n,\, s_h i + d_h u,\, s_w j + d_w v,\, c}

    Args:
        x: images, shape (N, H, W, C).
        kernel: filters, shape (k_h, k_w, C, F).
        bias: one number a filter, shape (F,), or None for none.
        strides: step s of the window in pixels, one integer or (s_h, s_w).
        padding: "valid", no padding, or "same", zeros around the image such that the output has
            ceil(H / s_h) rows and ceil(W / s_w) columns. An odd row or column of zeros goes to
            the bottom or the right, as in TensorFlow.
        dilation_rate: step d between the pixels of a window, one integer or (d_h, d_w); the window
            then spans (k_h - 1) d_h + 1 rows. Keras allows it only with strides of 1.

    Returns:
        Shape (N, H', W', F); for "valid", H' = (H - span) // s_h + 1.

    Raises:
        ValueError: for a wrong rank, channels that differ, a window larger than the image, a
            stride or dilation below 1, an unknown padding, or a bias that is not (F,).

    Source: ``keras.ops.conv``.
    """
    x, kernel = images_and_kernel(x, kernel)
    views = gather(
        x, kernel.shape[:2], strides=strides, padding=padding, dilation_rate=dilation_rate
    )
    n, height, width, _ = views[0].shape
    weights = kernel.reshape(-1, kernel.shape[3])
    y = np.empty((n, height * width, kernel.shape[3]), np.result_type(x, kernel))
    for i in range(n):  # image by image: its patches stay in the processor's cache
        patches = np.concatenate([view[i] for view in views], axis=-1)
        np.matmul(patches.reshape(height * width, -1), weights, out=y[i])
    return add_bias(y.reshape(n, height, width, kernel.shape[3]), bias)


def conv2d_transpose(x, kernel, bias=None, *, strides=1, padding="valid"):
    r"""Transposed convolution: each pixel adds its filter to the output, times its value.

    .. math:: y_{n,a,b,f} = b_f + \sum_{u,v,c} K_{u,v,f,c}\, x_{n,i,j,c}
        \quad\text{with } s_h i + u = a,\; s_w j + v = b

    It is the adjoint of `conv2d` with the same kernel, strides and padding: for images z in the
    shape of y, without a bias, ``sum(conv2d_transpose(x, kernel) * z)`` is
    ``sum(x * conv2d(z, kernel))``. It undoes the shape of a convolution, not its values.

    Args:
        x: images, shape (N, H, W, C).
        kernel: filters, shape (k_h, k_w, F, C): the channels of the output come before those of
            the input.
        bias: one number a channel of the output, shape (F,), or None for none.
        strides: step s from one pixel's filter to the next, one integer or (s_h, s_w).
        padding: "valid", every pixel's whole filter, H' = H s_h + max(k_h - s_h, 0), or "same",
            H' = H s_h: of the rows that hang over, half are cut off at the top, and of an odd
            number the one more at the bottom.

    Returns:
        Shape (N, H', W', F).

    Raises:
        ValueError: for a wrong rank, channels that differ, a stride below 1, an unknown padding,
            an image without pixels, or a bias that is not (F,).

    Source: ``keras.ops.conv_transpose``; Dumoulin and Visin, 2016, arXiv:1603.07285.
    """
    x, kernel = images_and_kernel(x, kernel, transposed=True)
    window = {"strides": strides, "padding": padding}
    shape = len(x), *enlarged(x.shape[1:3], kernel.shape[:2], **window), kernel.shape[2]
    rows = x.reshape(-1, x.shape[3])
    parts = (
        (rows @ kernel[u, v].T).reshape(*x.shape[:3], shape[3])
        for u, v in np.ndindex(kernel.shape[:2])
    )
    dtype = np.result_type(x, kernel)
    return add_bias(scatter(parts, shape, kernel.shape[:2], dtype=dtype, **window), bias)
