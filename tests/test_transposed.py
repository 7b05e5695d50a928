"""Transposed convolution: by hand, beside Keras, and as the adjoint of convolution."""

import inspect

import keras
import numpy as np
import pytest
from examples import IMAGE, KERNEL, UNDILATED, assert_same, one_or_two, raises, tape
from examples import pair as both
from hypothesis import given
from hypothesis import strategies as st

from dlcore import check, grads, ops


@st.composite
def transposed(draw, batch_from=0):
    """Images, a kernel (k_h, k_w, F, C), a bias and the options of a call, in float64."""
    size, (strides, _) = draw(one_or_two(4)), draw(UNDILATED)
    padding = draw(st.sampled_from(["valid", "same"]))
    height, width, channels, filters = (draw(st.integers(1, 5)) for _ in range(4))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    x = rng.uniform(-1, 1, (draw(st.integers(batch_from, 3)), height, width, channels))
    kernel = rng.uniform(-1, 1, (*both(size), filters, channels))
    return x, kernel, rng.uniform(-1, 1, filters), {"strides": strides, "padding": padding}


def like(array):
    return np.random.default_rng(array.size).uniform(-1, 1, array.shape)


# By hand


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, [[1, 12, 20], [103, 1234, 2040], [300, 3400, 4000]]),
        ({"bias": [0.5]}, [[1.5, 12.5, 20.5], [103.5, 1234.5, 2040.5], [300.5, 3400.5, 4000.5]]),
        ({"padding": "same"}, [[1, 12], [103, 1234]]),
        (
            {"strides": 2},
            [[1, 2, 10, 20], [3, 4, 30, 40], [100, 200, 1000, 2000], [300, 400, 3000, 4000]],
        ),
        ({"strides": (2, 1)}, [[1, 12, 20], [3, 34, 40], [100, 1200, 2000], [300, 3400, 4000]]),
        (
            {"strides": (1, 3)},  # a step wider than the filter leaves zeros, the last ones too
            [
                [1, 2, 0, 10, 20, 0],
                [103, 204, 0, 1030, 2040, 0],
                [300, 400, 0, 3000, 4000, 0],
            ],
        ),
    ],
)
def test_by_hand(options, expected):
    x = np.array([[1, 10], [100, 1000]]).reshape(1, 2, 2, 1)
    np.testing.assert_array_equal(ops.conv2d_transpose(x, KERNEL, **options)[0, :, :, 0], expected)


def test_same_cuts_the_odd_row_at_the_bottom():
    kernel = np.arange(1, 5).reshape(4, 1, 1, 1)  # 3 rows hang over: 1 above, 2 below
    y = ops.conv2d_transpose(np.ones((1, 1, 1, 1)), kernel, padding="same")
    np.testing.assert_array_equal(y.ravel(), [2])


def test_channels_of_the_output_come_first():
    kernel = np.reshape([[1, 2, 3], [10, 20, 30]], (1, 1, 2, 3))  # two from three
    y = ops.conv2d_transpose(np.reshape([1, 1, 2], (1, 1, 1, 3)), kernel, [0, 0.5])
    np.testing.assert_array_equal(y.ravel(), [9, 90.5])
    with pytest.raises(ValueError, match="conv2d_transpose needs"):
        ops.conv2d_transpose(np.zeros((1, 1, 1, 3)), np.zeros((1, 1, 3, 2)))


def test_gradients_by_hand():
    dy = np.arange(1.0, 17).reshape(1, 4, 4, 1)
    x = np.array([[1, 10], [100, 1000]]).reshape(1, 2, 2, 1)
    dx, dkernel, dbias = grads.conv2d_transpose(dy, x, KERNEL, strides=2)
    np.testing.assert_array_equal(dx[0, :, :, 0], [[44, 64], [124, 144]])
    np.testing.assert_array_equal(dkernel[:, :, 0, 0], [[11931, 13042], [16375, 17486]])
    np.testing.assert_array_equal(dbias, [136])


def test_without_the_gradient_of_its_input():
    arguments = like(np.zeros((2, 6, 4, 2))), like(np.zeros((2, 3, 2, 4))), np.ones((3, 2, 2, 4))
    dx, *others = grads.conv2d_transpose(
        *arguments, strides=2, padding="same", input_gradient=False
    )
    assert dx is None
    expected = grads.conv2d_transpose(*arguments, strides=2, padding="same")[1:]
    for ours, theirs in zip(others, expected, strict=True):
        np.testing.assert_array_equal(ours, theirs)


# Beside Keras


@given(transposed(batch_from=1))
def test_is_keras(case):
    x, kernel, bias, options = case
    reference = keras.ops.conv_transpose(x, kernel, **options) + bias
    assert_same(ops.conv2d_transpose(x, kernel, bias, **options), reference, atol=1e-11)


@given(transposed(batch_from=1))
def test_gradients_are_tensorflows(case):
    x, kernel, bias, options = case
    dy = like(ops.conv2d_transpose(x, kernel, **options))
    theirs = tape(
        lambda x, k, b: keras.ops.conv_transpose(x, k, **options) + b, dy, x, kernel, bias
    )
    for ours, reference in zip(
        grads.conv2d_transpose(dy, x, kernel, **options), theirs, strict=True
    ):
        assert_same(ours, reference, atol=1e-11)


