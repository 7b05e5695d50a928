"""Derivatives of convolution and pooling: by hand, against TensorFlow, and as adjoints."""

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
    precisions,
    raises,
    strided_read_only,
    tape,
    windowed_images,
)
from hypothesis import given
from hypothesis import strategies as st

from dlcore import check, grads, ops

POWERS = np.array([[1, 10], [100, 1000]]).reshape(1, 2, 2, 1)
POOLS = {"max_pool2d": keras.ops.max_pool, "avg_pool2d": keras.ops.average_pool}


def upstream(y):
    return np.random.default_rng(y.size).uniform(-1, 1, y.shape)


def plane(images):
    return images[0, :, :, 0]


# By hand


@pytest.mark.parametrize(
    ("options", "dy", "dx", "dkernel"),
    [
        (
            {},
            [[1, 10], [100, 1000]],
            [[1, 12, 20], [103, 1234, 2040], [300, 3400, 4000]],
            [[5421, 6532], [8754, 9865]],
        ),
        (
            {"strides": 2, "padding": "same"},
            [[1, 10], [100, 1000]],
            [[1, 2, 10], [3, 4, 30], [100, 200, 1000]],
            [[9731, 802], [64, 5]],
        ),
        (
            {"strides": (1, 2)},
            [[1], [10]],
            [[1, 2, 0], [13, 24, 0], [30, 40, 0]],
            [[41, 52], [74, 85]],
        ),
        ({"dilation_rate": 2}, [[10]], [[10, 0, 20], [0, 0, 0], [30, 0, 40]], [[10, 30], [70, 90]]),
    ],
)
def test_conv2d_by_hand(options, dy, dx, dkernel):
    dy = np.array(dy)[None, ..., None]
    ours = grads.conv2d(dy, IMAGE, KERNEL, **options)
    np.testing.assert_array_equal(plane(ours[0]), dx)
    np.testing.assert_array_equal(ours[1][:, :, 0, 0], dkernel)
    np.testing.assert_array_equal(ours[2], [dy.sum()])


def test_conv2d_sums_over_images_and_filters():
    x, kernel = np.reshape([5, 7], (2, 1, 1, 1)), np.reshape([1, 2, 3], (1, 1, 1, 3))
    dy = np.reshape([[1, 10, 100], [2, 20, 200]], (2, 1, 1, 3))
    dx, dkernel, dbias = grads.conv2d(dy, x, kernel)
    np.testing.assert_array_equal(dx.ravel(), [321, 642])
    np.testing.assert_array_equal(dkernel.ravel(), [19, 190, 1900])
    np.testing.assert_array_equal(dbias, [3, 30, 300])


def test_conv2d_without_the_gradient_of_its_input():
    dx, *others = grads.conv2d(POWERS, IMAGE, KERNEL, input_gradient=False)
    assert dx is None
    for ours, expected in zip(others, grads.conv2d(POWERS, IMAGE, KERNEL)[1:], strict=True):
        np.testing.assert_array_equal(ours, expected)


@pytest.mark.parametrize(
    ("x", "options", "dx"),
    [
        (SIGNED, {"strides": 1}, [[0, 0, 0], [0, 1011, 0], [100, 0, 0]]),  # 5 wins three times
        (SIGNED, {"padding": "same"}, [[0, 0, 10], [0, 1, 0], [100, 0, 1000]]),
        (np.zeros((1, 3, 3, 1)), {"strides": 1}, [[1, 10, 0], [100, 1000, 0], [0, 0, 0]]),
        (np.zeros((1, 3, 3, 1)), {"padding": "same"}, [[1, 0, 10], [0, 0, 0], [100, 0, 1000]]),
        (
            np.reshape([0, 2, 2, 2, 2, 0, 0, 2, 2], (1, 3, 3, 1)),  # first by row, then by column
            {"strides": 1},
            [[0, 11, 0], [100, 1000, 0], [0, 0, 0]],
        ),
    ],
)
def test_max_pool2d_by_hand(x, options, dx):
    np.testing.assert_array_equal(plane(grads.max_pool2d(POWERS, x, **options)), dx)


