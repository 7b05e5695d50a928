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
    gates = add_bias(np.swapaxes(x, 0, 1) @ kernel, bias).astype(dy.dtype, copy=False)
    gates += before @ recurrent_kernel
    i, f, g, o = np.split(lstm_gates(gates), 4, axis=2)
    cells = np.empty((len(gates) + 1, *c.shape), gates.dtype)
    cells[0] = c
    for t in range(len(gates)):
        new = f[t] * cells[t] + i[t] * g[t]
        cells[t + 1] = new if mask is None else np.where(mask[:, t, None], new, cells[t])
    dz, dh, dc = np.empty_like(gates), np.zeros_like(cells[0]), np.zeros_like(cells[0])
    di, df, dg, do = np.split(dz, 4, axis=2)
    for t in range(len(gates) - 1, -1, -1):  # one step's arrays stay in the cache
        squashed = np.tanh(cells[t + 1])
        dh += dy[t]
        total = dc + dh * o[t] * (1 - squashed**2)
        di[t] = total * g[t] * i[t] * (1 - i[t])
        df[t] = total * cells[t] * f[t] * (1 - f[t])
        dg[t] = total * i[t] * (1 - g[t] ** 2)
        do[t] = dh * squashed * o[t] * (1 - o[t])
        sent = dz[t] @ recurrent_kernel.T, total * f[t]
        if mask is not None:
            dz[t] *= mask[:, t, None]
            sent = (np.where(mask[:, t, None], *pair) for pair in zip(sent, (dh, dc), strict=True))
        dh, dc = sent
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
    sums = add_bias(np.swapaxes(x, 0, 1) @ kernel, b[0])
    dinner, dcandidate = (np.empty_like(dy, shape=a.shape, order="C") for a in (sums, before))
    at_z, at_r, at_g = np.split(dinner, 3, axis=2)
    dh = np.zeros_like(dy, shape=h.shape)
    for t in range(len(dy) - 1, -1, -1):  # one step's arrays stay in the cache
        u, r, g, read = gru_gates(sums[t], before[t] @ recurrent_kernel + b[1])
        dh += dy[t]
        q = dh * (1 - u) * (1 - g**2)
        at_z[t] = dh * (before[t] - g) * u * (1 - u)
        at_r[t] = q * read * r * (1 - r)
        at_g[t], dcandidate[t] = q * r, q
        sent = dh * u + dinner[t] @ recurrent_kernel.T
        if mask is not None:
            counts = mask[:, t, None]
            dinner[t] *= counts
            dcandidate[t] *= counts
            sent = np.where(counts, sent, dh)
        dh = sent
    dz = np.concatenate([dinner[..., : -h.shape[1]], dcandidate], axis=2)
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
