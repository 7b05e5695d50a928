"""Builders of the book's Keras models: built and named, not compiled."""

import keras
from keras import layers


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
