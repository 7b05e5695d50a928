"""Derivative of the LSTM: backpropagation through time along its additive path."""

import numpy as np

from dlcore._arguments import of_output
from dlcore.ops.activations import sigmoid
from dlcore.ops.gates import gate_arguments


def lstm(dy, x, kernel, recurrent_kernel, bias):
    r"""Gradients of the LSTM; the sum hands `dc` on, times the forget gate alone.

    .. math:: dc_{t-1} = f_t \odot dc_t

    Args: dy of the shape of the output (N, T, h); the others as in `ops.lstm`.

    Returns:
        (dx, d_kernel, d_recurrent_kernel, d_bias), in the shapes of the arguments.

    Raises:
        ValueError: as `ops.lstm`, and for a wrong shape of dy.

    Source: the chain rule; derived by hand, held to finite differences.
    """
    x, kernel, recurrent_kernel, bias = gate_arguments(
        "lstm", 4, x, kernel, recurrent_kernel, bias, rows=()
    )
    inputs = x @ kernel + bias
    dy = of_output("lstm", dy, (*x.shape[:2], len(recurrent_kernel)), inputs.dtype)
    h = c = np.zeros((len(x), len(recurrent_kernel)), inputs.dtype)
    steps = []
    for t in range(x.shape[1]):
        i, f, g, o = np.split(inputs[:, t] + h @ recurrent_kernel, 4, axis=1)
        i, f, g, o = sigmoid(i), sigmoid(f), np.tanh(g), sigmoid(o)
        before, c = (h, c), f * c + i * g
        h = o * np.tanh(c)
        steps.append((*before, i, f, g, o, np.tanh(c)))
    dz, d_recurrent = np.empty_like(inputs), np.zeros_like(recurrent_kernel)
    dh = dc = np.zeros_like(h)
    for t in reversed(range(x.shape[1])):
        h, c, i, f, g, o, s = steps[t]
        dh = dh + dy[:, t]
        dc = dc + dh * o * (1 - s * s)
        parts = dc * g * i * (1 - i), dc * c * f * (1 - f), dc * i * (1 - g * g)
        dz[:, t] = np.concatenate([*parts, dh * s * o * (1 - o)], axis=1)
        d_recurrent += h.T @ dz[:, t]
        dh, dc = dz[:, t] @ recurrent_kernel.T, dc * f
    return dz @ kernel.T, np.tensordot(x, dz, ((0, 1), (0, 1))), d_recurrent, dz.sum((0, 1))
