"""Recurrent layers with gates: an additive path for the state."""

import numpy as np

from dlcore._arguments import floating
from dlcore.ops.activations import sigmoid


def lstm(x, kernel, recurrent_kernel, bias):
    r"""Long short-term memory over a sequence, from a state of zeros.

    .. math:: c_t = f_t \odot c_{t-1} + i_t \odot g_t, \quad h_t = o_t \odot \tanh c_t

    Args:
        x: shape (N, T, d).
        kernel: shape (d, 4h); columns in Keras's order i, f, g, o.
        recurrent_kernel: shape (h, 4h).
        bias: shape (4h,).

    Returns:
        Every h_t, shape (N, T, h).

    Raises:
        ValueError: for shapes that do not fit.

    Source: Hochreiter and Schmidhuber, 1997; ``keras.layers.LSTM``.
    """
    x, kernel, recurrent_kernel, bias = gate_arguments(
        "lstm", 4, x, kernel, recurrent_kernel, bias, rows=()
    )
    inputs = x @ kernel + bias
    h = c = np.zeros((len(x), len(recurrent_kernel)), inputs.dtype)
    y = np.empty((*x.shape[:2], len(recurrent_kernel)), inputs.dtype)
    for t in range(x.shape[1]):
        i, f, g, o = np.split(inputs[:, t] + h @ recurrent_kernel, 4, axis=1)
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
        y[:, t] = h = sigmoid(o) * np.tanh(c)
    return y


def gru(x, kernel, recurrent_kernel, bias):
    r"""Gated recurrent unit over a sequence, from a state of zeros, with Keras's `reset_after`.

    .. math:: h_t = z_t \odot h_{t-1} + (1 - z_t) \odot \tilde h_t

    Args:
        x: shape (N, T, d).
        kernel: shape (d, 3h); columns in Keras's order z, r, candidate.
        recurrent_kernel: shape (h, 3h).
        bias: shape (2, 3h), of the input and of the recurrent map.

    Returns:
        Every h_t, shape (N, T, h).

    Raises:
        ValueError: for shapes that do not fit.

    Source: Cho et al., 2014; ``keras.layers.GRU``.
    """
    x, kernel, recurrent_kernel, bias = gate_arguments(
        "gru", 3, x, kernel, recurrent_kernel, bias, rows=(2,)
    )
    inputs = x @ kernel + bias[0]
    h = np.zeros((len(x), len(recurrent_kernel)), inputs.dtype)
    y = np.empty((*x.shape[:2], len(recurrent_kernel)), inputs.dtype)
    for t in range(x.shape[1]):
        z, r, g = np.split(inputs[:, t], 3, axis=1)
        u_z, u_r, u_g = np.split(h @ recurrent_kernel + bias[1], 3, axis=1)
        z = sigmoid(z + u_z)
        y[:, t] = h = z * h + (1 - z) * np.tanh(g + sigmoid(r + u_r) * u_g)
    return y


def gate_arguments(name, gates, x, kernel, recurrent_kernel, bias, *, rows):
    x, kernel = floating(x), floating(kernel)
    recurrent_kernel, bias = floating(recurrent_kernel), floating(bias)
    width = gates * len(recurrent_kernel)
    if (
        x.ndim != 3
        or kernel.shape != (x.shape[2], width)
        or recurrent_kernel.shape != (len(recurrent_kernel), width)
        or bias.shape != (*rows, width)
    ):
        raise ValueError(
            f"{name} needs x (N, T, d), kernel (d, {gates}h), recurrent_kernel (h, {gates}h) and "
            f"bias {(*rows, f'{gates}h')}; got x {x.shape}, kernel {kernel.shape}, "
            f"recurrent_kernel {recurrent_kernel.shape}, bias {bias.shape}"
        )
    return x, kernel, recurrent_kernel, bias
