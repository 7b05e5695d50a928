"""How far a Gaussian is from the standard one."""

import numpy as np

from dlcore._arguments import mean_and_log_variance


def kl_divergence(mean, log_variance):
    r"""Kullback–Leibler divergence of :math:`\mathcal{N}(\mu, \mathrm{diag}\,e^{v})` from N(0, I).

    :math:`\frac{1}{2}\sum_j \mu_j^2 + e^{v_j} - 1 - v_j`, in nats: at least 0, and 0 where every
    mean and every log-variance is 0. The sum runs over the last axis, as the loss of a
    variational autoencoder has it: one number an example.

    Args:
        mean: :math:`\mu`, shape (..., k).
        log_variance: v, the logarithms of the variances, in the same shape.

    Returns:
        The shape without the last axis.

    Raises:
        ValueError: unless both have one shape with at least one axis.

    Source: Kingma and Welling, "Auto-encoding variational Bayes", ICLR 2014, appendix B.
    """
    mean, log_variance = mean_and_log_variance(mean, log_variance)
    # expm1 keeps the digits that e^v - 1 loses near v = 0.
    terms = np.square(mean) + (np.expm1(log_variance) - log_variance)
    return terms.sum(axis=-1) / 2
