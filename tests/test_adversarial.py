"""The losses of a generative adversarial network and their derivatives."""

import keras
import numpy as np
import pytest
from examples import precisions, raises, strided_read_only, tape
from hypothesis import given
from hypothesis import strategies as st

from dlcore import check, grads, ops

seeds = st.integers(0, 2**32 - 1)
shapes = st.lists(st.integers(1, 4), min_size=1, max_size=3).map(tuple)
scales = st.sampled_from([0.1, 1.0, 10.0, 300.0])
KERAS = {
    False: lambda o: keras.ops.softplus(-o),
    True: lambda o: -keras.ops.softplus(o),
}


def penalty(g, norm):
    return (keras.ops.sqrt(keras.ops.sum(g * g, axis=-1)) - norm) ** 2


@given(seeds, shapes, scales)
def test_discriminator_loss(seed, shape, scale):
    """Keras's binary cross-entropy, of real logits against ones and of others against zeros."""
    rng = np.random.default_rng(seed)
    dy, real, fake = rng.standard_normal((3, *shape)) * np.array([1, scale, scale]).reshape(
        3, *[1] * len(shape)
    )

    def theirs(real, fake):
        crossentropy = keras.losses.binary_crossentropy
        return crossentropy(np.ones((*shape, 1)), real[..., None], from_logits=True) + crossentropy(
            np.zeros((*shape, 1)), fake[..., None], from_logits=True
        )

    as_tensors = map(keras.ops.convert_to_tensor, (real, fake))
    np.testing.assert_allclose(
        ops.discriminator_loss(real, fake), theirs(*as_tensors), rtol=1e-12, atol=1e-14
    )
    ours = grads.discriminator_loss(dy, real, fake)
    for gradient, expected in zip(ours, tape(theirs, dy, real, fake), strict=True):
        assert gradient.shape == shape
        np.testing.assert_allclose(gradient, expected, rtol=1e-9, atol=1e-14)


@pytest.mark.parametrize("saturating", [False, True])
@given(seed=seeds, shape=shapes, scale=scales)
def test_generator_loss(saturating, seed, shape, scale):
    dy, fake = np.random.default_rng(seed).standard_normal((2, *shape))
    fake = scale * fake
    ours = ops.generator_loss(fake, saturating=saturating)
    np.testing.assert_allclose(
        ours, KERAS[saturating](keras.ops.convert_to_tensor(fake)), rtol=1e-12, atol=1e-14
    )
    (expected,) = tape(KERAS[saturating], dy, fake)
    ours = grads.generator_loss(dy, fake, saturating=saturating)
    np.testing.assert_allclose(ours, expected, rtol=1e-9, atol=1e-14)


@given(seeds, shapes, st.sampled_from([0, 0.5, 1.0]))
def test_gradient_penalty(seed, shape, norm):
    rng = np.random.default_rng(seed)
    slopes, dy = rng.standard_normal(shape), rng.standard_normal(shape[:-1])
    ours = ops.gradient_penalty(slopes, norm=norm)
    assert ours.shape == shape[:-1]
    np.testing.assert_allclose(ours, penalty(keras.ops.convert_to_tensor(slopes), norm), rtol=1e-9)
    (expected,) = tape(lambda g: penalty(g, norm), dy, slopes)
    ours = grads.gradient_penalty(dy, slopes, norm=norm)
    np.testing.assert_allclose(ours, expected, rtol=1e-7, atol=1e-12)


def test_by_hand():
    ln2, ln4 = np.log([2, 4])
    np.testing.assert_allclose(ops.discriminator_loss([0.0], [0.0]), [ln4])
    np.testing.assert_allclose(
        ops.discriminator_loss([np.log(3)], [-np.log(3)]), [2 * np.log(4 / 3)]
    )
    np.testing.assert_allclose(ops.generator_loss([0.0]), [ln2])
    np.testing.assert_allclose(ops.generator_loss([-np.log(3)]), [ln4])
    np.testing.assert_allclose(ops.generator_loss([-np.log(3)], saturating=True), [np.log(3 / 4)])
    np.testing.assert_allclose(grads.generator_loss([1.0], [-np.log(3)]), [-3 / 4])
    np.testing.assert_allclose(grads.generator_loss([1.0], [-np.log(3)], saturating=True), [-1 / 4])
    np.testing.assert_allclose(ops.gradient_penalty([[3.0, 4.0]]), [25])
    np.testing.assert_allclose(ops.gradient_penalty([[3.0, 4.0]], norm=1), [16])
    np.testing.assert_allclose(grads.gradient_penalty([1.0], [[3.0, 4.0]], norm=1), [[4.8, 6.4]])


