"""Losses and their scores: by hand, and against Keras."""

import re

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlcore import ops

LOSSES = (
    "mean_squared_error",
    "binary_crossentropy",
    "categorical_crossentropy",
    "sparse_categorical_crossentropy",
)


def case(name, seed, n, d, scale, from_logits):
    """Targets and predictions that suit the loss, and the options that say what they are."""
    random = np.random.default_rng(seed)
    scores = scale * random.standard_normal((n, d))
    if name == "mean_squared_error":
        return random.standard_normal((n, d)), scores, {}
    options = {"from_logits": from_logits}
    if name == "binary_crossentropy":
        return random.random((n, d)), scores if from_logits else ops.sigmoid(scores), options
    labels = random.integers(d, size=n)
    if name == "categorical_crossentropy":
        labels = np.eye(d)[labels]
    return labels, scores if from_logits else ops.softmax(scores), options


def cases(test):
    """Run the test with every loss, small batches, and scores from tame to saturated."""
    examples = given(
        seed=st.integers(0, 2**32 - 1),
        n=st.integers(1, 4),
        d=st.integers(2, 5),
        scale=st.sampled_from([0.1, 1.0, 10.0, 1e4]),
        from_logits=st.booleans(),
    )
    return pytest.mark.parametrize("name", LOSSES)(examples(test))


@cases
def test_losses_are_keras(name, **example):
    y_true, y_pred, options = case(name, **example)
    ours = getattr(ops, name)(y_true, y_pred, **options)
    theirs = getattr(keras.losses, name)(y_true, keras.ops.convert_to_tensor(y_pred), **options)
    assert ours.shape == (len(y_pred),)
    assert ours.dtype == np.float64
    np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-5)


@given(st.lists(st.floats(-1e4, 1e4), min_size=1, max_size=5))
def test_scores_are_keras(values):
    x = np.array([values])
    np.testing.assert_allclose(ops.sigmoid(x), keras.ops.sigmoid(x), rtol=1e-12, atol=1e-300)
    np.testing.assert_allclose(ops.log_softmax(x), keras.ops.log_softmax(x), rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(np.exp(ops.log_softmax(x.T, axis=0)), ops.softmax(x.T, axis=0))


def test_losses_by_hand():
    np.testing.assert_array_equal(ops.mean_squared_error([[1, 2]], [[3, 5]]), [6.5])
    half = np.log(2)
    np.testing.assert_allclose(ops.binary_crossentropy([[1, 0]], [[0.5, 0.75]]), [1.5 * half])
    np.testing.assert_allclose(ops.binary_crossentropy([[1]], [[0]], from_logits=True), [half])
    np.testing.assert_allclose(ops.categorical_crossentropy([[0, 1]], [[0.5, 0.5]]), [half])
    np.testing.assert_allclose(ops.sparse_categorical_crossentropy([1], [[0.5, 0.5]]), [half])
    np.testing.assert_allclose(
        ops.sparse_categorical_crossentropy([0], [[0, np.log(3)]], from_logits=True), [2 * half]
    )


def test_extreme_logits_stay_finite():
    x = np.array([[1e4, -1e4]])
    np.testing.assert_array_equal(ops.sigmoid(x), [[1, 0]])
    np.testing.assert_array_equal(ops.log_softmax(x), [[0, -2e4]])
    for loss, expected in ((ops.categorical_crossentropy, 2e4), (ops.binary_crossentropy, 1e4)):
        np.testing.assert_array_equal(loss([[0, 1]], x, from_logits=True), [expected])
        np.testing.assert_allclose(loss([[0, 1]], ops.sigmoid(x)), [16.118096])


@pytest.mark.parametrize("name", ["sigmoid", "log_softmax", *LOSSES])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_precision_is_kept_and_arguments_are_left_alone(name, dtype):
    function = getattr(ops, name)
    x = np.linspace(0.1, 0.9, 24, dtype=dtype).reshape(4, 6)
    labels = np.arange(8) % 3 if name.startswith("sparse") else x[:, 1::2]
    labels = labels[::2] if name.startswith("sparse") else labels
    for array in (x, labels):
        array.flags.writeable = False
    arguments = (labels, x[:, ::2]) if name in LOSSES else (x[:, ::2],)
    options = [{}, {"from_logits": True}] if "crossentropy" in name else [{}]
    for option in options:
        result = function(*arguments, **option)
        assert result.dtype == dtype
        np.testing.assert_array_equal(result, function(*map(np.array, arguments), **option))
        empty = function(*(argument[:0] for argument in arguments), **option)
        assert (empty.shape, empty.dtype) == ((0, *result.shape[1:]), dtype)


@pytest.mark.parametrize("name", LOSSES[:3])
@pytest.mark.parametrize("shapes", [((4,), (4, 1)), ((4, 2), (4, 3)), ((4,), (4,))])
def test_shapes_that_clash_are_named(name, shapes):
    message = (
        f"{name} needs y_true and y_pred of one shape with a row an example; "
        f"got y_true {shapes[0]}, y_pred {shapes[1]}"
    )
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        getattr(ops, name)(*map(np.ones, shapes))


SPARSE = "sparse_categorical_crossentropy needs labels y_true (N,) and y_pred (N, C); got "


@pytest.mark.parametrize(
    ("labels", "shape", "message"),
    [
        ([[0], [1]], (2, 3), SPARSE + "y_true (2, 1), y_pred (2, 3)"),
        ([0], (2, 3), SPARSE + "y_true (1,), y_pred (2, 3)"),
        ([0, 1], (2,), SPARSE + "y_true (2,), y_pred (2,)"),
        ([0, 3], (2, 3), "labels must be integers from 0 to 2; got [0 3]"),
        ([0, -1], (2, 3), "labels must be integers from 0 to 2; got [ 0 -1]"),
        ([0, 0.5], (2, 3), "labels must be integers from 0 to 2; got [0.  0.5]"),
    ],
)
def test_labels_that_are_no_classes(labels, shape, message):
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        ops.sparse_categorical_crossentropy(labels, np.ones(shape))
