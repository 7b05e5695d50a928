"""The first cell of page 4 is there to be copied: alone, in a new process, without `dlcore`."""

import functools
import hashlib
import http.server
import os
import re
import subprocess
import sys
import threading
from pathlib import Path

import nbformat
import notebooks
import pytest

FOLDER = os.environ.get("DLCORE_DATA", "")
FILE = Path(FOLDER, "mnist.npz")

# Keras's own downloader fetches, checks and keeps the file. What it is told is the address of the
# mirror here, and the digest of the file there: one with the same arrays may be packed otherwise.
RUNNER = """
import sys
import keras.src.datasets.mnist as loader

cell, mirror, digest = sys.argv[1:]
sys.modules["dlcore"] = None  # to import it is an error
fetch = loader.get_file
loader.get_file = lambda fname, origin, file_hash: fetch(fname, mirror, file_hash=digest)
names = {}
for turn in range(2):  # it may be run twice
    exec(compile(open(cell).read(), cell, "exec"), names)
    assert names["train_images"].max() == 1
    assert names["train_images"].shape == (60000, 28, 28, 1)
    if turn == 0:
        print("accuracy", names["accuracy"])
        fit = names["keras"].Model.fit  # one batch is enough for the second turn
        names["keras"].Model.fit = lambda *given, **named: fit(
            *given, **named | {"steps_per_epoch": 1}
        )
"""


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@pytest.fixture
def mirror():
    if not (FOLDER and FILE.is_file()):
        pytest.skip("no mnist.npz in the folder DLCORE_DATA: nothing to serve")
    handler = functools.partial(Quiet, directory=FOLDER)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/mnist.npz"
        server.shutdown()


def copied():
    """The first cell that the page shows."""
    page = next(path for path in notebooks.chapters() if path.stem == "4_keras_mnist")
    return notebooks.visible(nbformat.read(page, as_version=4))[0].source


def test_first_cell_has_all_of_it():
    for part in ("mnist.load_data()", ".compile(", ".fit(", "validation_split", ".evaluate("):
        assert part in copied()
    for part in (".save(", ".predict("):
        assert part in copied()
    assert "dlcore" not in copied()


def test_first_cell_runs_alone_and_again(mirror, tmp_path):
    cell = tmp_path / "cell.py"
    cell.write_text(copied(), "utf-8")
    digest = hashlib.sha256(FILE.read_bytes()).hexdigest()
    run = subprocess.run(
        [sys.executable, "-c", RUNNER, str(cell), mirror, digest],
        cwd=tmp_path,
        env={**os.environ, "KERAS_HOME": str(tmp_path / "keras"), "NO_PROXY": "127.0.0.1"},
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stderr
    [accuracy] = re.findall(r"(?m)^accuracy (.*)$", run.stdout)
    assert float(accuracy) > 0.97  # a linear classifier reads 0.93
    assert (tmp_path / "digits.keras").is_file()
