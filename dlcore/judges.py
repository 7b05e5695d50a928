"""Distances and tests between samples: whether what a model generates is like the data."""

import numpy as np


def frechet_distance(real, fake):
    r"""Fréchet distance between two sets of features, each taken for a normal cloud.

    With means :math:`m` and covariances :math:`C` (divided by N - 1):
    :math:`\lVert m_r - m_f \rVert^2 + \operatorname{tr}\bigl(C_r + C_f - 2 (C_r C_f)^{1/2}\bigr)`.
    It is the square of the Wasserstein-2 distance between those clouds, in the features' unit
    squared. Sets of one distribution are not at 0: with few samples and many features, far from it.
    Compare it with the distance of two real sets of the same sizes.

    Args:
        real: features of real samples, shape (N, d).
        fake: features of generated samples, shape (M, d).

    Returns:
        The distance, at least 0.

    Raises:
        ValueError: if the shapes do not fit one another, or a set has fewer than two samples.

    Source: Dowson and Landau, Journal of Multivariate Analysis 12, 1982; as a judge of generated
    images, Heusel et al., NIPS 2017.
    """
    real, fake = np.asarray(real, np.float64), np.asarray(fake, np.float64)
    if real.ndim != 2 or fake.shape[1:] != real.shape[1:] or min(len(real), len(fake)) < 2:
        raise ValueError(
            "frechet_distance needs features real (N, d) and fake (M, d), two rows or more of "
            f"each; got real {real.shape}, fake {fake.shape}"
        )
    # C = R^T R, so the singular values of R_r R_f^T are the roots of the eigenvalues of C_r C_f.
    # No covariance is formed or rooted: rounding stays at 1e-16 of its size, at any rank.
    roots = [np.linalg.qr(x - x.mean(axis=0), mode="r") / np.sqrt(len(x) - 1) for x in (real, fake)]
    traces = sum(np.square(root).sum() for root in roots)
    overlap = np.linalg.svd(roots[0] @ roots[1].T, compute_uv=False).sum()
    apart = np.square(real.mean(axis=0) - fake.mean(axis=0)).sum()
    return max(float(apart + traces - 2 * overlap), 0.0)


def modes_covered(samples, centres, *, radius, least=0.1):
    r"""How many of the K modes a generator reaches.

    A sample belongs to its nearest centre, and is good if it lies within `radius` of it. A mode is
    covered if at least `least` of its fair share of the samples, :math:`1/K`, is good and its own.

    Args:
        samples: shape (N, d), or (..., N, d) for a stack of sets.
        centres: the modes' centres, shape (K, d).
        radius: of a good sample, in the unit of the samples.
        least: part of the fair share that a mode needs, above 0.

    Returns:
        The count, an integer for each set of samples.

    Raises:
        ValueError: if the shapes do not fit, there are no samples or no centres, or `radius` or
            `least` is not above 0.

    Source: counts of modes on a ring, Metz et al., "Unrolled generative adversarial networks",
    ICLR 2017.
    """
    samples, centres = np.asarray(samples), np.asarray(centres)
    if (
        samples.ndim < 2
        or centres.ndim != 2
        or samples.shape[-1] != centres.shape[1]
        or not (samples.size and centres.size)
    ):
        raise ValueError(
            "modes_covered needs samples (..., N, d) and centres (K, d), neither empty; "
            f"got samples {samples.shape}, centres {centres.shape}"
        )
    if not (radius > 0 and least > 0):
        raise ValueError(f"radius and least must be above 0; got {radius} and {least}")
    distances = np.linalg.norm(samples[..., None, :] - centres, axis=-1)
    good = distances.min(axis=-1) <= radius
    own = distances.argmin(axis=-1)[..., None] == np.arange(len(centres))
    shares = (own & good[..., None]).mean(axis=-2)
    return (shares >= least / len(centres)).sum(axis=-1)
