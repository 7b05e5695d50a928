"""The data sets: every source, every way in which one fails, and what that leaves behind."""

import contextlib
import copy
import gc
import gzip
import hashlib
import io
import json
import os
import pickle
import re
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlcore.data import _published, fashion_mnist, mnist

# The real constants; every test but theirs runs with small arrays and mirrors on this machine.
MNIST, MIRRORS = mnist.MNIST, mnist.MIRRORS
FASHION_MNIST, FASHION_MIRRORS = fashion_mnist.FASHION_MNIST, fashion_mnist.MIRRORS
REAL = Path(os.environ.get("DLCORE_DATA") or ".", "mnist.npz")
REAL_FASHION = REAL.with_name("fashion_mnist.npz")

SHAPES = {"x_train": (6, 28, 28), "y_train": (6,), "x_test": (3, 28, 28), "y_test": (3,)}
RNG = np.random.default_rng(0)
ARRAYS = {name: RNG.integers(0, 256, shape, np.uint8) for name, shape in SHAPES.items()}
CLOTHES = {name: 255 - array for name, array in ARRAYS.items()}


def sha256(content):
    return hashlib.sha256(content).hexdigest()


def npz_bytes(**changes):
    """ARRAYS as an npz file, some replaced; None leaves one out."""
    stream = io.BytesIO()
    arrays = {**ARRAYS, **changes}
    np.savez_compressed(stream, **{name: a for name, a in arrays.items() if a is not None})
    return stream.getvalue()


def idx_bytes(array):
    sizes = np.array(array.shape, ">u4").tobytes()
    return bytes([0, 0, 8, array.ndim]) + sizes + array.tobytes()


def altered(content, position):
    return content[:position] + bytes([content[position] ^ 1]) + content[position + 1 :]


def last_pixel_altered(name):
    array = ARRAYS[name].copy()
    array.flat[-1] ^= 1
    return {name: array}


NPZ = npz_bytes()
IDX, CLOTHES_IDX = (
    dict(
        zip(
            MIRRORS[1][1],
            [gzip.compress(idx_bytes(array)) for array in arrays.values()],
            strict=True,
        )
    )
    for arrays in (ARRAYS, CLOTHES)
)
CLOTHES_NPZ = npz_bytes(**CLOTHES)


@dataclass
class Page:
    """What the server answers; `missing` bytes are announced and not sent."""

    body: bytes
    status: int = 200
    missing: int = 0
    stalls: bool = False
    trickles: bool = False


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.requests.append(self.path)
        page = self.server.pages.get(self.path, Page(b"", status=404))
        self.send_response(page.status)
        self.send_header("Content-Length", str(len(page.body) + page.missing))
        self.end_headers()
        if page.trickles:
            for start in range(0, len(page.body), 1024):
                self.wfile.write(page.body[start : start + 1024])
                if self.server.closing.wait(1):
                    return
            return
        self.wfile.write(page.body)
        if page.stalls:
            self.server.closing.wait()

    def log_message(self, *args):
        pass


class Server(ThreadingHTTPServer):
    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.pages, self.requests, self.closing = {}, [], threading.Event()

    def mirror(self, folder, files):
        """Serve files from a folder; the entry of MIRRORS for it."""
        self.pages |= {f"/{folder}/{name}": Page(content) for name, content in files.items()}
        hashes = {name: sha256(content) for name, content in files.items()}
        return f"http://127.0.0.1:{self.server_port}/{folder}/", hashes


@pytest.fixture
def server():
    with Server() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.closing.set()
        server.shutdown()
        thread.join()


@pytest.fixture(autouse=True)
def cache(monkeypatch, tmp_path):
    """Small sets, no folder, no mirror, and a cache that is empty: MNIST's file to be in it."""
    small, clothes = (
        {name: (array.shape, sha256(array.tobytes())) for name, array in arrays.items()}
        for arrays in (ARRAYS, CLOTHES)
    )
    monkeypatch.setattr(mnist, "MNIST", small)
    monkeypatch.setattr(mnist, "MIRRORS", ())
    monkeypatch.setattr(fashion_mnist, "FASHION_MNIST", clothes)
    monkeypatch.setattr(fashion_mnist, "MIRRORS", ())
    monkeypatch.setattr(_published, "TIMEOUT", 30)
    monkeypatch.setattr(_published, "DEAD", {})
    monkeypatch.setenv("DLCORE_DEAD_MIRRORS", "{}")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.delenv("DLCORE_DATA", raising=False)
    monkeypatch.delenv("DLCORE_DATA_STRICT", raising=False)
    return tmp_path / "cache" / "dlcore" / "mnist.npz"


def keras_cache():
    return Path.home() / ".keras" / "datasets" / "mnist.npz"


def write(file, content):
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)
    return file


def left_in(cache):
    return [path.name for path in cache.parent.glob("*")]


def assert_mnist_from(source, dataset, name="MNIST", arrays=ARRAYS):
    assert (dataset.name, dataset.source, dataset.stand_in) == (name, str(source), False)
    (x_train, y_train), (x_test, y_test) = dataset
    for ours, array in zip((x_train, y_train, x_test, y_test), arrays.values(), strict=True):
        assert ours.dtype == np.uint8
        assert ours.flags.writeable
        np.testing.assert_array_equal(ours, array)


# The sources


