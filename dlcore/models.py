"""Builders of the book's Keras models: built and named, not compiled."""

import keras
from keras import layers, ops


def mnist_cnn():
    """The article's digit classifier: convolution, pooling, softmax.

    Input (28, 28, 1), pixels in [0, 1] -> 32 filters of 3x3 with ReLU -> 2x2 max pooling ->
    flatten -> softmax of 10 classes; 54,410 parameters.

    Returns:
        An uncompiled ``keras.Sequential``.

    Source: section 4.3 of the article.
    """
    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(32, (3, 3), activation="relu"),
            layers.MaxPooling2D((2, 2)),
            layers.Flatten(),
            layers.Dense(10, activation="softmax"),
        ],
        name="mnist_cnn",
    )


def small_cnn():
    """A digit classifier with two convolutions and a sixth of `mnist_cnn`'s parameters.

    Input (28, 28, 1), pixels in [0, 1] -> 32 filters of 3x3 with ReLU -> 2x2 max pooling ->
    16 filters of 3x3 with ReLU -> 2x2 max pooling -> flatten -> logits of 10 classes;
    8,954 parameters.

    Returns:
        An uncompiled ``keras.Sequential``. Its loss needs ``from_logits=True``.

    Source: the form of LeNet-5, LeCun et al., Proceedings of the IEEE 86, 1998.
    """
    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(32, 3, activation="relu"),
            layers.MaxPooling2D(2),
            layers.Conv2D(16, 3, activation="relu"),
            layers.MaxPooling2D(2),
            layers.Flatten(),
            layers.Dense(10),
        ],
        name="small_cnn",
    )


def image_generator(latent=64):
    """A generator of digits: noise of ``latent`` numbers -> image (28, 28, 1) in [-1, 1].

    Dense to 7x7x32 -> two transposed convolutions of 4x4 with stride 2, to 16 maps and to 1;
    batch normalisation and ReLU before each, tanh at the end.

    Returns:
        An uncompiled ``keras.Sequential``.

    Source: the form of DCGAN, Radford et al., ICLR 2016.
    """
    return keras.Sequential(
        [
            keras.Input((latent,)),
            layers.Dense(7 * 7 * 32),
            layers.BatchNormalization(),
            layers.ReLU(),
            layers.Reshape((7, 7, 32)),
            layers.Conv2DTranspose(16, 4, strides=2, padding="same"),
            layers.BatchNormalization(),
            layers.ReLU(),
            layers.Conv2DTranspose(1, 4, strides=2, padding="same", activation="tanh"),
        ],
        name="image_generator",
    )


def image_discriminator():
    """A discriminator of digits: image (28, 28, 1) in [-1, 1] -> one logit, large for data.

    Two convolutions of 4x4 with stride 2, to 16 and 32 maps, leaky ReLU of slope 0.2, dense.

    Returns:
        An uncompiled ``keras.Sequential``.

    Source: the form of DCGAN, Radford et al., ICLR 2016, without batch normalisation.
    """
    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(16, 4, strides=2, padding="same"),
            layers.LeakyReLU(0.2),
            layers.Conv2D(32, 4, strides=2, padding="same"),
            layers.LeakyReLU(0.2),
            layers.Flatten(),
            layers.Dense(1),
        ],
        name="image_discriminator",
    )


class GAN(keras.Model):
    """The game of two networks as one model: ``compile(optimizer, loss=gan_loss)`` and ``fit``.

    ``call(real)`` of images (batch, height, width, channels) draws as much noise and returns the
    logits (batch, 2): D(real), D(G(z)). Forward, G(z) enters D as it is; backward, the slope that
    reaches G(z) is multiplied by -k. Both networks then descend on the one loss: with k = 1 the
    generator plays minimax, with k = exp(-logit) = sigmoid(-logit) / sigmoid(logit) it gets the
    slope of softplus(-logit), the non-saturating loss.

    Source: Goodfellow et al., NeurIPS 2014; the reversal, Ganin and Lempitsky, ICML 2015.
    """

    def __init__(self, generator, discriminator, *, non_saturating=True, seed=0):
        super().__init__(name="gan")
        self.generator = generator
        self.discriminator = discriminator
        self.non_saturating = non_saturating
        self.noise = keras.random.SeedGenerator(seed)

    def call(self, real, training=None):
        """Logits (batch, 2) of the real images and of as many generated ones."""
        size = (ops.shape(real)[0], self.generator.input_shape[-1])
        fake = self.generator(keras.random.normal(size, seed=self.noise), training=training)
        scaled = fake
        if self.non_saturating:
            logit = self.discriminator(fake, training=training)
            # Clipped so that exp stays finite; beyond 20 the slope is no longer exact.
            k = ops.stop_gradient(ops.exp(ops.clip(-logit, -20.0, 20.0)))
            scaled = ops.reshape(k, (-1, 1, 1, 1)) * fake
        # The bracket is exactly zero, so the value stays G(z); its slope is -k.
        fake = ops.stop_gradient(fake) + (ops.stop_gradient(scaled) - scaled)
        logits = [self.discriminator(images, training=training) for images in (real, fake)]
        return ops.concatenate(logits, axis=1)


def gan_loss(_, logits):
    """The discriminator's loss softplus(-D(real)) + softplus(D(G(z))), one number a pair.

    ``logits`` (batch, 2) are those of `GAN`; Keras's targets are not used.

    Source: Goodfellow et al., NeurIPS 2014, the value of the game with its sign turned.
    """
    return ops.softplus(-logits[:, 0]) + ops.softplus(logits[:, 1])