@pytest.mark.parametrize(
    ("options", "dy", "dx"),
    [
        ({"strides": 1}, 4 * POWERS, [[1, 11, 10], [101, 1111, 1010], [100, 1100, 1000]]),
        (
            {"padding": "same"},
            POWERS * [[[[4], [2]], [[2], [1]]]],
            [[1, 1, 10], [1, 1, 10], [100, 100, 1000]],
        ),
        ({}, [[[[4]]]], [[1, 1, 0], [1, 1, 0], [0, 0, 0]]),
    ],
)
def test_avg_pool2d_by_hand(options, dy, dx):
    np.testing.assert_array_equal(plane(grads.avg_pool2d(dy, IMAGE, **options)), dx)


def test_max_pool2d_gives_nan_and_infinity_to_one_pixel():
    x = np.array([[1.0, 2], [np.nan, 4]]).reshape(1, 2, 2, 1)
    np.testing.assert_array_equal(plane(grads.max_pool2d([[[[3.0]]]], x)), [[0, 0], [3, 0]])
    x = np.array([[1.0, 2], [3, 4]]).reshape(1, 2, 2, 1)
    np.testing.assert_array_equal(plane(grads.max_pool2d([[[[np.inf]]]], x)), [[0, 0], [0, np.inf]])


# Against TensorFlow, over random shapes


@given(convolutions(batch_from=1, steps=KERAS_STEPS))
def test_conv2d_is_tensorflow(case):
    x, kernel, bias, options = case
    dy = upstream(ops.conv2d(x, kernel, bias, **options))
    expected = tape(lambda x, k, b: keras.ops.conv(x, k, **options) + b, dy, x, kernel, bias)
    for ours, theirs in zip(grads.conv2d(dy, x, kernel, **options), expected, strict=True):
        assert_same(ours, theirs, atol=1e-11)


@pytest.mark.parametrize("name", POOLS)
@given(case=windowed_images(batch_from=1), ties=st.booleans())
def test_pooling_is_tensorflow(name, case, ties):
    x, size, options, _ = case
    x = np.round(2 * x) if ties else x
    dy = upstream(getattr(ops, name)(x, size, **options))
    (theirs,) = tape(lambda x: POOLS[name](x, size, **options), dy, x)
    assert_same(getattr(grads, name)(dy, x, size, **options), theirs, atol=1e-12)


# As adjoints: y is linear in x, in the kernel and in the bias, so <dy, y> = <gradient, argument>
# for arguments of any value, and for strides and dilation at once, which TensorFlow refuses


@given(convolutions())
def test_conv2d_is_the_adjoint(case):
    x, kernel, bias, options = case
    dy = upstream(ops.conv2d(x, kernel, **options))
    gradients = grads.conv2d(dy, x, kernel, **options)
    for gradient, argument in zip(gradients, (x, kernel, bias), strict=True):
        assert gradient.shape == argument.shape
    dx, dkernel, dbias = gradients
    other_x, other_kernel = upstream(x), upstream(kernel)
    for inner, y in (
        (np.sum(dx * other_x), ops.conv2d(other_x, kernel, **options)),
        (np.sum(dkernel * other_kernel), ops.conv2d(x, other_kernel, **options)),
        (np.sum(dbias * bias), np.broadcast_to(bias, dy.shape)),
    ):
        np.testing.assert_allclose(inner, np.sum(dy * y), atol=1e-9)


@given(windowed_images())
def test_avg_pool2d_is_the_adjoint(case):
    x, size, options, _ = case
    dy = upstream(ops.avg_pool2d(x, size, **options))
    dx = grads.avg_pool2d(dy, upstream(x), size, **options)
    y = ops.avg_pool2d(x, size, **options)
    np.testing.assert_allclose(np.sum(dx * x), np.sum(dy * y), atol=1e-9)


