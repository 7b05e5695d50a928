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


def variational_autoencoder(code, *, hidden=128, beta=1.0, seed=0):
    r"""A variational autoencoder of flat digits, with its loss inside.

    ``encoder``: 784 pixels in [0, 1] -> `hidden` ReLU -> mean and log-variance of the code, side
    by side, (N, 2k). ``decoder``: a code (N, k) -> `hidden` ReLU -> 784 logits; their sigmoid is
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
        seed: of the noise; the weights follow ``keras.utils.set_random_seed``.

    Returns:
        An uncompiled ``keras.Model``, built.

    Source: Kingma and Welling, "Auto-encoding variational Bayes", ICLR 2014.
    """
    model = _VariationalAutoencoder(code, hidden, beta, seed)
    model.build((None, 784))
    return model


class _VariationalAutoencoder(keras.Model):
    def __init__(self, code, hidden, beta, seed):
        super().__init__(name="variational_autoencoder")
        self.beta = beta
        self.noise = keras.random.SeedGenerator(seed)
        self.encoder = keras.Sequential(
            [
                keras.Input((784,)),
                layers.Dense(hidden, activation="relu"),
                layers.Dense(2 * code),
            ],
            name="encoder",
        )
        self.decoder = keras.Sequential(
            [
                keras.Input((code,)),
                layers.Dense(hidden, activation="relu"),
                layers.Dense(784),
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
