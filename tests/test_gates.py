"""LSTM and GRU and their derivatives: by hand, against Keras, by differences."""

import keras
import numpy as np
import pytest
from examples import assert_same, precisions, raises, strided_read_only, tape
from hypothesis import given
from hypothesis import strategies as st

from dlcore import check, grads, ops

GATES = {"lstm": 4, "gru": 3}
LAYERS = {"lstm": keras.layers.LSTM, "gru": keras.layers.GRU}
both = pytest.mark.parametrize("name", GATES)


def shapes(name, n, steps, d, h):
    """Of x, kernel, recurrent_kernel, bias, then of what starts, as a list."""
    columns = GATES[name] * h
    bias = (columns,) if name == "lstm" else (2, columns)
    return [(n, steps, d), (d, columns), (h, columns), bias], [(n, h)] * (
        2 if bias[1:] == () else 1
    )


def as_start(name, arrays):
    """The initial state as the layer takes it."""
    return tuple(arrays) if name == "lstm" else arrays[0]


def drawn(name, seed=0, sizes=(2, 5, 3, 4)):
    """Arguments, the arrays that start, and dy."""
    rng = np.random.default_rng(seed)
    arguments, starts = shapes(name, *sizes)
    arrays = [[rng.standard_normal(shape) for shape in group] for group in (arguments, starts)]
    return *arrays, rng.standard_normal((*sizes[:2], sizes[3]))


@st.composite
def recurrences(draw):
    """Name, arguments in float64, the arrays that start or None, mask or None, dy.

    Batches of one, single steps, and masks of any form are among them.
    """
    name = draw(st.sampled_from(list(GATES)))
    sizes = [draw(st.integers(1, 4)) for _ in range(4)]
    seed = draw(st.integers(0, 2**32 - 1))
    arguments, starts, dy = drawn(name, seed, sizes)
    if draw(st.booleans()):
        arguments[3] = None
    mask = np.random.default_rng(seed).random(sizes[:2]) < 0.6
    return (
        name,
        arguments,
        draw(st.sampled_from([None, starts])),
        draw(st.sampled_from([None, mask])),
        dy,
    )


@given(recurrences())
def test_they_are_keras(case):
    name, arguments, starts, mask, _ = case
    arguments = [a if a is None else a.astype("f4") for a in arguments]
    x, *weights = arguments
    layer = LAYERS[name](len(weights[1]), return_sequences=True, use_bias=weights[2] is not None)
    layer.build(x.shape)
    layer.set_weights([w for w in weights if w is not None])
    options = {} if mask is None else {"mask": mask}
    if starts is not None:
        starts = [a.astype("f4") for a in starts]
        options["initial_state"] = as_start(name, starts)
    ours, theirs = getattr(ops, name)(*arguments, **options), np.array(layer(x, **options))
    if mask is not None and starts is not None:  # until the first step that counts Keras returns 0
        waiting = ~np.logical_or.accumulate(mask, axis=1)
        assert not theirs[waiting].any()
        for n, t in zip(*np.nonzero(waiting), strict=True):
            np.testing.assert_array_equal(ours[n, t], starts[0][n])
        theirs[waiting] = ours[waiting]
    assert_same(ours, theirs, atol=1e-5)


def lstm_of_tensorflow(mask, x, kernel, recurrent_kernel, bias, h, c):
    """The formula written out, for automatic differentiation."""
    k, states = keras.ops, []
    for t in range(x.shape[1]):
        i, f, g, o = k.split(x[:, t] @ kernel + h @ recurrent_kernel + bias, 4, axis=1)
        new = k.sigmoid(f) * c + k.sigmoid(i) * k.tanh(g)
        out = k.sigmoid(o) * k.tanh(new)
        counts = mask[:, t, None]
        c, h = k.where(counts, new, c), k.where(counts, out, h)
        states.append(h)
    return k.stack(states, axis=1)


def gru_of_tensorflow(mask, x, kernel, recurrent_kernel, bias, h):
    k, states = keras.ops, []
    for t in range(x.shape[1]):
        z, r, g = k.split(x[:, t] @ kernel + bias[0], 3, axis=1)
        z_h, r_h, g_h = k.split(h @ recurrent_kernel + bias[1], 3, axis=1)
        u = k.sigmoid(z + z_h)
        new = u * h + (1 - u) * k.tanh(g + k.sigmoid(r + r_h) * g_h)
        h = k.where(mask[:, t, None], new, h)
        states.append(h)
    return k.stack(states, axis=1)


