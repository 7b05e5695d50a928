"""The formulas: by hand, against Keras, and against loops."""

import inspect
import re

import keras
import numpy as np
import pytest
from examples import (
    IMAGE,
    KERAS_STEPS,
    KERNEL,
    SIGNED,
    assert_same,
    convolutions,
    loops,
    pair,
    precisions,
    strided_read_only,
    windowed_images,
)
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from dlcore import ops

# One call of each formula: the shapes of its arrays, the shape of its result.
CALLS = {
    "dense": ([(2, 3), (3, 4), (4,)], (2, 4)),
    "relu": ([(2, 3)], (2, 3)),
    "softmax": ([(2, 3)], (2, 3)),
    "categorical_crossentropy": ([(2, 3), (2, 3)], (2,)),
    "conv2d": ([(2, 5, 4, 3), (2, 3, 3, 6), (6,)], (2, 4, 2, 6)),
    "conv2d_transpose": ([(2, 5, 4, 6), (2, 3, 3, 6), (3,)], (2, 6, 6, 3)),
    "max_pool2d": ([(2, 5, 4, 3)], (2, 2, 2, 3)),
    "avg_pool2d": ([(2, 5, 4, 3)], (2, 2, 2, 3)),
}


def arguments(name, dtype=np.float64):
    rng = np.random.default_rng(0)
    return [rng.integers(0, 3, shape).astype(dtype) for shape in CALLS[name][0]]


# By hand


def test_dense_by_hand():
    x, kernel = [[1, 2], [3, 4]], [[1, 0, -1], [2, 1, 0]]
    np.testing.assert_array_equal(ops.dense(x, kernel), [[5, 2, -1], [11, 4, -3]])
    np.testing.assert_array_equal(ops.dense(x, kernel, [1, 2, 3]), [[6, 4, 2], [12, 6, 0]])


def test_relu_by_hand():
    np.testing.assert_array_equal(ops.relu([[-1.5, 0, 2]]), [[0, 0, 2]])


def test_softmax_by_hand():
    logits = np.log([[1.0, 2, 3], [1, 1, 2]])
    np.testing.assert_allclose(ops.softmax(logits), [[1 / 6, 1 / 3, 1 / 2], [1 / 4, 1 / 4, 1 / 2]])
    np.testing.assert_allclose(
        ops.softmax(logits, axis=0), [[1 / 2, 2 / 3, 3 / 5], [1 / 2, 1 / 3, 2 / 5]]
    )


@pytest.mark.parametrize(
    ("y_true", "y_pred", "expected"),
    [
        ([0, 1, 0], [0.2, 0.5, 0.3], np.log(2)),
        ([0.5, 0.5, 0], [0.2, 0.5, 0.3], np.log(10) / 2),
        ([0, 1, 0], [1, 0, 0], 7 * np.log(10)),  # clipped from below
        ([1, 0, 0], [1, 0, 0], -np.log1p(-1e-7)),  # clipped from above
    ],
)
def test_crossentropy_by_hand(y_true, y_pred, expected):
    loss = ops.categorical_crossentropy(np.float64([y_true]), np.float64([y_pred]))
    np.testing.assert_allclose(loss, [expected], rtol=1e-8)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, [[37, 47], [67, 77]]),
        ({"bias": [0.5]}, [[37.5, 47.5], [67.5, 77.5]]),
        ({"strides": 2}, [[37]]),
        ({"strides": (2, 1)}, [[37, 47]]),
        ({"strides": (1, 2)}, [[37], [67]]),
        ({"padding": "same"}, [[37, 47, 21], [67, 77, 33], [23, 26, 9]]),
        ({"padding": "same", "strides": 2}, [[37, 21], [23, 9]]),
        ({"dilation_rate": 2}, [[64]]),
        ({"dilation_rate": (2, 1)}, [[58, 68]]),
        ({"dilation_rate": (1, 2)}, [[43], [73]]),
        ({"dilation_rate": (1, 2), "strides": 2}, [[43]]),
        ({"dilation_rate": 2, "padding": "same"}, [[20, 36, 15], [36, 64, 26], [10, 16, 5]]),
    ],
)
def test_conv2d_by_hand(options, expected):
    np.testing.assert_array_equal(ops.conv2d(IMAGE, KERNEL, **options)[0, :, :, 0], expected)


