"""Derivative of `ops.divergence`."""

import numpy as np

from dlcore._arguments import mean_and_log_variance, of_output


def kl_divergence(dy, mean, log_variance):
    r"""Gradients of the divergence: :math:`dy\,\mu_j` and :math:`dy\,\frac{1}{2}(e^{v_j} - 1)`.

    They pull the mean to 0 and the variance to 1.

    Args:
        dy: gradient with respect to each divergence, the shape of `mean` without the last axis.
        mean: shape (..., k).
        log_variance: in the same shape.

    Returns:
        Gradients with respect to `mean` and `log_variance`, in their shape.

    Raises:
        ValueError: if the shapes do not fit one another.

    Source: Kingma and Welling, "Auto-encoding variational Bayes", ICLR 2014, appendix B.
    """
    mean, log_variance = mean_and_log_variance(mean, log_variance)
    dtype = np.result_type(mean, log_variance)
    dy = of_output("kl_divergence", dy, mean.shape[:-1], dtype)[..., None]
    into_mean, into_log_variance = dy * mean, dy * np.expm1(log_variance) / 2
    return (
        into_mean.astype(mean.dtype, copy=False),
        into_log_variance.astype(log_variance.dtype, copy=False),
    )
