"""Derivatives: against automatic differentiation, and against central differences."""

import keras
import numpy as np
import pytest
from examples import LOSSES, case, cases, raises, tape
from hypothesis import given
from hypothesis import strategies as st

from dlcore import check, grads, ops

ELEMENTWISE = ("relu", "sigmoid", "softmax", "log_softmax")


seeds = st.integers(0, 2**32 - 1)
sizes = st.integers(1, 6)


@given(seeds, sizes, sizes, sizes)
def test_dense(seed, n, d, h):
    random = np.random.default_rng(seed)
    dy, x, kernel = (random.standard_normal(s) for s in ((n, h), (n, d), (d, h)))
    bias = random.standard_normal(h)
    expected = tape(lambda x, kernel, bias: x @ kernel + bias, dy, x, kernel, bias)
    for ours, theirs in zip(grads.dense(dy, x, kernel), expected, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-12)


@pytest.mark.filterwarnings("ignore:You are using a softmax:UserWarning")  # over a single entry
@pytest.mark.parametrize("name", ELEMENTWISE)
@given(seed=seeds, n=sizes, d=sizes, axis=st.sampled_from([0, 1, -1]))
def test_activations(name, seed, n, d, axis):
    random = np.random.default_rng(seed)
    dy, x = random.standard_normal((2, n, d))
    options = {"axis": axis} if name.endswith("softmax") else {}
    ours = getattr(grads, name)(dy, x, **options)
    (theirs,) = tape(lambda x: getattr(keras.ops, name)(x, **options), dy, x)
    np.testing.assert_allclose(ours, theirs, atol=1e-12)


def of_probabilities(y_true, y_pred):
    """Categorical cross-entropy as `ops` defines it: Keras divides by the sum of each row first."""
    if np.ndim(y_true) == 1:
        y_true = np.eye(y_pred.shape[1])[y_true]
    logarithms = keras.ops.log(keras.ops.clip(y_pred, 1e-7, 1 - 1e-7))
    return -keras.ops.sum(y_true * logarithms, axis=-1)


