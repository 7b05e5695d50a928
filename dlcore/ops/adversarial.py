"""Losses and penalties of a generative adversarial network, from logits."""

import numpy as np

from dlcore._arguments import floating, logits_of_both, slopes


def discriminator_loss(real, fake):
    r"""What the discriminator minimises, in nats: :math:`-\log D(x) - \log(1 - D(G(z)))`.

    From logits, where :math:`D = \sigma(o)`:
    :math:`\log(1 + e^{-o_\text{real}}) + \log(1 + e^{o_\text{fake}})`. Its mean is minus the value
    of the game; a discriminator that says 1/2 everywhere pays log 4.

    Args:
        real: logits of real samples, any shape.
        fake: logits of generated samples, in the same shape.

    Returns:
        One loss a pair, in the shape of `real`.

    Raises:
        ValueError: unless the shapes are the same.

    Source: Goodfellow et al., NIPS 2014, equation 1.
    """
    real, fake = logits_of_both("discriminator_loss", real, fake)
    return np.logaddexp(0, -real) + np.logaddexp(0, fake)


def generator_loss(fake, *, saturating=False):
    r"""What the generator minimises, in nats: :math:`-\log D(G(z))`, from logits.

    With `saturating` the generator's share of the game itself, :math:`\log(1 - D(G(z)))`. In
    logits o: :math:`\log(1 + e^{-o})` and :math:`-\log(1 + e^{o})`.

    Args:
        fake: logits of generated samples, any shape.
        saturating: which of the two.

    Returns:
        One loss a sample, in the shape of `fake`.

    Source: Goodfellow et al., NIPS 2014, section 3.
    """
    fake = floating(fake)
    return -np.logaddexp(0, fake) if saturating else np.logaddexp(0, -fake)


def gradient_penalty(gradient, *, norm=0.0):
    r"""Penalty of each row's slope: :math:`(\lVert g \rVert - c)^2`.

    g is the gradient of the discriminator's logit with respect to one sample. With c = 0, taken at
    real samples and weighted by :math:`\gamma / 2`, this is R1; with c = 1, taken at random points
    between real and generated samples and weighted by 10, it is the penalty of WGAN-GP.

    Args:
        gradient: slopes, shape (..., d): a row is the last axis.
        norm: c, the length that costs nothing.

    Returns:
        The shape without the last axis.

    Raises:
        ValueError: if `gradient` has no axis, or `norm` is negative.

    Source: Mescheder, Geiger and Nowozin, ICML 2018 (R1); Gulrajani et al., NIPS 2017 (WGAN-GP).
    """
    gradient = slopes(gradient, norm)
    return np.square(np.sqrt(np.square(gradient).sum(axis=-1)) - gradient.dtype.type(norm))
