"""Sets of images as they are published: found, fetched, verified, or replaced by a stand-in."""

import contextlib
import gzip
import hashlib
import io
import json
import math
import os
import queue
import sys
import tempfile
import threading
import warnings
from pathlib import Path
from typing import NamedTuple

import numpy as np

from dlcore.data import _stand_in

NAMES = ("x_train", "y_train", "x_test", "y_test")

IN_FOLDER = "the folder in DLCORE_DATA"

TIMEOUT = 10  # seconds without an answer before an address of a mirror is given up
LARGEST = 2**25  # bytes of a file; the largest published one has 26.4 MB
UNPACKED = 2**26  # bytes of an array in its file; the largest has 47 MB

# Data set and address of a mirror -> how it failed, in the process that started this one: it is not
# asked again.
_DEAD = "DLCORE_DEAD_MIRRORS"
DEAD = json.loads(os.environ.get(_DEAD, "{}"))


class Published(NamedTuple):
    """A set of images as it is published: what `load` looks for.

    Attributes:
        name: what the data are.
        arrays: shape and SHA-256 of each array, by its name in `NAMES`.
        file: the npz file that holds the arrays.
        keras: the files of Keras's cache that hold them: an npz file, or one of IDX for each.
        mirrors: addresses of folders, and the files to fetch from each with their SHA-256.
        deadline: seconds for all that comes from a mirror before it is given up.
        turned: whether the digits that stand in for the data are turned by a quarter, so that
            they are not taken for digits.
    """

    name: str
    arrays: dict
    file: str
    keras: tuple
    mirrors: tuple
    deadline: float
    turned: bool = False

    @property
    def change(self):
        """What was done to the digits that stand in, for a sentence."""
        return ", turned by a quarter" if self.turned else ""


class Dataset(tuple):
    """``(x_train, y_train), (x_test, y_test)``, and where they come from.

    Attributes:
        name: what the data are.
        source: where they were read.
        stand_in: True if they replace data that could not be had.
    """

    def __new__(cls, arrays, *, name, source, stand_in=False):
        x_train, y_train, x_test, y_test = arrays
        dataset = super().__new__(cls, ((x_train, y_train), (x_test, y_test)))
        dataset.name, dataset.source, dataset.stand_in = name, source, stand_in
        return dataset

    def __getnewargs_ex__(self):  # without it, no copy, and no way to another process
        (x_train, y_train), (x_test, y_test) = self
        return ((x_train, y_train, x_test, y_test),), vars(self)

    def __repr__(self):
        (x_train, _), (x_test, _) = self
        size = " x ".join(map(str, x_train.shape[1:]))
        return (
            f"{self.name}: {len(x_train):,} training and {len(x_test):,} test images "
            f"of {size} pixels, from {self.source}"
        )


def load(published, path=None):
    """A `Published` set as a `Dataset`, from the sources and with the errors of `load_mnist`."""
    name = published.name
    if path is not None:
        path = Path(path).expanduser()
        return Dataset(_read([path], published), name=name, source=str(path))
    if os.environ.get("DLCORE_STAND_IN") == "1":
        return _digits(published)
    failures = []
    for files, source in _files(published):
        try:
            return Dataset(_read(files, published), name=name, source=source)
        except FileNotFoundError as error:
            failures.append(f"{error.filename} does not exist")
        except (OSError, ValueError) as error:
            if source == IN_FOLDER:
                raise
            failures.append(f"{_place(files)}: {_first_line(error)}")  # a download replaces it
    dead = dict(DEAD)
    for address, files in published.mirrors:
        mirror = f"{name} {address}"
        if mirror not in dead:
            try:
                arrays = _download(address, files, published)
                return Dataset(arrays, name=name, source=address)
            except (OSError, ValueError) as error:  # requests' errors are OSErrors
                dead[mirror] = _first_line(error)
                os.environ[_DEAD] = json.dumps(dead)
        failures.append(f"{address}: {dead[mirror]}")
    reasons = "\n".join(failures)
    if os.environ.get("DLCORE_DATA_STRICT") == "1":
        raise RuntimeError(
            f"{name} could not be had, and DLCORE_DATA_STRICT=1 allows no stand-in.\n"
            f"{reasons}\nPut {published.file} into a folder and set DLCORE_DATA to it."
        )
    print(
        f"Note: {name} could not be had.\n{reasons}\n"
        "A stand-in takes its place, the 1,797 digits that come with scikit-learn, enlarged to\n"
        f"28 x 28 pixels{published.change}.\n"
        f"Numbers are computed from it; the remarks on results are about {name}.\n"
        f"For {name}, put {published.file} into a folder and set DLCORE_DATA to it."
    )
    return _digits(published)


def _files(published):
    """The files that may hold the data, and what each place is called."""
    given = os.environ.get("DLCORE_DATA")
    if given:
        folder = Path(given).expanduser()
        if not folder.is_dir():
            if folder.exists():
                raise NotADirectoryError(
                    f"DLCORE_DATA={given} names no folder: {folder} is a file. "
                    f"Set it to the folder that holds {published.file}."
                )
            raise FileNotFoundError(f"DLCORE_DATA={given} names no folder: {folder} does not exist")
        yield [folder / published.file], IN_FOLDER  # it may hold other data sets only
    yield [_cached(published.file)], "the cache"
    keras = Path.home() / ".keras" / "datasets"
    yield [keras / file for file in published.keras], "Keras's cache"


