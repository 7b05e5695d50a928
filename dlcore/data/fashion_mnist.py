"""Fashion-MNIST: clothes in the form of MNIST's digits, found and verified as those are."""

from dlcore.data._published import Published, load

# Shape and SHA-256 of each original array's bytes (uint8, C order).
FASHION_MNIST = {
    "x_train": (
        (60000, 28, 28),
        "2e487a6c89124f78f2d7521542223cafe96f7123c3ca13d447772ac6ecbb3012",
    ),
    "y_train": ((60000,), "657fbd221bfc9f4198cc14b5619cc33ec57c58dd0e47af4d99d6650759e869a7"),
    "x_test": ((10000, 28, 28), "c867c93ff95360594e8ec3287995350b824dd110b11595c0e13d5423f621867a"),
    "y_test": ((10000,), "3d0e6c6ea990b53b6f8f500a41cac93881d981b315f84578b7d915342ade01e9"),
}

# The four original files, in the order of the arrays, with the SHA-256 of each.
_IDX = {
    f"{name}-ubyte.gz": sha256
    for name, sha256 in (
        ("train-images-idx3", "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84"),
        ("train-labels-idx1", "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845"),
        ("t10k-images-idx3", "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073"),
        ("t10k-labels-idx1", "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5"),
    )
}

# Keras's storage, the repository of the data, and the mirror in Beijing that MNIST has, too.
MIRRORS = (
    ("https://storage.googleapis.com/tensorflow/tf-keras-datasets/", _IDX),
    (
        "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
        _IDX,
    ),
    ("https://dataset.bj.bcebos.com/fashion_mnist/", _IDX),
)

DEADLINE = 180  # seconds for all that comes from a mirror: 31 MB, where MNIST has 11 and a minute


def load_fashion_mnist(path=None):
    """Load Fashion-MNIST, 28x28 images of clothes, or turned digits where it cannot be had.

    The sources are those of `load_mnist`, in the same order: `path`; ``fashion_mnist.npz`` in the
    folder ``$DLCORE_DATA``; dlcore's cache; the four files of Keras's cache; a download of 31 MB,
    which fills dlcore's cache; scikit-learn's digits, enlarged and turned by a quarter, with a
    printed note. ``DLCORE_DATA_STRICT`` and ``DLCORE_STAND_IN`` mean what they mean there.

    Args:
        path: an npz file as dlcore's cache holds it, with the arrays ``x_train``, ``y_train``,
            ``x_test`` and ``y_test`` that ``keras.datasets.fashion_mnist`` returns, or None.

    Returns:
        A `Dataset`: uint8 images (N, 28, 28) with 0 for the ground and up to 255 for cloth, uint8
        labels (N,), for training and for testing. The labels: 0 T-shirt/top, 1 Trouser,
        2 Pullover, 3 Dress, 4 Coat, 5 Sandal, 6 Shirt, 7 Sneaker, 8 Bag, 9 Ankle boot.

    Raises:
        FileNotFoundError: if `path`, or the folder ``$DLCORE_DATA``, does not exist.
        OSError: if `path` or ``$DLCORE_DATA`` cannot be read.
        ValueError: if the file there is not Fashion-MNIST: damaged, of another shape, or altered.
        RuntimeError: with ``DLCORE_DATA_STRICT=1``, if Fashion-MNIST cannot be had; it says why.

    Source: Xiao, Rasul and Vollgraf, arXiv:1708.07747, 2017. Copyright Zalando SE, MIT licence,
    https://github.com/zalandoresearch/fashion-mnist.
    """
    keras = tuple(f"fashion-mnist/{file}" for file in _IDX)
    clothes = Published(
        "Fashion-MNIST", FASHION_MNIST, "fashion_mnist.npz", keras, MIRRORS, DEADLINE, turned=True
    )
    return load(clothes, path)
