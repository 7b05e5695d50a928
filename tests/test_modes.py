"""How many modes a set of samples covers."""

import numpy as np
import pytest
from examples import raises
from hypothesis import given
from hypothesis import strategies as st

from dlcore import judges

LINE = np.array([[0.0], [10.0], [20.0]])


@pytest.mark.parametrize(
    ("samples", "expected"),
    [
        ([0, 10, 20], 3),
        ([0, 10, 19], 3),  # the edge is within
        ([0, 10, 18.9], 2),
        ([5, 15, 25], 0),
        ([0.5, -0.5, 0.1], 1),
    ],
)
def test_by_hand(samples, expected):
    count = judges.modes_covered(np.array(samples, float)[:, None], LINE, radius=1)
    assert count == expected
    assert count.dtype.kind == "i"


@pytest.mark.parametrize(("at_ten", "expected"), [(1, 1), (2, 2), (3, 2)])
def test_a_mode_needs_its_part_of_the_fair_share(at_ten, expected):
    """Of 60 samples the fair share is 20, a tenth of it 2."""
    samples = np.repeat([[0.0], [10.0]], [60 - at_ten, at_ten], axis=0)
    assert judges.modes_covered(samples, LINE, radius=1) == expected


def test_the_part_can_be_set():
    samples = np.repeat(LINE, [40, 15, 5], axis=0)
    assert judges.modes_covered(samples, LINE, radius=1, least=0.25) == 3
    assert judges.modes_covered(samples, LINE, radius=1, least=0.5) == 2
    assert judges.modes_covered(samples, LINE, radius=1, least=1) == 1


def test_a_sample_counts_for_its_nearest_centre_only():
    centres = np.array([[0.0], [1.0]])
    samples = np.full((10, 1), 0.4)  # within the radius of both
    assert judges.modes_covered(samples, centres, radius=1) == 1


@given(st.integers(0, 2**32 - 1), st.integers(1, 3), st.integers(1, 6))
def test_a_stack_is_judged_set_by_set(seed, d, modes):
    rng = np.random.default_rng(seed)
    samples, centres = rng.normal(size=(2, 3, 30, d)), 2 * rng.normal(size=(modes, d))
    ours = judges.modes_covered(samples, centres, radius=0.8)
    assert ours.shape == (2, 3)
    for at in np.ndindex(2, 3):
        count = 0
        for k in range(modes):
            hits = 0
            for x in samples[at]:
                lengths = [np.sqrt(((x - c) ** 2).sum()) for c in centres]
                hits += int(np.argmin(lengths)) == k and lengths[k] <= 0.8
            count += hits / 30 >= 0.1 / modes
        assert ours[at] == count


def test_errors():
    for samples, centres in ((3, (3, 1)), ((3, 2), (3, 1)), ((3, 1), 1), ((0, 1), (3, 1))):
        samples, centres = np.zeros(samples), np.zeros(centres)
        with raises(
            "modes_covered needs samples (..., N, d) and centres (K, d), neither empty; "
            f"got samples {samples.shape}, centres {centres.shape}"
        ):
            judges.modes_covered(samples, centres, radius=1)
    for radius, least in ((0, 0.1), (-1, 0.1), (np.nan, 0.1), (1, 0)):
        with raises(f"radius and least must be above 0; got {radius} and {least}"):
            judges.modes_covered(LINE, LINE, radius=radius, least=least)
