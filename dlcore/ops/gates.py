"""Recurrent layers with gates: the state goes from step to step by a sum."""

import numpy as np

from dlcore._arguments import add_bias, floating, sequences, start


def lstm(x, kernel, recurrent_kernel, bias=None, *, initial_state=None, mask=None):
    r"""States of a layer with long short-term memory.

    With the four parts of :math:`z_t = x_t W + h_{t-1} U + b`, in Keras's order, as i, f, g and o,

    .. math:: c_t = \sigma(f) \odot c_{t-1} + \sigma(i) \odot \tanh(g), \qquad
              h_t = \sigma(o) \odot \tanh(c_t), \qquad t = 1, \dots, T

    Where the mask is False a step is skipped: h and c stay as they were.

    Args:
        x: sequences, shape (N, T, d).
        kernel: :math:`W`, shape (d, 4h).
        recurrent_kernel: :math:`U`, shape (h, 4h).
        bias: :math:`b`, shape (4h,), or None for none.
        initial_state: the pair :math:`h_0` and :math:`c_0`, each of shape (N, h), or None for
            zeros.
        mask: which steps count, shape (N, T), or None for all.

    Returns:
        The states h_1 to h_T, shape (N, T, h).

    Raises:
        ValueError: if the shapes do not fit one another, or the initial state is no pair.

    Source: Hochreiter and Schmidhuber, Neural Computation 9, 1997, with the forget gate of Gers,
    Schmidhuber and Cummins, Neural Computation 12, 2000; ``keras.layers.LSTM``, which returns 0
    instead of h_0 before the first step that counts.
    """
    x, kernel, recurrent_kernel, h, c, mask = lstm_arguments(
        x, kernel, recurrent_kernel, initial_state, mask
    )
    sums = add_bias(np.swapaxes(x, 0, 1) @ kernel, bias)  # for all steps at once, the steps first
    sums = sums.astype(np.result_type(sums, recurrent_kernel, h, c), copy=False)
    states = np.empty((*x.shape[:2], h.shape[1]), sums.dtype)
    for t, z in enumerate(sums):
        z += h @ recurrent_kernel
        i, f, g, o = np.split(lstm_gates(z), 4, axis=1)
        new = f * c + i * g
        out = o * np.tanh(new)
        if mask is not None:
            new, out = (np.where(mask[:, t, None], *pair) for pair in ((new, c), (out, h)))
        states[:, t] = h = out
        c = new
    return states


def gru(x, kernel, recurrent_kernel, bias=None, *, initial_state=None, mask=None):
    r"""States of a layer of gated recurrent units.

    With the three parts of :math:`x_t W + b_0`, in Keras's order, as z, r and g, and those of
    :math:`h_{t-1} U + b_1` as z', r' and g',

    .. math:: h_t = u \odot h_{t-1} + (1 - u) \odot \tanh(g + \sigma(r + r') \odot g'), \qquad
              u = \sigma(z + z')

    This is Keras's ``reset_after=True``, the default there. Where the mask is False a step is
    skipped: :math:`h_t = h_{t-1}`.

    Args:
        x: sequences, shape (N, T, d).
        kernel: :math:`W`, shape (d, 3h).
        recurrent_kernel: :math:`U`, shape (h, 3h).
        bias: :math:`b_0` and :math:`b_1`, shape (2, 3h), or None for none.
        initial_state: :math:`h_0`, shape (N, h), or None for zeros.
        mask: which steps count, shape (N, T), or None for all.

    Returns:
        The states h_1 to h_T, shape (N, T, h).

    Raises:
        ValueError: if the shapes do not fit one another.

    Source: Cho et al., EMNLP 2014; ``keras.layers.GRU``, which returns 0 instead of `initial_state`
    before the first step that counts.
    """
    x, kernel, recurrent_kernel, bias, h, mask = gru_arguments(
        x, kernel, recurrent_kernel, bias, initial_state, mask
    )
    sums = add_bias(np.swapaxes(x, 0, 1) @ kernel, bias[0])
    sums = sums.astype(np.result_type(sums, recurrent_kernel, h), copy=False)
    states = np.empty((*x.shape[:2], h.shape[1]), sums.dtype)
    for t, z in enumerate(sums):
        u, _, g, _ = gru_gates(z, h @ recurrent_kernel + bias[1])
        new = g + u * (h - g)
        states[:, t] = h = new if mask is None else np.where(mask[:, t, None], new, h)
    return states


def lstm_arguments(x, kernel, recurrent_kernel, initial_state, mask):
    h, c = (None, None) if initial_state is None else _pair(initial_state)
    x, kernel, recurrent_kernel, h, mask = sequences(
        "lstm", x, kernel, recurrent_kernel, h, mask, gates=4
    )
    return x, kernel, recurrent_kernel, h, start(c, h.shape, h.dtype), mask


def gru_arguments(x, kernel, recurrent_kernel, bias, initial_state, mask):
    x, kernel, recurrent_kernel, h, mask = sequences(
        "gru", x, kernel, recurrent_kernel, initial_state, mask, gates=3
    )
    bias = np.zeros((2, kernel.shape[1]), kernel.dtype) if bias is None else floating(bias)
    if bias.shape != (2, kernel.shape[1]):
        raise ValueError(f"bias must have shape {(2, kernel.shape[1])}; got bias {bias.shape}")
    return x, kernel, recurrent_kernel, bias, h, mask


def lstm_gates(z):
    """The sums (..., 4h) become i, f, g, o in place; sigmoid(z) is (1 + tanh(z / 2)) / 2."""
    half = np.full(z.shape[-1], 0.5, z.dtype)
    units = len(half) // 4
    half[2 * units : 3 * units] = 1  # the candidate has tanh itself
    z *= half
    np.tanh(z, out=z)
    z *= half
    z += 1 - half
    return z


def gru_gates(z, inner):
    """u, r, g, and what g reads of the state behind r, from the sums of x and of h, (..., 3h)."""
    units = z.shape[-1] // 3
    both = 0.5 * np.tanh(0.5 * (z[..., :-units] + inner[..., :-units])) + 0.5
    u, r, read = both[..., :units], both[..., units:], inner[..., -units:]
    return u, r, np.tanh(z[..., -units:] + r * read), read


def _pair(initial_state):
    if not isinstance(initial_state, (tuple, list)) or len(initial_state) != 2:
        raise ValueError(
            "lstm needs initial_state as a pair, h (N, h) and c (N, h); "
            f"got {type(initial_state).__name__} {np.shape(initial_state)}"
        )
    return initial_state
