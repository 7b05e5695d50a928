"""The divergence of a Gaussian from the standard one, and its derivative."""

import keras
import numpy as np
from examples import precisions, raises, strided_read_only, tape
from hypothesis import given
from hypothesis import strategies as st

from dlcore import check, grads, ops

seeds = st.integers(0, 2**32 - 1)
shapes = st.lists(st.integers(1, 4), min_size=1, max_size=3).map(tuple)
scales = st.sampled_from([0.1, 1.0, 5.0])


def theirs(mean, log_variance):
    """The formula as `keras.io`'s example of a variational autoencoder writes it."""
    k = keras.ops
    inner = 1 + log_variance - k.square(mean) - k.exp(log_variance)
    return -0.5 * k.sum(inner, axis=-1)


@given(seeds, shapes, scales)
def test_equals_keras_and_its_derivative(seed, shape, scale):
    rng = np.random.default_rng(seed)
    mean, log_variance = scale * rng.standard_normal((2, *shape))
    dy = rng.standard_normal(shape[:-1])
    ours = ops.kl_divergence(mean, log_variance)
    assert ours.shape == shape[:-1]
    assert (ours >= 0).all()
    as_tensors = map(keras.ops.convert_to_tensor, (mean, log_variance))
    np.testing.assert_allclose(ours, theirs(*as_tensors), rtol=1e-10, atol=1e-13)
    ours = grads.kl_divergence(dy, mean, log_variance)
    for gradient, expected in zip(ours, tape(theirs, dy, mean, log_variance), strict=True):
        assert gradient.shape == shape
        np.testing.assert_allclose(gradient, expected, rtol=1e-9, atol=1e-13)


def test_by_hand():
    np.testing.assert_array_equal(ops.kl_divergence(np.zeros((2, 3)), np.zeros((2, 3))), [0, 0])
    np.testing.assert_allclose(ops.kl_divergence([3.0, 4.0], [0.0, 0.0]), 12.5)
    np.testing.assert_allclose(ops.kl_divergence([0.0], [np.log(4)]), (3 - np.log(4)) / 2)
    np.testing.assert_allclose(ops.kl_divergence([0.0], [-np.log(4)]), (np.log(4) - 3 / 4) / 2)
    into_mean, into_log_variance = grads.kl_divergence(2.0, [3.0], [np.log(4)])
    np.testing.assert_allclose(into_mean, [6])
    np.testing.assert_allclose(into_log_variance, [3])


def test_it_is_the_mean_of_the_logarithms_ratio():
    """Monte Carlo: the mean of log q(z) - log p(z) over z from q, within five standard errors."""
    rng = np.random.default_rng(0)
    mean, log_variance = np.array([0.7, -1.2]), np.array([0.5, -1.5])
    noise = rng.standard_normal((200_000, 2))
    z = mean + np.exp(log_variance / 2) * noise
    ratio = (np.square(z) - np.square(noise) - log_variance).sum(axis=1) / 2
    error = ratio.std() / np.sqrt(len(ratio))
    assert abs(ratio.mean() - ops.kl_divergence(mean, log_variance)) < 5 * error
    assert error < 0.005


def test_small_log_variances_keep_their_digits():
    """v squared over 4, which 1 + v - exp(v) in float32 rounds to nothing."""
    v = np.full(1, 1e-3, np.float32)
    np.testing.assert_allclose(ops.kl_divergence(0 * v, v), 2.5e-7, rtol=0.01)
    np.testing.assert_allclose(grads.kl_divergence(1, 0 * v, v)[1], 5e-4, rtol=1e-3)


def test_gradient_by_differences():
    rng = np.random.default_rng(0)
    mean, log_variance = rng.standard_normal((2, 4, 3))
    dy = np.array([1.0, -2.0, 0.5, 3.0])
    into_mean, into_log_variance = grads.kl_divergence(dy, mean, log_variance)
    check.gradient("mean", lambda m: dy @ ops.kl_divergence(m, log_variance), into_mean, mean)
    check.gradient(
        "log-variance", lambda v: dy @ ops.kl_divergence(mean, v), into_log_variance, log_variance
    )


@precisions
def test_precision(given_dtype, expected):
    x = np.ones((2, 3), given_dtype)
    results = [ops.kl_divergence(x, x), *grads.kl_divergence(np.ones(2), x, x)]
    assert {result.dtype.name for result in results} == {expected}


def test_each_gradient_has_the_precision_of_its_input():
    found = grads.kl_divergence(np.ones(2), np.ones((2, 3), np.float32), np.ones((2, 3)))
    assert [g.dtype.name for g in found] == ["float32", "float64"]


def test_arguments_are_not_written_to():
    mean, log_variance = strided_read_only([np.ones((2, 3)), np.ones((2, 3))])
    ops.kl_divergence(mean, log_variance)
    grads.kl_divergence(np.ones(2), mean, log_variance)


def test_errors():
    for function in (ops.kl_divergence, lambda *x: grads.kl_divergence(1.0, *x)):
        for mean, log_variance in (((2, 3), (2, 1)), ((), ())):
            with raises(
                "kl_divergence needs mean and log_variance of one shape (..., k); "
                f"got mean {mean}, log_variance {log_variance}"
            ):
                function(np.ones(mean), np.ones(log_variance))
    with raises("kl_divergence needs dy of the shape of its output, (2,); got dy (3,)"):
        grads.kl_divergence(np.ones(3), np.ones((2, 3)), np.ones((2, 3)))
