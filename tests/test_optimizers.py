"""Update rules: by hand, and fifty steps beside Keras's."""

import inspect
import re

import keras
import numpy as np
import pytest

from dlcore import optimizers

SETTINGS = [
    ("SGD", {"learning_rate": 0.1}),
    ("SGD", {"learning_rate": 0.1, "momentum": 0.9}),
    ("SGD", {"learning_rate": 0.1, "momentum": 0.9, "nesterov": True}),
    ("RMSprop", {"learning_rate": 0.01, "rho": 0.8, "epsilon": 1e-2}),
    ("Adam", {"learning_rate": 0.01, "beta_1": 0.8, "beta_2": 0.95, "epsilon": 1e-2}),
    ("AdamW", {"learning_rate": 0.01, "weight_decay": 0.1}),
    *((name, {}) for name in ("SGD", "RMSprop", "Adam", "AdamW")),
]
SHAPES = (3, 2), (2,), ()


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(("name", "settings"), SETTINGS)
def test_fifty_steps_are_keras(name, settings, seed):
    random = np.random.default_rng(seed)
    ours = [random.standard_normal(shape) for shape in SHAPES]
    theirs = [keras.Variable(v, dtype="float64") for v in ours]
    optimizer = getattr(optimizers, name)(**settings)
    reference = getattr(keras.optimizers, name)(**settings)
    for _ in range(50):
        gradients = [random.standard_normal(shape) for shape in SHAPES]
        ours = optimizer.apply(gradients, ours)
        reference.apply([keras.ops.convert_to_tensor(g) for g in gradients], theirs)
    for variable, expected in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(variable, expected.numpy(), atol=1e-5)


def test_first_steps_by_hand():
    gradients, variables = [np.array([2.0])], [np.array([1.0])]
    assert optimizers.SGD(0.1).apply(gradients, variables)[0] == pytest.approx(0.8)
    momentum = optimizers.SGD(0.1, momentum=0.5)
    first = momentum.apply(gradients, variables)
    assert first[0] == pytest.approx(0.8)
    assert momentum.apply(gradients, first)[0] == pytest.approx(0.5)
    nesterov = optimizers.SGD(0.1, momentum=0.5, nesterov=True)
    assert nesterov.apply(gradients, variables)[0] == pytest.approx(0.7)
    assert optimizers.Adam(0.1, epsilon=0).apply(gradients, variables)[0] == pytest.approx(0.9)
    rmsprop = optimizers.RMSprop(0.1, rho=0.75, epsilon=0)
    assert rmsprop.apply(gradients, variables)[0] == pytest.approx(0.8)
    adamw = optimizers.AdamW(0.1, weight_decay=0.5, epsilon=0)
    assert adamw.apply(gradients, variables)[0] == pytest.approx(0.85)


