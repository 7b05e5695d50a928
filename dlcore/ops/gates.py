"""Recurrent layers with gates: the state goes from step to step by a sum."""

import numpy as np

from dlcore._arguments import add_bias, floating, sequences, start
from dlcore.ops.activations import sigmoid


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
    steps = lstm_steps(x, kernel, recurrent_kernel, bias, initial_state, mask)
    return np.ascontiguousarray(np.swapaxes(steps["states"][1:], 0, 1))


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
    steps = gru_steps(x, kernel, recurrent_kernel, bias, initial_state, mask)
    return np.ascontiguousarray(np.swapaxes(steps["states"][1:], 0, 1))


def lstm_steps(x, kernel, recurrent_kernel, bias, initial_state, mask):
    """Everything that the steps computed, the steps first: the derivative reads it backwards."""
    h, c = (None, None) if initial_state is None else _pair(initial_state)
    x, kernel, recurrent_kernel, h, mask = sequences(
        "lstm", x, kernel, recurrent_kernel, h, mask, gates=4
    )
    c = start(c, h.shape, h.dtype)
    sums = add_bias(np.swapaxes(x, 0, 1) @ kernel, bias)  # for all steps at once
    sums = sums.astype(np.result_type(sums, recurrent_kernel, h, c), copy=False)
    states = np.empty((len(sums) + 1, *h.shape), sums.dtype)
    cells = np.empty_like(states)
    states[0], cells[0] = h, c
    for t, z in enumerate(sums):  # z is a view: the gates take its place
        z += states[t] @ recurrent_kernel
        i, f, g, o = np.split(z, 4, axis=1)
        kept = np.tanh(g)
        z[:] = sigmoid(z)
        g[:] = kept
        np.add(f * cells[t], i * g, out=cells[t + 1])
        np.multiply(o, np.tanh(cells[t + 1]), out=states[t + 1])
        if mask is not None:
            skipped = ~mask[:, t, None]
            np.copyto(cells[t + 1], cells[t], where=skipped)
            np.copyto(states[t + 1], states[t], where=skipped)
    return {
        "arguments": (x, kernel, recurrent_kernel, h, c, mask),
        "gates": sums, "cells": cells, "states": states,
    }  # fmt: skip


def gru_steps(x, kernel, recurrent_kernel, bias, initial_state, mask):
    """As `lstm_steps`. `read` is what the candidate would read of the state, before the gate r."""
    x, kernel, recurrent_kernel, h, mask = sequences(
        "gru", x, kernel, recurrent_kernel, initial_state, mask, gates=3
    )
    bias = np.zeros((2, kernel.shape[1]), kernel.dtype) if bias is None else floating(bias)
    if bias.shape != (2, kernel.shape[1]):
        raise ValueError(f"bias must have shape {(2, kernel.shape[1])}; got bias {bias.shape}")
    sums = add_bias(np.swapaxes(x, 0, 1) @ kernel, bias[0])
    sums = sums.astype(np.result_type(sums, recurrent_kernel, h), copy=False)
    units = h.shape[1]
    states = np.empty((len(sums) + 1, *h.shape), sums.dtype)
    read = np.empty_like(states[1:])
    states[0] = h
    for t, z in enumerate(sums):
        inner = states[t] @ recurrent_kernel + bias[1]
        read[t] = inner[:, 2 * units :]
        z[:, : 2 * units] = sigmoid(z[:, : 2 * units] + inner[:, : 2 * units])
        u, r, g = np.split(z, 3, axis=1)
        np.tanh(g + r * read[t], out=g)
        np.add(u * states[t], (1 - u) * g, out=states[t + 1])
        if mask is not None:
            np.copyto(states[t + 1], states[t], where=~mask[:, t, None])
    return {
        "arguments": (x, kernel, recurrent_kernel, bias, h, mask),
        "gates": sums, "read": read, "states": states,
    }  # fmt: skip


def _pair(initial_state):
    if not isinstance(initial_state, (tuple, list)) or len(initial_state) != 2:
        raise ValueError(
            "lstm needs initial_state as a pair, h (N, h) and c (N, h); "
            f"got {type(initial_state).__name__} {np.shape(initial_state)}"
        )
    return initial_state
