"""The formulas of the book, forward, in NumPy.

Names, arguments and their order are Keras's; images are channels-last. Floating point stays in
the precision of the input, integers become float32 or float64. Functions return new arrays and
never write to their arguments.
"""

from functools import reduce

import numpy as np

from dlcore._windows import pair, window_views


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


def log_softmax(x, axis=-1):
    r"""Logarithm of `softmax` without its underflow: :math:`x_k - \log \sum_j e^{x_j}`.

    Returns:
        The shape of `x`; at most 0.

    Source: ``keras.ops.log_softmax``.
    """
    x = _floating(x)
    x = x - x.max(axis=axis, keepdims=True)
    return x - np.log(np.exp(x).sum(axis=axis, keepdims=True))


def sigmoid(x):
    r"""Logistic function :math:`1 / (1 + e^{-x})`, element by element, of any shape.

    ``exp`` is given only negative numbers, so that it never overflows.

    Source: ``keras.ops.sigmoid``.
    """
    x = _floating(x)
    small = np.exp(-np.abs(x))
    return np.where(x >= 0, 1, small) / (1 + small)


def mean_squared_error(y_true, y_pred):
    r"""Loss of each row of predictions: :math:`\frac{1}{d}\sum_k (y_k - \hat y_k)^2`.

    Args:
        y_true: targets, shape (N, d).
        y_pred: predictions, shape (N, d).

    Returns:
        Shape (N,), in the targets' unit squared.

    Raises:
        ValueError: unless both are (N, d): (N,) and (N, 1) would broadcast to (N, N).

    Source: ``keras.losses.mean_squared_error``.
    """
    y_true, y_pred = _targets("mean_squared_error", y_true, y_pred)
    return np.square(y_true - y_pred).mean(axis=-1)


def binary_crossentropy(y_true, y_pred, *, from_logits=False):
    r"""Loss of each row of yes-or-no predictions, mean over its d columns, in nats.

    From probabilities p: :math:`-\frac{1}{d}\sum_k y_k \log p_k + (1 - y_k)\log(1 - p_k)`, with p
    clipped to [1e-7, 1 - 1e-7]; from logits o, where :math:`p = \sigma(o)`, without clipping:
    :math:`\frac{1}{d}\sum_k \log(1 + e^{o_k}) - y_k o_k`.
    Shapes and errors are those of `mean_squared_error`.

    Source: ``keras.losses.binary_crossentropy``.
    """
    y_true, y_pred = _targets("binary_crossentropy", y_true, y_pred)
    if from_logits:
        losses = np.logaddexp(0, y_pred) - y_true * y_pred
    else:
        p = _clipped(y_pred)
        losses = -(y_true * np.log(p) + (1 - y_true) * np.log(1 - p))
    return losses.mean(axis=-1)


def categorical_crossentropy(y_true, y_pred, *, from_logits=False):
    r"""Loss of each row of class scores against one-hot labels, in nats.

    From probabilities p: :math:`-\sum_k y_k \log p_k`, with p clipped to [1e-7, 1 - 1e-7] as Keras
    clips it, so one row costs at most 16.118 nats; from logits, `log_softmax` takes the place of
    the logarithm and nothing is clipped. Each row of probabilities must sum to 1: Keras divides by
    the sum, this does not. Shapes and errors are those of `mean_squared_error`, with d classes.

    Source: ``keras.losses.categorical_crossentropy``.
    """
    y_true, y_pred = _targets("categorical_crossentropy", y_true, y_pred)
    logarithms = log_softmax(y_pred) if from_logits else np.log(_clipped(y_pred))
    return -(y_true * logarithms).sum(axis=-1)


