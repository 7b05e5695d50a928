"""Derivative of attention."""

import numpy as np

from dlcore._arguments import of_output
from dlcore.ops.attention import attention_weights


def attention(dy, query, key, value, *, causal=False):
    r"""Gradients of ``ops.attention(query, key, value, causal=causal)``.

    With the weights :math:`A = \operatorname{softmax}(S)` of the scores
    :math:`S = Q K^\top / \sqrt{d}`, and :math:`dA = dY\, V^\top`,

    .. math:: dS_{ts} = A_{ts} \Bigl(dA_{ts} - \sum_j dA_{tj} A_{tj}\Bigr), \qquad
              dQ = dS\, K / \sqrt{d}, \quad dK = dS^\top Q / \sqrt{d}, \quad dV = A^\top dY

    Args:
        dy: gradient with respect to the output, shape (..., T, v).
        query, key, value, causal: as in `ops.attention`.

    Returns:
        dquery (..., T, d), dkey (..., S, d), dvalue (..., S, v).

    Raises:
        ValueError: as `ops.attention`, and if dy does not have the shape of its output.

    Source: the chain rule, for Vaswani et al., NeurIPS 2017.
    """
    weights, query, key, value = attention_weights(query, key, value, causal)
    shape = (*query.shape[:-1], value.shape[-1])
    dy = of_output("attention", dy, shape, np.result_type(weights, value))
    dscores = dy @ np.swapaxes(value, -1, -2)
    dscores -= (dscores * weights).sum(axis=-1, keepdims=True)
    dscores *= weights
    dscores /= np.sqrt(query.shape[-1]).astype(dscores.dtype)
    gradients = (
        (dscores @ key, query.dtype),
        (np.swapaxes(dscores, -1, -2) @ query, key.dtype),
        (np.swapaxes(weights, -1, -2) @ dy, value.dtype),
    )
    return tuple(gradient.astype(dtype, copy=False) for gradient, dtype in gradients)
