"""Derivatives of `ops.losses`."""

import numpy as np

from dlcore import ops
from dlcore._arguments import clipped, floating, loss, one_hot
from dlcore.grads.activations import log_softmax


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
    dy, y_true, y_pred = loss("mean_squared_error", dy, y_true, y_pred)
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
    dy, y_true, y_pred = loss("binary_crossentropy", dy, y_true, y_pred)
    if from_logits:
        slope = ops.sigmoid(y_pred) - y_true
    else:
        p = clipped(y_pred)
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
    dy, y_true, y_pred = loss("categorical_crossentropy", dy, y_true, y_pred)
    if from_logits:
        return log_softmax(-dy * y_true, y_pred)
    p = clipped(y_pred)
    return np.where(p == y_pred, -dy * y_true / p, 0)


def sparse_categorical_crossentropy(dy, y_true, y_pred, *, from_logits=False):
    """`categorical_crossentropy` with labels as integers, shape (N,).

    Raises:
        ValueError: if the shapes do not fit one another or a label is not a class.

    Source: ``keras.losses.sparse_categorical_crossentropy``.
    """
    y_pred = floating(y_pred)
    rows = one_hot(y_true, y_pred)
    return categorical_crossentropy(dy, rows, y_pred, from_logits=from_logits)