def test_conv2d_sums_over_channels_for_each_filter():
    kernel = np.array([[1, 2, 3], [4, 5, 6]]).reshape(1, 1, 2, 3)
    y = ops.conv2d(np.array([5, 7]).reshape(1, 1, 1, 2), kernel, [0, 0, 100])
    np.testing.assert_array_equal(y, [[[[33, 45, 157]]]])


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, [[5]]),
        ({"strides": 1}, [[5, 5], [7, 5]]),
        ({"strides": (1, 2)}, [[5], [7]]),
        ({"pool_size": (1, 3)}, [[3], [5], [7]]),
        ({"pool_size": (3, 1)}, [[7, 5, 3]]),
        ({"pool_size": 1, "strides": 2}, [[1, 3], [7, -9]]),
        ({"padding": "same"}, [[5, 3], [7, -9]]),  # a zero of padding would win over -9
    ],
)
def test_max_pool2d_by_hand(options, expected):
    np.testing.assert_array_equal(ops.max_pool2d(SIGNED, **options)[0, :, :, 0], expected)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, [[3]]),
        ({"strides": 1}, [[3, 4], [6, 7]]),
        ({"strides": (2, 1)}, [[3, 4]]),
        ({"pool_size": (1, 3)}, [[2], [5], [8]]),
        ({"pool_size": (3, 1)}, [[4, 5, 6]]),
        ({"pool_size": 1, "strides": 2}, [[1, 3], [7, 9]]),
        ({"padding": "same"}, [[3, 4.5], [7.5, 9]]),  # a zero of padding would pull 9 to 2.25
        ({"pool_size": 3, "strides": 2, "padding": "same"}, [[3, 4], [6, 7]]),
    ],
)
def test_avg_pool2d_by_hand(options, expected):
    np.testing.assert_array_equal(ops.avg_pool2d(IMAGE, **options)[0, :, :, 0], expected)


# Against Keras and against loops, over random shapes


# keras.ops.conv fails on an empty batch, and for unequal strides TensorFlow's float32 kernel for
# CPUs can return uninitialised memory: float64 has another one.
@given(convolutions(batch_from=1, steps=KERAS_STEPS))
def test_conv2d_is_keras(case):
    x, kernel, bias, options = case
    equal = len(set(pair(options["strides"]))) == 1
    x, kernel, bias = (a.astype(np.float32 if equal else np.float64) for a in (x, kernel, bias))
    ours = ops.conv2d(x, kernel, bias, **options)
    assert_same(ours, keras.ops.conv(x, kernel, **options) + bias, atol=1e-5)


@given(convolutions())
def test_conv2d_is_the_loops(case):
    x, kernel, bias, options = case
    reference = loops(
        x, kernel.shape[:2], 0.0,
        lambda window: np.einsum("nuvc,uvcf->nf", window, kernel) + bias, **options,
    )  # fmt: skip
    assert_same(ops.conv2d(x, kernel, bias, **options), reference, atol=1e-12)


@given(windowed_images())
def test_max_pool2d_is_keras(case):
    x, size, options, _ = case
    x = x.astype(np.float32)
    assert_same(ops.max_pool2d(x, size, **options), keras.ops.max_pool(x, size, **options), atol=0)


@given(windowed_images())
def test_max_pool2d_is_the_loops(case):
    x, size, options, _ = case
    reference = loops(x, size, -np.inf, lambda window: window.max(axis=(1, 2)), **options)
    assert_same(ops.max_pool2d(x, size, **options), reference, atol=0)


@given(windowed_images())
def test_avg_pool2d_is_keras(case):
    x, size, options, _ = case
    x = x.astype(np.float32)
    reference = keras.ops.average_pool(x, size, **options)
    assert_same(ops.avg_pool2d(x, size, **options), reference, atol=1e-6)


@given(windowed_images())
def test_avg_pool2d_is_the_loops(case):
    x, size, options, _ = case
    reference = loops(x, size, np.nan, lambda window: np.nanmean(window, axis=(1, 2)), **options)
    assert_same(ops.avg_pool2d(x, size, **options), reference, atol=1e-14)


def logits(bound=50, **shape):
    # Without subnormals, whose sign TensorFlow's relu lets through, and without axes of length 1,
    # of whose softmax Keras warns.
    elements = st.floats(-bound, bound, width=32, allow_subnormal=False)
    return hnp.arrays(np.float32, hnp.array_shapes(min_side=2, **shape), elements=elements)


