"""Attention and its derivative: by hand, against Keras, by differences, what it refuses."""

import keras
import numpy as np
import pytest
from examples import assert_same, precisions, raises, strided_read_only, tape
from hypothesis import given, settings
from hypothesis import strategies as st

from dlcore import check, grads, ops

SHAPES = (2, 3, 5, 4), (2, 3, 6, 4), (2, 3, 6, 7), (2, 3, 5, 7)  # query, key, value, dy


def drawn(seed=0, shapes=SHAPES):
    rng = np.random.default_rng(seed)
    return [rng.standard_normal(shape) for shape in shapes]


@st.composite
def readings(draw):
    """Query, key, value and dy in float64, and whether the future is hidden."""
    leading = draw(st.lists(st.integers(1, 3), max_size=2))
    t, s, d, v = (draw(st.integers(least, 5)) for least in (1, 2, 1, 1))  # Keras warns of S = 1
    shapes = [(*leading, *last) for last in ((t, d), (s, d), (s, v), (t, v))]
    return drawn(draw(st.integers(0, 2**32 - 1)), shapes), draw(st.booleans())


@settings(max_examples=settings().max_examples // 5)  # a layer with four kernels in each
@given(
    seed=st.integers(0, 2**32 - 1),
    heads=st.integers(1, 3),
    sizes=st.tuples(*[st.integers(1, 5)] * 2, *[st.integers(2, 5)] * 2, st.integers(1, 5)),
    causal=st.booleans(),
)
def test_it_is_what_keras_computes_between_its_projections(seed, heads, sizes, causal):
    t, s, d, v, width = sizes  # with d = v = 1 Keras 3.15.1 mixes heads and positions up
    layer = keras.layers.MultiHeadAttention(heads, d, value_dim=v)
    rng = np.random.default_rng(seed)
    x, memory = (rng.standard_normal((2, n, width)).astype("f4") for n in (t, s))
    layer.build(x.shape, memory.shape)
    weights = [rng.standard_normal(w.shape).astype("f4") for w in layer.get_weights()]
    layer.set_weights(weights)
    kernels, biases = weights[::2], weights[1::2]  # of query, key, value and output

    def split(x, at):  # (N, heads, T, d)
        return np.swapaxes(np.einsum("ntw,whd->nthd", x, kernels[at]) + biases[at], 1, 2)

    heard = ops.attention(split(x, 0), split(memory, 1), split(memory, 2), causal=causal)
    ours = np.einsum("nhtv,hvw->ntw", heard, kernels[3]) + biases[3]
    theirs = layer(x, memory, use_causal_mask=causal)
    np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-4)


@given(readings())
def test_derivatives_are_automatic_differentiation(case):
    (*arguments, dy), causal = case
    hidden = np.triu(np.full((dy.shape[-2], arguments[1].shape[-2]), -np.inf), 1)

    def formula(query, key, value):
        scores = query @ keras.ops.swapaxes(key, -1, -2) / np.sqrt(query.shape[-1])
        return keras.ops.softmax(scores + hidden if causal else scores) @ value

    np.testing.assert_allclose(
        ops.attention(*arguments, causal=causal), formula(*arguments), rtol=0, atol=1e-12
    )
    ours = grads.attention(dy, *arguments, causal=causal)
    for gradient, reference in zip(ours, tape(formula, dy, *arguments), strict=True):
        assert_same(gradient, reference, atol=1e-10)


@pytest.mark.parametrize("which", range(3))
@pytest.mark.parametrize("causal", [False, True])
def test_derivatives_are_central_differences(which, causal):
    *arguments, dy = drawn()

    def objective(array):
        changed = [*arguments[:which], array, *arguments[which + 1 :]]
        return np.sum(dy * ops.attention(*changed, causal=causal))

    ours = grads.attention(dy, *arguments, causal=causal)
    check.gradient("attention", objective, ours[which], arguments[which])


