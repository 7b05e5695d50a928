"""Time our formulas and the chapter's recipe against Keras; `make bench` calls this.

Prints a table and stores nothing. The things compared take turns in one run, and their medians are
compared as ratios, so that a busy machine slows both sides.
"""

import os
import subprocess
import sys
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import nbformat
import numpy as np
import tensorflow as tf

from dlcore import data, models, ops

CHAPTER = Path(__file__).resolve().parents[1] / "chapters" / "4_keras_mnist.ipynb"


def seconds(function):
    started = time.perf_counter()
    function()
    return time.perf_counter() - started


def row(name, ours, reference, bound):
    ours, reference = np.median(ours), np.median(reference)
    print(f"{name:<44}{1e3 * ours:>12.2f}{1e3 * reference:>12.2f}{ours / reference:>9.2f}  {bound}")


def compare(name, ours, reference, bound, rounds=30):
    for function in (ours, reference):
        function()
    times = [(seconds(ours), seconds(reference)) for _ in range(rounds)]
    row(name, *zip(*times, strict=True), bound)


def operations():
    random = np.random.default_rng(0)
    for shape, filters, bound in (((32, 28, 28, 1), 32, "<= 1"), ((32, 32, 32, 16), 32, "<= 2")):
        x = random.standard_normal(shape, dtype=np.float32)
        kernel = random.standard_normal((3, 3, shape[3], filters), dtype=np.float32)
        constants = tf.constant(x), tf.constant(kernel)
        convolve = tf.function(lambda x, kernel: keras.ops.conv(x, kernel))
        compare(
            f"conv2d {'x'.join(map(str, shape))}, {filters} filters",
            lambda x=x, kernel=kernel: ops.conv2d(x, kernel),
            lambda f=convolve, args=constants: f(*args).numpy(),
            bound,
        )
    x = random.standard_normal((32, 26, 26, 32), dtype=np.float32)
    pool = tf.function(lambda x: keras.ops.max_pool(x, 2))
    constant = tf.constant(x)
    compare(
        "max_pool2d 32x26x26x32, 2x2",
        lambda: ops.max_pool2d(x, 2),
        lambda: pool(constant).numpy(),
        "<= 1",
    )


def imports():
    def python(statement):
        return lambda: subprocess.run([sys.executable, "-c", statement], check=True)

    compare(
        "import dlcore.ops / import numpy",
        python("import dlcore.ops"),
        python("import numpy"),
        "<= 1.1",
        rounds=15,
    )


def recipe():
    """The recipe, one run a seed, in turns with two of the article's ten epochs."""
    cells = nbformat.read(CHAPTER, as_version=4).cells
    (source,) = [c.source for c in cells if c.cell_type == "code" and "class OneCycle" in c.source]
    chapter = {"keras": keras}
    exec(source, chapter)  # the chapter's own recipe, not a copy of it

    mnist = data.load_mnist()
    (x_train, y_train), (x_test, y_test) = mnist
    x_train, x_test = (x[..., None] / np.float32(255) for x in (x_train, x_test))
    y_train, y_test = map(keras.utils.to_categorical, (y_train, y_test))
    print(f"\n{mnist!r}")

    keras.utils.set_random_seed(0)
    article = models.mnist_cnn()
    article.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
    article_seconds, recipe_seconds, accuracies = [], [], []
    for seed in range(5):
        article_seconds.append(
            5 * seconds(lambda: article.fit(x_train, y_train, epochs=2, batch_size=32, verbose=0))
        )
        keras.utils.set_random_seed(seed)
        model = models.mnist_cnn()
        recipe_seconds.append(
            seconds(lambda m=model: chapter["train"](m, x_train, y_train, peak=8e-3, epochs=2))
        )
        accuracies.append(chapter["accuracy_of"](model, x_test, y_test))
    row("recipe / the article's ten epochs", recipe_seconds, article_seconds, "<= 0.2")
    print(
        f"accuracy: recipe {np.mean(accuracies):.4f} "
        f"({', '.join(f'{a:.4f}' for a in accuracies)}), "
        f"article {chapter['accuracy_of'](article, x_test, y_test):.4f}"
    )


if __name__ == "__main__":
    print(f"{'':<44}{'ours (ms)':>12}{'other (ms)':>12}{'ratio':>9}  aim")
    operations()
    imports()
    recipe()
