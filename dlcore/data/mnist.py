"""The MNIST digits, verified whatever their source."""

from dlcore.data._published import Published, load

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
_IDX = {
    f"{name}-ubyte.gz": sha256
    for name, sha256 in (
        ("train-images-idx3", "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609"),
        ("train-labels-idx1", "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c"),
        ("t10k-images-idx3", "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6"),
        ("t10k-labels-idx1", "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6"),
    )
}

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

DEADLINE = 60  # seconds for all that comes from a mirror before it is given up


def load_mnist(path=None):
    """Load the MNIST digits, or scikit-learn's digits where MNIST cannot be had.

    The sources, in order: `path`; ``mnist.npz`` in the folder ``$DLCORE_DATA``; dlcore's cache;
    Keras's cache, ``~/.keras/datasets``; a download, which fills dlcore's cache; the 1,797 digits
    that come with scikit-learn, enlarged to 28x28, with a printed note. With
    ``DLCORE_DATA_STRICT=1`` this stand-in is an error instead; with ``DLCORE_STAND_IN=1`` it is
    taken at once, for a quick try of code. Processes started here do not ask a failed mirror again.

    Args:
        path: an ``mnist.npz`` as Keras publishes it, or None.

    Returns:
        A `Dataset`: uint8 images (N, 28, 28) with 0 for paper and 255 for ink, uint8 labels (N,),
        for training and for testing. Its `name`, `source` and `stand_in` say which data it is.

    Raises:
        FileNotFoundError: if `path`, or the folder ``$DLCORE_DATA``, does not exist.
        OSError: if `path` or ``$DLCORE_DATA`` cannot be read.
        ValueError: if the file there is not MNIST: damaged, of another shape, or altered.
        RuntimeError: with ``DLCORE_DATA_STRICT=1``, if MNIST cannot be had; it says why.

    Source: LeCun, Cortes and Burges, http://yann.lecun.com/exdb/mnist/.
    """
    digits = Published("MNIST", MNIST, "mnist.npz", ("mnist.npz",), MIRRORS, DEADLINE)
    return load(digits, path)