@given(logits(max_dims=4))
def test_relu_is_keras(x):
    assert_same(ops.relu(x), keras.ops.relu(x), atol=0)


@given(logits(max_dims=3), st.data())
def test_softmax_is_keras(x, data):
    axis = data.draw(st.integers(-x.ndim, x.ndim - 1))
    assert_same(ops.softmax(x, axis=axis), keras.ops.softmax(x, axis=axis), atol=1e-6)


@given(logits(min_dims=2, max_dims=2), st.data())
def test_crossentropy_is_keras(x, data):
    y_pred = ops.softmax(x)
    # Soft labels too: the formula holds for any weights.
    y_true = data.draw(hnp.arrays(np.float32, x.shape, elements=st.floats(0, 1, width=32)))
    reference = keras.losses.categorical_crossentropy(y_true, y_pred)
    assert_same(ops.categorical_crossentropy(y_true, y_pred), reference, atol=1e-4)


@given(st.integers(0, 3), st.integers(1, 8), st.integers(1, 8), st.integers(0, 2**32 - 1))
def test_dense_is_keras(batch, inputs, units, seed):
    rng = np.random.default_rng(seed)
    x, kernel, bias = (
        rng.uniform(-1, 1, shape).astype(np.float32)
        for shape in ((batch, inputs), (inputs, units), (units,))
    )
    layer = keras.layers.Dense(units)
    layer.build((None, inputs))
    layer.set_weights([kernel, bias])
    assert_same(ops.dense(x, kernel, bias), layer(x), atol=1e-5)


# Numbers that overflow when a formula is written naively


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_large_logits(dtype):
    x = np.array([[1e4, -1e4, 1e4], [-1e4, -1e4, -1e4]], dtype)
    p = ops.softmax(x)
    np.testing.assert_allclose(p, [[1 / 2, 0, 1 / 2], [1 / 3, 1 / 3, 1 / 3]], rtol=1e-6)
    loss = ops.categorical_crossentropy(np.array([[0, 1, 0], [0, 1, 0]], dtype), p)
    np.testing.assert_allclose(loss, [7 * np.log(10), np.log(3)], rtol=1e-6)


@given(logits(bound=1e4, min_dims=2, max_dims=2))
def test_softmax_is_a_distribution_that_a_shift_leaves_alone(x):
    x = x.astype(np.float64)
    p = ops.softmax(x)
    assert (p >= 0).all()
    np.testing.assert_allclose(p.sum(axis=-1), 1, atol=1e-12)
    np.testing.assert_allclose(ops.softmax(x + 123), p, atol=1e-9)


# The contract of every formula


@pytest.mark.parametrize("name", CALLS)
@precisions
def test_precision(name, given_dtype, expected):
    result = getattr(ops, name)(*arguments(name, given_dtype))
    assert result.dtype == expected
    assert result.shape == CALLS[name][1]


@pytest.mark.parametrize("name", CALLS)
def test_lists_and_strided_read_only_arrays_give_the_same(name):
    function, arrays = getattr(ops, name), arguments(name)
    expected = function(*arrays)
    np.testing.assert_array_equal(function(*strided_read_only(arrays)), expected)
    np.testing.assert_array_equal(function(*[a.tolist() for a in arrays]), expected)


@pytest.mark.parametrize("name", CALLS)
def test_arguments_are_left_alone_and_the_result_is_new(name):
    arrays = arguments(name)
    getattr(ops, name)(*arrays)[...] = -1
    for array, before in zip(arrays, arguments(name), strict=True):
        np.testing.assert_array_equal(array, before)


@pytest.mark.parametrize("pool", [ops.max_pool2d, ops.avg_pool2d])
def test_pooling_by_one_is_a_copy(pool):
    x = SIGNED.copy()
    pool(x, 1)[...] = 0
    np.testing.assert_array_equal(x, SIGNED)


@pytest.mark.parametrize("name", CALLS)
def test_empty_batch(name):
    arrays = arguments(name)
    batches = 2 if name == "categorical_crossentropy" else 1
    result = getattr(ops, name)(*[a[:0] for a in arrays[:batches]], *arrays[batches:])
    assert result.shape == (0, *CALLS[name][1][1:])


