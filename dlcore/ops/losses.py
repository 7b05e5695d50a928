"""Losses, one number a row."""

import numpy as np

from dlcore._arguments import clipped, floating, one_hot, targets
from dlcore.ops.activations import log_softmax


def mean_squared_error(y_true, y_pred):
    r"""Loss of each row of predictions: :math:`\frac{1}{d}\sum_k (y_k - \hat y_k)^2`.

    Args:
        y_true: targets, shape (N, d), or of any other rank: a row is the last axis.
        y_pred: predictions, in the same shape.

    Returns:
        The shape without the last axis, (N,); in the targets' unit squared.

    Raises:
        ValueError: unless the shapes are the same: (N,) and (N, 1) would broadcast to (N, N).

    Source: ``keras.losses.mean_squared_error``.
    """
    y_true, y_pred = targets("mean_squared_error", y_true, y_pred)
    return np.square(y_true - y_pred).mean(axis=-1)


def binary_crossentropy(y_true, y_pred, *, from_logits=False):
    r"""Loss of each row of yes-or-no predictions, mean over its d columns, in nats.

    From probabilities p: :math:`-\frac{1}{d}\sum_k y_k \log p_k + (1 - y_k)\log(1 - p_k)`, with p
    clipped to [1e-7, 1 - 1e-7] (in float16 to [2^-11, 1 - 2^-11]: 1 - 1e-7 is 1 there); from
    logits o, where :math:`p = \sigma(o)`, without clipping:
    :math:`\frac{1}{d}\sum_k y_k \log(1 + e^{-o_k}) + (1 - y_k) \log(1 + e^{o_k})`, two terms of
    one sign. The shorter :math:`\log(1 + e^{o_k}) - y_k o_k` is the same number, but a difference
    of two large ones: for y = 1 and o = 20, in float32, it is 0 instead of 2e-9.
    Shapes and errors are those of `mean_squared_error`.

    Source: ``keras.losses.binary_crossentropy``.
    """
    y_true, y_pred = targets("binary_crossentropy", y_true, y_pred)
    if from_logits:
        losses = y_true * np.logaddexp(0, -y_pred) + (1 - y_true) * np.logaddexp(0, y_pred)
    else:
        p, _ = clipped(y_pred)
        losses = -(y_true * np.log(p) + (1 - y_true) * np.log(1 - p))
    return losses.mean(axis=-1)


def categorical_crossentropy(y_true, y_pred, *, from_logits=False):
    r"""Loss of each row of class scores against one-hot labels, in nats.

    From probabilities p: :math:`-\sum_k y_k \log p_k`, with p clipped to [1e-7, 1 - 1e-7] as Keras
    clips it, so one row costs at most 16.118 nats (in float16 7.625, as in `binary_crossentropy`);
    from logits, `log_softmax` takes the place of the logarithm and nothing is clipped: a class
    with a logit of -inf costs nothing where its label is 0, inf elsewhere. Each row of
    probabilities must sum to 1: Keras divides by the sum, this does not. Shapes and errors are
    those of `mean_squared_error`, with d classes.

    Source: ``keras.losses.categorical_crossentropy``.
    """
    y_true, y_pred = targets("categorical_crossentropy", y_true, y_pred)
    if from_logits:
        logarithms = np.where(y_true == 0, 0, log_softmax(y_pred))  # 0 times -inf is NaN
    else:
        logarithms = np.log(clipped(y_pred)[0])
    return -(y_true * logarithms).sum(axis=-1)


def sparse_categorical_crossentropy(y_true, y_pred, *, from_logits=False):
    """`categorical_crossentropy` with labels 0 to C - 1 instead of one-hot rows.

    The labels have the shape of the predictions without the last axis, (N,).

    Raises:
        ValueError: if the labels are not integers from 0 to C - 1, one for each row.

    Source: ``keras.losses.sparse_categorical_crossentropy``.
    """
    y_pred = floating(y_pred)
    return categorical_crossentropy(one_hot(y_true, y_pred), y_pred, from_logits=from_logits)