@given(recurrences())
def test_derivatives_are_automatic_differentiation(case):
    name, arguments, starts, mask, dy = case
    bias, begin = shapes(name, *arguments[0].shape, len(arguments[2]))
    inputs = [*arguments[:3], np.zeros(bias[3]) if arguments[3] is None else arguments[3]]
    inputs += [np.zeros(shape) for shape in begin] if starts is None else starts
    function = lstm_of_tensorflow if name == "lstm" else gru_of_tensorflow
    every = np.ones(dy.shape[:2], bool) if mask is None else mask
    expected = tape(lambda *arrays: function(every, *arrays), dy, *inputs)
    options = {"mask": mask, "initial_state": None if starts is None else as_start(name, starts)}
    for known in (None, getattr(ops, name)(*arguments, **options)):
        *ours, start = getattr(grads, name)(dy, *arguments, **options, states=known)
        ours += start if name == "lstm" else [start]
        for gradient, reference in zip(ours, expected, strict=True):
            assert_same(gradient, reference, atol=1e-10)


@both
@pytest.mark.parametrize("masked", [False, True])
def test_derivatives_are_central_differences(name, masked):
    arguments, starts, dy = drawn(name)
    mask = np.random.default_rng(1).random(dy.shape[:2]) < 0.6 if masked else None
    arrays = [*arguments, *starts]
    *ours, start = getattr(grads, name)(
        dy, *arguments, initial_state=as_start(name, starts), mask=mask
    )
    ours += start if name == "lstm" else [start]
    for at, (gradient, array) in enumerate(zip(ours, arrays, strict=True)):

        def objective(value, at=at):
            changed = [*arrays[:at], value, *arrays[at + 1 :]]
            begin = as_start(name, changed[4:])
            return np.sum(dy * getattr(ops, name)(*changed[:4], initial_state=begin, mask=mask))

        check.gradient(f"{name}, argument {at}", objective, gradient, array)


def test_lstm_by_hand():
    # A unit of which each gate reads the input alone: sigmoid(ln 3) = 3 / 4, of 0 it is 1 / 2.
    x, log3 = np.array([[[1.0], [0.0]]]), np.log(3)
    states = ops.lstm(x, [[log3, 0, 1, -log3]], np.zeros((1, 4)), initial_state=([[9.0]], [[2.0]]))
    first = 0.5 * 2 + 0.75 * np.tanh(1)
    np.testing.assert_allclose(
        states[0, :, 0], [0.25 * np.tanh(first), 0.5 * np.tanh(0.5 * first)], rtol=1e-12
    )


def test_gru_by_hand():
    x, log3 = np.array([[[1.0]]]), np.log(3)
    bias = [[0, 0, 0.5], [0, 0, 4.0]]  # the second one of the candidate stands behind the gate r
    states = ops.gru(x, [[log3, -log3, 1]], np.zeros((1, 3)), bias, initial_state=[[2.0]])
    np.testing.assert_allclose(states, [[[0.75 * 2 + 0.25 * np.tanh(1.5 + 0.25 * 4)]]], rtol=1e-12)


@both
def test_what_is_masked_is_as_if_it_were_not_there(name):
    arguments, _, dy = drawn(name, sizes=(1, 6, 2, 3))
    x, *weights = arguments
    mask = np.array([[False, True, True, False, True, False]])
    states = getattr(ops, name)(*arguments, mask=mask)
    short = getattr(ops, name)(x[mask][None], *weights)
    np.testing.assert_array_equal(states[mask], short[0])
    np.testing.assert_array_equal(states[0, [0, 3, 5]], [np.zeros(3), short[0, 1], short[0, 2]])
    dx = getattr(grads, name)(dy, *arguments, mask=mask)[0]
    assert not dx[~mask].any()
    assert dx[mask].all()


@both
def test_an_open_path_hands_the_gradient_on(name):
    arguments, starts, _ = drawn(name, sizes=(1, 30, 1, 1))
    weights = [np.zeros_like(a) for a in arguments[1:]]
    weights[2][..., 1 if name == "lstm" else 0] = 50  # forget nothing, or keep everything
    dy = np.zeros((1, 30, 1))
    dy[0, -1] = 1
    start = getattr(grads, name)(dy, arguments[0], *weights, initial_state=as_start(name, starts))[
        4
    ]
    cell = start[1] if name == "lstm" else start
    expected = 0.5 * (1 - np.tanh(starts[1]) ** 2) if name == "lstm" else [[1.0]]
    np.testing.assert_allclose(cell, expected, rtol=1e-12)


@both
@precisions
def test_precision(name, given_dtype, expected):
    arguments, starts = shapes(name, 2, 3, 2, 3)
    arguments = [np.ones(shape, given_dtype) for shape in arguments]
    start = as_start(name, [np.ones(shape, given_dtype) for shape in starts])
    assert getattr(ops, name)(*arguments, initial_state=start).dtype == expected
    dy = np.ones((2, 3, 3), given_dtype)
    *gradients, last = getattr(grads, name)(dy, *arguments, initial_state=start)
    gradients += last if name == "lstm" else [last]
    assert {gradient.dtype.name for gradient in gradients} == {expected}


