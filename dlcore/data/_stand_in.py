"""The digits that come with scikit-learn, in the form of MNIST."""

import numpy as np


def digits(*, turned=False):
    """x_train, y_train, x_test, y_test: 1,440 images, and every fifth of the first 1,785.

    1,440 is a multiple of 32, as 60,000 is: batches, and messages about them, are alike for both.
    `turned` by a quarter they are images of another kind, for data that are not digits.
    """
    from sklearn.datasets import load_digits

    loaded = load_digits()
    small = np.rint(loaded.images * (255 / 16)).astype(np.uint8)
    images = np.pad(np.kron(small, np.ones((1, 3, 3), np.uint8)), ((0, 0), (2, 2), (2, 2)))
    if turned:
        images = np.rot90(images, axes=(1, 2)).copy()
    labels = loaded.target.astype(np.uint8)
    test = np.zeros(len(labels), bool)
    test[:1785:5] = True
    return images[~test], labels[~test], images[test], labels[test]