def sparse_categorical_crossentropy(y_true, y_pred, *, from_logits=False):
    """`categorical_crossentropy` with labels 0 to C - 1, shape (N,), instead of one-hot rows.

    Raises:
        ValueError: if the labels are not N integers from 0 to C - 1.

    Source: ``keras.losses.sparse_categorical_crossentropy``.
    """
    y_pred = _floating(y_pred)
    return categorical_crossentropy(_one_hot(y_true, y_pred), y_pred, from_logits=from_logits)


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
    x, kernel = _images_and_kernel(x, kernel)
    views, _ = window_views(x, kernel.shape[:2], strides, padding, 0, dilation_rate)
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
    x, size, strides = _pool_arguments("max_pool2d", x, pool_size, strides)
    views, _ = window_views(x, size, strides, padding, fill=-np.inf)
    return reduce(np.maximum, views[1:], views[0].copy())


def avg_pool2d(x, pool_size=2, *, strides=None, padding="valid"):
    r"""Mean over windows of each channel, of the pixels within the image: padding is not counted.

    .. math:: p_{n,i,j,c} = \frac{1}{k_h k_w} \sum_{u,v} x_{n,\, s_h i+u,\, s_w j+v,\, c}

    Args, returns, raises: as `max_pool2d`.

    Source: ``keras.ops.average_pool``.
    """
    x, *window = _pool_arguments("avg_pool2d", x, pool_size, strides)
    return _window_sums(x, *window, padding) / _window_counts(x, *window, padding)


def _images_and_kernel(x, kernel):
    x, kernel = _floating(x), _floating(kernel)
    if x.ndim != 4 or kernel.ndim != 4 or x.shape[3] != kernel.shape[2]:
        raise ValueError(
            "conv2d needs x (N, H, W, C) and kernel (k_h, k_w, C, F); "
            f"got x {x.shape}, kernel {kernel.shape}"
        )
    return x, kernel


def _pool_arguments(name, x, pool_size, strides):
    x = _floating(x)
    if x.ndim != 4:
        raise ValueError(f"{name} needs x (N, H, W, C); got x {x.shape}")
    size = pair("pool_size", pool_size)
    return x, size, size if strides is None else strides


def _window_sums(x, *window):
    views, _ = window_views(x, *window)
    return reduce(np.add, views)


def _window_counts(x, *window):
    """Pixels of the image in each window, padding left out, shape (1, H', W', 1)."""
    return _window_sums(np.ones((1, *x.shape[1:3], 1), x.dtype), *window)


def _add_bias(y, bias):
    """Add to `y` itself, which the caller made: a copy of it would cost as much again."""
    if bias is None:
        return y
    bias = _floating(bias)
    if bias.shape != y.shape[-1:]:
        raise ValueError(f"bias must have shape {y.shape[-1:]}; got bias {bias.shape}")
    y += bias
    return y


def _targets(name, y_true, y_pred):
    y_true, y_pred = _floating(y_true), _floating(y_pred)
    if y_true.shape != y_pred.shape or y_pred.ndim != 2:
        raise ValueError(
            f"{name} needs y_true and y_pred of one shape with a row an example; "
            f"got y_true {y_true.shape}, y_pred {y_pred.shape}"
        )
    return y_true, y_pred


def _one_hot(labels, y_pred):
    """Integer labels (N,) as rows of the shape of `y_pred`, (N, C)."""
    labels = np.asarray(labels)
    if y_pred.ndim != 2 or labels.shape != y_pred.shape[:1]:
        raise ValueError(
            "sparse_categorical_crossentropy needs labels y_true (N,) and y_pred (N, C); "
            f"got y_true {labels.shape}, y_pred {y_pred.shape}"
        )
    classes = np.arange(y_pred.shape[1])
    if not np.isin(labels, classes).all():
        raise ValueError(f"labels must be integers from 0 to {len(classes) - 1}; got {labels}")
    return (labels[:, None] == classes).astype(y_pred.dtype)


def _clipped(p):
    return np.clip(p, 1e-7, 1 - 1e-7)


def _floating(x):
    x = np.asarray(x)
    return x if np.issubdtype(x.dtype, np.floating) else x.astype(np.result_type(x, np.float32))