@pytest.mark.parametrize(
    ("function", "signature"),
    [
        (ops.dense, "(x, kernel, bias=None)"),
        (ops.relu, "(x)"),
        (ops.softmax, "(x, axis=-1)"),
        (ops.categorical_crossentropy, "(y_true, y_pred, *, from_logits=False)"),
        (ops.conv2d, "(x, kernel, bias=None, *, strides=1, padding='valid', dilation_rate=1)"),
        (ops.max_pool2d, "(x, pool_size=2, *, strides=None, padding='valid')"),
        (ops.avg_pool2d, "(x, pool_size=2, *, strides=None, padding='valid')"),
    ],
)
def test_signature(function, signature):
    assert str(inspect.signature(function)) == signature


# Errors


def zeros(*shape):
    return np.zeros(shape)


DENSE = "dense needs x (N, d) and kernel (d, h); got x {}, kernel {}"
CONV2D = "conv2d needs x (N, H, W, C) and kernel (k_h, k_w, C, F); got x {}, kernel {}"
ONE_HOT = (
    "categorical_crossentropy needs y_true and y_pred of one shape (N, ..., d); "
    "got y_true {}, y_pred {}"
)


@pytest.mark.parametrize(
    ("template", "function", "shapes"),
    [
        (DENSE, ops.dense, [(2, 3), (4, 5)]),
        (DENSE, ops.dense, [(3,), (3, 5)]),
        (DENSE, ops.dense, [(2, 3), (3,)]),
        (DENSE, ops.dense, [(1, 2, 3), (2, 5)]),
        (CONV2D, ops.conv2d, [(1, 4, 4, 2), (2, 2, 3, 5)]),
        (CONV2D, ops.conv2d, [(4, 4, 2), (2, 2, 2, 5)]),
        (CONV2D, ops.conv2d, [(1, 4, 4, 2), (2, 2, 2)]),
        (CONV2D, ops.conv2d, [(1, 4, 4, 2, 1), (2, 2, 2, 5)]),
        (ONE_HOT, ops.categorical_crossentropy, [(3,), (3, 10)]),
        (ONE_HOT, ops.categorical_crossentropy, [(3, 1), (3, 10)]),
    ],
)
def test_shapes_that_clash_are_both_named(template, function, shapes):
    message = template.format(*shapes)
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        function(*map(np.zeros, shapes))


@pytest.mark.parametrize("name", ["max_pool2d", "avg_pool2d"])
@pytest.mark.parametrize("shape", [(4, 4, 1), (1, 4, 4, 1, 1)])
def test_pooling_names_the_shape(name, shape):
    message = re.escape(f"{name} needs x (N, H, W, C); got x {shape}")
    with pytest.raises(ValueError, match=f"^{message}$"):
        getattr(ops, name)(np.zeros(shape))


@pytest.mark.parametrize("bias", [(4,), (1, 5), ()])
@pytest.mark.parametrize(
    ("function", "arrays"),
    [
        (ops.dense, (zeros(2, 3), zeros(3, 5))),
        (ops.conv2d, (zeros(1, 4, 4, 2), zeros(2, 2, 2, 5))),
    ],
)
def test_bias_of_another_shape(function, arrays, bias):
    message = re.escape(f"bias must have shape (5,); got bias {bias}")
    with pytest.raises(ValueError, match=f"^{message}$"):
        function(*arrays, np.zeros(bias))


def convolve(**options):
    return ops.conv2d(zeros(1, 3, 4, 1), zeros(2, 2, 1, 1), **options)


def max_pool(**options):
    return ops.max_pool2d(zeros(1, 3, 4, 1), **options)


def avg_pool(**options):
    return ops.avg_pool2d(zeros(1, 3, 4, 1), **options)


@pytest.mark.parametrize("function", [convolve, max_pool, avg_pool])
@pytest.mark.parametrize("padding", ["full", "SAME", None, 1])
def test_padding_lists_the_options(function, padding):
    message = re.escape(f"padding must be 'valid' or 'same'; got {padding!r}")
    with pytest.raises(ValueError, match=f"^{message}$"):
        function(padding=padding)


@pytest.mark.parametrize(
    ("function", "option"),
    [
        (convolve, "strides"),
        (convolve, "dilation_rate"),
        (max_pool, "strides"),
        (max_pool, "pool_size"),
        (avg_pool, "strides"),
        (avg_pool, "pool_size"),
    ],
)
@pytest.mark.parametrize(
    "value",
    [
        0,
        -1,
        1.5,
        "2",
        (1,),
        (1, 2, 3),
        (0, 1),
        (1, 0),
        (1, 0.5),
        np.nan,
        np.inf,
        (2, "a"),
        (2, None),
    ],
)
def test_steps_and_windows_are_positive_integers(function, option, value):
    message = re.escape(f"{option} must be one positive integer or two; got {value!r}")
    with pytest.raises(ValueError, match=f"^{message}$"):
        function(**{option: value})


