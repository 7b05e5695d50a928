"""The game of two networks as one model: its one gradient beside two separate tapes."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from dlcore import grads, models, ops


def two_networks(shape):
    """A generator with batch normalisation and a discriminator, of points or of images."""
    keras.utils.set_random_seed(1)
    sizes = layers.Dense(int(np.prod(shape)), activation="tanh"), layers.Reshape(shape)
    generator = keras.Sequential(
        [keras.Input((3,)), layers.Dense(8), layers.BatchNormalization(), layers.ReLU(), *sizes]
    )
    hidden = layers.Flatten(), layers.Dense(8, activation="tanh"), layers.Dense(1)
    return generator, keras.Sequential([keras.Input(shape), *hidden])


def batch(shape, n=6):
    return np.random.default_rng(0).uniform(-1, 1, (n, *shape)).astype("float32")


@pytest.mark.parametrize("shape", [(2,), (4, 4, 1)])
@pytest.mark.parametrize("non_saturating", [False, True])
def test_one_gradient_equals_two_tapes(non_saturating, shape):
    g, d = two_networks(shape)
    d.set_weights([5 * w for w in d.get_weights()])  # logits far from 0: the two games differ
    gan = models.GAN(g, d, non_saturating=non_saturating, seed=3)
    real = batch(shape)
    z = keras.random.normal((6, 3), seed=keras.random.SeedGenerator(3))
    with tf.GradientTape() as tape:
        logits = gan(real, training=True)
        loss = tf.reduce_mean(models.gan_loss(None, logits))
    g_vars, d_vars = g.trainable_variables, d.trainable_variables
    ours = tape.gradient(loss, [v.value for v in g_vars + d_vars])
    np.testing.assert_allclose(logits[:, 0:1], d(real), atol=1e-6)
    np.testing.assert_allclose(logits[:, 1:2], d(g(z, training=True)), atol=1e-6)
    with tf.GradientTape() as tape_d:
        loss_d = tf.reduce_mean(tf.nn.softplus(-d(real)) + tf.nn.softplus(d(g(z, training=True))))
    with tf.GradientTape() as tape_g:
        logit = d(g(z, training=True))
        losses = tf.nn.softplus(-logit) if non_saturating else -tf.nn.softplus(logit)
        loss_g = tf.reduce_mean(losses)
    two = tape_g.gradient(loss_g, [v.value for v in g_vars])
    two += tape_d.gradient(loss_d, [v.value for v in d_vars])
    assert max(np.abs(slope).max() for slope in two[: len(g_vars)]) > 1e-3
    for a, b in zip(ours, two, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-6)


def test_loss_is_that_of_the_formulas():
    """And its slopes to the logits are theirs: what then reaches the generator is turned."""
    logits = 4 * np.random.default_rng(0).normal(size=(50, 2))
    with tf.GradientTape() as tape:
        tensor = tf.constant(logits)
        tape.watch(tensor)
        loss = models.gan_loss(None, tensor)
    np.testing.assert_allclose(loss, ops.discriminator_loss(*logits.T), rtol=1e-12)
    slopes = np.stack(grads.discriminator_loss(np.ones(50), *logits.T), axis=1)
    np.testing.assert_allclose(tape.gradient(loss, tensor), slopes, rtol=1e-9)


@pytest.mark.parametrize(
    ("options", "saturating"),
    [({}, False), ({"non_saturating": True}, False), ({"non_saturating": False}, True)],
)
def test_slope_on_a_sample_is_that_of_the_generators_loss(options, saturating):
    """With D the identity on one number and G a shift, by hand."""
    g = keras.Sequential([keras.Input((1,)), layers.Dense(1)])
    d = keras.Sequential([keras.Input((1,)), layers.Dense(1, use_bias=False)])
    g.set_weights([np.zeros((1, 1)), np.array([-2.0])])
    d.set_weights([np.ones((1, 1))])
    gan = models.GAN(g, d, **options)
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(models.gan_loss(None, gan(np.zeros((5, 1), "float32"))))
    (slope,) = tape.gradient(loss, [g.trainable_variables[1].value])
    expected = grads.generator_loss(1.0, -2.0, saturating=saturating)
    np.testing.assert_allclose(slope, [expected], rtol=1e-5)


@pytest.mark.parametrize("logit", [-1000.0, 1000.0])
def test_slopes_stay_finite_where_the_discriminator_is_sure(logit):
    g = keras.Sequential([keras.Input((1,)), layers.Dense(1)])
    d = keras.Sequential([keras.Input((1,)), layers.Dense(1)])
    g.set_weights([np.zeros((1, 1)), np.array([1.0])])
    d.set_weights([np.ones((1, 1)), np.array([logit - 1])])
    gan = models.GAN(g, d)
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(models.gan_loss(None, gan(np.zeros((5, 1), "float32"))))
    slopes = tape.gradient(loss, [v.value for v in gan.trainable_variables])
    assert all(np.isfinite(slope).all() for slope in slopes)


def test_compile_and_fit_move_both():
    g, d = two_networks((4, 4, 1))
    gan = models.GAN(g, d)
    before = [g.get_weights(), d.get_weights()]
    gan.compile("adam", loss=models.gan_loss)
    gan.fit(batch((4, 4, 1), 4), np.zeros((4, 1), "float32"), verbose=0)
    for network, old in zip((g, d), before, strict=True):
        assert not np.array_equal(network.get_weights()[0], old[0])
