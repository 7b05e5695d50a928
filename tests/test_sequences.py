"""The data that come with dlcore: what they are, and that no altered file gets through."""

import re
import string
from pathlib import Path

import numpy as np
import pytest

from dlcore import data
from dlcore.data import sequences

FOLDER = Path(sequences.__file__).parent


def test_sunspots_are_the_yearly_series():
    years, numbers = data.load_sunspots()
    np.testing.assert_array_equal(years, np.arange(1700, 2009))
    assert np.issubdtype(years.dtype, np.integer)
    assert (numbers.dtype, numbers.shape) == (np.float64, (309,))
    assert (numbers[0], numbers[-1]) == (5.0, 2.9)
    assert years[numbers.argmax()] == 1957  # the strongest cycle on record
    assert numbers.max() == 190.2
    # About every eleven years: no other shift of 5 to 20 years resembles the series as much.
    alike = [np.corrcoef(numbers[lag:], numbers[:-lag])[0, 1] for lag in range(5, 21)]
    assert 5 + int(np.argmax(alike)) in (10, 11)


def test_names_are_words_in_small_letters_each_once():
    names = data.load_names()
    assert len(names) == 5163
    assert names == sorted(set(names))
    assert set("".join(names)) == set(string.ascii_lowercase)
    assert (min(map(len, names)), max(map(len, names))) == (2, 11)
    assert {"mary", "james", "patricia", "robert"} <= set(names)


def test_each_call_returns_new_objects():
    data.load_names().clear()
    data.load_sunspots()[1][:] = 0
    assert len(data.load_names()) == 5163
    assert data.load_sunspots()[1].any()


@pytest.mark.parametrize(
    ("load", "name"), [(data.load_sunspots, "sunspots.csv"), (data.load_names, "first_names.txt")]
)
def test_an_altered_file_is_refused(monkeypatch, tmp_path, load, name):
    content = (FOLDER / name).read_bytes()
    (tmp_path / name).write_bytes(content[:-2] + b"8\n")
    monkeypatch.setattr(sequences.resources, "files", lambda package: tmp_path)
    with pytest.raises(ValueError, match=rf"{re.escape(name)} has SHA-256 [0-9a-f]{{64}}, expec"):
        load()


def test_every_file_beside_the_module_is_listed_with_its_source():
    listed = (FOLDER / "SOURCES.md").read_text("utf-8")
    files = {path.name for path in FOLDER.iterdir() if path.suffix in (".csv", ".txt")}
    assert files == set(sequences.FILES)
    assert all(f"`{name}`" in listed for name in files)
