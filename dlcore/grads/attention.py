"""Derivative of attention."""

import numpy as np

from dlcore._arguments import floating, of_output
from dlcore.ops.attention import attention_weights


def attention(dy, query, key, value, *, causal=False):
    r"""Gradients with respect to query, key and value.

    .. math:: dS = A \odot (dA - \textstyle\sum_s dA\, A), \quad dA = dY\, V^\top

    Args: dy of the shape of the output (..., T, v); the others as in `ops.attention`.

    Returns:
        (d_query, d_key, d_value), in the shapes of the arguments.

    Raises:
        ValueError: as `ops.attention`, and for a wrong shape of dy.

    Source: the chain rule; derived by hand, held to finite differences.
    """
    query, key, value = floating(query), floating(key), floating(value)
    weights = attention_weights(query, key, value, causal)
    dy = of_output("attention", dy, (*query.shape[:-1], value.shape[-1]), value.dtype)
    d_weights = dy @ np.swapaxes(value, -1, -2)
    d_scores = weights * (d_weights - (d_weights * weights).sum(-1, keepdims=True))
    d_scores /= query.dtype.type(np.sqrt(query.shape[-1]))
    return (
        d_scores @ key,
        np.swapaxes(d_scores, -1, -2) @ query,
        np.swapaxes(weights, -1, -2) @ dy,
    )