def test_order_of_the_sources(monkeypatch, tmp_path, server, cache, capfd):
    path, folder = write(tmp_path / "mine.npz", NPZ), write(tmp_path / "data" / "mnist.npz", NPZ)
    write(cache, NPZ)
    mirrors = server.mirror("first", {"mnist.npz": NPZ}), server.mirror("second", IDX)
    monkeypatch.setattr(mnist, "MIRRORS", mirrors)
    monkeypatch.setenv("DLCORE_DATA", str(folder.parent))

    assert_mnist_from(path, mnist.load_mnist(path))
    assert_mnist_from(path, mnist.load_mnist(str(path)))
    assert_mnist_from("the folder in DLCORE_DATA", mnist.load_mnist())
    folder.unlink()  # the folder may hold other data sets only
    assert_mnist_from("the cache", mnist.load_mnist())
    monkeypatch.setenv("DLCORE_DATA", "")  # is not the current folder
    monkeypatch.chdir(write(tmp_path / "here" / "mnist.npz", b"").parent)
    assert_mnist_from("the cache", mnist.load_mnist())
    cache.unlink()
    write(keras_cache(), NPZ)
    assert_mnist_from("Keras's cache", mnist.load_mnist())
    assert server.requests == []

    keras_cache().unlink()
    assert_mnist_from(mirrors[0][0], mnist.load_mnist())
    assert server.requests == ["/first/mnist.npz"]
    cache.unlink()
    del server.pages["/first/mnist.npz"]
    assert_mnist_from(mirrors[1][0], mnist.load_mnist())
    assert server.requests[2:] == [f"/second/{name}" for name in IDX]
    assert "Note:" not in capfd.readouterr().out

    cache.unlink()
    server.pages.clear()
    assert mnist.load_mnist().stand_in


@pytest.mark.parametrize("files", [{"mnist.npz": NPZ}, IDX], ids=["npz", "idx"])
def test_a_download_fills_the_cache_once(monkeypatch, server, cache, files):
    entry = server.mirror("files", files)
    monkeypatch.setattr(mnist, "MIRRORS", (entry,))
    replace = os.replace

    def on_one_disk(source, target):  # the system's folder for temporary files may be on another
        assert Path(source).parents[1] == Path(target).parent
        replace(source, target)

    monkeypatch.setattr(os, "replace", on_one_disk)
    assert_mnist_from(entry[0], mnist.load_mnist())
    assert left_in(cache) == ["mnist.npz"]
    for _ in range(2):
        assert_mnist_from("the cache", mnist.load_mnist())
    assert server.requests == [f"/files/{name}" for name in files]
    assert_mnist_from(cache, mnist.load_mnist(cache))


@pytest.mark.parametrize("files", [{"mnist.npz": NPZ}, IDX], ids=["npz", "idx"])
def test_a_download_shows_bars_that_go_away(monkeypatch, server, capfd, files):
    import pooch

    for handler in pooch.get_logger().handlers:
        monkeypatch.setattr(handler, "stream", sys.stderr)
    monkeypatch.setattr(mnist, "MIRRORS", (server.mirror("files", files),))
    mnist.load_mnist()
    out, err = capfd.readouterr()
    assert err == ""
    assert all(f"{name}: " in out for name in files)
    assert out.endswith("\r")
    assert "\n" not in out


def test_a_kernel_without_widgets_is_not_told_so():
    code = "import ipykernel.zmqshell; from dlcore.data import _published; _published._pooch()"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (run.returncode, run.stderr) == (0, "")


def test_a_path_that_is_missing_is_not_replaced(monkeypatch, tmp_path, cache):
    write(cache, NPZ)
    monkeypatch.setenv("DLCORE_DATA", str(cache.parent))
    missing = tmp_path / "missing.npz"
    with pytest.raises(FileNotFoundError, match=re.escape(str(missing))):
        mnist.load_mnist(missing)


# Files that are not MNIST


