"""Data sets as NumPy arrays, verified whatever their source."""

import gzip
import hashlib
import math
import os
import sys
import tempfile
import warnings
from pathlib import Path

import numpy as np

NAMES = ("x_train", "y_train", "x_test", "y_test")

# Shape and SHA-256 of each original array's bytes (uint8, C order).
MNIST = {
    "x_train": (
        (60000, 28, 28),
        "741c988805d008ac6e4c904b69001ba184c24b2c540a4ef403f4c71b676cf757",
    ),
    "y_train": ((60000,), "1feba77c54802fa5339a11837ea4b2866434b83314ec45192930f1df69120c13"),
    "x_test": ((10000, 28, 28), "6d87418db22cc8025d05968bec9bd5c3932904b23485740db143a061a2c9d161"),
    "y_test": ((10000,), "ddeff807876a9661a1110d45c266c86239a3a1b7d37da0c3716a7a683c852ff5"),
}

# The four original files, in the order of NAMES, with the SHA-256 of each.
_IDX = dict(
    zip(
        (
            "train-images-idx3-ubyte.gz",
            "train-labels-idx1-ubyte.gz",
            "t10k-images-idx3-ubyte.gz",
            "t10k-labels-idx1-ubyte.gz",
        ),
        (
            "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
            "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
            "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
            "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
        ),
        strict=True,
    )
)

# Address of a folder and the files to fetch from it: Keras's storage, which is out of reach for
# many Chinese readers, then the original files from PyTorch's mirror and from one in Beijing.
MIRRORS = (
    (
        "https://storage.googleapis.com/tensorflow/tf-keras-datasets/",
        {"mnist.npz": "731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1"},
    ),
    ("https://ossci-datasets.s3.amazonaws.com/mnist/", _IDX),
    ("https://dataset.bj.bcebos.com/mnist/", _IDX),
)

TIMEOUT = 10  # seconds without an answer before a mirror is given up


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

    def __repr__(self):
        (x_train, _), (x_test, _) = self
        size = " x ".join(map(str, x_train.shape[1:]))
        return (
            f"{self.name}: {len(x_train):,} training and {len(x_test):,} test images "
            f"of {size} pixels, from {self.source}"
        )


def load_mnist(path=None):
    """Load the MNIST digits, or scikit-learn's digits where MNIST cannot be had.

    The sources, in order: `path`; ``mnist.npz`` in the folder ``$DLCORE_DATA``; the cache; a
    download, which fills the cache; the 1,797 digits that come with scikit-learn, enlarged to
    28x28, with a printed note. With ``DLCORE_DATA_STRICT=1`` this stand-in is an error instead;
    with ``DLCORE_STAND_IN=1`` it is taken at once, for a quick try of code.

    Args:
        path: an ``mnist.npz`` as Keras publishes it, or None.

    Returns:
        A `Dataset`: uint8 images (N, 28, 28) with 0 for paper and 255 for ink, uint8 labels (N,),
        for training and for testing. Its `name`, `source` and `stand_in` say which data it is.

    Raises:
        FileNotFoundError: if `path` does not exist.
        OSError: if `path` or ``$DLCORE_DATA`` cannot be read.
        ValueError: if the file there is not MNIST: damaged, of another shape, or altered.
        RuntimeError: with ``DLCORE_DATA_STRICT=1``, if MNIST cannot be had; it says why.

    Source: LeCun, Cortes and Burges, http://yann.lecun.com/exdb/mnist/.
    """
    if path is not None:
        return Dataset(_read_npz(Path(path)), name="MNIST", source=str(path))
    if os.environ.get("DLCORE_STAND_IN") == "1":
        return _digits()
    folder = os.environ.get("DLCORE_DATA")
    if folder:
        try:
            return Dataset(
                _read_npz(Path(folder, "mnist.npz")),
                name="MNIST",
                source="the folder in DLCORE_DATA",
            )
        except FileNotFoundError:
            pass  # the folder may hold other data sets only
    try:
        return Dataset(_read_npz(_cached()), name="MNIST", source="the cache")
    except (OSError, ValueError):
        pass  # nothing there, or a damaged file that a download replaces
    failures = []
    for address, files in MIRRORS:
        try:
            return Dataset(_download(address, files), name="MNIST", source=address)
        except (OSError, ValueError) as error:  # requests' errors are OSErrors
            failures.append(f"{address}: {_first_line(error)}")
    if os.environ.get("DLCORE_DATA_STRICT") == "1":
        raise RuntimeError(
            "MNIST could not be had, and DLCORE_DATA_STRICT=1 allows no stand-in.\n"
            + "\n".join(failures)
            + "\nPut mnist.npz into a folder and set DLCORE_DATA to it."
        )
    print(
        "Note: MNIST could not be downloaded. A stand-in takes its place, the 1,797 digits that\n"
        "come with scikit-learn, enlarged to 28 x 28 pixels. Numbers are computed from it; the\n"
        "remarks on results are about MNIST. For MNIST, put mnist.npz in a folder\n"
        "and set DLCORE_DATA to it."
    )
    return _digits()


