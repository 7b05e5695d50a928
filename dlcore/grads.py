"""Derivatives of the formulas in `ops`, as vector-Jacobian products.

Each function has the name of its formula. It takes the gradient of the objective with respect to
the formula's output, then the formula's own arguments, and returns the gradient with respect to
its inputs, in their shape. No Jacobian is ever formed.
"""

from functools import reduce

import numpy as np

from dlcore import ops
from dlcore._windows import window_views


def dense(dy, x, kernel):
    """Gradients of ``y = x @ kernel + bias``.

    ``dx = dy @ kernel.T``, ``dkernel = x.T @ dy``, ``dbias`` = the sum of `dy` over the batch.

    Args:
        dy: gradient with respect to y, shape (N, h).
        x: inputs, shape (N, d).
        kernel: weights, shape (d, h).

    Returns:
        dx (N, d), dkernel (d, h), dbias (h,).

    Raises:
        ValueError: if the shapes do not fit one another.

    Source: Rumelhart, Hinton and Williams, Nature 323, 1986.
    """
    dy, x, kernel = map(ops._floating, (dy, x, kernel))
    fit = x.ndim == kernel.ndim == 2 and x.shape[1] == len(kernel)
    if not fit or dy.shape != (len(x), kernel.shape[1]):
        raise ValueError(
            "dense needs dy (N, h), x (N, d) and kernel (d, h); "
            f"got dy {dy.shape}, x {x.shape}, kernel {kernel.shape}"
        )
    return dy @ kernel.T, x.T @ dy, dy.sum(axis=0)


def relu(dy, x):
    """Gradient of ``max(x, 0)``: `dy` where x > 0, else 0, also at x = 0 as in TensorFlow.

    Raises:
        ValueError: if the shapes differ.

    Source: ``keras.ops.relu``.
    """
    dy, x = _same_shape("relu", dy, x)
    return dy * (x > 0)


def sigmoid(dy, x):
    r"""Gradient of the logistic function: :math:`dy \, \sigma(x)(1 - \sigma(x))`.

    Raises:
        ValueError: if the shapes differ.

    Source: ``keras.ops.sigmoid``.
    """
    dy, x = _same_shape("sigmoid", dy, x)
    return dy * ops.sigmoid(x) * ops.sigmoid(-x)


def softmax(dy, x, axis=-1):
    r"""Gradient of softmax: :math:`p_k \bigl(dy_k - \sum_j dy_j p_j\bigr)` along `axis`.

    Raises:
        ValueError: if the shapes differ.

    Source: ``keras.ops.softmax``.
    """
    dy, x = _same_shape("softmax", dy, x)
    p = ops.softmax(x, axis)
    return p * (dy - (dy * p).sum(axis=axis, keepdims=True))


def log_softmax(dy, x, axis=-1):
    r"""Gradient of log-softmax: :math:`dy_k - p_k \sum_j dy_j` along `axis`.

    Raises:
        ValueError: if the shapes differ.

    Source: ``keras.ops.log_softmax``.
    """
    dy, x = _same_shape("log_softmax", dy, x)
    return dy - ops.softmax(x, axis) * dy.sum(axis=axis, keepdims=True)


def mean_squared_error(dy, y_true, y_pred):
    r"""Gradient of the mean squared error: :math:`dy \, \frac{2}{d} (\hat y_k - y_k)`.

    Args:
        dy: gradient with respect to each row's loss, shape (N,); 1/N for the mean of N rows.
        y_true: targets, shape (N, d).
        y_pred: predictions, shape (N, d).

    Returns:
        Gradient with respect to `y_pred`, shape (N, d).

    Raises:
        ValueError: if the shapes do not fit one another.

    Source: ``keras.losses.mean_squared_error``.
    """
    dy, y_true, y_pred = _loss("mean_squared_error", dy, y_true, y_pred)
    return dy * 2 * (y_pred - y_true) / y_pred.shape[1]


def binary_crossentropy(dy, y_true, y_pred, *, from_logits=False):
    r"""Gradient of the binary cross-entropy.

    From logits o: :math:`dy\,\frac{1}{d}(\sigma(o_k) - y_k)`. From probabilities:
    :math:`dy\,\frac{1}{d}\,\frac{p_k - y_k}{p_k (1 - p_k)}`, and 0 where p was clipped.

    Args, returns: as `mean_squared_error`; `y_pred` holds logits if `from_logits`.

    Raises:
        ValueError: if the shapes do not fit one another.

    Source: ``keras.losses.binary_crossentropy``.
    """
    dy, y_true, y_pred = _loss("binary_crossentropy", dy, y_true, y_pred)
    if from_logits:
        slope = ops.sigmoid(y_pred) - y_true
    else:
        p = ops._clipped(y_pred)
        slope = np.where(p == y_pred, (p - y_true) / (p * (1 - p)), 0)
    return dy * slope / y_pred.shape[1]


