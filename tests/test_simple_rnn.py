"""The simple recurrent layer and its derivatives: by hand, against Keras, by differences."""

import keras
import numpy as np
import pytest
from examples import assert_same, precisions, raises, strided_read_only, tape
from hypothesis import given
from hypothesis import strategies as st

from dlcore import check, grads, ops

NEEDS = (
    "simple_rnn needs x (N, T, d), kernel (d, h) and recurrent_kernel (h, h); "
    "got x {}, kernel {}, recurrent_kernel {}"
)


@st.composite
def recurrences(draw):
    """Arrays in float64: x, kernel, recurrent_kernel, bias, initial_state, mask, dy.

    The bias, the initial state and the mask are None in half of the examples. Batches of one and
    single steps are among them, and masks of any form.
    """
    n, steps, d, h = (draw(st.integers(1, 4)) for _ in range(4))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    arrays = [
        rng.standard_normal(shape)
        for shape in ((n, steps, d), (d, h), (h, h), (h,), (n, h), (n, steps, h))
    ]
    x, kernel, recurrent_kernel, bias, initial_state, dy = arrays
    bias, initial_state = (draw(st.sampled_from([None, a])) for a in (bias, initial_state))
    mask = draw(st.sampled_from([None, rng.random((n, steps)) < 0.6]))
    return (x, kernel, recurrent_kernel, bias), {"initial_state": initial_state, "mask": mask}, dy


def keras_states(arrays, options, dtype):
    """The states by Keras's own layer."""
    x, kernel, recurrent_kernel, bias = arrays
    layer = keras.layers.SimpleRNN(
        kernel.shape[1], return_sequences=True, use_bias=bias is not None, dtype=dtype
    )
    layer.build(x.shape)
    layer.set_weights([v for v in (kernel, recurrent_kernel, bias) if v is not None])
    given = {name: value for name, value in options.items() if value is not None}
    if "initial_state" in given:
        given["initial_state"] = given["initial_state"].astype(dtype)
    return np.array(layer(x.astype(dtype), **given))


@given(recurrences())
def test_it_is_keras(case):
    (x, kernel, recurrent_kernel, bias), options, _ = case
    arrays = [a if a is None else a.astype("f4") for a in (x, kernel, recurrent_kernel, bias)]
    given = {**options}
    if given["initial_state"] is not None:
        given["initial_state"] = given["initial_state"].astype("f4")
    ours, theirs = ops.simple_rnn(*arrays, **given), keras_states(arrays, options, "float32")
    if all(
        value is not None for value in options.values()
    ):  # before the first step that counts Keras returns zeros
        waiting = ~np.logical_or.accumulate(options["mask"], axis=1)
        assert not theirs[waiting].any()
        for n, t in zip(*np.nonzero(waiting), strict=True):
            np.testing.assert_array_equal(ours[n, t], given["initial_state"][n])
        theirs[waiting] = ours[waiting]
    assert_same(ours, theirs, atol=1e-5)


def steps_of_tensorflow(x, kernel, recurrent_kernel, bias, h, mask=None):
    """The recurrence written out, for automatic differentiation; the biases may be zero."""
    states = []
    for t in range(x.shape[1]):
        new = keras.ops.tanh(x[:, t] @ kernel + h @ recurrent_kernel + bias)
        h = new if mask is None else keras.ops.where(mask[:, t, None], new, h)
        states.append(h)
    return keras.ops.stack(states, axis=1)


@given(recurrences())
def test_derivatives_are_automatic_differentiation(case):
    (x, kernel, recurrent_kernel, bias), options, dy = case
    units = len(recurrent_kernel)
    start = options["initial_state"]
    inputs = [
        x, kernel, recurrent_kernel,
        np.zeros(units) if bias is None else bias,
        np.zeros((len(x), units)) if start is None else start,
    ]  # fmt: skip
    expected = tape(lambda *arrays: steps_of_tensorflow(*arrays, options["mask"]), dy, *inputs)
    arguments = x, kernel, recurrent_kernel, bias
    states = ops.simple_rnn(*arguments, **options)
    for known in (None, states):
        ours = grads.simple_rnn(dy, *arguments, **options, states=known)
        for gradient, reference in zip(ours, expected, strict=True):
            assert_same(gradient, reference, atol=1e-10)


