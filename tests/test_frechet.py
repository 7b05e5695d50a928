"""The Fréchet distance between sets of features."""

import numpy as np
import pytest
from examples import raises
from hypothesis import given
from hypothesis import strategies as st
from scipy.linalg import sqrtm

from dlcore import judges

seeds = st.integers(0, 2**32 - 1)
sizes = st.integers(2, 12)


def sets(seed, n, m, d):
    rng = np.random.default_rng(seed)
    real = rng.normal(size=(n, d)) @ rng.normal(size=(d, d))
    return real, rng.normal(size=(m, d)) @ rng.normal(size=(d, d)) + rng.normal(size=d)


def test_by_hand():
    """In one dimension: the difference of means squared, plus that of the deviations squared."""
    real = np.array([[0.0], [2.0]])  # mean 1, deviation sqrt(2)
    fake = np.array([[0.0], [4.0], [8.0]])  # mean 4, deviation 4
    expected = 9 + (4 - np.sqrt(2)) ** 2
    assert judges.frechet_distance(real, fake) == pytest.approx(expected, rel=1e-14)


@given(seeds, st.integers(1, 5))
def test_scipy(seed, d):
    """Of full rank, where SciPy's matrix square root of the product is sure."""
    real, fake = sets(seed, 40, 30, d)
    a, b = (np.atleast_2d(np.cov(x.T)) for x in (real, fake))
    expected = np.sum((real.mean(0) - fake.mean(0)) ** 2) + np.trace(a + b - 2 * sqrtm(a @ b)).real
    ours = judges.frechet_distance(real, fake)
    np.testing.assert_allclose(ours, expected, rtol=1e-7, atol=1e-7)


@given(seeds, sizes, st.integers(1, 20))
def test_a_shift_and_a_stretch(seed, n, d):
    """Closed forms at any rank, features more than samples too."""
    real, _ = sets(seed, n, n, d)
    shift = np.arange(d) / 3
    scale = np.trace(np.atleast_2d(np.cov(real.T)))
    close = {"rtol": 1e-9, "atol": 1e-9 * (1 + scale)}
    np.testing.assert_allclose(judges.frechet_distance(real, real + shift), shift @ shift, **close)
    centred = real - real.mean(0)
    np.testing.assert_allclose(judges.frechet_distance(centred, 3 * centred), 4 * scale, **close)
    # half the set twice over: one mean, one covariance but for the divisor
    again = np.concatenate([centred, centred])
    factor = np.sqrt(2 * (n - 1) / (2 * n - 1)) - 1
    np.testing.assert_allclose(judges.frechet_distance(centred, again), factor**2 * scale, **close)


@given(seeds, sizes, sizes, st.integers(1, 20))
def test_invariance(seed, n, m, d):
    real, fake = sets(seed, n, m, d)
    distance = judges.frechet_distance(real, fake)
    assert distance >= 0
    rng = np.random.default_rng(seed)
    turn, _ = np.linalg.qr(rng.normal(size=(d, d)))
    shuffled = rng.permutation(fake)
    for other in (
        judges.frechet_distance(fake, real),
        judges.frechet_distance(real, shuffled),
        judges.frechet_distance(real @ turn + 5, fake @ turn + 5),
        judges.frechet_distance(2 * real, 2 * fake) / 4,
    ):
        np.testing.assert_allclose(other, distance, rtol=1e-9, atol=1e-8)


def test_equal_sets_are_at_zero():
    for n, d in ((50, 3), (5, 20), (2, 1)):
        x, _ = sets(1, n, n, d)
        assert 0 <= judges.frechet_distance(x, x) < 1e-12
    assert judges.frechet_distance(np.ones((3, 2)), np.ones((4, 2))) == 0


def test_single_precision_is_judged_in_double():
    rng = np.random.default_rng(0)
    real, fake = (1000 + rng.normal(size=(300, 4)).astype(np.float32) for _ in range(2))
    expected = judges.frechet_distance(real.astype(float), fake.astype(float))
    assert judges.frechet_distance(real, fake) == expected


def test_errors():
    for real, fake in (((3,), (3, 1)), ((3, 2), (3, 1)), ((1, 2), (3, 2)), ((3, 2), (1, 2))):
        with raises(
            "frechet_distance needs features real (N, d) and fake (M, d), two rows or more of "
            f"each; got real {real}, fake {fake}"
        ):
            judges.frechet_distance(np.zeros(real), np.zeros(fake))
    with raises(
        "frechet_distance needs features real (N, d) and fake (M, d), two rows or more of each; "
        "got real (3, 2), fake (2,)"
    ):
        judges.frechet_distance(np.zeros((3, 2)), np.zeros(2))