@given(windowed_images())
def test_max_pool2d_gives_each_upstream_gradient_to_one_pixel(case):
    x, size, options, _ = case
    x = np.round(2 * x)
    y = ops.max_pool2d(x, size, **options)
    dx = grads.max_pool2d(np.ones_like(y), x, size, **options)
    np.testing.assert_allclose(dx.sum(axis=(1, 2)), np.ones_like(y).sum(axis=(1, 2)))
    np.testing.assert_allclose(np.sum(dx * x), y.sum(), atol=1e-9)


def test_by_central_differences():
    random = np.random.default_rng(0)
    x, kernel = random.standard_normal((2, 5, 6, 2)), random.standard_normal((3, 2, 2, 3))
    options = {"strides": (2, 1), "padding": "same", "dilation_rate": (1, 2)}
    dy = upstream(ops.conv2d(x, kernel, **options))
    dx, dkernel, _ = grads.conv2d(dy, x, kernel, **options)
    check.gradient("x", lambda x: np.sum(dy * ops.conv2d(x, kernel, **options)), dx, x)
    check.gradient("kernel", lambda k: np.sum(dy * ops.conv2d(x, k, **options)), dkernel, kernel)
    for name in POOLS:
        formula = getattr(ops, name)
        dy = upstream(formula(x, 3, strides=2))
        dx = getattr(grads, name)(dy, x, 3, strides=2)
        check.gradient(name, lambda x, f=formula, dy=dy: np.sum(dy * f(x, 3, strides=2)), dx, x)


# The contract of every derivative

CALLS = {
    "conv2d": [(2, 4, 2, 6), (2, 5, 4, 3), (2, 3, 3, 6)],
    "conv2d_transpose": [(2, 6, 6, 3), (2, 5, 4, 6), (2, 3, 3, 6)],
    "max_pool2d": [(2, 2, 2, 3), (2, 5, 4, 3)],
    "avg_pool2d": [(2, 2, 2, 3), (2, 5, 4, 3)],
}


def arguments(name, dtype=np.float64):
    random = np.random.default_rng(0)
    return [random.integers(0, 3, shape).astype(dtype) for shape in CALLS[name]]


def results(name, arrays, **options):
    gradients = getattr(grads, name)(*arrays, **options)
    return gradients if isinstance(gradients, tuple) else (gradients,)


@pytest.mark.parametrize("padding", ["valid", "same"])
@pytest.mark.parametrize("name", CALLS)
@precisions
def test_precision(name, padding, given_dtype, expected):
    _, *inputs = arguments(name, given_dtype)
    y = getattr(ops, name)(*inputs, padding=padding)
    gradients = results(name, [y.astype(given_dtype), *inputs], padding=padding)
    assert {gradient.dtype for gradient in gradients} == {np.dtype(expected)}
    assert [g.shape for g in gradients[:2]] == [array.shape for array in inputs]


@pytest.mark.parametrize("name", CALLS)
def test_lists_and_strided_read_only_arrays_give_the_same(name):
    arrays = arguments(name)
    lists, columns_first = [a.tolist() for a in arrays], [np.asfortranarray(a) for a in arrays]
    for other in (strided_read_only(arrays), lists, columns_first):
        for ours, expected in zip(results(name, other), results(name, arrays), strict=True):
            np.testing.assert_array_equal(ours, expected)


@pytest.mark.parametrize("name", CALLS)
def test_arguments_are_left_alone_and_results_are_new(name):
    arrays = arguments(name)
    for gradient in results(name, arrays):
        gradient[...] = -1
    for array, before in zip(arrays, arguments(name), strict=True):
        np.testing.assert_array_equal(array, before)


@pytest.mark.parametrize("name", POOLS)
def test_pooling_by_one_is_a_copy(name):
    dy = np.ones((1, 3, 3, 1))
    getattr(grads, name)(dy, SIGNED, 1)[...] = 0
    np.testing.assert_array_equal(dy, 1)


