"""Time our formulas and models against Keras; `make bench` calls this.

Prints a table and stores nothing. The things compared take turns in one run, and their medians are
compared as ratios, so that a busy machine slows both sides.
"""

import argparse
import ast
import functools
import itertools
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
# One thread for NumPy, as in the chapters that race: more wait for each other and for TensorFlow's.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import keras
import nbformat
import numpy as np
import tensorflow as tf

from dlcore import data, grads, models, ops, optimizers

CHAPTERS = Path(__file__).resolve().parents[1] / "chapters"


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
    for shape, filters, bound in (((32, 28, 28, 1), 32, "<= 1"), ((32, 32, 32, 16), 32, "<= 1.2")):
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


def convolution_derivatives():
    @tf.function
    def tape(dy, x, kernel, bias):
        with tf.GradientTape() as recorder:
            recorder.watch((x, kernel, bias))
            y = keras.ops.conv(x, kernel) + bias
        return recorder.gradient(y, (x, kernel, bias), output_gradients=dy)

    random = np.random.default_rng(0)
    for shape, filters, bound in (((32, 28, 28, 1), 32, "<= 1.5"), ((32, 32, 32, 16), 32, "<= 2")):
        x = random.standard_normal(shape, dtype=np.float32)
        kernel = random.standard_normal((3, 3, shape[3], filters), dtype=np.float32)
        dy = random.standard_normal(ops.conv2d(x, kernel).shape, dtype=np.float32)
        constants = *map(tf.constant, (dy, x, kernel)), tf.zeros(filters)
        compare(
            f"derivatives of conv2d {'x'.join(map(str, shape))}",
            lambda arrays=(dy, x, kernel): grads.conv2d(*arrays),
            lambda args=constants: [gradient.numpy() for gradient in tape(*args)],
            bound,
        )


def transposed_convolution():
    random = np.random.default_rng(0)
    x = random.standard_normal((32, 7, 7, 64), dtype=np.float32)
    kernel = random.standard_normal((3, 3, 32, 64), dtype=np.float32)
    options = {"strides": 2, "padding": "same"}
    constants = tf.constant(x), tf.constant(kernel)
    transpose = tf.function(lambda x, kernel: keras.ops.conv_transpose(x, kernel, **options))
    compare(
        "conv2d_transpose 32x7x7x64 to 14x14x32",
        lambda: ops.conv2d_transpose(x, kernel, **options),
        lambda: transpose(*constants).numpy(),
        "<= 2",
    )


def recurrence():
    """Forward and backpropagation through time beside Keras's layers under a gradient tape."""
    random = np.random.default_rng(0)
    x, dy = (random.standard_normal((64, 28, width), dtype=np.float32) for width in (28, 128))
    constants = tf.constant(x), tf.constant(dy)
    for name, kind, bound in (
        ("simple_rnn", keras.layers.SimpleRNN, "<= 0.7"),
        ("lstm", keras.layers.LSTM, "<= 1"),
        ("gru", keras.layers.GRU, "<= 1"),
    ):
        layer = kind(128, return_sequences=True)
        layer.build(x.shape)
        weights = layer.get_weights()

        @tf.function
        def tape(x, dy, layer=layer):
            with tf.GradientTape() as recorder:
                recorder.watch(x)
                y = layer(x)
            sources = x, *(variable.value for variable in layer.trainable_variables)
            return y, recorder.gradient(y, sources, output_gradients=dy)

        def ours(name=name, weights=weights):
            states = getattr(ops, name)(x, *weights)
            return states, getattr(grads, name)(dy, x, *weights, states=states)

        reference = functools.partial(tape, *constants)
        compare(f"{name} 64x28x28, h 128, both ways", ours, reference, bound)


def reading():
    """Attention with four heads of 16, forward and back, beside the formula under a tape."""
    random = np.random.default_rng(0)
    arrays = [random.standard_normal((32, 4, 64, 16), dtype=np.float32) for _ in range(4)]
    constants = [tf.constant(np.swapaxes(array, 1, 2)) for array in arrays]  # heads last but one

    @tf.function
    def tape(dy, *inputs):
        with tf.GradientTape() as recorder:
            recorder.watch(inputs)
            y = keras.ops.dot_product_attention(*inputs)
        return y, recorder.gradient(y, inputs, output_gradients=dy)

    def ours():
        dy, *inputs = arrays
        return ops.attention(*inputs), grads.attention(dy, *inputs)

    compare("attention 32x64x64, 4 heads, both ways", ours, lambda: tape(*constants), "<= 1.5")


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


