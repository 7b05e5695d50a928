"""Derivatives of the formulas in `ops`, as vector-Jacobian products.

Each function has the name of its formula. It takes the gradient of the objective with respect to
the formula's output, then the formula's own arguments, and returns the gradient with respect to
its inputs, in their shape and their precision. No Jacobian is ever formed.
"""

from dlcore.grads.activations import log_softmax, relu, sigmoid, softmax
from dlcore.grads.adversarial import discriminator_loss, generator_loss, gradient_penalty
from dlcore.grads.attention import attention
from dlcore.grads.convolution import conv2d, conv2d_transpose
from dlcore.grads.dense import dense
from dlcore.grads.divergence import kl_divergence
from dlcore.grads.gates import gru, lstm
from dlcore.grads.losses import (
    binary_crossentropy,
    categorical_crossentropy,
    mean_squared_error,
    sparse_categorical_crossentropy,
)
from dlcore.grads.pooling import avg_pool2d, max_pool2d
from dlcore.grads.recurrent import simple_rnn

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