@pytest.mark.parametrize("name", ["SGD", "RMSprop", "Adam", "AdamW"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_new_arrays_in_the_same_precision(name, dtype):
    variable = np.ones((2, 2), dtype)
    variable.flags.writeable = False
    optimizer = getattr(optimizers, name)()
    (once,) = optimizer.apply([variable], [variable])
    (twice,) = optimizer.apply([variable], [once])
    assert once.dtype == twice.dtype == dtype
    assert (twice < once).all()


@pytest.mark.parametrize("name", ["SGD", "RMSprop", "Adam", "AdamW"])
def test_what_does_not_fit_is_named_and_is_no_step(name):
    optimizer = getattr(optimizers, name)()
    for gradients, shapes in (
        ([np.ones(2)], "[(2,)]"),
        ([np.ones(3)] * 2, "[(3,), (3,)]"),
        ([], "[]"),
    ):
        message = f"gradients have shapes {shapes}, variables [(3,)]"
        with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
            optimizer.apply(gradients, [np.ones(3)])
    assert optimizer.iterations == 0


@pytest.mark.parametrize("name", ["SGD", "RMSprop", "Adam", "AdamW"])
def test_arguments_are_those_of_keras(name):
    ours = inspect.signature(getattr(optimizers, name)).parameters.values()
    theirs = inspect.signature(getattr(keras.optimizers, name)).parameters
    order = [key for key in theirs if key in {argument.name for argument in ours}]
    assert [argument.name for argument in ours] == order
    for argument in ours:
        assert argument.default == theirs[argument.name].default, argument


@pytest.mark.parametrize("name", ["SGD", "RMSprop", "Adam", "AdamW"])
def test_a_float64_rate_or_gradient_leaves_variables_in_their_precision(name):
    optimizer, variables = getattr(optimizers, name)(np.float64(0.1)), [np.ones(2, np.float32)]
    for rate in np.geomspace(0.1, 0.01, 3):
        optimizer.learning_rate = rate
        variables = optimizer.apply([np.ones(2)], variables)
        assert variables[0].dtype == np.float32


@pytest.mark.parametrize("name", ["SGD", "RMSprop", "Adam", "AdamW"])
def test_another_model_is_refused_and_is_no_step(name):
    optimizer = getattr(optimizers, name)()
    optimizer.apply([np.ones((1, 2))], [np.ones((1, 2))])
    message = "variables have shapes [(3, 2)], at the first call [(1, 2)]; "
    with pytest.raises(ValueError, match=f"^{re.escape(message)}another model needs another optim"):
        optimizer.apply([np.ones((3, 2))], [np.ones((3, 2))])
    assert optimizer.iterations == 1


def test_integers_become_floating():
    (once,) = optimizers.Adam(0.5).apply([[1, 2]], [[3, 4]])
    np.testing.assert_allclose(once, [2.5, 3.5], atol=1e-5)
    assert once.dtype == np.float64


@pytest.mark.parametrize("name", ["SGD", "RMSprop", "Adam", "AdamW"])
@pytest.mark.parametrize("option", ["clipnorm", "global_clipnorm"])
def test_clipping_is_keras(name, option):
    """Gradients of very different lengths, some below the limit, some above."""
    random = np.random.default_rng(0)
    ours = [random.standard_normal(shape) for shape in SHAPES]
    theirs = [keras.Variable(v, dtype="float64") for v in ours]
    optimizer = getattr(optimizers, name)(learning_rate=0.1, **{option: 1.5})
    reference = getattr(keras.optimizers, name)(learning_rate=0.1, **{option: 1.5})
    plain = getattr(optimizers, name)(learning_rate=0.1)
    unclipped = ours
    for _ in range(20):
        scale = random.choice([0.1, 1, 10])
        gradients = [scale * random.standard_normal(shape) for shape in SHAPES]
        ours = optimizer.apply(gradients, ours)
        unclipped = plain.apply(gradients, unclipped)
        reference.apply([keras.ops.convert_to_tensor(g) for g in gradients], theirs)
    for variable, expected in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(variable, expected.numpy(), atol=1e-5)
    assert np.abs(ours[0] - unclipped[0]).max() > 1e-3


def test_clipping_by_hand():
    gradients, zeros = [np.array([3.0, 4]), np.array([12.0])], [np.zeros(2), np.zeros(1)]
    each = optimizers.SGD(1.0, clipnorm=1).apply(gradients, zeros)
    np.testing.assert_allclose(np.concatenate(each), [-0.6, -0.8, -1])
    together = optimizers.SGD(1.0, global_clipnorm=6.5).apply(gradients, zeros)  # 13 is their norm
    np.testing.assert_allclose(np.concatenate(together), [-1.5, -2, -6])
    for option in ("clipnorm", "global_clipnorm"):
        short = optimizers.SGD(1.0, **{option: 13.0}).apply(gradients, zeros)
        np.testing.assert_array_equal(np.concatenate(short), [-3, -4, -12])


@pytest.mark.parametrize("option", ["clipnorm", "global_clipnorm"])
def test_clipping_hides_no_divergence(option):
    (after,) = optimizers.SGD(1.0, **{option: 1.0}).apply([[np.inf, 1.0]], [np.zeros(2)])
    assert np.isnan(after).all()


@pytest.mark.parametrize("option", ["clipnorm", "global_clipnorm"])
def test_a_long_gradient_of_low_precision_is_clipped(option):
    """Its square is not a number of float32."""
    gradient = np.array([3e30, -4e30], np.float32)
    (after,) = optimizers.SGD(1.0, **{option: 1.0}).apply([gradient], [np.zeros(2, np.float32)])
    np.testing.assert_allclose(after, [-0.6, 0.8], rtol=1e-6)


@pytest.mark.parametrize("option", ["clipnorm", "global_clipnorm"])
def test_clipping_leaves_variables_in_their_precision(option):
    optimizer = optimizers.Adam(**{option: np.float64(0.1)})
    (after,) = optimizer.apply([np.full(2, 3, np.float32)], [np.ones(2, np.float32)])
    assert after.dtype == np.float32
    (after,) = optimizers.SGD(1.0, **{option: 1}).apply([[3, 4]], [[0, 0]])
    np.testing.assert_allclose(after, [-0.6, -0.8])


@pytest.mark.parametrize("name", ["SGD", "RMSprop", "Adam", "AdamW"])
def test_limits_that_make_no_sense_are_refused(name):
    make = getattr(optimizers, name)
    both = "only one of clipnorm and global_clipnorm can be set; got clipnorm=1, global_clipnorm=2"
    with pytest.raises(ValueError, match=f"^{re.escape(both)}$"):
        make(clipnorm=1, global_clipnorm=2)
    for option in ("clipnorm", "global_clipnorm"):
        for limit in (0, -1.0, np.nan):
            message = f"{option} must be positive, or None for none; got {limit}"
            with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
                make(**{option: limit})