def from_chapter(name, *defining):
    """What the chapter's own cells define, not copies of them: those that hold the given texts."""
    cells = nbformat.read(CHAPTERS / f"{name}.ipynb", as_version=4).cells
    sources = [cell.source for cell in cells if cell.cell_type == "code"]
    names = {}
    for source in sources[1:]:  # the first makes a page's own names
        imports = [n for n in ast.parse(source).body if isinstance(n, (ast.Import, ast.ImportFrom))]
        exec(compile(ast.Module(imports, []), name, "exec"), names)
    for text in defining:
        (source,) = [source for source in sources if text in source]
        exec(source, names)
    return names


def scaled_mnist():
    """MNIST with pixels in [0, 1] and one-hot labels."""
    mnist = data.load_mnist()
    print(f"\n{mnist!r}")
    return [
        (x[..., None] / np.float32(255), keras.utils.to_categorical(y).astype(np.float32))
        for x, y in mnist
    ]


def race(chapter, variables, model, training, epochs=3):
    """Epochs of the chapter's `train` and of the model's `fit`, in turns, from one start.

    Returns:
        Seconds, shape (epochs, 2, 2): ours and Keras's, on the wall and of all processors together.
        The final variables.
    """
    model.set_weights(variables)
    rule, seconds = optimizers.Adam(), []

    def clocks():
        return np.array([time.perf_counter(), time.process_time()])

    for _ in range(epochs):
        started = clocks()
        variables = chapter["train"](variables, *training, rule)
        middle = clocks()
        model.fit(*training, batch_size=32, shuffle=False, verbose=0)
        seconds.append([middle - started, clocks() - middle])
    return np.array(seconds), variables


def epoch_rows(name, seconds, bound="<= 1"):
    ours, theirs = np.moveaxis(seconds, 1, 0)
    row(f"an epoch of {name}", ours[:, 0], theirs[:, 0], bound)
    row("the same, in processor time", ours[:, 1], theirs[:, 1], "")


def perceptron():
    """The network 784-128-10 of chapter 2.4 and Keras's, from five starts."""
    chapter = from_chapter("2_4_backpropagation", "def backward(", "def initial(", "def train(")
    training, (x_test, y_test) = ((x.reshape(len(x), -1), y) for x, y in scaled_mnist())
    seconds, right = [], {"NumPy": [], "Keras": []}
    for seed in range(5):
        start = [v.astype(np.float32) for v in chapter["initial"]((784, 128, 10), seed)]
        model = chapter["network"]((784, 128, 10), start)
        model.compile("adam", "categorical_crossentropy")
        times, ours = race(chapter, start, model, training)
        seconds.extend(times)
        for name, variables in (("NumPy", ours), ("Keras", model.get_weights())):
            answers = chapter["forward"](variables, x_test)[0].argmax(axis=1)
            right[name].append(np.mean(answers == y_test.argmax(axis=1)))
    epoch_rows("784-128-10", np.array(seconds))
    for name, shares in right.items():
        print(f"accuracy: {name} {np.mean(shares):.4f} ({', '.join(f'{a:.4f}' for a in shares)})")


def autoencoder():
    """The autoencoder of chapter 3.3.1 and Keras's, on the squared error, from one start."""
    chapter = from_chapter("3_3_1_autoencoder", "def gradients(")
    (images, _), _ = scaled_mnist()
    x = images[:10_000].reshape(-1, 784)

    def train(variables, x, _, rule):
        for start in range(0, len(x), 32):
            batch = x[start : start + 32]
            variables = rule.apply(chapter["gradients"](variables, batch, batch), variables)
        return variables

    model = models.autoencoder(32)
    model.compile("adam", "mean_squared_error")
    seconds, _ = race({"train": train}, model.get_weights(), model, (x, x))
    epoch_rows("784-128-32-128-784", seconds, "<= 0.5")


def article():
    """The article's network, by chapter 3.1.2 in NumPy on one thread and on two, and by Keras."""
    chapter = from_chapter("3_1_2_pooling", "def backward(variables", "def backward_in_two(")
    in_two = from_chapter("3_1_2_pooling", "def backward(variables")
    training, (x_test, y_test) = ((x, y.argmax(axis=1)) for x, y in scaled_mnist())
    keras.utils.set_random_seed(0)
    model = models.mnist_cnn()
    model.compile("adam", "sparse_categorical_crossentropy")
    start = model.get_weights()
    seconds, variables = race(chapter, start, model, training)
    epoch_rows("the article's network, one thread", seconds, "")
    with ThreadPoolExecutor(2) as pool:
        in_two["backward"] = functools.partial(chapter["backward_in_two"], pool=pool)
        seconds, variables = race(in_two, start, model, training)
    epoch_rows("the article's network, two threads", seconds, "<= 0.9")
    answers = {
        "NumPy": chapter["forward"](variables, x_test)[0],
        "Keras": model.predict(x_test, verbose=0),
    }
    for name, scores in answers.items():
        print(f"accuracy: {name} {np.mean(scores.argmax(axis=1) == y_test):.4f}")


