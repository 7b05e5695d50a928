"""Distances and tests between samples: whether what a model generates is like the data."""

import numpy as np

from dlcore._arguments import floating


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


def nearest(samples, others):
    r"""Each sample's nearest neighbour among other points, and how far it is.

    The distance is :math:`\lVert x - y \rVert`, exactly 0 for a copy: the fast
    :math:`\lVert x \rVert^2 - 2 x^\top y + \lVert y \rVert^2` only finds the neighbour.

    Args:
        samples: shape (N, d).
        others: shape (M, d), not empty.

    Returns:
        The distances, shape (N,), and the neighbours' places in `others`, integers (N,).

    Raises:
        ValueError: if the shapes do not fit, or `others` is empty.

    Source: nearest neighbours as a test of memory, Theis, van den Oord and Bethge, "A note on the
    evaluation of generative models", ICLR 2016, section 3.3.
    """
    samples, others = floating(samples), floating(others)
    if samples.ndim != 2 or samples.shape[1:] != others.shape[1:] or not others.size:
        raise ValueError(
            "nearest needs samples (N, d) and others (M, d) with M > 0; "
            f"got samples {samples.shape}, others {others.shape}"
        )
    half_squares = np.square(others).sum(axis=1) / 2
    at = np.zeros(len(samples), dtype=int)
    for start in range(0, len(samples), 500):  # all at once would need N times M numbers
        part = slice(start, start + 500)
        at[part] = (half_squares - samples[part] @ others.T).argmin(axis=1)
    return np.linalg.norm(samples - others[at], axis=1), at


def two_sample_test(real, generated, classifier, *, seed=0):
    r"""How often a classifier that has learned to tell two sets of samples apart is right.

    It is fitted on a random half of either set, with label 1 for real, and asked about the other
    halves. If both sets have one distribution, it is right half the time, whatever it learned.
    The best of all classifiers is right :math:`\frac{1}{2} + \frac{1}{2}\mathrm{TV}` of the time,
    TV being the total variation between the two: so the result is a lower bound on it, as good as
    the classifier.

    Args:
        real: samples, shape (N, d).
        generated: as many, shape (N, d), with N at least 4.
        classifier: has ``fit(x, y)`` and ``predict(x)``, as in scikit-learn; it is fitted here.
        seed: of the halves and their order.

    Returns:
        The share right, and the low and the high end of its 95 % interval (Wilson's). The interval
        speaks of this fitted classifier on new samples.

    Raises:
        ValueError: if the shapes differ or are not (N, d), or there are fewer than 4 samples.

    Source: Lopez-Paz and Oquab, "Revisiting classifier two-sample tests", ICLR 2017.
    """
    from scipy.stats import binomtest  # here: it takes longer to load than NumPy

    real, generated = floating(real), floating(generated)
    if real.ndim != 2 or real.shape != generated.shape or len(real) < 4:
        raise ValueError(
            "two_sample_test needs real and generated of one shape (N, d) with N >= 4; "
            f"got real {real.shape}, generated {generated.shape}"
        )
    rng, n = np.random.default_rng(seed), len(real)
    half = n // 2
    parts = [x[rng.permutation(n)] for x in (real, generated)]
    seen, unseen = (np.concatenate([x[at] for x in parts]) for at in (slice(half), slice(half, n)))
    order = rng.permutation(2 * half)
    classifier.fit(seen[order], np.repeat([1, 0], half)[order])
    right = classifier.predict(unseen) == np.repeat([1, 0], n - half)
    interval = binomtest(int(right.sum()), len(right)).proportion_ci(method="wilson")
    return float(right.mean()), float(interval.low), float(interval.high)
