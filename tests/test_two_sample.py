"""Nearest neighbours, and the classifier that tells two sets of samples apart."""

from statistics import NormalDist

import numpy as np
import pytest
from examples import raises
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest
from sklearn.linear_model import LogisticRegression

from dlcore import judges


class Fixed:
    """Says 1 where the first coordinate is above 0, and keeps what it was fitted on."""

    def fit(self, x, y):
        self.x, self.y = x, y

    def predict(self, x):
        return (x[:, 0] > 0).astype(int)


@given(st.integers(0, 2**32 - 1), st.integers(1, 5), st.integers(1, 40))
def test_nearest_by_loops(seed, d, m):
    rng = np.random.default_rng(seed)
    samples, others = rng.normal(size=(7, d)), rng.normal(size=(m, d))
    distances, at = judges.nearest(samples, others)
    for i, x in enumerate(samples):
        lengths = [np.sqrt(((x - y) ** 2).sum()) for y in others]
        assert at[i] == np.argmin(lengths)
        np.testing.assert_allclose(distances[i], min(lengths))


def test_a_copy_is_at_distance_zero_even_far_out_and_in_any_part():
    others = (100 + np.random.default_rng(0).random((1203, 50))).astype(np.float32)
    order = np.random.default_rng(1).permutation(1203)
    distances, at = judges.nearest(others[order], others)
    np.testing.assert_array_equal(distances, np.zeros(1203))
    np.testing.assert_array_equal(at, order)
    assert distances.dtype == np.float32


@pytest.mark.parametrize("shift", [0.0, 1.0, 3.0])
def test_shifted_gaussians_give_the_bayes_rate(shift):
    """Two unit Gaussians `shift` apart: the best of all classifiers is right Phi(shift / 2)."""
    rng = np.random.default_rng(3)
    real, generated = rng.normal(size=(2, 20_000, 3))
    generated[:, 1] += shift
    share, low, high = judges.two_sample_test(real, generated, LogisticRegression())
    assert low < NormalDist().cdf(shift / 2) < high
    assert low < share < high
    assert high - low < 0.02


def test_the_interval_is_wilsons():
    real, generated = np.ones((40, 1)), np.where(np.arange(40)[:, None] % 4, -1.0, 1.0)
    share, low, high = judges.two_sample_test(real, generated, Fixed())
    expected = binomtest(round(share * 40), 40).proportion_ci(method="wilson")
    np.testing.assert_allclose([low, high], [expected.low, expected.high], rtol=1e-6)
    assert 0.75 < share < 1


def test_the_interval_covers():
    """Nineteen times in twenty, over 400 tests of two equal distributions."""
    rng = np.random.default_rng(0)
    covered = 0
    for seed in range(400):
        real, generated = rng.normal(size=(2, 100, 1))
        _, low, high = judges.two_sample_test(real, generated, Fixed(), seed=seed)
        covered += low < 0.5 < high
    assert 0.91 < covered / 400 < 0.985


@pytest.mark.parametrize("n", [4, 7, 10])
def test_it_learns_from_one_half_and_is_asked_about_the_other(n):
    real, generated = 1.0 + np.arange(n)[:, None], -1.0 - np.arange(n)[:, None]
    classifier = Fixed()
    seen = []
    classifier.predict = lambda x: seen.append(x) or np.zeros(len(x), int)
    share, _, _ = judges.two_sample_test(real, generated, classifier)
    assert share == 0.5
    np.testing.assert_array_equal(classifier.y, classifier.x[:, 0] > 0)
    assert classifier.y.sum() == n // 2
    together = np.concatenate([classifier.x, *seen])
    np.testing.assert_array_equal(np.sort(together, axis=0), np.sort([*real, *generated], axis=0))


def test_label_one_is_real_and_the_order_is_mixed():
    classifier = Fixed()
    share, _, high = judges.two_sample_test(np.ones((200, 1)), -np.ones((200, 1)), classifier)
    assert share == 1
    assert high > 0.999
    assert 30 < np.abs(np.diff(classifier.y)).sum() < 170
    assert judges.two_sample_test(-np.ones((200, 1)), np.ones((200, 1)), Fixed())[0] == 0


def test_the_seed_chooses_the_halves():
    x = np.arange(40.0).reshape(20, 2)
    halves = []
    for seed in (0, 0, 1):
        classifier = Fixed()
        judges.two_sample_test(x, -x, classifier, seed=seed)
        halves.append(classifier.x)
    np.testing.assert_array_equal(*halves[:2])
    assert not np.array_equal(*halves[1:])


def test_errors():
    for samples, others in (((3,), (3,)), ((3, 2), (4, 1)), ((3, 2), (0, 2))):
        with raises(
            "nearest needs samples (N, d) and others (M, d) with M > 0; "
            f"got samples {samples}, others {others}"
        ):
            judges.nearest(np.zeros(samples), np.zeros(others))
    for real, generated in (((9,), (9,)), ((9, 2), (8, 2)), ((3, 2), (3, 2))):
        with raises(
            "two_sample_test needs real and generated of one shape (N, d) with N >= 4; "
            f"got real {real}, generated {generated}"
        ):
            judges.two_sample_test(np.zeros(real), np.zeros(generated), Fixed())