def test_by_hand():
    # Two scores that differ by 4 before, and by 2 after the division by the root of d = 4.
    query, key = np.ones((1, 4)), np.array([[1.0] * 4, [0.0] * 4])
    y = ops.attention(query, key, np.array([[1.0], [0.0]]))
    np.testing.assert_allclose(y, [[1 / (1 + np.exp(-2))]], rtol=1e-12)


def test_the_causal_one_does_not_read_the_future():
    query, key, value, dy = drawn()
    before = ops.attention(query, key, value, causal=True)
    key[..., 3:, :] += 1
    value[..., 3:, :] += 1
    after = ops.attention(query, key, value, causal=True)
    np.testing.assert_array_equal(before[..., :3, :], after[..., :3, :])
    assert (before[..., 3:, :] != after[..., 3:, :]).all()
    dy[..., 3:, :] = 0
    _, dkey, dvalue = grads.attention(dy, query, key, value, causal=True)
    assert not dkey[..., 3:, :].any()
    assert not dvalue[..., 3:, :].any()
    assert dvalue[..., :3, :].all()


def test_it_is_a_set_that_is_read():
    query, key, value, _ = drawn()
    order = np.random.default_rng(1).permutation(6)
    np.testing.assert_allclose(
        ops.attention(query, key[..., order, :], value[..., order, :]),
        ops.attention(query, key, value),
        rtol=0, atol=1e-12,
    )  # fmt: skip


def test_one_position_is_read_whole():
    query, key, value, _ = drawn(shapes=((2, 3, 4), (2, 1, 4), (2, 1, 5), ()))
    np.testing.assert_array_equal(ops.attention(query, key, value), np.repeat(value, 3, axis=1))


@precisions
def test_precision(given_dtype, expected):
    *arguments, dy = (np.ones(shape, given_dtype) for shape in SHAPES)
    for causal in (False, True):
        assert ops.attention(*arguments, causal=causal).dtype == expected
        for gradient in grads.attention(dy, *arguments, causal=causal):
            assert gradient.dtype == expected


@pytest.mark.parametrize("wide", range(3))
def test_the_wider_precision_holds_and_each_gradient_has_its_own(wide):
    *arguments, dy = drawn()
    arguments = [a.astype("f8" if at == wide else "f4") for at, a in enumerate(arguments)]
    assert ops.attention(*arguments).dtype == np.float64
    gradients = grads.attention(dy, *arguments)
    assert [g.dtype for g in gradients] == [a.dtype for a in arguments]


def test_arguments_are_left_alone_and_may_be_strided():
    *arguments, dy = drawn()
    *views, dy_view = strided_read_only([*arguments, dy])
    np.testing.assert_allclose(ops.attention(*views), ops.attention(*arguments), rtol=1e-12)
    for ours, expected in zip(
        grads.attention(dy_view, *views), grads.attention(dy, *arguments), strict=True
    ):
        np.testing.assert_allclose(ours, expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize(
    "shapes",
    [
        ((3, 4), (5, 3), (5, 2)),
        ((3, 4), (5, 4), (6, 2)),
        ((2, 3, 4), (5, 4), (5, 2)),
        ((4,), (5, 4), (5, 2)),
        ((3, 4), (4,), (5, 2)),
        ((3, 4), (5, 4), (5,)),
        ((3, 4), (0, 4), (0, 2)),
        ((3, 0), (5, 0), (5, 2)),
        ((), (5, 4), (5, 2)),
    ],
)
def test_shapes_that_clash_are_named(shapes):
    message = (
        "attention needs query (..., T, d), key (..., S, d) and value (..., S, v), S and d not 0; "
        "got query {}, key {}, value {}".format(*shapes)
    )
    with raises(message):
        ops.attention(*map(np.ones, shapes))
    with raises(message):
        grads.attention(np.ones((3, 2)), *map(np.ones, shapes))


def test_derivatives_name_what_does_not_fit_the_output():
    *arguments, _ = drawn()
    with raises("attention needs dy of the shape of its output, (2, 3, 5, 7); got dy (2, 3, 5, 4)"):
        grads.attention(np.ones((2, 3, 5, 4)), *arguments)