@pytest.mark.parametrize("name", CALLS)
def test_a_batch_is_its_images_one_by_one(name):
    dy, x, *kernel = arguments(name)
    dx, *rest = results(name, [dy, x, *kernel])
    singles = [results(name, [dy[i : i + 1], x[i : i + 1], *kernel]) for i in range(2)]
    np.testing.assert_array_equal(dx, np.concatenate([single[0] for single in singles]))
    for k, gradient in enumerate(rest, start=1):
        np.testing.assert_array_equal(gradient, sum(single[k] for single in singles))


@pytest.mark.parametrize("name", CALLS)
def test_empty_batch(name):
    dy, x, *kernel = arguments(name)
    dx, *rest = results(name, [dy[:0], x[:0], *kernel])
    assert dx.shape == (0, *x.shape[1:])
    assert not any(gradient.any() for gradient in rest)
    assert [gradient.shape for gradient in rest[:1]] == [k.shape for k in kernel]


@pytest.mark.parametrize(
    ("function", "signature"),
    [
        (
            grads.conv2d,
            "(dy, x, kernel, *, strides=1, padding='valid', dilation_rate=1, input_gradient=True)",
        ),
        (grads.max_pool2d, "(dy, x, pool_size=2, *, strides=None, padding='valid')"),
        (grads.avg_pool2d, "(dy, x, pool_size=2, *, strides=None, padding='valid')"),
    ],
)
def test_signature(function, signature):
    assert str(inspect.signature(function)) == signature


# Errors: what the formula refuses, its derivative refuses in the same words


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize(
    "shape", [(1, 2, 2, 3), (2, 2, 2, 1), (2, 5, 4, 3), (2, 4, 2, 3), (2, 2, 3), ()]
)
def test_upstream_gradient_of_another_shape(name, shape):
    expected, *others = CALLS[name]
    with raises(f"{name} needs dy of the shape of its output, {expected}; got dy {shape}"):
        getattr(grads, name)(np.zeros(shape), *map(np.zeros, others))


@pytest.mark.parametrize(
    ("name", "shapes", "options"),
    [
        ("conv2d", [(1, 4, 4, 2), (2, 2, 3, 5)], {}),
        ("conv2d", [(4, 4, 2), (2, 2, 2, 5)], {}),
        ("conv2d", [(1, 4, 4, 2), (2, 2, 2)], {}),
        ("conv2d", [(1, 3, 4, 1), (4, 1, 1, 1)], {}),
        ("conv2d", [(1, 3, 4, 1), (2, 2, 1, 1)], {"dilation_rate": 3}),
        ("conv2d", [(1, 3, 4, 1), (2, 2, 1, 1)], {"dilation_rate": 0}),
        ("conv2d", [(1, 3, 4, 1), (2, 2, 1, 1)], {"strides": (1, 0)}),
        ("conv2d", [(1, 3, 4, 1), (2, 2, 1, 1)], {"padding": "full"}),
        *[
            (name, shapes, options)
            for name in POOLS
            for shapes, options in (
                ([(3, 4, 1)], {}),
                ([(1, 3, 4, 1)], {"pool_size": (4, 1)}),
                ([(1, 3, 4, 1)], {"pool_size": 0}),
                ([(1, 3, 4, 1)], {"strides": 1.5}),
                ([(1, 3, 4, 1)], {"padding": "full"}),
            )
        ],
    ],
)
def test_what_the_formula_refuses(name, shapes, options):
    arrays = [np.zeros(shape) for shape in shapes]
    with pytest.raises(ValueError, match=r"needs|must be|does not fit") as refused:
        getattr(ops, name)(*arrays, **options)
    with pytest.raises(ValueError, match=f"^{re.escape(str(refused.value))}$"):
        getattr(grads, name)(np.zeros((1, 1, 1, 1)), *arrays, **options)