@pytest.mark.parametrize("which", range(5))
@pytest.mark.parametrize("masked", [False, True])
def test_derivatives_are_central_differences(which, masked):
    rng = np.random.default_rng(which)
    arrays = [rng.standard_normal(s) for s in ((2, 5, 3), (3, 4), (4, 4), (4,), (2, 4))]
    dy, mask = rng.standard_normal((2, 5, 4)), rng.random((2, 5)) < 0.5 if masked else None

    def objective(value):
        changed = [*arrays[:which], value, *arrays[which + 1 :]]
        return np.sum(dy * ops.simple_rnn(*changed[:4], initial_state=changed[4], mask=mask))

    ours = grads.simple_rnn(dy, *arrays[:4], initial_state=arrays[4], mask=mask)
    check.gradient("simple_rnn", objective, ours[which], arrays[which])


def test_by_hand():
    x, one = np.array([[[1.0], [2], [3]]]), np.array([[1.0]])
    states = ops.simple_rnn(x, one, 2 * one, [-1.0], initial_state=[[0.5]])
    first = np.tanh(1.0)  # 1 + 2 * 0.5 - 1
    second = np.tanh(1 + 2 * first)
    third = np.tanh(2 + 2 * second)
    np.testing.assert_allclose(states[0, :, 0], [first, second, third], rtol=1e-15)
    slopes = 1 - states[0, :, 0] ** 2
    dx, dkernel, drecurrent, dbias, dstart = grads.simple_rnn(
        [[[0.0], [0], [1]]], x, one, 2 * one, [-1.0], initial_state=[[0.5]]
    )
    dz = np.array([4 * slopes.prod(), 2 * slopes[1:].prod(), slopes[2]])
    np.testing.assert_allclose(dx[0, :, 0], dz, rtol=1e-12)
    np.testing.assert_allclose(dkernel[0, 0], dz @ [1, 2, 3], rtol=1e-12)
    np.testing.assert_allclose(drecurrent[0, 0], dz @ [0.5, first, second], rtol=1e-12)
    np.testing.assert_allclose(dbias, [dz.sum()], rtol=1e-12)
    np.testing.assert_allclose(dstart, [[2 * dz[0]]], rtol=1e-12)


def test_what_is_masked_is_as_if_it_were_not_there():
    rng = np.random.default_rng(0)
    arrays = [rng.standard_normal(s) for s in ((1, 6, 2), (2, 3), (3, 3), (3,))]
    mask = np.array([[False, True, True, False, True, False]])
    x = arrays[0]
    states = ops.simple_rnn(*arrays, mask=mask)
    short = ops.simple_rnn(x[mask][None], *arrays[1:])
    np.testing.assert_array_equal(states[mask], short[0])
    np.testing.assert_array_equal(states[0, [0, 3, 5]], [np.zeros(3), short[0, 1], short[0, 2]])
    dy = rng.standard_normal(states.shape)
    dx = grads.simple_rnn(dy, *arrays, mask=mask)[0]
    assert not dx[~mask].any()
    assert dx[mask].all()


def test_a_sequence_is_read_in_parts():
    rng = np.random.default_rng(0)
    x, *weights = (rng.standard_normal(s) for s in ((2, 7, 3), (3, 4), (4, 4), (4,)))
    whole, first = ops.simple_rnn(x, *weights), ops.simple_rnn(x[:, :3], *weights)
    second = ops.simple_rnn(x[:, 3:], *weights, initial_state=first[:, -1])
    np.testing.assert_allclose(np.concatenate([first, second], axis=1), whole, rtol=1e-12)


@precisions
def test_precision(given_dtype, expected):
    shapes = (2, 3, 2), (2, 3), (3, 3), (3,), (2, 3), (2, 3, 3)
    arrays = [np.ones(shape, given_dtype) for shape in shapes]
    states = ops.simple_rnn(*arrays[:4], initial_state=arrays[4])
    assert states.dtype == expected
    for gradient in grads.simple_rnn(arrays[5], *arrays[:4], initial_state=arrays[4]):
        assert gradient.dtype == expected


