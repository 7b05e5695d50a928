"""Derivatives of `ops.adversarial`."""

import numpy as np

from dlcore import ops
from dlcore._arguments import logits_of_both, of_output, same_shape, slopes


def discriminator_loss(dy, real, fake):
    r"""Gradients of the discriminator's loss.

    :math:`dy\,(\sigma(o_\text{real}) - 1)` and :math:`dy\,\sigma(o_\text{fake})`: it lifts the
    logit of real samples and lowers that of generated ones, more where it is wrong.

    Args:
        dy: gradient with respect to each loss, in the shape of `real`; 1/N for the mean of N.
        real: logits of real samples, any shape.
        fake: logits of generated samples, in the same shape.

    Returns:
        Gradients with respect to `real` and `fake`, in their shape.

    Raises:
        ValueError: if the shapes do not fit one another.

    Source: Goodfellow et al., NIPS 2014, equation 1.
    """
    real, fake = logits_of_both("discriminator_loss", real, fake)
    dy = of_output("discriminator_loss", dy, real.shape, np.result_type(real, fake))
    into_real, into_fake = -dy * ops.sigmoid(-real), dy * ops.sigmoid(fake)
    return into_real.astype(real.dtype, copy=False), into_fake.astype(fake.dtype, copy=False)


def generator_loss(dy, fake, *, saturating=False):
    r"""Gradient of the generator's loss: :math:`-dy\,(1 - D)`, saturating :math:`-dy\,D`.

    Both push the logit up. The saturating one is near 0 where the discriminator rejects,
    :math:`D = \sigma(o) \approx 0`: where the generator has most to learn.

    Args:
        dy: gradient with respect to each loss, in the shape of `fake`.
        fake: logits of generated samples, any shape.
        saturating: which of the two.

    Returns:
        Gradient with respect to `fake`, in its shape.

    Raises:
        ValueError: if the shapes do not fit one another.

    Source: Goodfellow et al., NIPS 2014, section 3.
    """
    dy, fake = same_shape("generator_loss", dy, fake)
    return -dy * ops.sigmoid(fake if saturating else -fake)


def gradient_penalty(dy, gradient, *, norm=0.0):
    r"""Gradient of the penalty to its slopes: :math:`2\,dy\,(1 - c / \lVert g \rVert)\,g`.

    At g = 0, where a penalty with c > 0 has a kink, 0.

    Args:
        dy: gradient with respect to each row's penalty, the shape without the last axis.
        gradient: slopes, shape (..., d).
        norm: c, the length that costs nothing.

    Returns:
        Gradient with respect to `gradient`, in its shape.

    Raises:
        ValueError: if the shapes do not fit one another, or `norm` is negative.

    Source: Mescheder, Geiger and Nowozin, ICML 2018 (R1); Gulrajani et al., NIPS 2017 (WGAN-GP).
    """
    gradient = slopes(gradient, norm)
    dy = of_output("gradient_penalty", dy, gradient.shape[:-1], gradient.dtype)[..., None]
    length = np.sqrt(np.square(gradient).sum(axis=-1, keepdims=True))
    unit = np.divide(gradient, length, out=np.zeros_like(gradient), where=length > 0)
    return 2 * dy * (gradient - gradient.dtype.type(norm) * unit)
