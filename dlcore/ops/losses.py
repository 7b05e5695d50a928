"""Losses, one number a row."""

import numpy as np

from dlcore._arguments import clipped, floating, one_hot, targets
from dlcore.ops.activations import log_softmax


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
    y_true, y_pred = targets("mean_squared_error", y_true, y_pred)
    return np.square(y_true - y_pred).mean(axis=-1)


def binary_crossentropy(y_true, y_pred, *, from_logits=False):
    r"""Loss of each row of yes-or-no predictions, mean over its d columns, in nats.

    From probabilities p: :math:`-\frac{1}{d}\sum_k y_k \log p_k + (1 - y_k)\log(1 - p_k)`, with p
    clipped to [1e-7, 1 - 1e-7]; from logits o, where :math:`p = \sigma(o)`, without clipping:
    :math:`\frac{1}{d}\sum_k \log(1 + e^{o_k}) - y_k o_k`.
    Shapes and errors are those of `mean_squared_error`.

    Source: ``keras.losses.binary_crossentropy``.
    """
    y_true, y_pred = targets("binary_crossentropy", y_true, y_pred)
    if from_logits:
        losses = np.logaddexp(0, y_pred) - y_true * y_pred
    else:
        p = clipped(y_pred)
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
    y_true, y_pred = targets("categorical_crossentropy", y_true, y_pred)
    logarithms = log_softmax(y_pred) if from_logits else np.log(clipped(y_pred))
    return -(y_true * logarithms).sum(axis=-1)


def sparse_categorical_crossentropy(y_true, y_pred, *, from_logits=False):
    """`categorical_crossentropy` with labels 0 to C - 1, shape (N,), instead of one-hot rows.

    Raises:
        ValueError: if the labels are not N integers from 0 to C - 1.

    Source: ``keras.losses.sparse_categorical_crossentropy``.
    """
    y_pred = floating(y_pred)
    return categorical_crossentropy(one_hot(y_true, y_pred), y_pred, from_logits=from_logits)
