"""The image GAN as one model: its one gradient beside two separate tapes."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from dlcore import models


@pytest.mark.parametrize("non_saturating", [False, True])
def test_one_gradient_equals_two_tapes(non_saturating):
    keras.utils.set_random_seed(1)
    g, d = models.image_generator(8), models.image_discriminator()
    gan = models.GAN(g, d, non_saturating=non_saturating, seed=3)
    real = np.random.default_rng(0).uniform(-1, 1, (6, 28, 28, 1)).astype("float32")
    z = keras.random.normal((6, 8), seed=keras.random.SeedGenerator(3))
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(models.gan_loss(None, gan(real, training=True)))
    g_vars, d_vars = g.trainable_variables, d.trainable_variables
    ours = tape.gradient(loss, [v.value for v in g_vars + d_vars])
    with tf.GradientTape() as tape_d:
        loss_d = tf.reduce_mean(tf.nn.softplus(-d(real)) + tf.nn.softplus(d(g(z, training=True))))
    with tf.GradientTape() as tape_g:
        logit = d(g(z, training=True))
        sign = -1.0 if non_saturating else 1.0
        loss_g = sign * -tf.reduce_mean(tf.nn.softplus(sign * logit))
    two = tape_g.gradient(loss_g, [v.value for v in g_vars])
    two += tape_d.gradient(loss_d, [v.value for v in d_vars])
    for a, b in zip(ours, two, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-5)


def test_compile_and_fit_move_both():
    gan = models.GAN(models.image_generator(8), models.image_discriminator())
    before = [gan.generator.get_weights(), gan.discriminator.get_weights()]
    gan.compile("adam", loss=models.gan_loss)
    gan.fit(np.zeros((4, 28, 28, 1), "float32"), np.zeros((4, 1), "float32"), verbose=0)
    for network, old in zip((gan.generator, gan.discriminator), before, strict=True):
        assert not np.array_equal(network.get_weights()[0], old[0])