@pytest.mark.parametrize("padding", ["valid", "same"])
@pytest.mark.parametrize("strides", [1, 2, (2, 3)])
def test_is_the_layer(padding, strides):
    layer = keras.layers.Conv2DTranspose(5, (3, 4), strides=strides, padding=padding)
    x = like(np.zeros((2, 7, 6, 3))).astype(np.float32)
    theirs = layer(x)
    kernel, _ = layer.get_weights()
    bias = np.arange(5, dtype=np.float32)
    ours = ops.conv2d_transpose(x, kernel, bias, strides=strides, padding=padding)
    assert_same(ours, np.asarray(theirs) + bias, atol=1e-5)


# As the adjoint


@given(transposed())
def test_is_the_adjoint_of_conv2d(case):
    x, kernel, _, options = case
    y = ops.conv2d_transpose(x, kernel, **options)
    z = like(y)
    back = ops.conv2d(z, kernel, **options)
    assert back.shape == x.shape
    np.testing.assert_allclose(np.sum(y * z), np.sum(x * back), atol=1e-9)


@given(transposed())
def test_is_the_gradient_of_conv2d(case):
    x, kernel, _, options = case
    y = ops.conv2d_transpose(x, kernel, **options)
    dz, _, _ = grads.conv2d(x, np.zeros_like(y), kernel, **options)
    np.testing.assert_allclose(y, dz, atol=1e-12)


@given(transposed())
def test_gradients_are_adjoints(case):
    x, kernel, bias, options = case
    dy = like(ops.conv2d_transpose(x, kernel, **options))
    dx, dkernel, dbias = grads.conv2d_transpose(dy, like(x), kernel, **options)
    assert (dx.shape, dkernel.shape, dbias.shape) == (x.shape, kernel.shape, bias.shape)
    y = ops.conv2d_transpose(x, kernel, **options)
    np.testing.assert_allclose(np.sum(dx * x), np.sum(dy * y), atol=1e-9)
    y = ops.conv2d_transpose(like(x), kernel, **options)
    np.testing.assert_allclose(np.sum(dkernel * kernel), np.sum(dy * y), atol=1e-9)
    np.testing.assert_allclose(np.sum(dbias * bias), np.sum(dy * bias), atol=1e-9)


def test_by_central_differences():
    random = np.random.default_rng(0)
    x, kernel = random.standard_normal((2, 3, 4, 3)), random.standard_normal((3, 2, 2, 3))
    options = {"strides": (2, 1), "padding": "same"}
    dy = like(ops.conv2d_transpose(x, kernel, **options))
    dx, dkernel, _ = grads.conv2d_transpose(dy, x, kernel, **options)
    check.gradient("x", lambda x: np.sum(dy * ops.conv2d_transpose(x, kernel, **options)), dx, x)
    check.gradient(
        "kernel", lambda k: np.sum(dy * ops.conv2d_transpose(x, k, **options)), dkernel, kernel
    )


# The contract


def test_of_two_precisions_the_wider_holds_and_gradients_keep_their_own():
    x, kernel = np.ones((1, 2, 2, 1), np.float32), np.ones((2, 2, 1, 1))
    for a, b in ((x, kernel), (x.astype(float), kernel.astype(np.float32))):
        y = ops.conv2d_transpose(a, b)
        assert y.dtype == np.float64
        dx, dkernel, dbias = grads.conv2d_transpose(y, a, b)
        assert (dx.dtype, dkernel.dtype, dbias.dtype) == (a.dtype, b.dtype, b.dtype)


def test_signatures():
    assert str(inspect.signature(ops.conv2d_transpose)) == (
        "(x, kernel, bias=None, *, strides=1, padding='valid')"
    )
    assert str(inspect.signature(grads.conv2d_transpose)) == (
        "(dy, x, kernel, *, strides=1, padding='valid', input_gradient=True)"
    )


@pytest.mark.parametrize(
    ("x", "kernel", "options", "message"),
    [
        (
            (1, 4, 4, 2), (2, 2, 2, 5), {},
            "conv2d_transpose needs x (N, H, W, C) and kernel (k_h, k_w, F, C); "
            "got x (1, 4, 4, 2), kernel (2, 2, 2, 5)",
        ),
        (
            (4, 4, 2), (2, 2, 5, 2), {},
            "conv2d_transpose needs x (N, H, W, C) and kernel (k_h, k_w, F, C); "
            "got x (4, 4, 2), kernel (2, 2, 5, 2)",
        ),
        ((1, 4, 4, 2), (2, 0, 5, 2), {}, "kernel must not be empty; got kernel (2, 0, 5, 2)"),
        ((1, 0, 4, 2), (2, 2, 5, 2), {}, "images x must have pixels; got 0 rows of 4"),
        (
            (1, 4, 4, 2), (2, 2, 5, 2), {"strides": 0},
            "strides must be one positive integer or two; got 0",
        ),
        (
            (1, 4, 4, 2), (2, 2, 5, 2), {"padding": "full"},
            "padding must be 'valid' or 'same'; got 'full'",
        ),
    ],
)  # fmt: skip
def test_what_is_refused(x, kernel, options, message):
    x, kernel = np.zeros(x), np.zeros(kernel)
    with raises(message):
        ops.conv2d_transpose(x, kernel, **options)
    with raises(message):
        grads.conv2d_transpose(np.zeros((1, 1, 1, 1)), x, kernel, **options)


def test_bias_and_upstream_gradient_of_another_shape():
    with raises("bias must have shape (1,); got bias (2,)"):
        ops.conv2d_transpose(IMAGE, KERNEL, [1, 2])
    with raises(
        "conv2d_transpose needs dy of the shape of its output, (1, 4, 4, 1); got dy (1, 3, 3, 1)"
    ):
        grads.conv2d_transpose(IMAGE, IMAGE, KERNEL)
