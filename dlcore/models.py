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


def autoencoder(code):
    """A dense encoder and decoder of digits, 784-128-code-128-784; each can be used alone.

    Input (784,), pixels in [0, 1] -> 128 units with ReLU -> `code` numbers, linear -> 128 units
    with ReLU -> 784 sigmoids. For 32 numbers: 209,968 parameters.

    Args:
        code: numbers a code.

    Returns:
        An uncompiled ``keras.Sequential`` whose two layers are the encoder and the decoder, each a
        ``keras.Sequential`` too: ``encoder, decoder = autoencoder(32).layers``.

    Source: Bourlard and Kamp, Biological Cybernetics 59, 1988; Hinton and Salakhutdinov, Science
    313, 2006.
    """
    encoder = keras.Sequential(
        [keras.Input((784,)), layers.Dense(128, activation="relu"), layers.Dense(code)],
        name="encoder",
    )
    decoder = keras.Sequential(
        [
            keras.Input((code,)),
            layers.Dense(128, activation="relu"),
            layers.Dense(784, activation="sigmoid"),
        ],
        name="decoder",
    )
    return keras.Sequential([keras.Input((784,)), encoder, decoder], name="autoencoder")


class GAN(keras.Model):
    """The game of two networks as one model: ``compile(optimizer, loss=gan_loss)`` and ``fit``.

    ``call(real)`` of a batch of samples draws as much noise and returns the logits (batch, 2):
    D(real), D(G(z)). Forward, G(z) enters D as it is; backward, the slope that reaches G(z) is
    multiplied by -k. Both networks then descend on the one loss: with k = 1 the generator plays
    minimax, with k = exp(-logit) = sigmoid(-logit) / sigmoid(logit) it gets the slope of
    softplus(-logit), the non-saturating loss. Both step at once, before either has moved.

    Args:
        generator: noise (batch, latent) -> samples, any shape.
        discriminator: samples -> logits (batch, 1), large for data. Without layers that behave
            otherwise in training: it is called on real and on generated samples apart.
        non_saturating: which of the two games the generator plays.
        seed: of the noise.

    Source: Goodfellow et al., NeurIPS 2014; the reversal, Ganin and Lempitsky, ICML 2015.
    """

    def __init__(self, generator, discriminator, *, non_saturating=True, seed=0):
        super().__init__(name="gan")
        self.generator = generator
        self.discriminator = discriminator
        self.non_saturating = non_saturating
        self.noise = keras.random.SeedGenerator(seed)

    def call(self, real, training=None):
        """Logits (batch, 2) of the real samples and of as many generated ones."""
        size = (ops.shape(real)[0], self.generator.input_shape[-1])
        fake = self.generator(keras.random.normal(size, seed=self.noise), training=training)
        scaled = fake
        if self.non_saturating:
            logit = self.discriminator(fake, training=training)
            # Clipped so that exp stays finite; beyond 20 the slope is no longer exact.
            k = ops.stop_gradient(ops.exp(ops.clip(-logit, -20.0, 20.0)))
            scaled = ops.reshape(k, (-1, *[1] * (len(fake.shape) - 1))) * fake
        # The bracket is exactly zero, so the value stays G(z); its slope is -k.
        fake = ops.stop_gradient(fake) + (ops.stop_gradient(scaled) - scaled)
        logits = [self.discriminator(x, training=training) for x in (real, fake)]
        return ops.concatenate(logits, axis=1)


def gan_loss(_, logits):
    """The discriminator's loss softplus(-D(real)) + softplus(D(G(z))), one number a pair.

    ``logits`` (batch, 2) are those of `GAN`; Keras's targets are not used. The number is that of
    `dlcore.ops.discriminator_loss`, in Keras's operations so that ``fit`` can differentiate it.
    `dlcore.ops.generator_loss` needs no twin here: its slope is in the reversal of `GAN`.

    Source: Goodfellow et al., NeurIPS 2014, the value of the game with its sign turned.
    """
    return ops.softplus(-logits[:, 0]) + ops.softplus(logits[:, 1])


def variational_autoencoder(code, *, hidden=128, beta=1.0, pixels=784, seed=0):
    r"""A variational autoencoder of flat digits, with its loss inside.

    ``encoder``: d pixels in [0, 1] -> `hidden` ReLU -> mean and log-variance of the code, side
    by side, (N, 2k). ``decoder``: a code (N, k) -> `hidden` ReLU -> d logits; their sigmoid is
    the image. The model maps images to the logits of their reconstructions, with a code drawn by
    :math:`z = \mu + e^{v/2}\,\epsilon`, and adds, as the mean over the batch in nats,

    .. math:: -\sum_j x_j \log p_j + (1 - x_j) \log(1 - p_j)
        + \beta\,\mathrm{KL}(\mathcal{N}(\mu, e^{v})\,\|\,\mathcal{N}(0, I)).

    So ``compile(optimizer)`` and ``fit(x)`` need neither a loss nor targets. Samples:
    ``keras.ops.sigmoid(model.decoder(z))`` with z from N(0, I).

    Args:
        code: k, numbers in a code.
        hidden: width of the one hidden layer of either half.
        beta: weight of the divergence; 1 for the bound on the likelihood.
        pixels: d, of a flat image.
        seed: of the noise; the weights follow ``keras.utils.set_random_seed``.

    Returns:
        An uncompiled ``keras.Model``, built.

    Source: Kingma and Welling, "Auto-encoding variational Bayes", ICLR 2014.
    """
    model = _VariationalAutoencoder(code, hidden, beta, pixels, seed)
    model.build((None, pixels))
    return model


class _VariationalAutoencoder(keras.Model):
    def __init__(self, code, hidden, beta, pixels, seed):
        super().__init__(name="variational_autoencoder")
        self.beta = beta
        self.noise = keras.random.SeedGenerator(seed)
        self.encoder = keras.Sequential(
            [
                keras.Input((pixels,)),
                layers.Dense(hidden, activation="relu"),
                layers.Dense(2 * code),
            ],
            name="encoder",
        )
        self.decoder = keras.Sequential(
            [
                keras.Input((code,)),
                layers.Dense(hidden, activation="relu"),
                layers.Dense(pixels),
            ],
            name="decoder",
        )

    def build(self, _):
        self.built = True  # both halves know their inputs

    def call(self, x):
        mean, log_variance = ops.split(self.encoder(x), 2, axis=-1)
        epsilon = keras.random.normal(ops.shape(mean), seed=self.noise)
        logits = self.decoder(mean + ops.exp(log_variance / 2) * epsilon)
        distortion = ops.sum(ops.softplus(logits) - x * logits, axis=-1)
        kl = ops.sum(ops.square(mean) + ops.expm1(log_variance) - log_variance, axis=-1) / 2
        self.add_loss(ops.mean(distortion + self.beta * kl))
        return logits