@cases
def test_losses(name, seed, **example):
    y_true, y_pred, options = case(name, seed, **example)
    dy = np.random.default_rng(seed).standard_normal(len(y_pred))
    ours = getattr(grads, name)(dy, y_true, y_pred, **options)
    assert ours.shape == y_pred.shape
    assert ours.dtype == np.float64
    if name.endswith("categorical_crossentropy") and not options["from_logits"]:
        (theirs,) = tape(lambda p: of_probabilities(y_true, p), dy, y_pred)
    else:
        loss = getattr(keras.losses, name)
        (theirs,) = tape(lambda y_pred: loss(y_true, y_pred, **options), dy, y_pred)
    np.testing.assert_allclose(ours, theirs, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("name", LOSSES[1:])
@given(seed=seeds, n=sizes, d=st.integers(2, 6))
def test_losses_after_their_activation_are_keras(name, seed, n, d):
    y_true, scores, _ = case(name, seed, n, d, 1.0, True)
    activation = "sigmoid" if name.startswith("binary") else "softmax"
    dy = np.full(n, 1 / n)
    p = getattr(ops, activation)(scores)
    ours = getattr(grads, activation)(getattr(grads, name)(dy, y_true, p), scores)

    def objective(scores):
        return getattr(keras.losses, name)(y_true, getattr(keras.ops, activation)(scores))

    np.testing.assert_allclose(ours, tape(objective, dy, scores)[0], atol=1e-6)


@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize("from_logits", [False, True])
def test_losses_by_central_differences(name, from_logits):
    y_true, y_pred, options = case(name, 0, 4, 3, 1.0, from_logits)
    dy = np.array([1.0, -2.0, 0.5, 3.0])
    gradient = getattr(grads, name)(dy, y_true, y_pred, **options)
    check.gradient(
        name, lambda p: np.sum(dy * getattr(ops, name)(y_true, p, **options)), gradient, y_pred
    )


def test_by_hand():
    dx, dkernel, dbias = grads.dense([[1], [2]], [[3, 4], [5, 6]], [[7], [8]])
    np.testing.assert_array_equal(dx, [[7, 8], [14, 16]])
    np.testing.assert_array_equal(dkernel, [[13], [16]])
    np.testing.assert_array_equal(dbias, [3])
    np.testing.assert_array_equal(grads.sigmoid([4.0], [0.0]), [1])
    np.testing.assert_allclose(grads.softmax([8.0, 0], [0.0, 0]), [2, -2])
    np.testing.assert_allclose(grads.log_softmax([8.0, 0], [0.0, 0]), [4, -4])
    np.testing.assert_array_equal(grads.mean_squared_error([3], [[1, 2]], [[3, 5]]), [[6, 9]])
    np.testing.assert_allclose(grads.binary_crossentropy([3], [[1, 0]], [[0.5, 0.75]]), [[-3, 6]])
    for name, target in zip(LOSSES[2:], ([[0, 1]], [1]), strict=True):
        loss = getattr(grads, name)
        np.testing.assert_allclose(loss([3], target, [[0.75, 0.25]]), [[0, -12]])
        np.testing.assert_allclose(loss([3], target, [[0, 0]], from_logits=True), [[1.5, -1.5]])


def test_integers_become_floating():
    one = np.ones((2, 2), int)
    results = [getattr(grads, name)(one, one) for name in ELEMENTWISE]
    results += [*grads.dense(one, one, one)]
    results += [getattr(grads, name)(one[0], one, one) for name in LOSSES[:3]]
    results += [grads.sparse_categorical_crossentropy(one[0], one[0], one)]
    assert {result.dtype for result in results} == {np.dtype(float)}


def test_relu_has_no_slope_at_zero():
    np.testing.assert_array_equal(grads.relu([[1.0, 1, 1]], [[-1.0, 0, 1]]), [[0, 0, 1]])


def test_clipped_probabilities_teach_nothing():
    y_pred = np.array([[0.0, 1.0]])
    assert not grads.categorical_crossentropy([1.0], [[1.0, 1.0]], y_pred).any()
    assert not grads.binary_crossentropy([1.0], [[1.0, 0.0]], y_pred).any()
    edge = np.array([[1e-7, 1 - 1e-7]])  # not clipped, the steepest slope there is
    np.testing.assert_allclose(grads.categorical_crossentropy([1.0], [[1.0, 0]], edge), [[-1e7, 0]])


def test_extreme_logits_stay_finite():
    x = np.array([[1e4, -1e4]])
    target, dy = np.array([[0.0, 1.0]]), np.ones(1)
    loss = grads.categorical_crossentropy(dy, target, x, from_logits=True)
    np.testing.assert_array_equal(loss, [[1, -1]])
    loss = grads.binary_crossentropy(dy, target, x, from_logits=True)
    np.testing.assert_array_equal(loss, [[0.5, -0.5]])
    for name in ELEMENTWISE:
        assert np.isfinite(getattr(grads, name)(np.ones((1, 2)), x)).all()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_precision_is_kept_and_arguments_are_left_alone(dtype):
    x, dy = np.ones((4, 6), dtype)[:, ::2], np.ones((4, 3), dtype)
    rows = np.ones(4, dtype)
    for array in (x, dy, rows):
        array.flags.writeable = False
    results = [getattr(grads, name)(dy, x) for name in ELEMENTWISE]
    results += [*grads.dense(dy, x, np.ones((3, 3), dtype))]
    results += [grads.mean_squared_error(rows, dy, x)]
    results += [grads.binary_crossentropy(rows, dy, x / 2)]
    results += [grads.categorical_crossentropy(rows, dy, x, from_logits=True)]
    results += [grads.sparse_categorical_crossentropy(rows, np.zeros(4, int), x / 2)]
    assert {result.dtype for result in results} == {np.dtype(dtype)}


def test_empty_batch():
    empty, none = np.empty((0, 3)), np.empty(0)
    dx, dkernel, dbias = grads.dense(np.empty((0, 2)), empty, np.ones((3, 2)))
    assert dx.shape == (0, 3)
    assert not dkernel.any()
    assert not dbias.any()
    for name in ELEMENTWISE:
        assert getattr(grads, name)(empty, empty).shape == (0, 3)
    for name in LOSSES[:3]:
        assert getattr(grads, name)(none, empty, empty).shape == (0, 3)
    assert grads.sparse_categorical_crossentropy(none, none, empty).shape == (0, 3)


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_upstream_gradient_of_another_shape(name):
    with raises(f"{name} needs dy of the shape of x; got dy (3, 2), x (2, 3)"):
        getattr(grads, name)(np.ones((3, 2)), np.ones((2, 3)))


@pytest.mark.parametrize(
    "shapes",
    [
        ((2, 4), (2, 3), (3, 5)),
        ((3, 5), (2, 3), (3, 5)),
        ((2, 5), (2, 4), (3, 5)),
        ((5,), (3,), (3, 5)),
        ((2, 3), (2, 3), (3,)),
    ],
)
def test_dense_names_shapes_that_clash(shapes):
    dy, x, kernel = shapes
    message = f"dense needs x (N, d) and kernel (d, h); got x {x}, kernel {kernel}"
    if x[1:] == kernel[:1] and len(kernel) == 2:
        message = f"dense needs dy of the shape of its output, (2, 5); got dy {dy}"
    with raises(message):
        grads.dense(*map(np.ones, shapes))


@pytest.mark.parametrize("name", LOSSES[:3])
@pytest.mark.parametrize(
    "shapes", [((3,), (2, 3), (2, 3)), ((2,), (2, 1), (2, 3)), ((2,), (2,), (2,))]
)
def test_losses_name_shapes_that_clash(name, shapes):
    dy, y_true, y_pred = shapes
    message = f"{name} needs dy (N, ...) for y_pred (N, ..., d); got dy {dy}, y_pred {y_pred}"
    if y_true != y_pred:
        message = (
            f"{name} needs y_true and y_pred of one shape (N, ..., d); "
            f"got y_true {y_true}, y_pred {y_pred}"
        )
    with raises(message):
        getattr(grads, name)(*map(np.ones, shapes))


def test_dense_sums_over_every_axis_but_the_last():
    rng = np.random.default_rng(0)
    dy, x, kernel = rng.random((2, 3, 6)), rng.random((2, 3, 5)), rng.random((5, 6))
    rows = grads.dense(dy.reshape(-1, 6), x.reshape(-1, 5), kernel)
    dx, *others = grads.dense(dy, x, kernel)
    np.testing.assert_allclose(dx, rows[0].reshape(x.shape), rtol=1e-12)
    for ours, expected in zip(others, rows[1:], strict=True):
        np.testing.assert_allclose(ours, expected, rtol=1e-12)


@cases
def test_losses_of_any_rank(name, seed, **example):
    y_true, y_pred, options = case(name, seed, **example)
    dy = np.random.default_rng(seed).standard_normal(len(y_pred))
    expected = getattr(grads, name)(dy, y_true, y_pred, **options)
    labels = y_true[None, :, None] if name.startswith("sparse") else y_true[None, :, None, :]
    ours = getattr(grads, name)(dy[None, :, None], labels, y_pred[None, :, None, :], **options)
    np.testing.assert_array_equal(ours, expected[None, :, None, :])


def test_a_float64_among_them_leaves_a_network_in_float32():
    x = np.full((4, 3), 0.5, np.float32)
    rows, all_of_it = np.full(4, 1 / 4), np.full((4, 3), 0.25)
    results = [getattr(grads, name)(all_of_it, x) for name in ELEMENTWISE]
    results += [*grads.dense(all_of_it, x, np.ones((3, 3), np.float32))]
    results += [getattr(grads, name)(rows, all_of_it, x) for name in LOSSES[:3]]
    results += [grads.sparse_categorical_crossentropy(rows, np.zeros(4, int), x)]
    images = np.ones((1, 4, 4, 1), np.float32)
    results += [*grads.conv2d(np.ones((1, 3, 3, 1)), images, np.ones((2, 2, 1, 1), np.float32))]
    results += [grads.max_pool2d(np.ones((1, 2, 2, 1)), images)]
    results += [grads.avg_pool2d(np.ones((1, 2, 2, 1)), images)]
    assert {result.dtype for result in results} == {np.dtype(np.float32)}


def test_each_gradient_has_the_precision_of_what_it_is_for():
    dx, dkernel, dbias = grads.dense(np.ones((2, 5)), np.ones((2, 3), np.float32), np.ones((3, 5)))
    assert (dx.dtype, dkernel.dtype, dbias.dtype) == (np.float32, np.float64, np.float64)
    dx, dkernel, dbias = grads.conv2d(
        np.ones((1, 3, 3, 1)), np.ones((1, 4, 4, 1)), np.ones((2, 2, 1, 1), np.float32)
    )
    assert (dx.dtype, dkernel.dtype, dbias.dtype) == (np.float64, np.float32, np.float32)


def test_a_network_that_diverged_does_not_stand_still():
    lost = np.array([[np.nan, 0.5]])
    for name in LOSSES[1:3]:
        gradient = getattr(grads, name)([1.0], [[1.0, 0.0]], lost)
        assert np.isnan(gradient[0, 0])
        assert np.isfinite(gradient[0, 1])
    np.testing.assert_array_equal(grads.relu([[2.0, 2.0]], [[np.nan, -1]]), [[2, 0]])


def test_relu_passes_no_infinity_where_it_is_flat():
    np.testing.assert_array_equal(grads.relu([[np.inf, np.inf]], [[-1.0, 1]]), [[0, np.inf]])


def test_what_is_masked_learns_nothing():
    x = np.array([[0, -np.inf, 0], [-np.inf] * 3])
    dy = np.array([[1.0, 5, 3], [1, 2, 3]])
    np.testing.assert_allclose(grads.softmax(dy, x), [[-0.5, 0, 0.5], [0, 0, 0]])
    gradient = grads.categorical_crossentropy([1.0], [[1, 0, 0]], x[:1], from_logits=True)
    np.testing.assert_allclose(gradient, [[-0.5, 0, 0.5]])


def test_half_precision_has_finite_slopes():
    p = np.array([[0, 1]], np.float16)
    for name in LOSSES[1:3]:
        assert not getattr(grads, name)([1.0], p, p).any()


def test_labels_that_are_no_classes():
    with raises("labels must be integers from 0 to 2; got [0 3]"):
        grads.sparse_categorical_crossentropy(np.ones(2), [0, 3], np.ones((2, 3)))
