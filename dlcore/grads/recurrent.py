"""Derivatives of layers that carry a state along a sequence: backpropagation through time."""

import numpy as np

from dlcore import ops
from dlcore._arguments import floating, sequences
from dlcore.grads._time import upstream


def simple_rnn(
    dy, x, kernel, recurrent_kernel, bias=None, *, initial_state=None, mask=None, states=None
):
    r"""Gradients of ``states = ops.simple_rnn(x, kernel, recurrent_kernel, bias, ...)``.

    From the last step to the first, with :math:`z_t = x_t W + h_{t-1} U + b`,

    .. math:: dz_t = (dy_t + dz_{t+1} U^\top) \odot (1 - h_t^2), \qquad dx_t = dz_t W^\top

    :math:`dW = \sum_t x_t^\top dz_t`, :math:`dU = \sum_t h_{t-1}^\top dz_t`, and db is the sum of
    dz over steps and sequences. What reaches a step that is masked goes to the step before, as it
    is.

    Args:
        dy: gradient with respect to the states, shape (N, T, h).
        x, kernel, recurrent_kernel, bias, initial_state, mask: as in `ops.simple_rnn`.
        states: what `ops.simple_rnn` returned for these arguments, shape (N, T, h), to save the
            time; None computes it again.

    Returns:
        dx (N, T, d), dkernel (d, h), drecurrent_kernel (h, h), dbias (h,), dinitial_state (N, h).

    Raises:
        ValueError: if the shapes do not fit one another.

    Source: Werbos, Proceedings of the IEEE 78, 1990.
    """
    if states is None:
        states = ops.simple_rnn(
            x, kernel, recurrent_kernel, bias, initial_state=initial_state, mask=mask
        )
    x, kernel, recurrent_kernel, start, mask = sequences(
        "simple_rnn", x, kernel, recurrent_kernel, initial_state, mask
    )
    dy, states, before = upstream("simple_rnn", dy, states, start, x.shape[1])
    dz = 1 - states**2
    if mask is not None:
        dz *= mask[..., None]
    carried = np.zeros_like(start, states.dtype)
    for t in range(x.shape[1] - 1, -1, -1):
        dh = dy[:, t] + carried
        dz[:, t] *= dh
        carried = dz[:, t] @ recurrent_kernel.T
        if mask is not None:
            carried += np.where(mask[:, t, None], 0, dh)
    rows = dz.reshape(-1, dz.shape[2])
    gradients = (
        (dz @ kernel.T, x.dtype),
        (x.reshape(-1, len(kernel)).T @ rows, kernel.dtype),
        (before.reshape(-1, dz.shape[2]).T @ rows, recurrent_kernel.dtype),
        (rows.sum(axis=0), kernel.dtype if bias is None else floating(bias).dtype),
        (carried, start.dtype),
    )
    return tuple(gradient.astype(dtype, copy=False) for gradient, dtype in gradients)