ENCRYPTED = NPZ.index(b"PK\1\2") + 8  # a flag in the first entry of the archive's directory
DAMAGED = {
    "truncated": NPZ[: len(NPZ) // 2],
    "a byte altered": altered(NPZ, 300),
    "marked as encrypted": altered(NPZ, ENCRYPTED),
    "empty": b"",
    "a web page": b"<html>404 Not Found</html>",
    "one array, not an archive": np.lib.format.magic(1, 0) + b"\0" * 9,
    "other axes": npz_bytes(x_test=ARRAYS["x_test"].reshape(3, 784)),
    "fewer images": npz_bytes(x_train=ARRAYS["x_train"][:-1]),
    "another type": npz_bytes(y_train=ARRAYS["y_train"].astype(np.int8)),
    "objects": npz_bytes(y_test=np.array([None, 1, 2])),
    "an array missing": npz_bytes(y_test=None),
    **{f"{name} altered": npz_bytes(**last_pixel_altered(name)) for name in ARRAYS},
}
damaged = pytest.mark.parametrize("content", DAMAGED.values(), ids=DAMAGED)


def make_folder(file):
    file.mkdir(parents=True)


def make_loop(file):
    file.parent.mkdir(parents=True)
    file.symlink_to(file)


def named_by_the_reader(monkeypatch, way, file):
    """load_mnist, called such that it must read this file."""
    if way == "path":
        return lambda: mnist.load_mnist(file)
    monkeypatch.setenv("DLCORE_DATA", str(file.parent))
    return mnist.load_mnist


@pytest.mark.parametrize("way", ["path", "DLCORE_DATA"])
@damaged
def test_a_damaged_file_of_the_reader_is_named(monkeypatch, tmp_path, cache, way, content):
    write(cache, NPZ)  # not used: the reader asked for another file
    file = write(tmp_path / "data" / "mnist.npz", content)
    remedy = "Delete it or put an unaltered mnist.npz in its place."
    message = f"^{re.escape(f'{file} is not MNIST: ')}.+{re.escape(remedy)}$"
    with pytest.raises(ValueError, match=message):
        named_by_the_reader(monkeypatch, way, file)()


@pytest.mark.parametrize("way", ["path", "DLCORE_DATA"])
@pytest.mark.parametrize("make", [make_folder, make_loop])
def test_a_file_of_the_reader_that_cannot_be_read_is_named(monkeypatch, tmp_path, way, make):
    file = tmp_path / "data" / "mnist.npz"
    make(file)
    with pytest.raises(OSError, match=re.escape(str(file))):
        named_by_the_reader(monkeypatch, way, file)()


@pytest.mark.parametrize("way", ["path", "DLCORE_DATA"])
def test_a_pipe_is_not_waited_for(monkeypatch, tmp_path, way):
    def give_up(*_):
        pytest.fail("the pipe was waited for")

    file = tmp_path / "data" / "mnist.npz"
    file.parent.mkdir()
    os.mkfifo(file)
    before = signal.signal(signal.SIGALRM, give_up)
    signal.alarm(10)
    try:
        with pytest.raises(OSError, match=re.escape(f"{file} is not a file")):
            named_by_the_reader(monkeypatch, way, file)()
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def test_a_file_that_unpacks_to_more_than_mnist_is_not_unpacked(monkeypatch, tmp_path):
    huge = npz_bytes(x_train=np.zeros(2**26, np.uint8))
    assert len(huge) < 2**20
    unpacked = []
    monkeypatch.setattr(_published, "_verified", lambda arrays, _: unpacked.append(arrays))
    with pytest.raises(ValueError, match=r"x_train.npy has 67,108,\d+ bytes, over 67,108,864"):
        mnist.load_mnist(write(tmp_path / "mnist.npz", huge))
    assert not unpacked


@pytest.mark.parametrize(
    "copied", [copy.copy, copy.deepcopy, lambda dataset: pickle.loads(pickle.dumps(dataset))]
)
def test_a_data_set_can_be_copied(tmp_path, copied):
    file = write(tmp_path / "mnist.npz", NPZ)
    copy_of = copied(mnist.load_mnist(file))
    assert_mnist_from(file, copy_of)
    assert repr(copy_of) == repr(mnist.load_mnist(file))


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("other axes", "x_test is uint8 of shape (3, 784), expected uint8 of shape (3, 28, 28)"),
        ("another type", "y_train is int8 of shape (6,), expected uint8 of shape (6,)"),
        ("an array missing", "y_test is not a file in the archive"),
        ("a byte altered", "Bad CRC-32 for file 'x_train.npy'"),
        ("a web page", "File is not a zip file. Delete it"),
    ],
)
def test_a_damaged_file_is_explained(tmp_path, content, reason):
    with pytest.raises(ValueError, match=re.escape(reason)):
        mnist.load_mnist(write(tmp_path / "mnist.npz", DAMAGED[content]))


def test_both_hashes_are_named(tmp_path):
    changed = last_pixel_altered("y_test")
    found, expected = (sha256(a.tobytes()) for a in (changed["y_test"], ARRAYS["y_test"]))
    with pytest.raises(ValueError, match=f"y_test has SHA-256 {found}, expected {expected}"):
        mnist.load_mnist(write(tmp_path / "mnist.npz", npz_bytes(**changed)))


@given(st.integers(0, len(NPZ) - 1), st.integers(1, 255))
def test_no_altered_byte_gets_through(tmp_path_factory, position, mask):
    content = bytearray(NPZ)
    content[position] ^= mask
    file = write(tmp_path_factory.getbasetemp() / "altered.npz", content)
    try:
        dataset = mnist.load_mnist(file)
    except ValueError as error:
        complaint = str(error)
    else:  # a byte that says nothing about the arrays, such as the time
        assert_mnist_from(file, dataset)
        return
    assert str(file) in complaint


@damaged
def test_a_damaged_cache_is_downloaded_again(monkeypatch, server, cache, content):
    write(cache, content)
    entry = server.mirror("files", {"mnist.npz": NPZ})
    monkeypatch.setattr(mnist, "MIRRORS", (entry,))
    assert_mnist_from(entry[0], mnist.load_mnist())
    assert_mnist_from("the cache", mnist.load_mnist())
    assert left_in(cache) == ["mnist.npz"]


# Mirrors that fail


