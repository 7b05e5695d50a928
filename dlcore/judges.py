"""Distances and tests between samples: whether what a model generates is like the data."""

import numpy as np


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
