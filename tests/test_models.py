"""The Keras builders: the models that the article describes, layer by layer."""

import keras
import numpy as np
import pytest

from dlcore import models


@pytest.fixture(scope="module")
def cnn():
    return models.mnist_cnn()


def test_layers_are_the_articles(cnn):
    convolution, pooling, flatten, dense = cnn.layers
    assert isinstance(convolution, keras.layers.Conv2D)
    assert (convolution.filters, convolution.kernel_size) == (32, (3, 3))
    assert (convolution.strides, convolution.padding) == ((1, 1), "valid")
    assert convolution.activation is keras.activations.relu
    assert isinstance(pooling, keras.layers.MaxPooling2D)
    assert (pooling.pool_size, pooling.strides, pooling.padding) == ((2, 2), (2, 2), "valid")
    assert isinstance(flatten, keras.layers.Flatten)
    assert isinstance(dense, keras.layers.Dense)
    assert (dense.units, dense.activation) == (10, keras.activations.softmax)


def test_parameters_are_those_of_the_docstring(cnn):
    assert [layer.count_params() for layer in cnn.layers] == [320, 0, 0, 54090]
    assert f"{cnn.count_params():,} parameters" in models.mnist_cnn.__doc__


def test_built_named_and_not_compiled(cnn):
    assert isinstance(cnn, keras.Sequential)
    assert cnn.name == "mnist_cnn"
    assert (cnn.input_shape, cnn.output_shape) == ((None, 28, 28, 1), (None, 10))
    assert cnn.built
    assert not cnn.compiled


def test_output_is_a_distribution(cnn):
    p = np.asarray(cnn(np.random.default_rng(0).random((3, 28, 28, 1), np.float32)))
    assert (p > 0).all()
    np.testing.assert_allclose(p.sum(axis=1), 1, atol=1e-6)


def test_small_cnn_is_the_docstrings():
    model = models.small_cnn()
    assert [layer.count_params() for layer in model.layers] == [320, 0, 4624, 0, 0, 4010]
    assert f"{model.count_params():,} parameters" in models.small_cnn.__doc__
    assert [layer.output.shape[1:] for layer in model.layers] == [
        (26, 26, 32),
        (13, 13, 32),
        (11, 11, 16),
        (5, 5, 16),
        (400,),
        (10,),
    ]
    assert all(
        model.layers[i].activation is keras.activations.relu
        and model.layers[i].kernel_size == (3, 3)
        and isinstance(model.layers[i + 1], keras.layers.MaxPooling2D)
        for i in (0, 2)
    )
    assert model.name == "small_cnn"
    assert model.built
    assert not model.compiled


def test_small_cnn_gives_logits():
    output = np.asarray(models.small_cnn()(np.ones((2, 28, 28, 1), np.float32)))
    assert output.min() < 0
    assert not np.allclose(output.sum(axis=1), 1)


def test_every_call_builds_another_model(cnn):
    kernel, another = (model.layers[0].kernel for model in (cnn, models.mnist_cnn()))
    assert kernel is not another
    assert not np.array_equal(kernel, another)


def test_autoencoder_is_the_docstrings():
    model = models.autoencoder(32)
    assert f"{model.count_params():,} parameters" in models.autoencoder.__doc__
    assert (model.name, model.built, model.compiled) == ("autoencoder", True, False)
    encoder, decoder = model.layers
    assert (encoder.name, decoder.name) == ("encoder", "decoder")
    layers = [*encoder.layers, *decoder.layers]
    assert [layer.units for layer in layers] == [128, 32, 128, 784]
    names = [layer.activation.__name__ for layer in layers]
    assert names == ["relu", "linear", "relu", "sigmoid"]


def test_the_halves_of_the_autoencoder_work_alone():
    model = models.autoencoder(3)
    encoder, decoder = model.layers
    x = np.random.default_rng(0).random((5, 784), np.float32)
    codes = encoder(x)
    assert codes.shape == (5, 3)
    np.testing.assert_allclose(decoder(codes), model(x), atol=1e-6)
