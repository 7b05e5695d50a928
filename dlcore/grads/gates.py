"""Derivatives of recurrent layers with gates: backpropagation through time along the sum."""

import numpy as np

from dlcore._arguments import floating, of_output
from dlcore.ops.gates import gru_steps, lstm_steps


def lstm(dy, x, kernel, recurrent_kernel, bias=None, *, initial_state=None, mask=None):
    r"""Gradients of ``ops.lstm(x, kernel, recurrent_kernel, bias, ...)``.

    From the last step to the first, with i, f, g and o for the gates after their functions and
    :math:`dh_t` for dy at step t and what step t + 1 sends back,

    .. math:: dc_t = dc_{t+1} \odot f_{t+1} + dh_t \odot o_t \odot (1 - \tanh^2 c_t)

    The first term is the path of the sum: no matrix and no tanh stand in it. What the gates get is
    :math:`dc_t` times :math:`g_t, c_{t-1}, i_t`, and :math:`dh_t \odot \tanh c_t` for o, each times
    the slope of its function. What reaches a step that is masked goes to the step before, as it is.

    Args:
        dy: gradient with respect to the states, shape (N, T, h).
        x, kernel, recurrent_kernel, bias, initial_state, mask: as in `ops.lstm`.

    Returns:
        dx (N, T, d), dkernel (d, 4h), drecurrent_kernel (h, 4h), dbias (4h,), and dinitial_state,
        a pair of (N, h).

    Raises:
        ValueError: as `ops.lstm`, and if dy does not have the shape of its output.

    Source: Graves and Schmidhuber, Neural Networks 18, 2005, the full gradient.
    """
    steps = lstm_steps(x, kernel, recurrent_kernel, bias, initial_state, mask)
    x, kernel, recurrent_kernel, h, c, mask = steps["arguments"]
    gates, cells, states = steps["gates"], steps["cells"], steps["states"]
    dy = of_output("lstm", dy, (*x.shape[:2], h.shape[1]), states.dtype)
    dz = np.empty_like(gates)
    dh = dc = np.zeros_like(states[0])
    for t in range(len(gates) - 1, -1, -1):
        i, f, g, o = np.split(gates[t], 4, axis=1)
        squashed = np.tanh(cells[t + 1])
        dh = dh + dy[:, t]
        total = dc + dh * o * (1 - squashed**2)
        parts = (
            total * g * i * (1 - i),
            total * cells[t] * f * (1 - f),
            total * i * (1 - g**2),
            dh * squashed * o * (1 - o),
        )
        np.concatenate(parts, axis=1, out=dz[t])
        if mask is None:
            dh, dc = dz[t] @ recurrent_kernel.T, total * f
        else:
            counts = mask[:, t, None]
            dz[t] *= counts
            dh = dz[t] @ recurrent_kernel.T + np.where(counts, 0, dh)
            dc = np.where(counts, total * f, dc)
    dtype = kernel.dtype if bias is None else floating(bias).dtype
    dx, dkernel, drecurrent = _of_weights(x, kernel, recurrent_kernel, states, dz, dz)
    dbias = dz.sum(axis=(0, 1)).astype(dtype, copy=False)
    start = dh.astype(h.dtype, copy=False), dc.astype(c.dtype, copy=False)
    return dx, dkernel, drecurrent, dbias, start


def gru(dy, x, kernel, recurrent_kernel, bias=None, *, initial_state=None, mask=None):
    r"""Gradients of ``ops.gru(x, kernel, recurrent_kernel, bias, ...)``.

    From the last step to the first, with u and r for the gates and g for the candidate after their
    functions, :math:`dh_t` for dy at step t and what step t + 1 sends back, and
    :math:`q_t = dh_t \odot (1 - u_t) \odot (1 - g_t^2)` at the candidate's sum,

    .. math:: dh_{t-1} = dh_t \odot u_t + d z'_t\, U^\top

    where z' holds the sums of :math:`h_{t-1} U`: at z it is
    :math:`dh_t \odot (h_{t-1} - g_t) \odot u_t (1 - u_t)`, at r
    :math:`q_t \odot g'_t \odot r_t (1 - r_t)`, and at the candidate :math:`q_t \odot r_t`. The
    first term is the path of the sum. What reaches a step that is masked goes to the step before,
    as it is.

    Args:
        dy: gradient with respect to the states, shape (N, T, h).
        x, kernel, recurrent_kernel, bias, initial_state, mask: as in `ops.gru`.

    Returns:
        dx (N, T, d), dkernel (d, 3h), drecurrent_kernel (h, 3h), dbias (2, 3h), dinitial_state
        (N, h).

    Raises:
        ValueError: as `ops.gru`, and if dy does not have the shape of its output.

    Source: the chain rule, for the layer of Cho et al., EMNLP 2014, as Keras computes it.
    """
    steps = gru_steps(x, kernel, recurrent_kernel, bias, initial_state, mask)
    x, kernel, recurrent_kernel, b, h, mask = steps["arguments"]
    gates, read, states = steps["gates"], steps["read"], steps["states"]
    units = h.shape[1]
    dy = of_output("gru", dy, (*x.shape[:2], units), states.dtype)
    dz, dinner = np.empty_like(gates), np.empty_like(gates)
    dh = np.zeros_like(states[0])
    for t in range(len(gates) - 1, -1, -1):
        u, r, g = np.split(gates[t], 3, axis=1)
        dh = dh + dy[:, t]
        candidate = dh * (1 - u) * (1 - g**2)
        parts = dh * (states[t] - g) * u * (1 - u), candidate * read[t] * r * (1 - r), candidate
        np.concatenate(parts, axis=1, out=dz[t])
        if mask is not None:
            dz[t] *= mask[:, t, None]
        dinner[t] = dz[t]
        dinner[t, :, 2 * units :] *= r
        direct = dh * u if mask is None else dh * np.where(mask[:, t, None], u, 1)
        dh = direct + dinner[t] @ recurrent_kernel.T
    dx, dkernel, drecurrent = _of_weights(x, kernel, recurrent_kernel, states, dz, dinner)
    dbias = np.stack([dz.sum(axis=(0, 1)), dinner.sum(axis=(0, 1))])
    return (
        dx, dkernel, drecurrent,
        dbias.astype(b.dtype, copy=False), dh.astype(h.dtype, copy=False),
    )  # fmt: skip


def _of_weights(x, kernel, recurrent_kernel, states, dz, dinner):
    """What the sums' gradients, the steps first, give for the inputs and the two kernels."""
    rows = np.swapaxes(x, 0, 1).reshape(-1, len(kernel))
    dx = np.swapaxes(dz @ kernel.T, 0, 1)
    dkernel = rows.T @ dz.reshape(-1, dz.shape[2])
    before = states[:-1].reshape(-1, states.shape[2])
    drecurrent = before.T @ dinner.reshape(-1, dinner.shape[2])
    return (
        np.ascontiguousarray(dx, x.dtype),
        dkernel.astype(kernel.dtype, copy=False),
        drecurrent.astype(recurrent_kernel.dtype, copy=False),
    )