@both
@pytest.mark.parametrize("wide", range(6))
def test_the_wider_precision_holds_and_each_gradient_has_its_own(name, wide):
    arguments, starts, dy = drawn(name)
    arrays = [a.astype("f8" if at == wide else "f4") for at, a in enumerate(arguments + starts)]
    start = as_start(name, arrays[4:])
    states = getattr(ops, name)(*arrays[:4], initial_state=start)
    assert states.dtype == (np.float64 if wide < len(arrays) else np.float32)
    *gradients, last = getattr(grads, name)(dy, *arrays[:4], initial_state=start)
    gradients += last if name == "lstm" else [last]
    assert [g.dtype for g in gradients] == [a.dtype for a in arrays]


@both
def test_arguments_are_left_alone_and_may_be_strided(name):
    arguments, starts, dy = drawn(name)
    views, begin = strided_read_only(arguments), as_start(name, strided_read_only(starts))
    start = as_start(name, starts)
    np.testing.assert_array_equal(
        getattr(ops, name)(*views, initial_state=begin),
        getattr(ops, name)(*arguments, initial_state=start),
    )
    theirs = getattr(grads, name)(dy, *arguments, initial_state=start)
    for ours, expected in zip(
        getattr(grads, name)(strided_read_only([dy])[0], *views, initial_state=begin),
        theirs,
        strict=True,
    ):
        np.testing.assert_allclose(ours, expected, rtol=1e-12)


@both
@pytest.mark.parametrize("sizes", [(0, 3, 2, 3), (2, 0, 2, 3)])
def test_no_sequences_and_no_steps(name, sizes):
    arguments, starts, _ = drawn(name, sizes=sizes)
    states = getattr(ops, name)(*arguments)
    assert states.shape == (*sizes[:2], 3)
    *gradients, last = getattr(grads, name)(states, *arguments)
    gradients += last if name == "lstm" else [last]
    assert [g.shape for g in gradients] == [a.shape for a in arguments + starts]
    assert not any(gradient.any() for gradient in gradients)


@both
@pytest.mark.parametrize(
    "clash",
    [{0: (2, 3)}, {0: (2, 5, 2)}, {1: (3, 4)}, {1: ()}, {2: (4, 4)}, {2: (3, 12)}, {2: ()}],
)
def test_shapes_that_clash_are_named(name, clash):
    given, _ = shapes(name, 2, 5, 3, 4)
    given = [clash.get(at, shape) for at, shape in enumerate(given)]
    width = f"{GATES[name]}h"
    message = (
        f"{name} needs x (N, T, d), kernel (d, {width}) and recurrent_kernel (h, {width}); "
        "got x {}, kernel {}, recurrent_kernel {}".format(*given)
    )
    with raises(message):
        getattr(ops, name)(*map(np.ones, given))
    with raises(message):
        getattr(grads, name)(np.ones((2, 5, 4)), *map(np.ones, given))


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("lstm", {"bias": np.ones(4)}, "bias must have shape (16,); got bias (4,)"),
        ("gru", {"bias": np.ones(12)}, "bias must have shape (2, 12); got bias (12,)"),
        (
            "gru",
            {"initial_state": np.ones(4)},
            "initial_state must have shape (2, 4); got initial_state (4,)",
        ),
        (
            "lstm",
            {"initial_state": (np.ones((2, 4)), np.ones((2, 3)))},
            "initial_state must have shape (2, 4); got initial_state (2, 3)",
        ),
        (
            "lstm",
            {"initial_state": np.ones((2, 4))},
            "lstm needs initial_state as a pair, h (N, h) and c (N, h); got ndarray (2, 4)",
        ),
        (
            "lstm",
            {"initial_state": [np.ones((2, 4))]},
            "lstm needs initial_state as a pair, h (N, h) and c (N, h); got list (1, 2, 4)",
        ),
        ("lstm", {"mask": np.ones((2, 4))}, "mask must have shape (2, 5); got mask (2, 4)"),
    ],
)
def test_options_that_clash_are_named(name, options, message):
    arguments, _, dy = drawn(name)
    with raises(message):
        getattr(ops, name)(*arguments[:3], **options)
    with raises(message):
        getattr(grads, name)(dy, *arguments[:3], **options)


@both
def test_derivatives_name_what_does_not_fit_the_states(name):
    with raises(f"{name} needs dy of the shape of its output, (2, 5, 4); got dy (2, 4)"):
        getattr(grads, name)(np.ones((2, 4)), *drawn(name)[0])
    arguments, _, dy = drawn(name)
    with raises("states must have shape (2, 5, 4); got states (2, 4, 4)"):
        getattr(grads, name)(dy, *arguments, states=np.ones((2, 4, 4)))
