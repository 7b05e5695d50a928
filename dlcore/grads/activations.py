"""Derivatives of `ops.activations`."""

from dlcore import ops
from dlcore._arguments import same_shape


def relu(dy, x):
    """Gradient of ``max(x, 0)``: `dy` where x > 0, else 0, also at x = 0 as in TensorFlow.

    Raises:
        ValueError: if the shapes differ.

    Source: ``keras.ops.relu``.
    """
    dy, x = same_shape("relu", dy, x)
    return dy * (x > 0)


def sigmoid(dy, x):
    r"""Gradient of the logistic function: :math:`dy \, \sigma(x)(1 - \sigma(x))`.

    Raises:
        ValueError: if the shapes differ.

    Source: ``keras.ops.sigmoid``.
    """
    dy, x = same_shape("sigmoid", dy, x)
    return dy * ops.sigmoid(x) * ops.sigmoid(-x)


def softmax(dy, x, axis=-1):
    r"""Gradient of softmax: :math:`p_k \bigl(dy_k - \sum_j dy_j p_j\bigr)` along `axis`.

    Raises:
        ValueError: if the shapes differ.

    Source: ``keras.ops.softmax``.
    """
    dy, x = same_shape("softmax", dy, x)
    p = ops.softmax(x, axis)
    return p * (dy - (dy * p).sum(axis=axis, keepdims=True))


def log_softmax(dy, x, axis=-1):
    r"""Gradient of log-softmax: :math:`dy_k - p_k \sum_j dy_j` along `axis`.

    Raises:
        ValueError: if the shapes differ.

    Source: ``keras.ops.log_softmax``.
    """
    dy, x = same_shape("log_softmax", dy, x)
    return dy - ops.softmax(x, axis) * dy.sum(axis=axis, keepdims=True)
