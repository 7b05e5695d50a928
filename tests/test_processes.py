"""Page 5.1's program for several processes, run as the page shows it: its cells are the source."""

import json
import os
import re
import socket
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import numpy as np
import pytest

PAGE = Path(__file__).resolve().parents[1] / "chapters" / "5_1_trends.ipynb"


@pytest.fixture(scope="module")
def page():
    """What the page's two cells define: the listing, and the function that starts it."""
    cells = {cell.id: cell.source for cell in nbformat.read(PAGE, as_version=4).cells}
    modules = (json, os, re, socket, subprocess, sys, time)
    names = {module.__name__: module for module in modules} | {"Path": Path}
    for name in ("listing", "launch"):
        exec(cells[name], names)
    return names


@pytest.fixture
def rows(tmp_path):
    rng = np.random.default_rng(0)
    x = rng.random((512, 28, 28, 1), dtype=np.float32)
    np.savez(tmp_path / "train.npz", x=x, y=rng.integers(10, size=512))
    return tmp_path


def test_two_processes_end_with_the_weights_of_one(page, rows):
    for processes in (1, 2):
        assert len(page["launch"](page["LISTING"], processes, rows)) == processes

    def weights(name):
        with np.load(rows / f"{name}.npz") as file:
            return [file[key] for key in file.files]

    for rank in (0, 1):
        for ours, alone in zip(weights(f"large_2_{rank}"), weights("large_1_0"), strict=True):
            np.testing.assert_allclose(ours, alone, rtol=0, atol=1e-5)
    # With small batches the rows that a process gets matter: dealt wrongly, they would differ more.
    moved = [
        np.abs(a - b).max() for a, b in zip(weights("small_1_0"), weights("large_1_0"), strict=True)
    ]
    assert max(moved) > 1e-3, "training moved nothing: the comparison above would pass whatever ran"


SEED = "keras.utils.set_random_seed(7)"


def short(listing, seed):
    """The listing with another line in place of its seed, and only one of its three trainings."""
    assert listing.count(SEED) == listing.count("**plans, ") == 1
    return listing.replace(SEED, seed).replace("**plans, ", "")


def test_without_a_seed_the_processes_agree_on_one(page, rows):
    page["launch"](short(page["LISTING"], "pass"), 2, rows)
    with np.load(rows / "halves_2_0.npz") as first, np.load(rows / "halves_2_1.npz") as second:
        for name in first.files:
            np.testing.assert_array_equal(first[name], second[name])


def test_processes_with_different_seeds_raise_an_error(page, rows):
    different = short(page["LISTING"], "keras.utils.set_random_seed(rank)")
    with pytest.raises(RuntimeError, match="not the same on each process"):
        page["launch"](different, 2, rows)


@pytest.mark.parametrize("rank", [0, 1])
def test_a_process_that_fails_ends_all_and_says_why(page, tmp_path, rank):
    waits = f"import sys, time\nif sys.argv[1] == '{rank}': sys.exit('no rows')\ntime.sleep(600)"
    with pytest.raises(RuntimeError, match=rf"processes \[{rank}\]: failed\n.*no rows"):
        page["launch"](waits, 2, tmp_path)


def test_a_process_that_hangs_ends_and_says_what_it_wrote(page, tmp_path):
    waits = "import sys, time\nprint('no peer', file=sys.stderr, flush=True)\ntime.sleep(600)"
    with pytest.raises(RuntimeError, match="not done after 8 s\nno peer"):
        page["launch"](waits, 1, tmp_path, timeout=8)


def test_much_output_stops_no_process(page, tmp_path):
    talks = "import sys\nprint('x' * 10**6, file=sys.stderr)\nprint('{\"start\": 1}')"
    assert page["launch"](talks, 2, tmp_path) == [{"start": 1}] * 2


def test_a_port_is_held_while_its_processes_run(page, tmp_path):
    takes = """
import json, os, socket, sys
address = "127.0.0.1", int(sys.argv[3])
assert os.environ["JAX_COORDINATOR_BIND_ADDRESS"] == "%s:%d" % address
with socket.socket() as other:
    try:
        other.bind(address)
        taken = True
    except OSError:
        taken = False
with socket.socket() as coordinator:
    coordinator.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    coordinator.bind(address)
    coordinator.listen()
print(json.dumps({"a stranger got it": taken}))
"""
    assert page["launch"](takes, 1, tmp_path) == [{"a stranger got it": False}]
