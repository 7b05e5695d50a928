"""Attention: each position reads a weighted mean of values."""

import numpy as np

from dlcore._arguments import floating
from dlcore.ops.activations import softmax


def attention(query, key, value, *, causal=False):
    r"""Scaled dot-product attention.

    .. math:: Y = \operatorname{softmax}(Q K^\top / \sqrt{d})\, V

    Args:
        query: shape (..., T, d); heads are one of the leading axes.
        key: shape (..., S, d).
        value: shape (..., S, v).
        causal: whether position t reads positions 0 to t only.

    Returns:
        Shape (..., T, v).

    Raises:
        ValueError: for shapes that do not fit.

    Source: Vaswani et al., 2017; ``keras.layers.MultiHeadAttention``.
    """
    query, key, value = floating(query), floating(key), floating(value)
    return attention_weights(query, key, value, causal) @ value


def attention_weights(query, key, value, causal):
    if (
        min(query.ndim, key.ndim, value.ndim) < 2
        or query.shape[-1] != key.shape[-1]
        or key.shape[:-1] != value.shape[:-1]
        or query.shape[:-2] != key.shape[:-2]
    ):
        raise ValueError(
            "attention needs query (..., T, d), key (..., S, d) and value (..., S, v); "
            f"got query {query.shape}, key {key.shape}, value {value.shape}"
        )
    scores = query @ np.swapaxes(key, -1, -2) / query.dtype.type(np.sqrt(query.shape[-1]))
    if causal:
        scores = np.where(np.tri(*scores.shape[-2:], dtype=bool), scores, -np.inf)
    return softmax(scores)