def _place(files):
    return files[0] if len(files) == 1 else files[0].parent


def _pooch():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # tqdm, which pooch imports, asks for ipywidgets
        import pooch
    return pooch


def _cached(file):
    return Path(_pooch().os_cache("dlcore"), file)


def _read(files, published):
    """The four arrays of an npz file, or of an IDX file each, verified."""
    with contextlib.ExitStack() as stack:
        streams = [stack.enter_context(_opened(file)) for file in files]
        try:
            if len(streams) == 1:
                arrays = _read_npz(*streams)
            else:
                arrays = [_read_idx(stream) for stream in streams]
            return _verified(arrays, published.arrays)
        except Exception as error:  # damaged bytes raise nearly anything
            raise ValueError(
                f"{_place(files)} is not {published.name}: {_first_line(error)}. Delete it or put "
                f"an unaltered {published.file} in its place."
            ) from error


def _opened(file):
    if file.exists() and not file.is_file() and not file.is_dir():  # to open a pipe never ends
        raise OSError(f"{file} is not a file")
    return open(file, "rb")


def _read_npz(stream):
    with np.lib.npyio.NpzFile(stream) as npz:  # np.load speaks of unsafe ways to read it
        for entry in npz.zip.infolist():  # before anything of it is unpacked
            if (size := entry.file_size) > UNPACKED:
                raise ValueError(f"{entry.filename} has {size:,} bytes, over {UNPACKED:,}")
        return [npz[name] for name in NAMES]


def _read_idx(stream):
    """The array in a gzipped IDX file: 0, 0, 8 for uint8, the rank, the sizes, the bytes."""
    with gzip.open(stream) as file:
        content = bytearray(file.read(UNPACKED + 1))  # not bytes: the array is to be writeable
    if len(content) > UNPACKED:
        raise ValueError(f"an IDX file has over {UNPACKED:,} bytes")
    rank = content[3]
    shape = tuple(np.frombuffer(content, ">u4", count=rank, offset=4).tolist())
    values = np.frombuffer(content, np.uint8, count=math.prod(shape), offset=4 + 4 * rank)
    return values.reshape(shape)


def _verified(arrays, published):
    for array, (name, (shape, digest)) in zip(arrays, published.items(), strict=True):
        if array.dtype != np.uint8 or array.shape != shape:
            raise ValueError(
                f"{name} is {array.dtype} of shape {array.shape}, expected uint8 of shape {shape}"
            )
        found = hashlib.sha256(np.ascontiguousarray(array)).hexdigest()
        if found != digest:
            raise ValueError(f"{name} has SHA-256 {found}, expected {digest}")
    return arrays


def _download(address, files, published):
    """The four arrays from a mirror, verified, and kept in the cache where it can be written."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        paths = _fetch(address, files, folder, published.deadline)
        arrays = _read([Path(path) for path in paths], published)
    cached = _cached(published.file)
    try:
        cached.parent.mkdir(parents=True, exist_ok=True)
        packed = io.BytesIO()
        np.savez_compressed(packed, **dict(zip(NAMES, arrays, strict=True)))
        # Only the finished file is moved to its place.
        with tempfile.TemporaryDirectory(dir=cached.parent) as folder:
            finished = Path(folder, "finished.npz")
            finished.write_bytes(packed.getbuffer())
            os.replace(finished, cached)
    except OSError as error:
        print(f"Note: {published.name} could not be kept in {cached}: {_first_line(error)}")
    return arrays


def _fetch(address, files, folder, deadline):
    """Download files into a folder, all of them within the deadline; their paths."""
    from tqdm import tqdm

    class Bar(tqdm):
        def update(self, n=1):
            if self.n + n > LARGEST:
                raise OSError(f"{self.desc} is larger than {LARGEST:,} bytes")
            if given_up.is_set():
                raise OSError("given up")
            return super().update(n)

    pooch = _pooch()
    pooch.get_logger().setLevel("ERROR")
    bars, answer, given_up = [], queue.SimpleQueue(), threading.Event()

    def fetch(name, sha256):
        # A total of 1, until pooch knows it: without any, the bar has no truth value for pooch.
        bar = Bar(desc=name, total=1, unit="B", unit_scale=True, file=sys.stdout, leave=False)
        bars.append(bar)
        get = pooch.HTTPDownloader(progressbar=bar, chunk_size=2**10, timeout=TIMEOUT)
        return pooch.retrieve(address + name, f"sha256:{sha256}", name, folder, downloader=get)

    def run():
        try:
            answer.put([fetch(*file) for file in files.items()])
        except Exception as error:
            answer.put(error)

    # In a thread: many addresses, or a byte now and then, hold a call up beyond its own timeout.
    threading.Thread(target=run, name=address, daemon=True).start()
    try:
        got = answer.get(timeout=deadline)
        if isinstance(got, Exception):
            raise got
        return got
    except queue.Empty:
        raise TimeoutError(f"not done after {deadline} seconds") from None
    finally:
        got = None  # an error refers to this frame, and to a connection that ends with it
        given_up.set()  # the thread ends with the next bytes
        for bar in bars:
            bar.close()


def _digits(published):
    return Dataset(
        _stand_in.digits(turned=published.turned),
        name=f"scikit-learn's digits{published.change}, a stand-in for {published.name}",
        source="scikit-learn",
        stand_in=True,
    )


def _first_line(error):
    return f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"