def test_the_wider_precision_holds_and_each_gradient_has_its_own():
    x, kernel = np.ones((2, 3, 2), np.float32), np.ones((2, 3), np.float32)
    wide = np.ones((3, 3))
    assert ops.simple_rnn(x, kernel, wide).dtype == np.float64
    assert ops.simple_rnn(x, kernel, kernel.T @ kernel, np.ones(3)).dtype == np.float64
    dtypes = [g.dtype for g in grads.simple_rnn(np.ones((2, 3, 3)), x, kernel, wide)]
    assert dtypes == [np.float32, np.float32, np.float64, np.float32, np.float32]
    bias = np.ones(3)
    dbias = grads.simple_rnn(np.ones((2, 3, 3)), x, kernel, kernel.T @ kernel, bias)[3]
    assert dbias.dtype == np.float64


def test_arguments_are_left_alone_and_may_be_strided():
    rng = np.random.default_rng(0)
    shapes = (2, 3, 2), (2, 3), (3, 3), (3,), (2, 3), (2, 3, 3)
    arrays = [rng.standard_normal(shape) for shape in shapes]
    views = strided_read_only(arrays)
    states = ops.simple_rnn(*arrays[:4], initial_state=arrays[4])
    np.testing.assert_array_equal(ops.simple_rnn(*views[:4], initial_state=views[4]), states)
    plain = grads.simple_rnn(arrays[5], *arrays[:4], initial_state=arrays[4])
    for ours, expected in zip(
        grads.simple_rnn(views[5], *views[:4], initial_state=views[4]), plain, strict=True
    ):
        np.testing.assert_allclose(ours, expected, rtol=1e-12)


@pytest.mark.parametrize("shape", [(0, 3, 2), (2, 0, 2)])
def test_no_sequences_and_no_steps(shape):
    x, kernel, recurrent_kernel = np.ones(shape), np.ones((2, 3)), np.ones((3, 3))
    states = ops.simple_rnn(x, kernel, recurrent_kernel)
    assert states.shape == (*shape[:2], 3)
    gradients = grads.simple_rnn(states, x, kernel, recurrent_kernel)
    shapes = [gradient.shape for gradient in gradients]
    assert shapes == [shape, (2, 3), (3, 3), (3,), (shape[0], 3)]
    assert not any(gradient.any() for gradient in gradients)


@pytest.mark.parametrize(
    "shapes",
    [
        ((2, 3), (3, 4), (4, 4)),
        ((2, 5, 3), (2, 4), (4, 4)),
        ((2, 5, 3), (3, 4), (4, 3)),
        ((2, 5, 3), (3, 4), (3, 4)),
        ((2, 5, 3), (3, 5), (4, 4)),
        ((2, 5, 3), (3,), (4, 4)),
        ((2, 5, 3), (3, 4), (4,)),
        ((2, 5, 3), (3, 4), ()),
    ],
)
def test_shapes_that_clash_are_named(shapes):
    with raises(NEEDS.format(*shapes)):
        ops.simple_rnn(*map(np.ones, shapes))
    with raises(NEEDS.format(*shapes)):
        grads.simple_rnn(np.ones((2, 5, 4)), *map(np.ones, shapes))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"bias": np.ones(3)}, "bias must have shape (4,); got bias (3,)"),
        (
            {"initial_state": np.ones(4)},
            "initial_state must have shape (2, 4); got initial_state (4,)",
        ),
        ({"mask": np.ones((2, 5, 1))}, "mask must have shape (2, 5); got mask (2, 5, 1)"),
    ],
)
def test_options_that_clash_are_named(options, message):
    arrays = np.ones((2, 5, 3)), np.ones((3, 4)), np.ones((4, 4))
    with raises(message):
        ops.simple_rnn(*arrays, **options)
    with raises(message):
        grads.simple_rnn(np.ones((2, 5, 4)), *arrays, **options)


def test_derivatives_name_what_does_not_fit_the_states():
    arrays = np.ones((2, 5, 3)), np.ones((3, 4)), np.ones((4, 4))
    with raises(
        "simple_rnn needs dy of the shape of its output, (2, 5, 4); got dy (2, 4)",
    ):
        grads.simple_rnn(np.ones((2, 4)), *arrays)
    with raises("states must have shape (2, 5, 4); got states (2, 4, 4)"):
        grads.simple_rnn(np.ones((2, 5, 4)), *arrays, states=np.ones((2, 4, 4)))