def broken_mirror(server, how):
    """The entry of a mirror that fails, and what its line in the error must say."""
    address, hashes = server.mirror("broken", {"mnist.npz": NPZ})
    half = NPZ[: len(NPZ) // 2]
    missing = len(NPZ) - len(half)
    page, reason = {
        "refuses": (None, "Connection refused"),
        "lacks the file": (Page(b"", status=404), "404 Client Error"),
        "is out of order": (Page(b"", status=503), "503 Server Error"),
        "stalls": (Page(half, missing=missing, stalls=True), "Read timed out"),
        "hangs up": (Page(half, missing=missing), "IncompleteRead"),
        "sends half": (Page(half), "hash"),
        "sends an altered byte": (Page(altered(NPZ, 300)), "hash"),
    }[how]
    if page is None:
        with Server() as closed:
            address = f"http://127.0.0.1:{closed.server_port}/broken/"
    server.pages["/broken/mnist.npz"] = page
    return (address, hashes), reason


def wrong_mirror(server, files):
    """A mirror whose files are what MIRRORS says, and not MNIST."""
    return server.mirror("wrong", files), "y_test has SHA-256"


WRONG_IDX = dict(
    zip(IDX, [*list(IDX.values())[:3], gzip.compress(idx_bytes(1 ^ ARRAYS["y_test"]))], strict=True)
)


@pytest.mark.parametrize(
    ("make", "how"),
    [
        (broken_mirror, "refuses"),
        (broken_mirror, "lacks the file"),
        (broken_mirror, "is out of order"),
        (broken_mirror, "stalls"),
        (broken_mirror, "hangs up"),
        (broken_mirror, "sends half"),
        (broken_mirror, "sends an altered byte"),
        (wrong_mirror, {"mnist.npz": DAMAGED["y_test altered"]}),
        (wrong_mirror, WRONG_IDX),
    ],
)
def test_a_mirror_that_fails_is_explained_and_passed_over(monkeypatch, server, cache, make, how):
    bad, reason = make(server, how)
    good = server.mirror("good", IDX)
    start = time.monotonic()
    if how == "stalls":
        monkeypatch.setattr(_published, "TIMEOUT", 2)
    monkeypatch.setattr(mnist, "MIRRORS", (bad,))
    monkeypatch.setenv("DLCORE_DATA_STRICT", "1")
    with pytest.raises(RuntimeError, match=f"{bad[0]}: .*{reason}"):
        mnist.load_mnist()
    assert left_in(cache) == []
    monkeypatch.setattr(mnist, "MIRRORS", (bad, good))
    assert_mnist_from(good[0], mnist.load_mnist())
    assert left_in(cache) == ["mnist.npz"]
    assert time.monotonic() - start < 20  # a mirror that stalls is given up, twice


def test_strict_lists_every_source_and_the_remedy(monkeypatch, server, cache):
    mirrors = [server.mirror(folder, {"mnist.npz": NPZ}) for folder in ("one", "two")]
    server.pages.clear()
    monkeypatch.setattr(mnist, "MIRRORS", mirrors)
    monkeypatch.setenv("DLCORE_DATA_STRICT", "1")
    with pytest.raises(RuntimeError) as error:
        mnist.load_mnist()
    first, own, keras, one, two, last = str(error.value).split("\n")
    assert first == "MNIST could not be had, and DLCORE_DATA_STRICT=1 allows no stand-in."
    assert own == f"{cache} does not exist"
    assert keras == f"{keras_cache()} does not exist"
    assert one.startswith(f"{mirrors[0][0]}: HTTPError: 404")
    assert two.startswith(f"{mirrors[1][0]}: HTTPError: 404")
    assert last == "Put mnist.npz into a folder and set DLCORE_DATA to it."


@contextlib.contextmanager
def files_of_at_most(size):
    resource = pytest.importorskip("resource", reason="no file size limits on this system")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


SMALL = 6000  # bytes: too few for the npz, enough for each IDX file


def test_a_disk_that_fills_up_while_fetching(monkeypatch, server, cache):
    assert len(NPZ) > SMALL
    monkeypatch.setattr(mnist, "MIRRORS", (server.mirror("files", {"mnist.npz": NPZ}),))
    monkeypatch.setenv("DLCORE_DATA_STRICT", "1")
    with files_of_at_most(SMALL), pytest.raises(RuntimeError, match=r"OSError: .*File too large"):
        mnist.load_mnist()
    assert not cache.parent.exists()


def test_a_disk_that_fills_up_while_packing(monkeypatch, server, cache, capfd):
    assert max(map(len, IDX.values())) < SMALL
    entry = server.mirror("files", IDX)
    monkeypatch.setattr(mnist, "MIRRORS", (entry,))
    with files_of_at_most(SMALL):
        assert_mnist_from(entry[0], mnist.load_mnist())
    assert f"Note: MNIST could not be kept in {cache}: OSError: " in capfd.readouterr().out
    assert left_in(cache) == []


@pytest.mark.parametrize("blocked", ["the folder is a file", "the file is a folder"])
def test_a_cache_that_cannot_be_filled_is_not_needed(monkeypatch, server, cache, capfd, blocked):
    if blocked == "the folder is a file":
        write(cache.parent, b"")
    else:
        make_folder(cache)
    entry = server.mirror("files", {"mnist.npz": NPZ})
    monkeypatch.setattr(mnist, "MIRRORS", (entry,))
    assert_mnist_from(entry[0], mnist.load_mnist())
    assert re.search(
        f"Note: MNIST could not be kept in {re.escape(str(cache))}: (FileExists|IsADirectory)Error",
        capfd.readouterr().out,
    )


def test_an_interrupted_download_leaves_nothing(monkeypatch, server, cache):
    def interrupt(source, target):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", interrupt)
    monkeypatch.setattr(mnist, "MIRRORS", (server.mirror("files", IDX),))
    with pytest.raises(KeyboardInterrupt):
        mnist.load_mnist()
    assert left_in(cache) == []


def assert_ends(address):
    """The thread that fetches from a mirror ends soon after the mirror is given up."""
    for thread in threading.enumerate():
        if thread.name == address:
            thread.join(10)
            assert not thread.is_alive(), "what was given up goes on"
    gc.collect()


@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")  # of what is given up midway
def test_a_mirror_has_one_deadline(monkeypatch, server, cache):
    """One that sends a little now and then never times out, whatever the limit on each answer."""
    entry = server.mirror("slow", {"mnist.npz": NPZ})
    server.pages["/slow/mnist.npz"] = Page(NPZ, trickles=True)
    good = server.mirror("good", {"mnist.npz": NPZ})
    monkeypatch.setattr(mnist, "DEADLINE", 4)
    monkeypatch.setattr(_published, "TIMEOUT", 30)
    monkeypatch.setattr(mnist, "MIRRORS", (entry, good))
    assert_mnist_from(good[0], mnist.load_mnist())
    assert "not done after 4 seconds" in os.environ["DLCORE_DEAD_MIRRORS"]
    assert server.requests == ["/slow/mnist.npz", "/good/mnist.npz"]
    assert_ends(entry[0])


@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")  # of what is given up midway
def test_the_bar_of_what_is_given_up_goes_away_first(monkeypatch, server, capfd):
    """Its thread, which may still wait for bytes, does not clear the line later."""
    entry = server.mirror("slow", {"mnist.npz": NPZ})
    server.pages["/slow/mnist.npz"] = Page(NPZ, trickles=True)
    monkeypatch.setattr(mnist, "DEADLINE", 1.5)
    monkeypatch.setattr(_published, "TIMEOUT", 30)
    monkeypatch.setattr(mnist, "MIRRORS", (entry,))
    assert mnist.load_mnist().stand_in
    bar, note = capfd.readouterr().out.split("Note: ")
    assert "mnist.npz: " in bar
    assert bar.endswith(" \r")
    assert "not done after 1.5 seconds" in note
    assert_ends(entry[0])


def test_an_endless_answer_is_given_up(monkeypatch, server):
    entry = server.mirror("large", {"mnist.npz": NPZ})
    monkeypatch.setattr(_published, "LARGEST", len(NPZ) - 1)
    monkeypatch.setattr(mnist, "MIRRORS", (entry,))
    monkeypatch.setenv("DLCORE_DATA_STRICT", "1")
    with pytest.raises(RuntimeError, match=f"mnist.npz is larger than {len(NPZ) - 1:,} bytes"):
        mnist.load_mnist()


def test_a_dead_mirror_is_asked_once_a_build(monkeypatch, server, capfd):
    entry = server.mirror("dead", {})
    monkeypatch.setattr(mnist, "MIRRORS", [(entry[0], {"mnist.npz": "0" * 64})])
    mnist.load_mnist()
    mnist.load_mnist()  # the same process, a reader's, tries again
    assert len(server.requests) == 2
    code = "from dlcore.data import _published; import json; print(json.dumps(_published.DEAD))"
    child = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    monkeypatch.setattr(_published, "DEAD", json.loads(child.stdout))
    capfd.readouterr()
    assert mnist.load_mnist().stand_in
    assert len(server.requests) == 2
    assert f"{entry[0]}: HTTPError: 404" in capfd.readouterr().out


@pytest.mark.parametrize("given", ["/missing/folder", "~/missing", "dta"])
def test_a_folder_that_does_not_exist_is_named(monkeypatch, cache, given):
    write(cache, NPZ)  # not used: the reader named a folder
    monkeypatch.setenv("DLCORE_DATA", given)
    message = f"DLCORE_DATA={given} names no folder: {Path(given).expanduser()} does not exist"
    with pytest.raises(FileNotFoundError, match=re.escape(message)):
        mnist.load_mnist()


@pytest.mark.parametrize(
    ("load", "name"),
    [(mnist.load_mnist, "mnist.npz"), (fashion_mnist.load_fashion_mnist, "fashion_mnist.npz")],
)
def test_a_file_in_the_place_of_the_folder_is_called_a_file(monkeypatch, tmp_path, load, name):
    file = write(tmp_path / name, NPZ)
    monkeypatch.setenv("DLCORE_DATA", str(file))
    message = (
        f"DLCORE_DATA={file} names no folder: {file} is a file. "
        f"Set it to the folder that holds {name}."
    )
    with pytest.raises(NotADirectoryError, match=f"^{re.escape(message)}$"):
        load()


def test_a_home_s_tilde_is_understood(monkeypatch):
    file = write(Path.home() / "mnist.npz", NPZ)
    assert_mnist_from(file, mnist.load_mnist("~/mnist.npz"))
    monkeypatch.setenv("DLCORE_DATA", "~")
    assert_mnist_from("the folder in DLCORE_DATA", mnist.load_mnist())


@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")  # PySocks, when it is refused
def test_a_socks_proxy_is_understood(monkeypatch, server):
    monkeypatch.setattr(mnist, "MIRRORS", (server.mirror("files", {"mnist.npz": NPZ}),))
    monkeypatch.setenv("DLCORE_DATA_STRICT", "1")
    monkeypatch.setenv("NO_PROXY", "")
    for name in ("ALL_PROXY", "HTTP_PROXY", "http_proxy"):
        monkeypatch.setenv(name, "socks5://127.0.0.1:9")
    with pytest.raises(RuntimeError, match="SOCKSHTTPConnection"):
        mnist.load_mnist()
    gc.collect()


# The stand-in


@pytest.mark.parametrize("strict", [None, "0", ""])
def test_the_stand_in_says_so(monkeypatch, cache, capfd, strict):
    if strict is not None:
        monkeypatch.setenv("DLCORE_DATA_STRICT", strict)
    dataset = mnist.load_mnist()
    assert dataset.stand_in is True
    assert repr(dataset) == (
        "scikit-learn's digits, a stand-in for MNIST: 1,440 training and 357 test images "
        "of 28 x 28 pixels, from scikit-learn"
    )
    out, err = capfd.readouterr()
    assert out.startswith(f"Note: MNIST could not be had.\n{cache} does not exist\n")
    assert "\nA stand-in takes its place" in out
    assert "set DLCORE_DATA" in out
    assert err == ""


def test_the_stand_in_can_be_asked_for(monkeypatch, cache, capfd):
    monkeypatch.setenv("DLCORE_DATA", str(cache.parent))
    monkeypatch.setenv("DLCORE_STAND_IN", "1")
    assert mnist.load_mnist().stand_in
    assert capfd.readouterr() == ("", "")


def test_the_stand_in_is_the_digits_enlarged():
    from sklearn.datasets import load_digits

    (x_train, y_train), (x_test, y_test) = mnist.load_mnist()
    digits, tested = load_digits(), range(0, 1785, 5)
    for x, y, chosen in (
        (x_train, y_train, np.setdiff1d(np.arange(1797), tested)),
        (x_test, y_test, tested),
    ):
        assert (x.dtype, y.dtype) == (np.uint8, np.uint8)
        assert x.shape == (len(chosen), 28, 28)
        np.testing.assert_array_equal(y, digits.target[chosen])
        assert set(y.tolist()) == set(range(10))
        # A margin of 2 and 3x3 pixels for each of the 8x8; 16 shades of ink become 255.
        inner = x[:, 2:26, 2:26].reshape(-1, 8, 3, 8, 3)
        small = inner[:, :, 0, :, 0]
        np.testing.assert_array_equal(small, np.rint(digits.images[chosen] / 16 * 255))
        np.testing.assert_array_equal(
            inner, np.broadcast_to(small[:, :, None, :, None], inner.shape)
        )
        assert x.sum(dtype=int) == inner.sum(dtype=int)
        assert (x.min(), x.max()) == (0, 255)


def test_a_dataset_says_what_it_is(cache):
    source = write(cache, NPZ)
    assert repr(mnist.load_mnist(source)) == (
        f"MNIST: 6 training and 3 test images of 28 x 28 pixels, from {source}"
    )


# Fashion-MNIST: other files, found by the same code


def assert_clothes_from(source, dataset):
    assert_mnist_from(source, dataset, "Fashion-MNIST", CLOTHES)


def fill_keras_cache(**changes):
    """The four files of clothes as Keras keeps them, some replaced; their folder."""
    folder = keras_cache().with_name("fashion-mnist")
    for name, content in {**CLOTHES_IDX, **changes}.items():
        write(folder / name, content)
    return folder


def test_order_of_the_sources_of_clothes(monkeypatch, tmp_path, server, cache, capfd):
    write(cache, NPZ)  # MNIST at hand changes nothing
    cache = write(cache.with_name("fashion_mnist.npz"), CLOTHES_NPZ)
    path = write(tmp_path / "mine.npz", CLOTHES_NPZ)
    folder = write(tmp_path / "data" / "fashion_mnist.npz", CLOTHES_NPZ)
    first, second = server.mirror("first", CLOTHES_IDX), server.mirror("second", CLOTHES_IDX)
    monkeypatch.setattr(fashion_mnist, "MIRRORS", (first, second))
    monkeypatch.setenv("DLCORE_DATA", str(folder.parent))

    assert_clothes_from(path, fashion_mnist.load_fashion_mnist(path))
    assert_clothes_from("the folder in DLCORE_DATA", fashion_mnist.load_fashion_mnist())
    folder.unlink()
    assert_clothes_from("the cache", fashion_mnist.load_fashion_mnist())
    cache.unlink()
    kept = fill_keras_cache()
    assert_clothes_from("Keras's cache", fashion_mnist.load_fashion_mnist())
    assert server.requests == []

    next(kept.iterdir()).unlink()  # three files are not enough
    assert_clothes_from(first[0], fashion_mnist.load_fashion_mnist())
    assert server.requests == [f"/first/{name}" for name in CLOTHES_IDX]
    assert_clothes_from("the cache", fashion_mnist.load_fashion_mnist())
    assert sorted(left_in(cache)) == ["fashion_mnist.npz", "mnist.npz"]
    cache.unlink()
    server.pages["/first/t10k-labels-idx1-ubyte.gz"] = Page(b"", status=503)
    assert_clothes_from(second[0], fashion_mnist.load_fashion_mnist())
    assert "Note:" not in capfd.readouterr().out

    cache.unlink()
    server.pages.clear()
    assert fashion_mnist.load_fashion_mnist().stand_in


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (NPZ, "x_train has SHA-256"),  # digits
        (npz_bytes(**CLOTHES | {"y_test": 1 ^ CLOTHES["y_test"]}), "y_test has SHA-256"),
        (npz_bytes(**CLOTHES | {"x_test": None}), "x_test is not a file in the archive"),
        (CLOTHES_NPZ[:-50], "BadZipFile"),
        (b"", "BadZipFile"),
    ],
    ids=["digits", "altered", "an array missing", "truncated", "empty"],
)
def test_what_is_not_clothes_is_named(monkeypatch, tmp_path, cache, content, reason):
    write(cache.with_name("fashion_mnist.npz"), CLOTHES_NPZ)  # not used
    file = write(tmp_path / "data" / "fashion_mnist.npz", content)
    remedy = "Delete it or put an unaltered fashion_mnist.npz in its place."
    message = f"^{re.escape(f'{file} is not Fashion-MNIST: ')}.*{reason}.*{re.escape(remedy)}$"
    with pytest.raises(ValueError, match=message):
        fashion_mnist.load_fashion_mnist(file)
    monkeypatch.setenv("DLCORE_DATA", str(file.parent))
    with pytest.raises(ValueError, match=message):
        fashion_mnist.load_fashion_mnist()