def categorical_crossentropy(dy, y_true, y_pred, *, from_logits=False):
    r"""Gradient of the categorical cross-entropy.

    From logits: :math:`dy\,(p_k \sum_j y_j - y_k)` with p their softmax, for one-hot labels
    softmax minus one-hot. From probabilities: :math:`-dy\, y_k / p_k`, and 0 where p was clipped.

    Args, returns: as `mean_squared_error`; `y_pred` holds logits if `from_logits`.

    Raises:
        ValueError: if the shapes do not fit one another.

    Source: ``keras.losses.categorical_crossentropy``.
    """
    dy, y_true, y_pred = _loss("categorical_crossentropy", dy, y_true, y_pred)
    if from_logits:
        return log_softmax(-dy * y_true, y_pred)
    p = ops._clipped(y_pred)
    return np.where(p == y_pred, -dy * y_true / p, 0)


def sparse_categorical_crossentropy(dy, y_true, y_pred, *, from_logits=False):
    """`categorical_crossentropy` with labels as integers, shape (N,).

    Raises:
        ValueError: if the shapes do not fit one another or a label is not a class.

    Source: ``keras.losses.sparse_categorical_crossentropy``.
    """
    y_pred = ops._floating(y_pred)
    rows = ops._one_hot(y_true, y_pred)
    return categorical_crossentropy(dy, rows, y_pred, from_logits=from_logits)


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
    x, kernel = ops._images_and_kernel(x, kernel)
    window = kernel.shape[:2], strides, padding, 0, dilation_rate
    views, _ = window_views(x, *window)
    dy = _of_output("conv2d", dy, (*views[0].shape[:3], kernel.shape[3]))
    rows = dy.reshape(-1, kernel.shape[3])
    dbias = np.ones(len(rows), rows.dtype) @ rows  # a fourth of the time of sum(axis=0)
    dkernel = np.empty_like(kernel)
    for (u, v), view in zip(np.ndindex(kernel.shape[:2]), views, strict=True):
        dkernel[u, v] = view.reshape(-1, x.shape[3]).T @ rows
    if not input_gradient:
        return None, dkernel, dbias
    dviews, dx = window_views(np.zeros_like(x), *window)
    for (u, v), dview in zip(np.ndindex(kernel.shape[:2]), dviews, strict=True):
        dview += (rows @ kernel[u, v].T).reshape(dview.shape)
    return dx, dkernel, dbias


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
    x, *window = ops._pool_arguments("max_pool2d", x, pool_size, strides)
    views, _ = window_views(x, *window, padding, fill=-np.inf)
    dviews, dx = window_views(np.zeros_like(x), *window, padding)
    dy = _of_output("max_pool2d", dy, views[0].shape)
    largest = reduce(np.maximum, views)
    for view, dview in zip(views, dviews, strict=True):
        share = (view == largest) * dy
        dview += share
        dy = dy - share  # nothing is left for an equal maximum
    return dx


def avg_pool2d(dy, x, pool_size=2, *, strides=None, padding="valid"):
    """Gradient of `ops.avg_pool2d`: each window shares its `dy` equally among its pixels.

    Of `x` only the shape matters. Args, returns: as in `max_pool2d`.

    Raises:
        ValueError: for what `ops.avg_pool2d` refuses, and if `dy` has not the shape of its result.

    Source: ``keras.ops.average_pool``.
    """
    x, *window = ops._pool_arguments("avg_pool2d", x, pool_size, strides)
    dviews, dx = window_views(np.zeros_like(x), *window, padding)
    dy = _of_output("avg_pool2d", dy, dviews[0].shape)
    share = dy / ops._window_counts(x, *window, padding)
    for dview in dviews:
        dview += share
    return dx


def _of_output(name, dy, shape):
    dy = ops._floating(dy)
    if dy.shape != shape:
        raise ValueError(f"{name} needs dy of the shape of its output, {shape}; got dy {dy.shape}")
    return dy


def _same_shape(name, dy, x):
    dy, x = ops._floating(dy), ops._floating(x)
    if dy.shape != x.shape:
        raise ValueError(f"{name} needs dy of the shape of x; got dy {dy.shape}, x {x.shape}")
    return dy, x


def _loss(name, dy, y_true, y_pred):
    """The arguments as arrays, with `dy` as a column."""
    dy, y_true, y_pred = map(ops._floating, (dy, y_true, y_pred))
    if y_pred.ndim != 2 or y_true.shape != y_pred.shape or dy.shape != y_pred.shape[:1]:
        raise ValueError(
            f"{name} needs dy (N,), y_true and y_pred of one shape (N, d); "
            f"got dy {dy.shape}, y_true {y_true.shape}, y_pred {y_pred.shape}"
        )
    return dy[:, None], y_true, y_pred
