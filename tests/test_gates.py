"""LSTM and GRU beside Keras: the order of the gates, the two biases, the state's path."""

import keras
import numpy as np
import pytest

from dlcore import ops

LAYERS = {"lstm": keras.layers.LSTM, "gru": keras.layers.GRU}


@pytest.mark.parametrize("steps", [1, 7])
@pytest.mark.parametrize("name", LAYERS)
def test_gates_are_those_of_keras(name, steps):
    draw = np.random.default_rng(0)
    x = draw.normal(size=(3, steps, 4)).astype("float32")
    layer = LAYERS[name](5, return_sequences=True)
    layer.build(x.shape)
    weights = [draw.normal(size=w.shape).astype("float32") for w in layer.get_weights()]
    layer.set_weights(weights)
    np.testing.assert_allclose(getattr(ops, name)(x, *weights), layer(x), atol=1e-5)


@pytest.mark.parametrize("name", LAYERS)
def test_gates_refuse_shapes_that_do_not_fit(name):
    with pytest.raises(ValueError, match=f"{name} needs x"):
        getattr(ops, name)(np.ones((2, 3)), np.ones((3, 4)), np.ones((1, 4)), np.ones(4))