LABELS = CLOTHES_IDX["t10k-labels-idx1-ubyte.gz"]
BOMB = gzip.compress(bytes(2**26 + 1))


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (LABELS[:-9], "EOFError"),
        (b"<html>404 Not Found</html>", "BadGzipFile"),
        (b"", "IndexError"),
        (IDX["t10k-labels-idx1-ubyte.gz"], "y_test has SHA-256"),
        (BOMB, "an IDX file has over 67,108,864 bytes"),
    ],
    ids=["truncated", "a web page", "empty", "labels of digits", "a bomb"],
)
def test_a_damaged_file_of_keras_is_explained_and_downloaded(monkeypatch, server, content, reason):
    folder = fill_keras_cache(**{"t10k-labels-idx1-ubyte.gz": content})
    with monkeypatch.context() as strict:
        strict.setenv("DLCORE_DATA_STRICT", "1")
        message = f"{folder}: ValueError: {folder} is not Fashion-MNIST: .*{reason}"
        with pytest.raises(RuntimeError, match=message):
            fashion_mnist.load_fashion_mnist()
    entry = server.mirror("files", CLOTHES_IDX)
    monkeypatch.setattr(fashion_mnist, "MIRRORS", (entry,))
    assert_clothes_from(entry[0], fashion_mnist.load_fashion_mnist())


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda files: files | {"t10k-labels-idx1-ubyte.gz": LABELS[:-9]}, "hash"),
        (lambda files: files | {"t10k-labels-idx1-ubyte.gz": None}, "404 Client Error"),
    ],
    ids=["sends half", "lacks a file"],
)
def test_a_mirror_of_clothes_that_fails_is_passed_over(monkeypatch, server, cache, change, reason):
    address, hashes = server.mirror("bad", CLOTHES_IDX)
    good = server.mirror("good", CLOTHES_IDX)
    for name, content in change(CLOTHES_IDX).items():
        page = Page(content) if content else Page(b"", status=404)
        server.pages[f"/bad/{name}"] = page
    monkeypatch.setattr(fashion_mnist, "MIRRORS", ((address, hashes), good))
    assert_clothes_from(good[0], fashion_mnist.load_fashion_mnist())
    dead = json.loads(os.environ["DLCORE_DEAD_MIRRORS"])
    assert list(dead) == [f"Fashion-MNIST {address}"]
    assert reason in dead[f"Fashion-MNIST {address}"]
    assert left_in(cache) == ["fashion_mnist.npz"]


