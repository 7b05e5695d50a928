"""Attention: each position reads a weighted mean of values."""

import numpy as np

from dlcore._arguments import floating
from dlcore.ops.activations import softmax


def attention(query, key, value, *, causal=False):
    r"""Scaled dot-product attention.

    .. math:: Y = \operatorname{softmax}(Q K^\top / \sqrt{d})\, V

    The softmax is taken along each row, over the positions that are read.

    Args:
        query: :math:`Q`, shape (..., T, d); the leading axes are sequences and heads.
        key: :math:`K`, shape (..., S, d).
        value: :math:`V`, shape (..., S, v).
        causal: whether position t reads positions 0 to t only.

    Returns:
        Shape (..., T, v).

    Raises:
        ValueError: if the shapes do not fit one another, or S or d is 0.

    Source: Vaswani et al., NeurIPS 2017; ``keras.layers.MultiHeadAttention`` between its
    projections.
    """
    weights, _, _, value = attention_weights(query, key, value, causal)
    return weights @ value


def attention_weights(query, key, value, causal):
    """The weights (..., T, S), and the three arguments as arrays."""
    query, key, value = floating(query), floating(key), floating(value)
    if (
        min(query.ndim, key.ndim, value.ndim) < 2
        or query.shape[-1] != key.shape[-1]
        or key.shape[:-1] != value.shape[:-1]
        or query.shape[:-2] != key.shape[:-2]
        or not key.shape[-2] * key.shape[-1]
    ):
        raise ValueError(
            "attention needs query (..., T, d), key (..., S, d) and value (..., S, v), S and d not "
            f"0; got query {query.shape}, key {key.shape}, value {value.shape}"
        )
    scores = query @ np.swapaxes(key, -1, -2)
    scores /= np.sqrt(query.shape[-1]).astype(scores.dtype)
    if causal:
        scores = np.where(np.tri(*scores.shape[-2:], dtype=bool), scores, scores.dtype.type("-inf"))
    return softmax(scores), query, key, value