def _pooch():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # tqdm, which pooch imports, asks for ipywidgets
        import pooch
    return pooch


def _cached():
    return Path(_pooch().os_cache("dlcore"), "mnist.npz")


def _read_npz(file):
    """The four arrays of an npz file, verified."""
    with open(file, "rb") as stream:
        try:
            with np.load(stream) as npz:
                return _verified([npz[name] for name in NAMES])
        except Exception as error:  # damaged bytes raise nearly anything
            raise ValueError(
                f"{file} is not MNIST: {_first_line(error)}. Delete it or put the published "
                "mnist.npz in its place."
            ) from error


def _verified(arrays):
    for array, name in zip(arrays, NAMES, strict=True):
        shape, digest = MNIST[name]
        if array.dtype != np.uint8 or array.shape != shape:
            raise ValueError(
                f"{name} is {array.dtype} of shape {array.shape}, expected uint8 of shape {shape}"
            )
        found = hashlib.sha256(np.ascontiguousarray(array)).hexdigest()
        if found != digest:
            raise ValueError(f"{name} has SHA-256 {found}, expected {digest}")
    return arrays


def _download(address, files):
    """The four arrays from a mirror, verified and kept in the cache."""
    from tqdm import tqdm

    pooch = _pooch()
    pooch.get_logger().setLevel("ERROR")
    cached = _cached()
    cached.parent.mkdir(parents=True, exist_ok=True)
    # All writing happens in a folder that goes away; only the finished file is moved out of it.
    with tempfile.TemporaryDirectory(dir=cached.parent) as folder:
        paths = []
        for name, sha256 in files.items():
            # A total of 1, until pooch knows it: without any, the bar has no truth value for pooch.
            bar = tqdm(desc=name, total=1, unit="B", unit_scale=True, file=sys.stdout, leave=False)
            fetch = pooch.HTTPDownloader(progressbar=bar, chunk_size=2**16, timeout=TIMEOUT)
            try:
                paths.append(
                    pooch.retrieve(
                        address + name, f"sha256:{sha256}", name, folder, downloader=fetch
                    )
                )
            finally:
                bar.close()
        if len(paths) == 1:
            arrays = _read_npz(Path(paths[0]))
        else:
            arrays = _verified([_read_idx(path) for path in paths])
        finished = Path(folder, "finished.npz")
        np.savez_compressed(finished, **dict(zip(NAMES, arrays, strict=True)))
        os.replace(finished, cached)
    return arrays


def _read_idx(path):
    """The array in a gzipped IDX file: 0, 0, 8 for uint8, the rank, the sizes, the bytes."""
    with gzip.open(path) as file:
        content = bytearray(file.read())  # not bytes: the array is to be writeable
    rank = content[3]
    shape = tuple(np.frombuffer(content, ">u4", count=rank, offset=4).tolist())
    return np.frombuffer(content, np.uint8, count=math.prod(shape), offset=4 + 4 * rank).reshape(
        shape
    )


def _digits():
    """scikit-learn's digits in MNIST's form: 1,440 for training, every fifth of 1,785 for testing.

    1,440 is a multiple of 32, as MNIST's 60,000 is: batches, and messages that show their shape,
    are alike for both.
    """
    from sklearn.datasets import load_digits

    digits = load_digits()
    small = np.rint(digits.images * (255 / 16)).astype(np.uint8)
    images = np.pad(np.kron(small, np.ones((1, 3, 3), np.uint8)), ((0, 0), (2, 2), (2, 2)))
    labels = digits.target.astype(np.uint8)
    index = np.arange(len(labels))
    test = (index % 5 == 0) & (index < 1785)
    return Dataset(
        (images[~test], labels[~test], images[test], labels[test]),
        name="scikit-learn's digits, a stand-in for MNIST",
        source="scikit-learn",
        stand_in=True,
    )


def _first_line(error):
    return f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"
