"""Two small sets of sequences that come with dlcore: a series of numbers and a list of names."""

import hashlib
from importlib import resources

import numpy as np

# SHA-256 of each file's bytes.
FILES = {
    "sunspots.csv": "74b8e3acb9886b68abe9c56f6081257d522e2cb2470f17dbf597b396f4ea1706",
    "first_names.txt": "cba14f452b7768bd7fe093035a67491d4a334061634ccfd51522fb796910e75e",
}


def load_sunspots():
    """Load the yearly mean sunspot number, 1700 to 2008.

    It counts spots and groups of spots on the sun, averaged over a year; it rises and falls with a
    period of about eleven years. This is the series as it was before its revision of 2015, whose
    values are larger.

    Returns:
        The years, integers (309,), and the numbers, float64 (309,), which have no unit.

    Raises:
        ValueError: if the file beside this module was altered.

    Source: National Geophysical Data Center, from ``statsmodels`` 0.15.0; public domain.
    """
    years, numbers = np.loadtxt(_lines("sunspots.csv"), delimiter=",", skiprows=1, unpack=True)
    return years.astype(int), numbers


def load_names():
    """Load the first names of the United States census of 1990.

    They are the 4,275 names of women and 1,219 of men that the Census Bureau published, each once:
    331 are in both lists. All are written in the letters a to z.

    Returns:
        5,163 words of 2 to 11 small letters, a list in alphabetical order.

    Raises:
        ValueError: if the file beside this module was altered.

    Source: U.S. Census Bureau, files ``dist.female.first`` and ``dist.male.first``, from ``names``
    0.3.0; public domain.
    """
    return _lines("first_names.txt")


def _lines(name):
    """The lines of a file beside this module, verified."""
    content = resources.files("dlcore.data").joinpath(name).read_bytes()
    found = hashlib.sha256(content).hexdigest()
    if found != FILES[name]:
        raise ValueError(
            f"{name} has SHA-256 {found}, expected {FILES[name]}: it was altered. Install dlcore "
            "again, or take the file from its repository."
        )
    return content.decode("ascii").splitlines()