@pytest.mark.parametrize(
    ("function", "size"),
    [
        *[
            (function, size)
            for size in ((4, 1), (1, 5))
            for function in (
                lambda size: ops.conv2d(zeros(1, 3, 4, 1), zeros(*size, 1, 1)),
                lambda size: ops.max_pool2d(zeros(1, 3, 4, 1), size),
                lambda size: ops.avg_pool2d(zeros(1, 3, 4, 1), size),
            )
        ],
        (lambda _: convolve(dilation_rate=3), (4, 4)),
        (lambda _: convolve(dilation_rate=(1, 4)), (2, 5)),
    ],
)
def test_window_larger_than_the_image(function, size):
    message = re.escape(f"a window of {size} does not fit into images x (1, 3, 4, 1)")
    with pytest.raises(ValueError, match=f"^{message}$"):
        function(size)


@pytest.mark.parametrize("padding", ["valid", "same"])
def test_a_window_that_does_not_fit_names_the_images_as_given(padding):
    message = re.escape("a window of (2, 2) does not fit into images x (1, 0, 5, 1)")
    for function in (ops.max_pool2d, ops.avg_pool2d):
        with pytest.raises(ValueError, match=f"^{message}$"):
            function(zeros(1, 0, 5, 1), padding=padding)


@pytest.mark.parametrize("shape", [(0, 2, 1, 1), (2, 0, 1, 1), (2, 2, 1, 0)])
def test_an_empty_kernel_is_named(shape):
    with pytest.raises(
        ValueError, match=re.escape(f"kernel must not be empty; got kernel {shape}")
    ):
        ops.conv2d(zeros(1, 3, 4, 1), zeros(*shape))


def test_no_strides():
    with pytest.raises(ValueError, match=r"^strides must be one positive integer or two; got None"):
        convolve(strides=None)


def test_the_wider_precision_holds():
    narrow, wide = np.float32, np.float64
    x, kernel = np.ones((1, 3, 3, 1)), np.ones((2, 2, 1, 2))
    for types in ((narrow, wide, narrow), (narrow, narrow, wide), (wide, narrow, narrow)):
        a, b, c = types
        bias = np.full(2, 0.1, c)
        convolved = ops.conv2d(x.astype(a), kernel.astype(b), bias)
        mapped = ops.dense(x[0, :, :, 0].astype(a), np.ones((3, 2), b), bias)
        assert convolved.dtype == mapped.dtype == wide
        assert (convolved == 4 + bias.astype(wide)).all()
        assert (mapped == 3 + bias.astype(wide)).all()


def test_dense_maps_the_last_axis_whatever_the_rank():
    rng = np.random.default_rng(0)
    x, kernel, bias = rng.random((2, 3, 4, 5)), rng.random((5, 6)), rng.random(6)
    expected = ops.dense(x.reshape(-1, 5), kernel, bias).reshape(2, 3, 4, 6)
    np.testing.assert_allclose(ops.dense(x, kernel, bias), expected, rtol=1e-12)


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_what_is_masked_has_no_probability(axis):
    x = np.moveaxis(np.array([[[0, -np.inf, 0], [-np.inf] * 3]]), 2, axis)
    p, logarithms = ops.softmax(x, axis), ops.log_softmax(x, axis)
    expected = np.moveaxis(np.array([[[0.5, 0, 0.5], [0, 0, 0]]]), 2, axis)
    np.testing.assert_array_equal(p, expected)
    np.testing.assert_allclose(np.exp(logarithms), expected)
    assert np.isnan(ops.softmax([[np.nan, -np.inf]])).all()  # a failure is no mask
    assert np.isnan(ops.log_softmax([[np.nan, -np.inf]])).all()


@pytest.mark.parametrize("size", [(3, 1), (1, 4), (3, 4)])
def test_window_as_large_as_the_image(size):
    assert ops.conv2d(zeros(1, 3, 4, 1), zeros(*size, 1, 1)).shape == (
        1, 4 - size[0], 5 - size[1], 1,
    )  # fmt: skip
