"""Losses and their scores: by hand, and against Keras."""

import inspect
import re

import keras
import numpy as np
import pytest
from examples import LOSSES, case, cases
from hypothesis import given
from hypothesis import strategies as st

from dlcore import ops


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
    np.testing.assert_allclose(
        np.exp(ops.log_softmax(x.T, axis=0)), ops.softmax(x.T, axis=0), atol=1e-300
    )


def test_losses_by_hand():
    np.testing.assert_array_equal(ops.mean_squared_error([[1, 2]], [[3, 5]]), [6.5])
    half = np.log(2)
    np.testing.assert_allclose(ops.binary_crossentropy([[1, 0]], [[0.5, 0.75]]), [1.5 * half])
    np.testing.assert_allclose(ops.binary_crossentropy([[1]], [[0]], from_logits=True), [half])
    np.testing.assert_allclose(ops.categorical_crossentropy([[0, 1]], [[0.5, 0.5]]), [half])
    np.testing.assert_allclose(ops.sparse_categorical_crossentropy([1], [[0.5, 0.5]]), [half])
    np.testing.assert_allclose(ops.sparse_categorical_crossentropy([1], [[0.75, 0.25]]), [2 * half])
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


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("logit", [8, 10, 12, 15, 20, 30])
def test_a_confident_logit_keeps_its_digits(dtype, logit):
    """log(1 + e^o) - y o has none left from o = 15 on in float32, from 36 on in float64."""
    expected = np.log1p(np.exp(-np.float64(logit)))
    for y_true, y_pred in (([1.0], [logit]), ([0.0], [-logit])):
        y_pred = np.array(y_pred, dtype)
        loss = ops.binary_crossentropy(y_true, y_pred, from_logits=True)
        assert loss.dtype == dtype
        np.testing.assert_allclose(loss, expected, rtol=8 * np.finfo(dtype).eps)
        # Within a margin that leaves the exact formula alone: Keras rounds in the same precision.
        theirs = keras.losses.binary_crossentropy(
            np.array(y_true, dtype), keras.ops.convert_to_tensor(y_pred), from_logits=True
        )
        np.testing.assert_allclose(loss, theirs, rtol=8 * np.finfo(dtype).eps)


def test_a_masked_class_costs_nothing_where_its_label_is_zero():
    x = [[1, -np.inf], [-np.inf, 1], [0, 0]]
    loss = ops.categorical_crossentropy([[1, 0], [1, 0], [0, 1]], x, from_logits=True)
    np.testing.assert_allclose(loss, [0, np.inf, np.log(2)])
    loss = ops.sparse_categorical_crossentropy([0, 0, 1], x, from_logits=True)
    np.testing.assert_allclose(loss, [0, np.inf, np.log(2)])


@cases
def test_a_row_is_the_last_axis_whatever_the_rank(name, **example):
    y_true, y_pred, options = case(name, **example)
    loss = getattr(ops, name)
    expected = loss(y_true, y_pred, **options)
    labels = y_true[None, :, None] if name.startswith("sparse") else y_true[None, :, None, :]
    np.testing.assert_array_equal(
        loss(labels, y_pred[None, :, None, :], **options), expected[None, :, None]
    )
    assert loss(y_true[0], y_pred[0], **options) == pytest.approx(expected[0])


@pytest.mark.parametrize("name", LOSSES)
def test_targets_take_the_precision_of_the_predictions(name):
    y_true, y_pred, options = case(name, 0, 4, 3, 1.0, False)
    assert getattr(ops, name)(y_true, y_pred.astype(np.float32), **options).dtype == np.float32


def test_probabilities_of_half_precision_are_clipped_below_one():
    p = np.array([[0, 1], [1, 0]], np.float16)
    for name in ("binary_crossentropy", "categorical_crossentropy"):
        right = getattr(ops, name)(p, p)
        wrong = getattr(ops, name)(p, p[::-1])
        assert right.dtype == wrong.dtype == np.float16
        np.testing.assert_allclose(right, 0, atol=1e-3)
        np.testing.assert_allclose(wrong, 11 * np.log(2), rtol=1e-3)


@pytest.mark.parametrize(
    ("name", "signature"),
    [
        ("sigmoid", "(x)"),
        ("log_softmax", "(x, axis=-1)"),
        ("mean_squared_error", "(y_true, y_pred)"),
        *((name, "(y_true, y_pred, *, from_logits=False)") for name in LOSSES[1:]),
    ],
)
def test_signature(name, signature):
    assert str(inspect.signature(getattr(ops, name))) == signature


def test_logarithms_are_of_the_last_axis():
    x = np.random.default_rng(0).random((2, 3, 4))
    np.testing.assert_allclose(np.exp(ops.log_softmax(x)).sum(axis=-1), 1)


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
@pytest.mark.parametrize("shapes", [((4,), (4, 1)), ((4, 2), (4, 3)), ((), ())])
def test_shapes_that_clash_are_named(name, shapes):
    message = (
        f"{name} needs y_true and y_pred of one shape (N, ..., d); "
        f"got y_true {shapes[0]}, y_pred {shapes[1]}"
    )
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        getattr(ops, name)(*map(np.ones, shapes))


SPARSE = "sparse_categorical_crossentropy needs labels y_true (N, ...) and y_pred (N, ..., C); got "


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
