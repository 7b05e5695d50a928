"""Derivatives of recurrent layers with gates: backpropagation through time along the sum."""

import numpy as np

from dlcore import ops
from dlcore._arguments import add_bias, floating
from dlcore.grads._time import upstream
from dlcore.ops.gates import gru_arguments, gru_gates, lstm_arguments, lstm_gates


def lstm(dy, x, kernel, recurrent_kernel, bias=None, *, initial_state=None, mask=None, states=None):
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
        states: what `ops.lstm` returned for these arguments, shape (N, T, h), to save the time;
            None computes it again.

    Returns:
        dx (N, T, d), dkernel (d, 4h), drecurrent_kernel (h, 4h), dbias (4h,), and dinitial_state,
        a pair of (N, h).

    Raises:
        ValueError: as `ops.lstm`, and if dy or states does not have the shape of its output.

    Source: Graves and Schmidhuber, Neural Networks 18, 2005, the full gradient.
    """
    if states is None:
        states = ops.lstm(x, kernel, recurrent_kernel, bias, initial_state=initial_state, mask=mask)
    x, kernel, recurrent_kernel, h, c, mask = lstm_arguments(
        x, kernel, recurrent_kernel, initial_state, mask
    )
    dy, before = _steps_first(*upstream("lstm", dy, states, h, x.shape[1]))
    # The states are known, so that the gates of all steps are computed at once.
    sums = add_bias(np.swapaxes(x, 0, 1) @ kernel, bias) + before @ recurrent_kernel
    gates = lstm_gates(sums.astype(dy.dtype, copy=False))
    i, f, g, o = np.split(gates, 4, axis=2)
    added, cells = i * g, np.empty((len(gates) + 1, *c.shape), gates.dtype)
    counts = True if mask is None else np.swapaxes(mask, 0, 1)[..., None]
    added, kept = np.where(counts, added, 0), np.where(counts, f, 1)
    cells[0] = c
    for t in range(len(gates)):
        cells[t + 1] = kept[t] * cells[t] + added[t]
    squashed = np.tanh(cells[1:])
    to_cell = counts * o * (1 - squashed**2)
    slopes = g * i * (1 - i), cells[:-1] * f * (1 - f), i * (1 - g**2), squashed * o * (1 - o)
    dz = np.stack(slopes, axis=2)
    dz *= np.expand_dims(counts, 3) if mask is not None else 1
    dh, dc = np.zeros_like(cells[0]), np.zeros_like(cells[0])
    for t in range(len(gates) - 1, -1, -1):
        dh += dy[t]
        total = dc + dh * to_cell[t]
        dz[t, :, :3] *= total[:, None]
        dz[t, :, 3] *= dh
        skipped = 0 if mask is None else np.where(counts[t], 0, dh)
        dh = dz[t].reshape(gates.shape[1:]) @ recurrent_kernel.T + skipped
        dc = total * kept[t]
    dz = dz.reshape(gates.shape)
    dtype = kernel.dtype if bias is None else floating(bias).dtype
    dx, dkernel, drecurrent = _of_weights(x, kernel, recurrent_kernel, before, dz, dz)
    dbias = dz.sum(axis=(0, 1)).astype(dtype, copy=False)
    dstart = dh.astype(h.dtype, copy=False), dc.astype(c.dtype, copy=False)
    return dx, dkernel, drecurrent, dbias, dstart


def gru(dy, x, kernel, recurrent_kernel, bias=None, *, initial_state=None, mask=None, states=None):
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
        states: what `ops.gru` returned for these arguments, shape (N, T, h), to save the time;
            None computes it again.

    Returns:
        dx (N, T, d), dkernel (d, 3h), drecurrent_kernel (h, 3h), dbias (2, 3h), dinitial_state
        (N, h).

    Raises:
        ValueError: as `ops.gru`, and if dy or states does not have the shape of its output.

    Source: the chain rule, for the layer of Cho et al., EMNLP 2014, as Keras computes it.
    """
    if states is None:
        states = ops.gru(x, kernel, recurrent_kernel, bias, initial_state=initial_state, mask=mask)
    x, kernel, recurrent_kernel, b, h, mask = gru_arguments(
        x, kernel, recurrent_kernel, bias, initial_state, mask
    )
    dy, before = _steps_first(*upstream("gru", dy, states, h, x.shape[1]))
    inner = before @ recurrent_kernel + b[1]
    u, r, g, read = gru_gates(np.swapaxes(x, 0, 1) @ kernel + b[0], inner)
    counts = True if mask is None else np.swapaxes(mask, 0, 1)[..., None]
    candidate = counts * (1 - u) * (1 - g**2)
    at_r, kept = candidate * read * r * (1 - r), np.where(counts, u, 1)
    at_z = counts * (before - g) * u * (1 - u)
    dinner = np.stack([at_z, at_r, candidate * r], axis=2).astype(dy.dtype, copy=False)
    dh = np.zeros_like(dy, shape=h.shape)
    dcandidate = candidate.astype(dy.dtype, copy=False)
    for t in range(len(dy) - 1, -1, -1):
        dh += dy[t]
        dinner[t] *= dh[:, None]
        dcandidate[t] *= dh
        dh = dh * kept[t] + dinner[t].reshape(len(h), len(b[1])) @ recurrent_kernel.T
    dz = np.concatenate([dinner[:, :, 0], dinner[:, :, 1], dcandidate], axis=2)
    dinner = dinner.reshape(dz.shape)
    dx, dkernel, drecurrent = _of_weights(x, kernel, recurrent_kernel, before, dz, dinner)
    dbias = np.stack([dz.sum(axis=(0, 1)), dinner.sum(axis=(0, 1))])
    return (
        dx, dkernel, drecurrent,
        dbias.astype(b.dtype, copy=False), dh.astype(h.dtype, copy=False),
    )  # fmt: skip


def _steps_first(dy, _, before):
    """Of what `upstream` returns, the gradient and the states before, (T, N, h)."""
    return np.swapaxes(dy, 0, 1), np.ascontiguousarray(np.swapaxes(before, 0, 1))


def _of_weights(x, kernel, recurrent_kernel, before, dz, dinner):
    """What the sums' gradients, the steps first, give for the inputs and the two kernels."""
    rows = np.swapaxes(x, 0, 1).reshape(-1, len(kernel))
    dx = np.swapaxes(dz @ kernel.T, 0, 1)
    dkernel = rows.T @ dz.reshape(-1, dz.shape[2])
    drecurrent = before.reshape(-1, before.shape[2]).T @ dinner.reshape(-1, dinner.shape[2])
    return (
        np.ascontiguousarray(dx, x.dtype),
        dkernel.astype(kernel.dtype, copy=False),
        drecurrent.astype(recurrent_kernel.dtype, copy=False),
    )