def test_a_mirror_that_lacks_the_clothes_is_still_asked_for_digits(monkeypatch, server):
    """Keras's storage has both, and what is said of the one would be untrue of the other."""
    entry = server.mirror("both", {"mnist.npz": NPZ})
    monkeypatch.setattr(mnist, "MIRRORS", (entry,))
    monkeypatch.setattr(fashion_mnist, "MIRRORS", ((entry[0], dict.fromkeys(IDX, "0" * 64)),))
    assert fashion_mnist.load_fashion_mnist().stand_in
    monkeypatch.setattr(_published, "DEAD", json.loads(os.environ["DLCORE_DEAD_MIRRORS"]))
    assert_mnist_from(entry[0], mnist.load_mnist())
    assert fashion_mnist.load_fashion_mnist().stand_in
    assert server.requests == [f"/both/{next(iter(IDX))}", "/both/mnist.npz"]


def test_without_clothes_strict_lists_every_source_and_the_remedy(monkeypatch, server, cache):
    entry = server.mirror("files", CLOTHES_IDX)
    server.pages.clear()
    monkeypatch.setattr(fashion_mnist, "MIRRORS", (entry,))
    monkeypatch.setenv("DLCORE_DATA_STRICT", "1")
    with pytest.raises(RuntimeError) as error:
        fashion_mnist.load_fashion_mnist()
    first, own, keras, mirror, last = str(error.value).split("\n")
    assert first == "Fashion-MNIST could not be had, and DLCORE_DATA_STRICT=1 allows no stand-in."
    assert own == f"{cache.with_name('fashion_mnist.npz')} does not exist"
    keras_folder = keras_cache().with_name("fashion-mnist")
    assert keras == f"{keras_folder / 'train-images-idx3-ubyte.gz'} does not exist"
    assert mirror.startswith(f"{entry[0]}: HTTPError: 404")
    assert last == "Put fashion_mnist.npz into a folder and set DLCORE_DATA to it."


