"""Examples and comparisons that the tests of the formulas and of their derivatives share."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlcore import ops

IMAGE = np.arange(1.0, 10).reshape(1, 3, 3, 1)
KERNEL = np.array([[1.0, 2], [3, 4]]).reshape(2, 2, 1, 1)
SIGNED = np.array([[1.0, -2, 3], [-4, 5, -6], [7, -8, -9]]).reshape(1, 3, 3, 1)
LOSSES = (
    "mean_squared_error",
    "binary_crossentropy",
    "categorical_crossentropy",
    "sparse_categorical_crossentropy",
)
precisions = pytest.mark.parametrize(
    ("given_dtype", "expected"),
    [
        ("float16", "float16"),
        ("float32", "float32"),
        ("float64", "float64"),
        ("bool", "float32"),
        ("uint8", "float32"),
        ("int64", "float64"),
    ],
)


def raises(message):
    return pytest.raises(ValueError, match=f"^{re.escape(message)}$")


def assert_same(ours, reference, atol):
    reference = np.asarray(reference)
    assert ours.dtype == reference.dtype
    assert ours.shape == reference.shape
    np.testing.assert_allclose(ours, reference, rtol=0, atol=atol)


def strided_read_only(arrays):
    views = [a.repeat(2, axis=-1)[..., ::2] for a in arrays]
    for view in views:
        view.setflags(write=False)
    return views


def tape(function, dy, *inputs):
    """Gradients of sum(dy * function(*inputs)) by TensorFlow."""
    import tensorflow as tf  # here: most who import this file have no use for it

    inputs = [tf.constant(x) for x in inputs]
    with tf.GradientTape() as recorder:
        for x in inputs:
            recorder.watch(x)
        objective = tf.reduce_sum(dy * function(*inputs))
    return recorder.gradient(objective, inputs)


def pair(value):
    return (value, value) if isinstance(value, int) else value


def one_or_two(most):
    return st.one_of(st.integers(1, most), st.tuples(*[st.integers(1, most)] * 2))


# Strides and dilation of windows; TensorFlow refuses to step both ways at once.
STEPS = st.tuples(one_or_two(3), one_or_two(2))


KERAS_STEPS = st.one_of(st.tuples(one_or_two(3), st.just(1)), st.tuples(st.just(1), one_or_two(2)))


UNDILATED = st.tuples(one_or_two(3), st.just(1))


@st.composite
def windowed_images(draw, batch_from=0, steps=UNDILATED):
    """Images in float64, and a window, strides, padding and dilation that fit them."""
    size, (strides, dilation) = draw(one_or_two(4)), draw(steps)
    padding = draw(st.sampled_from(["valid", "same"]))
    spans = [(k - 1) * d + 1 for k, d in zip(pair(size), pair(dilation), strict=True)]
    height, width = (
        draw(st.integers(k if padding == "valid" else 1, 12), label="pixels") for k in spans
    )
    batch, channels = draw(st.integers(batch_from, 3)), draw(st.integers(1, 8))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    x = rng.uniform(-1, 1, (batch, height, width, channels))
    return x, size, {"strides": strides, "padding": padding}, dilation


@st.composite
def convolutions(draw, batch_from=0, steps=STEPS):
    x, size, options, dilation = draw(windowed_images(batch_from, steps))
    filters = draw(st.integers(1, 8))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    kernel = rng.uniform(-1, 1, (*pair(size), x.shape[3], filters))
    return x, kernel, rng.uniform(-1, 1, filters), {**options, "dilation_rate": dilation}


def loops(x, size, fill, combine, *, strides, padding, dilation_rate=1):
    """Combine each window in turn, pixel by pixel; pixels outside the image are `fill`."""
    image, size, strides, dilation = x.shape[1:3], *map(pair, (size, strides, dilation_rate))
    spans = [(k - 1) * d + 1 for k, d in zip(size, dilation, strict=True)]
    axes = list(zip(image, spans, strides, strict=True))
    if padding == "same":
        steps = [-(-n // s) for n, _, s in axes]
        start = [max((m - 1) * s + k - n, 0) // 2 for m, (n, k, s) in zip(steps, axes, strict=True)]
    else:
        steps, start = [(n - k) // s + 1 for n, k, s in axes], (0, 0)
    rows = []
    for i, j in np.ndindex(*steps):
        window = np.full((len(x), *size, x.shape[3]), fill)
        for u, v in np.ndindex(*size):
            row = i * strides[0] - start[0] + u * dilation[0]
            column = j * strides[1] - start[1] + v * dilation[1]
            if 0 <= row < image[0] and 0 <= column < image[1]:
                window[:, u, v] = x[:, row, column]
        rows.append(combine(window))
    return np.stack(rows, axis=1).reshape(len(x), *steps, rows[0].shape[1])


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
