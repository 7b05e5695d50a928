"""The formulas of the book, forward, in NumPy.

Names, arguments and their order are Keras's; images are channels-last. Floating point stays in
the precision of the input, integers become float32 or float64. Of inputs of different precision
the wider one holds, as in NumPy; targets take the precision of the predictions, as in Keras.
Functions return new arrays and never write to their arguments.
"""

from dlcore.ops.activations import log_softmax, relu, sigmoid, softmax
from dlcore.ops.adversarial import discriminator_loss, generator_loss, gradient_penalty
from dlcore.ops.attention import attention
from dlcore.ops.convolution import conv2d, conv2d_transpose
from dlcore.ops.dense import dense
from dlcore.ops.divergence import kl_divergence
from dlcore.ops.gates import gru, lstm
from dlcore.ops.losses import (
    binary_crossentropy,
    categorical_crossentropy,
    mean_squared_error,
    sparse_categorical_crossentropy,
)
from dlcore.ops.pooling import avg_pool2d, max_pool2d
from dlcore.ops.recurrent import simple_rnn

__all__ = [
    "attention",
    "avg_pool2d",
    "binary_crossentropy",
    "categorical_crossentropy",
    "conv2d",
    "conv2d_transpose",
    "dense",
    "discriminator_loss",
    "generator_loss",
    "gradient_penalty",
    "gru",
    "kl_divergence",
    "log_softmax",
    "lstm",
    "max_pool2d",
    "mean_squared_error",
    "relu",
    "sigmoid",
    "simple_rnn",
    "softmax",
    "sparse_categorical_crossentropy",
]