@pytest.mark.parametrize("asked", [True, False])
def test_the_stand_in_for_clothes_is_turned_and_says_so(monkeypatch, capfd, asked):
    if asked:
        monkeypatch.setenv("DLCORE_STAND_IN", "1")
    clothes = fashion_mnist.load_fashion_mnist()
    out, err = capfd.readouterr()
    assert err == ""
    assert repr(clothes) == (
        "scikit-learn's digits, turned by a quarter, a stand-in for Fashion-MNIST: 1,440 training "
        "and 357 test images of 28 x 28 pixels, from scikit-learn"
    )
    assert clothes.stand_in
    for turned, upright in zip(clothes, mnist.load_mnist(), strict=True):
        np.testing.assert_array_equal(np.rot90(turned[0], -1, axes=(1, 2)), upright[0])
        np.testing.assert_array_equal(turned[1], upright[1])
    if asked:
        assert out == ""
    else:
        assert out.startswith("Note: Fashion-MNIST could not be had.\n")
        assert "28 x 28 pixels, turned by a quarter.\n" in out
        assert "put fashion_mnist.npz into a folder" in out


@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")  # of what is given up midway
def test_clothes_have_a_deadline_of_their_own(monkeypatch, server):
    entry = server.mirror("slow", CLOTHES_IDX)
    server.pages["/slow/train-images-idx3-ubyte.gz"] = Page(NPZ, trickles=True)
    monkeypatch.setattr(fashion_mnist, "DEADLINE", 1)
    monkeypatch.setattr(_published, "TIMEOUT", 30)
    monkeypatch.setattr(fashion_mnist, "MIRRORS", (entry,))
    assert fashion_mnist.load_fashion_mnist().stand_in
    assert "not done after 1 seconds" in os.environ["DLCORE_DEAD_MIRRORS"]
    assert_ends(entry[0])


