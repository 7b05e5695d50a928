"""The variational autoencoder as a Keras model: its loss, its noise, its decoder."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from dlcore import grads, models, ops


@pytest.fixture(scope="module")
def images():
    return np.random.default_rng(0).random((64, 784), np.float32)


def loss_by_hand(model, x, epsilon, beta):
    mean, log_variance = np.split(np.asarray(model.encoder(x), float), 2, axis=1)
    z = mean + np.exp(log_variance / 2) * epsilon
    logits = np.asarray(model.decoder(z.astype(np.float32)), float)
    distortion = 784 * ops.binary_crossentropy(x, logits, from_logits=True)
    return (distortion + beta * ops.kl_divergence(mean, log_variance)).mean()


@pytest.mark.parametrize("beta", [1.0, 7.0])
def test_loss_is_the_formulas(images, beta):
    keras.utils.set_random_seed(1)
    model = models.variational_autoencoder(3, hidden=16, beta=beta, seed=5)
    # Twice as strong as drawn, so that the divergence is not small beside the distortion.
    model.encoder.layers[-1].kernel.assign(2 * model.encoder.layers[-1].kernel)
    epsilon = np.asarray(keras.random.normal((64, 3), seed=keras.random.SeedGenerator(5)), float)
    model(images)
    (ours,) = model.losses
    np.testing.assert_allclose(float(ours), loss_by_hand(model, images, epsilon, beta), rtol=1e-5)
    assert abs(float(ours) - loss_by_hand(model, images, 0 * epsilon, beta)) > 1e-3


def test_gradients_are_the_formulas(images):
    """Through the mean, and through the deviation that the noise is multiplied by."""
    keras.utils.set_random_seed(1)
    model = models.variational_autoencoder(3, hidden=16, beta=2.0, seed=5)
    model.encoder.layers[-1].kernel.assign(3 * model.encoder.layers[-1].kernel)
    epsilon = np.asarray(keras.random.normal((64, 3), seed=keras.random.SeedGenerator(5)), float)
    biases = [half.layers[-1].bias.value for half in (model.encoder, model.decoder)]
    with tf.GradientTape() as tape:
        model(images)
        (loss,) = model.losses
    ours = tape.gradient(loss, biases)
    mean, log_variance = np.split(np.asarray(model.encoder(images), float), 2, axis=1)
    deviation = np.exp(log_variance / 2)
    kernel, bias, out_kernel, out_bias = (w.astype(float) for w in model.decoder.get_weights())
    hidden = ops.relu((mean + deviation * epsilon) @ kernel + bias)
    logits = hidden @ out_kernel + out_bias
    dlogits = grads.binary_crossentropy(np.full(64, 784 / 64), images, logits, from_logits=True)
    dz = (dlogits @ out_kernel.T * (hidden > 0)) @ kernel.T
    into_mean, into_log_variance = grads.kl_divergence(np.full(64, 2 / 64), mean, log_variance)
    paths = dz + into_mean, dz * epsilon * deviation / 2 + into_log_variance
    expected = np.concatenate(paths, axis=1).sum(axis=0)
    np.testing.assert_allclose(ours[0], expected, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(ours[1], dlogits.sum(axis=0), rtol=1e-4, atol=1e-5)


def test_fit_needs_neither_loss_nor_targets_and_tells_two_images_apart(images):
    keras.utils.set_random_seed(0)
    model = models.variational_autoencoder(2, hidden=32)
    assert not model.compiled
    assert model.built
    model.compile(keras.optimizers.Adam(0.01))
    two = (images[:2] > 0.5).astype(np.float32)
    history = model.fit(np.repeat(two, 8, axis=0), epochs=60, batch_size=8, verbose=0)
    codes, _ = np.split(np.asarray(model.encoder(two)), 2, axis=1)
    np.testing.assert_array_equal(np.asarray(model.decoder(codes)) > 0, two > 0.5)
    assert history.history["loss"][-1] < 20  # 784 fair coins cost 543 nats


def test_both_halves_get_gradients(images):
    keras.utils.set_random_seed(0)
    model = models.variational_autoencoder(2, hidden=8)
    before = [w.numpy().copy() for w in model.trainable_variables]
    model.compile(keras.optimizers.SGD(1e-3))
    model.fit(images, batch_size=64, epochs=1, verbose=0)
    after = [w.numpy() for w in model.trainable_variables]
    assert len(after) == 8
    assert all(not np.array_equal(*pair) for pair in zip(before, after, strict=True))


def test_decoder_alone_maps_codes_to_logits():
    model = models.variational_autoencoder(5)
    logits = np.asarray(model.decoder(np.ones((4, 5), np.float32)))
    assert logits.shape == (4, 784)
    assert logits.min() < 0
    assert model.encoder(np.zeros((4, 784), np.float32)).shape == (4, 10)
    assert model.name == "variational_autoencoder"
    small = models.variational_autoencoder(2, pixels=9)
    assert small(np.zeros((1, 9), np.float32)).shape == (1, 9)


def test_noise_follows_the_seed_and_is_fresh_each_time(images):
    runs = []
    for seed in (0, 0, 1):
        keras.utils.set_random_seed(3)
        model = models.variational_autoencoder(2, hidden=8, seed=seed)
        runs.append([np.asarray(model(images)) for _ in range(2)])
    np.testing.assert_array_equal(runs[0], runs[1])
    assert not np.array_equal(*runs[0])
    assert not np.array_equal(runs[0][0], runs[2][0])