@pytest.mark.parametrize("norm", [0, 1])
def test_penalty_of_a_flat_discriminator(norm):
    np.testing.assert_array_equal(ops.gradient_penalty(np.zeros((2, 3)), norm=norm), [norm, norm])
    slopes = grads.gradient_penalty(np.ones(2), np.zeros((2, 3)), norm=norm)
    np.testing.assert_array_equal(slopes, np.zeros((2, 3)))


def test_penalty_by_differences():
    slopes = np.random.default_rng(0).standard_normal((4, 3))
    dy = np.array([1.0, -2.0, 0.5, 3.0])
    ours = grads.gradient_penalty(dy, slopes, norm=0.7)
    check.gradient("penalty", lambda g: dy @ ops.gradient_penalty(g, norm=0.7), ours, slopes)


def test_extreme_logits_stay_finite():
    logits = np.array([1e4, -1e4], np.float32)
    np.testing.assert_array_equal(ops.discriminator_loss(logits, logits), [1e4, 1e4])
    np.testing.assert_array_equal(ops.generator_loss(logits), [0, 1e4])
    np.testing.assert_array_equal(ops.generator_loss(logits, saturating=True), [-1e4, 0])
    np.testing.assert_array_equal(grads.generator_loss(np.ones(2), logits), [0, -1])
    np.testing.assert_array_equal(grads.discriminator_loss(np.ones(2), logits, logits)[0], [0, -1])


@precisions
def test_precision(given_dtype, expected):
    x = np.ones((2, 3), given_dtype)
    dy = np.ones((2, 3))  # float64, as 1 / N from NumPy would make it
    results = [
        ops.discriminator_loss(x, x), ops.generator_loss(x), ops.gradient_penalty(x, norm=1.0),
        *grads.discriminator_loss(dy, x, x), grads.generator_loss(dy, x, saturating=True),
        grads.gradient_penalty(dy[:, 0], x, norm=1.0),
    ]  # fmt: skip
    assert {result.dtype.name for result in results} == {expected}


def test_each_gradient_has_the_precision_of_its_input():
    real, fake = np.ones(2, np.float32), np.ones(2)
    dtypes = [g.dtype.name for g in grads.discriminator_loss(np.ones(2), real, fake)]
    assert dtypes == ["float32", "float64"]


def test_arguments_are_not_written_to():
    x, dy = strided_read_only([np.ones((2, 3)), np.ones((2, 3))])
    ops.discriminator_loss(x, x)
    ops.generator_loss(x)
    grads.discriminator_loss(dy, x, x)
    grads.generator_loss(dy, x)
    grads.gradient_penalty(dy[:, 0], x, norm=1)


def test_errors():
    of_both = "discriminator_loss needs real and fake of one shape; got real (2,), fake (2, 1)"
    for function in (ops.discriminator_loss, lambda *x: grads.discriminator_loss(1.0, *x)):
        with raises(of_both):
            function(np.ones(2), np.ones((2, 1)))
    with raises("discriminator_loss needs dy of the shape of its output, (2,); got dy (3,)"):
        grads.discriminator_loss(np.ones(3), np.ones(2), np.ones(2))
    with raises("generator_loss needs dy of the shape of x; got dy (3,), x (2,)"):
        grads.generator_loss(np.ones(3), np.ones(2))
    with raises("gradient_penalty needs dy of the shape of its output, (2,); got dy (2, 1)"):
        grads.gradient_penalty(np.ones((2, 1)), np.ones((2, 3)))
    for function in (ops.gradient_penalty, lambda *x, **y: grads.gradient_penalty(1.0, *x, **y)):
        with raises("gradient_penalty needs gradient (..., d); got gradient ()"):
            function(1.0)
        for wrong in (-1, np.nan):
            with raises(f"norm must be at least 0; got {wrong}"):
                function(np.ones(2), norm=wrong)