# The real constants


def test_mirrors_are_encrypted_and_pinned():
    for mirrors, count, distinct in ((MIRRORS, 9, 5), (FASHION_MIRRORS, 12, 4)):
        files = [(address + name, sha) for address, files in mirrors for name, sha in files.items()]
        assert len(files) == count
        assert all(re.fullmatch(r"https://[\w./-]+/[\w-]+\.(npz|gz)", file) for file, _ in files)
        assert all(re.fullmatch("[0-9a-f]{64}", sha) for _, sha in files)
        assert len({sha for _, sha in files}) == distinct
        assert [name.split("-idx")[0] for name in mirrors[1][1]] == [
            "train-images",
            "train-labels",
            "t10k-images",
            "t10k-labels",
        ]


def test_the_addresses_of_clothes_are_also_keras_s(monkeypatch):
    import keras.src.datasets.fashion_mnist as loader

    asked = []

    def get_file(name, origin, cache_subdir):
        asked.append(origin)
        assert Path(cache_subdir).parts == ("datasets", "fashion-mnist")
        return write(Path.home() / name, CLOTHES_IDX[name])

    monkeypatch.setattr(loader, "get_file", get_file)
    (x_train, _), _ = loader.load_data()
    assert x_train.shape == SHAPES["x_train"]
    address, files = FASHION_MIRRORS[0]
    assert set(asked) == {address + name for name in files}


@pytest.mark.skipif(not REAL.exists(), reason="needs the real mnist.npz in the folder $DLCORE_DATA")
def test_the_constants_are_those_of_the_published_arrays(monkeypatch):
    monkeypatch.setattr(mnist, "MNIST", MNIST)
    dataset = mnist.load_mnist(REAL)  # verified by the constants
    assert repr(dataset) == (
        f"MNIST: 60,000 training and 10,000 test images of 28 x 28 pixels, from {REAL}"
    )
    (x_train, y_train), (x_test, y_test) = dataset
    # The MD5 of each original file, unpacked.
    for array, md5 in (
        (x_train, "6bbc9ace898e44ae57da46a324031adb"),
        (y_train, "a25bea736e30d166cdddb491f175f624"),
        (x_test, "2646ac647ad5339dbf082846283269ea"),
        (y_test, "27ae3e4e09519cfbb04c329615203637"),
    ):
        assert hashlib.md5(idx_bytes(array), usedforsecurity=False).hexdigest() == md5


@pytest.mark.skipif(
    not REAL_FASHION.exists(), reason="needs the real fashion_mnist.npz in the folder $DLCORE_DATA"
)
def test_the_constants_are_those_of_the_published_clothes(monkeypatch):
    monkeypatch.setattr(fashion_mnist, "FASHION_MNIST", FASHION_MNIST)
    clothes = fashion_mnist.load_fashion_mnist(REAL_FASHION)  # verified by the constants
    assert repr(clothes) == (
        "Fashion-MNIST: 60,000 training and 10,000 test images of 28 x 28 pixels, "
        f"from {REAL_FASHION}"
    )
    (_, y_train), (_, y_test) = clothes
    assert np.bincount(y_train).tolist() == [6000] * 10
    assert np.bincount(y_test).tolist() == [1000] * 10
