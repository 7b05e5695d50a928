"""Attention: finite differences, the mask, the scale, the shapes it refuses."""

import numpy as np
import pytest

from dlcore import grads, ops


def qkv():
    draw = np.random.default_rng(0).normal
    return draw(size=(2, 3, 5, 4)), draw(size=(2, 3, 5, 4)), draw(size=(2, 3, 5, 6))


@pytest.mark.parametrize("causal", [False, True])
def test_gradient_is_that_of_finite_differences(causal):
    arguments = qkv()
    dy = np.random.default_rng(1).normal(size=(2, 3, 5, 6))
    ours = grads.attention(dy, *arguments, causal=causal)
    for i, gradient in enumerate(ours):
        v = np.random.default_rng(2).normal(size=gradient.shape)
        up, down = list(arguments), list(arguments)
        up[i], down[i] = arguments[i] + 1e-6 * v, arguments[i] - 1e-6 * v
        change = ops.attention(*up, causal=causal) - ops.attention(*down, causal=causal)
        np.testing.assert_allclose((gradient * v).sum(), (dy * change).sum() / 2e-6, rtol=1e-6)


def test_causal_attention_does_not_read_the_future():
    q, k, v = qkv()
    before = ops.attention(q, k, v, causal=True)
    k[..., 3:, :] += 1
    v[..., 3:, :] += 1
    after = ops.attention(q, k, v, causal=True)
    np.testing.assert_array_equal(before[..., :3, :], after[..., :3, :])
    assert np.abs(before[..., 3:, :] - after[..., 3:, :]).min(axis=-1).max() > 0


def test_scores_are_divided_by_the_root_of_d():
    q, k = np.full((1, 4), 1.0), np.array([[1.0] * 4, [0.0] * 4])
    y = ops.attention(q, k, np.array([[1.0], [0.0]]))
    np.testing.assert_allclose(y, [[1 / (1 + np.exp(-2))]])


def test_attention_refuses_shapes_that_do_not_fit():
    q, k, v = qkv()
    with pytest.raises(ValueError, match="attention needs query"):
        ops.attention(q, k[..., :3], v)
