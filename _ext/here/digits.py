"""Stands for ``sklearn.datasets`` in the reader's browser: the digits, and nothing else."""

import gzip
from pathlib import Path
from types import SimpleNamespace

import numpy as np


def load_digits():
    """The 1,797 digits as scikit-learn gives them: ``data``, ``target`` and ``images``."""
    with gzip.open(Path(__file__).with_name("digits.csv.gz"), "rt") as file:
        table = np.loadtxt(file, delimiter=",")
    data = table[:, :-1]
    return SimpleNamespace(
        data=data, target=table[:, -1].astype(int), images=data.reshape(-1, 8, 8)
    )
