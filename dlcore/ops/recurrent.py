"""Layers that carry a state along a sequence."""

import numpy as np

from dlcore._arguments import add_bias, sequences


def simple_rnn(x, kernel, recurrent_kernel, bias=None, *, initial_state=None, mask=None):
    r"""States of a simple recurrent layer, one a step, with the same weights at every step.

    .. math:: h_t = \tanh(x_t W + h_{t-1} U + b), \qquad t = 1, \dots, T

    Where the mask is False a step is skipped: :math:`h_t = h_{t-1}`.

    Args:
        x: sequences, shape (N, T, d).
        kernel: :math:`W`, shape (d, h).
        recurrent_kernel: :math:`U`, shape (h, h).
        bias: :math:`b`, shape (h,), or None for none.
        initial_state: :math:`h_0`, shape (N, h), or None for zeros.
        mask: which steps count, shape (N, T), or None for all.

    Returns:
        The states h_1 to h_T, shape (N, T, h).

    Raises:
        ValueError: if the shapes do not fit one another.

    Source: Elman, Cognitive Science 14, 1990; ``keras.layers.SimpleRNN(return_sequences=True)``,
    which returns 0 instead of `initial_state` before the first step that counts.
    """
    x, kernel, recurrent_kernel, h, mask = sequences(
        "simple_rnn", x, kernel, recurrent_kernel, initial_state, mask
    )
    states = add_bias(x @ kernel, bias)  # for all steps at once: no x waits for a state
    states = states.astype(np.result_type(states, recurrent_kernel, h), copy=False)
    for t in range(x.shape[1]):
        new = states[:, t]  # a view: what is written to it is a row of the result
        new += h @ recurrent_kernel
        np.tanh(new, out=new)
        if mask is not None:
            np.copyto(new, h, where=~mask[:, t, None])
        h = new
    return states