def recipe():
    """The recipe, one run a seed, in turns with two of the article's ten epochs."""
    chapter = from_chapter("4_keras_mnist", "class OneCycle")
    (x_train, y_train), (x_test, y_test) = scaled_mnist()
    labels = y_train.argmax(axis=1)

    keras.utils.set_random_seed(0)
    article = models.mnist_cnn()
    article.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
    article_seconds, recipe_seconds, accuracies = [], [], []
    for seed in range(5):
        article_seconds.append(
            5 * seconds(lambda: article.fit(x_train, y_train, epochs=2, batch_size=32, verbose=0))
        )
        keras.utils.set_random_seed(seed)
        model = chapter["small"]()
        recipe_seconds.append(
            seconds(lambda m=model: chapter["train"](m, x_train, labels, peak=1.6e-2, epochs=2))
        )
        accuracies.append(chapter["accuracy_of"](model, x_test, y_test.argmax(axis=1)))
    row("recipe / the article's ten epochs", recipe_seconds, article_seconds, "<= 0.1")
    answers = article.predict(x_test, verbose=0).argmax(axis=1)
    print(
        f"accuracy: recipe {np.mean(accuracies):.4f} "
        f"({', '.join(f'{a:.4f}' for a in accuracies)}), "
        f"article {np.mean(answers == y_test.argmax(axis=1)):.4f}"
    )


def ring_gan():
    """A step of chapter 3.4.1's GAN and of the same game in Keras, as one compiled function."""
    chapter = from_chapter(
        "3_4_1_gan", "def forward(variables", "def through_slope(", "GAMMA, PENALTY ="
    )
    random = np.random.default_rng(0)
    x, z, z_new = random.normal(size=(3, 64, 2)).astype(np.float32)
    for method in ("non-saturating", "R1"):
        sizes = ((2, 32, 32, 2), (2, 32, 32, 1))
        ours = [chapter["start"]([k], sizes[k]) for k in range(2)]
        rules = [optimizers.Adam(0.01, 0.5, 0.9) for _ in range(2)]

        def step(method=method, ours=ours, rules=rules):
            fake = chapter["draw"](method, ours[0], z[None])[0]
            slopes = chapter["discriminator_slopes"](method, ours[1], x[None], fake, None)
            ours[1] = rules[1].apply(slopes, ours[1])
            slopes = chapter["generator_slopes"](method, *ours, z_new[None])
            ours[0] = rules[0].apply(slopes, ours[0])

        theirs = []
        for n_in, *hidden, n_out in sizes:
            layers = [keras.Input((n_in,))]
            for units in hidden:
                layers += [keras.layers.Dense(units), keras.layers.LeakyReLU(negative_slope=0.2)]
            theirs.append(keras.Sequential([*layers, keras.layers.Dense(n_out)]))
        g, d = theirs
        keras_rules = [keras.optimizers.Adam(0.01, 0.5, 0.9) for _ in range(2)]
        for rule, model in zip(keras_rules, theirs, strict=True):
            rule.build(model.trainable_variables)

        @tf.function
        def keras_step(x, z, z_new, method=method, g=g, d=d, rules=keras_rules):
            fake = g(z)
            with tf.GradientTape() as tape:
                loss = tf.reduce_mean(tf.nn.softplus(-d(x)) + tf.nn.softplus(d(fake)))
                if method == "R1":
                    with tf.GradientTape() as inner:
                        inner.watch(x)
                        logits = d(x)
                    slopes = inner.gradient(logits, x)
                    loss += chapter["GAMMA"] / 2 * tf.reduce_mean(tf.reduce_sum(slopes**2, axis=1))
            slopes = tape.gradient(loss, d.trainable_variables, unconnected_gradients="zero")
            rules[1].apply(slopes, d.trainable_variables)
            with tf.GradientTape() as tape:
                loss = tf.reduce_mean(tf.nn.softplus(-d(g(z_new))))
            rules[0].apply(tape.gradient(loss, g.trainable_variables), g.trainable_variables)

        tensors = [tf.constant(a) for a in (x, z, z_new)]
        compare(
            f"a step of the ring's GAN, {method}",
            step,
            lambda keras_step=keras_step, tensors=tensors: keras_step(*tensors),
            "<= 0.3",
            rounds=200,
        )


