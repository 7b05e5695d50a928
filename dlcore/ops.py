"""The formulas of the book, forward, in NumPy.

Names, arguments and their order are Keras's; images are channels-last. Floating point stays in
the precision of the input, integers become float32 or float64. Functions return new arrays and
never write to their arguments.
"""

from functools import reduce

import numpy as np


def dense(x, kernel, bias=None):
    """Affine map of a batch of rows: ``x @ kernel + bias``.

    Args:
        x: inputs, shape (N, d).
        kernel: weights, shape (d, h).
        bias: offsets, shape (h,), or None for none.

    Returns:
        Shape (N, h).

    Raises:
        ValueError: if the columns of `x` are not the rows of `kernel`, or `bias` is not (h,).

    Source: ``keras.layers.Dense`` without its activation.
    """
    x, kernel = _floating(x), _floating(kernel)
    if x.ndim != 2 or kernel.ndim != 2 or x.shape[1] != kernel.shape[0]:
        raise ValueError(
            f"dense needs x (N, d) and kernel (d, h); got x {x.shape}, kernel {kernel.shape}"
        )
    return _add_bias(x @ kernel, bias)


def relu(x):
    """Rectified linear unit: ``max(x, 0)``, element by element, of any shape.

    Source: ``keras.ops.relu``.
    """
    return np.maximum(_floating(x), 0)


def softmax(x, axis=-1):
    r"""Probabilities from logits: :math:`p_k = e^{x_k} / \sum_j e^{x_j}` along `axis`.

    The maximum is subtracted first. It cancels in the quotient and keeps ``exp`` from overflowing.

    Returns:
        The shape of `x`; positive, and 1 in sum along `axis`.

    Source: ``keras.ops.softmax``.
    """
    x = _floating(x)
    exponentials = np.exp(x - x.max(axis=axis, keepdims=True))
    return exponentials / exponentials.sum(axis=axis, keepdims=True)


def categorical_crossentropy(y_true, y_pred):
    r"""Loss of each row of predicted probabilities: :math:`-\sum_k y_k \log p_k`, in nats.

    Probabilities are clipped to [1e-7, 1 - 1e-7] as Keras clips them, so one row costs at most
    16.118 nats.

    Args:
        y_true: one-hot labels, shape (N, C).
        y_pred: probabilities, shape (N, C).

    Returns:
        Shape (N,).

    Raises:
        ValueError: if the shapes differ, as they do for integer labels.

    Source: ``keras.losses.categorical_crossentropy``.
    """
    y_true, y_pred = _floating(y_true), _floating(y_pred)
    if y_true.shape != y_pred.shape:
        raise ValueError(
            "categorical_crossentropy needs one-hot labels of the shape of the probabilities; "
            f"got y_true {y_true.shape}, y_pred {y_pred.shape}"
        )
    return -(y_true * np.log(np.clip(y_pred, 1e-7, 1 - 1e-7))).sum(axis=-1)


def conv2d(x, kernel, bias=None, *, strides=1, padding="valid"):
    r"""Cross-correlation of images with filters, what deep learning calls convolution.

    .. math:: y_{n,i,j,f} = b_f + \sum_{u,v,c} K_{u,v,c,f}\, x_{n,\, s_h i+u,\, s_w j+v,\, c}

    Args:
        x: images, shape (N, H, W, C).
        kernel: filters, shape (k_h, k_w, C, F).
        bias: one number a filter, shape (F,), or None for none.
        strides: step s of the window in pixels, one integer or (s_h, s_w).
        padding: "valid", no padding, or "same", zeros around the image such that the output has
            ceil(H / s_h) rows and ceil(W / s_w) columns. An odd row or column of zeros goes to
            the bottom or the right, as in TensorFlow.

    Returns:
        Shape (N, H', W', F); for "valid", H' = (H - k_h) // s_h + 1.

    Raises:
        ValueError: for a wrong rank, channels that differ, a window larger than the image, a
            stride below 1, an unknown padding, or a bias that is not (F,).

    Source: ``keras.ops.conv``.
    """
    x, kernel = _floating(x), _floating(kernel)
    if x.ndim != 4 or kernel.ndim != 4 or x.shape[3] != kernel.shape[2]:
        raise ValueError(
            "conv2d needs x (N, H, W, C) and kernel (k_h, k_w, C, F); "
            f"got x {x.shape}, kernel {kernel.shape}"
        )
    views = _window_views(x, kernel.shape[:2], strides, padding, fill=0)
    n, height, width, _ = views[0].shape
    weights = kernel.reshape(-1, kernel.shape[3])
    y = np.empty((n, height * width, kernel.shape[3]), np.result_type(x, kernel))
    for i in range(n):  # image by image: its patches stay in the processor's cache
        patches = np.concatenate([view[i] for view in views], axis=-1)
        np.matmul(patches.reshape(height * width, -1), weights, out=y[i])
    return _add_bias(y.reshape(n, height, width, kernel.shape[3]), bias)


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
    x = _floating(x)
    if x.ndim != 4:
        raise ValueError(f"max_pool2d needs x (N, H, W, C); got x {x.shape}")
    size = _pair("pool_size", pool_size)
    views = _window_views(x, size, size if strides is None else strides, padding, fill=-np.inf)
    return reduce(np.maximum, views[1:], views[0].copy())


def _window_views(x, size, strides, padding, fill):
    """For each offset (u, v) in a window, row by row: the pixels there in every window.

    Each view has shape (N, H', W', C); together they hold every window of the image.
    """
    strides = _pair("strides", strides)
    if padding == "same":
        margins = [_same_margins(*axis) for axis in zip(x.shape[1:3], size, strides, strict=True)]
        x = np.pad(x, ((0, 0), *margins, (0, 0)), constant_values=fill)
    elif padding != "valid":
        raise ValueError(f"padding must be 'valid' or 'same'; got {padding!r}")
    if size[0] > x.shape[1] or size[1] > x.shape[2]:
        raise ValueError(f"a window of {tuple(size)} does not fit into images x {x.shape}")
    spans = [n - k + 1 for n, k in zip(x.shape[1:3], size, strict=True)]
    return [
        x[:, u : u + spans[0] : strides[0], v : v + spans[1] : strides[1]]
        for u in range(size[0])
        for v in range(size[1])
    ]


def _same_margins(n, size, stride):
    """Pixels to add before and after an axis of n pixels for ceil(n / stride) windows."""
    total = max((-(-n // stride) - 1) * stride + size - n, 0)
    return total // 2, total - total // 2


def _pair(name, value):
    pair = (value, value) if np.ndim(value) == 0 else tuple(value)
    if len(pair) != 2 or any(v != int(v) or v < 1 for v in pair):
        raise ValueError(f"{name} must be one positive integer or two; got {value!r}")
    return int(pair[0]), int(pair[1])


def _add_bias(y, bias):
    if bias is None:
        return y
    bias = _floating(bias)
    if bias.shape != y.shape[-1:]:
        raise ValueError(f"bias must have shape {y.shape[-1:]}; got bias {bias.shape}")
    return y + bias


def _floating(x):
    x = np.asarray(x)
    return x if np.issubdtype(x.dtype, np.floating) else x.astype(np.result_type(x, np.float32))
