"""Activations, and the scores that become probabilities."""

import numpy as np

from dlcore._arguments import floating


def relu(x):
    """Rectified linear unit: ``max(x, 0)``, element by element, of any shape.

    Source: ``keras.ops.relu``.
    """
    return np.maximum(floating(x), 0)


def sigmoid(x):
    r"""Logistic function :math:`1 / (1 + e^{-x})`, element by element, of any shape.

    ``exp`` is given only negative numbers, so that it never overflows.

    Source: ``keras.ops.sigmoid``.
    """
    x = floating(x)
    small = np.exp(-np.abs(x))
    return np.where(x >= 0, 1, small) / (1 + small)


def softmax(x, axis=-1):
    r"""Probabilities from logits: :math:`p_k = e^{x_k} / \sum_j e^{x_j}` along `axis`.

    The maximum is subtracted first. It cancels in the quotient and keeps ``exp`` from overflowing.

    Returns:
        The shape of `x`; positive, and 1 in sum along `axis`.

    Source: ``keras.ops.softmax``.
    """
    x = floating(x)
    exponentials = np.exp(x - x.max(axis=axis, keepdims=True))
    return exponentials / exponentials.sum(axis=axis, keepdims=True)


def log_softmax(x, axis=-1):
    r"""Logarithm of `softmax` without its underflow: :math:`x_k - \log \sum_j e^{x_j}`.

    Returns:
        The shape of `x`; at most 0.

    Source: ``keras.ops.log_softmax``.
    """
    x = floating(x)
    x = x - x.max(axis=axis, keepdims=True)
    return x - np.log(np.exp(x).sum(axis=axis, keepdims=True))
