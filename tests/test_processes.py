"""Page 5.1's program for several processes, run as the page shows it: its cells are the source."""

import json
import socket
import subprocess
import sys
from pathlib import Path

import nbformat
import numpy as np
import pytest

PAGE = Path(__file__).resolve().parents[1] / "chapters" / "5_1_trends.ipynb"


@pytest.fixture(scope="module")
def page():
    """What the page's two cells define: the listing, and the function that starts it."""
    cells = {cell.id: cell.source for cell in nbformat.read(PAGE, as_version=4).cells}
    names = {"json": json, "Path": Path, "socket": socket, "subprocess": subprocess, "sys": sys}
    for name in ("listing", "launch"):
        exec(cells[name], names)
    return names


def test_two_processes_end_with_the_weights_of_one(page, tmp_path):
    rng = np.random.default_rng(0)
    x = rng.random((512, 28, 28, 1), dtype=np.float32)
    np.savez(tmp_path / "train.npz", x=x, y=rng.integers(10, size=512))
    for processes in (1, 2):
        assert len(page["launch"](page["LISTING"], processes, tmp_path)) == processes

    def weights(name):
        with np.load(tmp_path / f"{name}.npz") as file:
            return [file[key] for key in file.files]

    for rank in (0, 1):
        for ours, alone in zip(weights(f"large_2_{rank}"), weights("large_1_0"), strict=True):
            np.testing.assert_allclose(ours, alone, rtol=0, atol=1e-5)
    # With small batches the rows that a process gets matter: dealt wrongly, they would differ more.
    moved = [
        np.abs(a - b).max() for a, b in zip(weights("small_1_0"), weights("large_1_0"), strict=True)
    ]
    assert max(moved) > 1e-3, "training moved nothing: the comparison above would pass whatever ran"


def test_a_process_that_fails_ends_all(page, tmp_path):
    waits = "import sys, time\nif sys.argv[1] == '0': sys.exit('no rows')\ntime.sleep(600)"
    with pytest.raises(RuntimeError, match="no rows"):
        page["launch"](waits, 2, tmp_path)


def test_a_process_that_hangs_ends(page, tmp_path):
    with pytest.raises(subprocess.TimeoutExpired):
        page["launch"]("import time\ntime.sleep(600)", 2, tmp_path, timeout=1)