class TwoTapes(keras.Model):
    """The game of `models.GAN` as Keras's own example plays it, with a tape for each network.

    Without the noise that the example adds to the labels; page 3.4.2 shows what that costs.

    Source: https://keras.io/examples/generative/dcgan_overriding_train_step
    """

    def __init__(self, generator, discriminator, seed):
        super().__init__()
        self.generator, self.discriminator = generator, discriminator
        self.noise = keras.random.SeedGenerator(seed)

    def compile(self, *rules, **options):
        super().compile(**options)
        self.rules = rules
        for rule, network in zip(rules, (self.discriminator, self.generator), strict=True):
            rule.build(network.trainable_variables)

    def fake(self, n):
        z = keras.random.normal((n, self.generator.input_shape[-1]), seed=self.noise)
        return self.generator(z, training=True)

    def train_step(self, real):
        n = tf.shape(real)[0]
        both = tf.concat([real, self.fake(n)], axis=0)
        with tf.GradientTape() as tape:
            logits = self.discriminator(both, training=True)
            loss = tf.reduce_mean(tf.nn.softplus(-logits[:n]) + tf.nn.softplus(logits[n:]))
        variables = self.discriminator.trainable_weights
        self.rules[0].apply(tape.gradient(loss, variables), variables)
        with tf.GradientTape() as tape:
            logits = self.discriminator(self.fake(n), training=True)
            generator_loss = tf.reduce_mean(tf.nn.softplus(-logits))
        variables = self.generator.trainable_weights
        self.rules[1].apply(tape.gradient(generator_loss, variables), variables)
        return {"loss": loss}


class Turn(keras.callbacks.Callback):
    """Ends a `fit` after so many seconds."""

    def __init__(self, seconds):
        super().__init__()
        self.seconds = seconds

    def on_train_begin(self, logs=None):
        self.end = time.perf_counter() + self.seconds

    def on_train_batch_end(self, batch, logs=None):
        self.model.stop_training = time.perf_counter() >= self.end


def image_gan(minutes, seeds):
    """Chapter 3.4.2's GAN, as one model and by two tapes: quality after each half minute.

    The two take turns of five seconds, from one start, on the same images; their seconds are those
    of `fit`, with the compilation. The step size is constant, so that no moment is the last by
    plan. Both forms try each size, since not the same one need be the best for them.
    """
    chapter = from_chapter(
        "3_4_2_gan_images", "mnist = data.load_mnist()", "def new_generator(", "def train_judge("
    )
    print(f"\n{chapter['mnist']!r}")
    print(f"Fréchet distance of other real digits: {chapter['distance'](chapter['x_real']):.2f}")
    x = chapter["x_train"]
    z = np.random.default_rng(9).standard_normal((chapter["N"], chapter["LATENT"]), np.float32)

    def one_model(rules, networks, seed):
        gan = models.GAN(*networks, seed=seed)
        gan.compile(rules[0], loss=models.gan_loss, steps_per_execution=16)
        return gan, (x, np.zeros((len(x), 1)))

    def two_tapes(rules, networks, seed):
        gan = TwoTapes(*networks, seed)
        gan.compile(*rules, steps_per_execution=16)
        return gan, (x,)

    print(f"{'distance of samples':<36}{'one model':>14}{'two tapes':>14}{'ratio':>9}  updates")
    for rate, seed in itertools.product((3e-4, 1e-3, 3e-3), range(seeds)):
        sides = []
        for form in (one_model, two_tapes):
            keras.utils.set_random_seed(seed)
            networks = chapter["new_generator"](), chapter["new_discriminator"]()
            rules = [keras.optimizers.Adam(rate, beta_1=0.5) for _ in range(2)]
            sides.append((*form(rules, networks, seed), rules[0]))
        for at in range(30, round(60 * minutes) + 1, 30):
            for _, (gan, arguments, _) in itertools.product(range(6), sides):
                gan.fit(*arguments, batch_size=64, epochs=10_000, callbacks=[Turn(5)], verbose=0)
            samples = [gan.generator.predict(z, batch_size=500, verbose=0) for gan, *_ in sides]
            ours, other = map(chapter["distance"], samples)
            updates = ", ".join(str(int(rule.iterations)) for *_, rule in sides)
            name = f"step {rate:g}, seed {seed}, after {at} s"
            print(f"{name:<36}{ours:>14.2f}{other:>14.2f}{ours / other:>9.2f}  {updates}")


if __name__ == "__main__":
    benchmarks = {
        function.__name__: function
        for function in (
            operations, convolution_derivatives, transposed_convolution, recurrence, reading,
            imports, perceptron, autoencoder, article, recipe, ring_gan,
        )
    }  # fmt: skip
    benchmarks["image_gan"] = lambda: image_gan(options.minutes, options.seeds)
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", choices=benchmarks, help="which; all if none is named")
    parser.add_argument("--minutes", type=float, default=2, help="a training of the image GAN")
    parser.add_argument("--seeds", type=int, default=1, help="of the image GAN, at each step size")
    options = parser.parse_args()
    print(f"{'':<44}{'ours (ms)':>12}{'other (ms)':>12}{'ratio':>9}  aim")
    for name in options.names or benchmarks:
        benchmarks[name]()
