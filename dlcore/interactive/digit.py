"""A place to draw a digit, in a page that needs no server: the network of the article answers.

The page holds the network's weights in half precision; ``_static/digit.js`` brings what is drawn
into the form of MNIST's images and computes the forward pass. As in `figure`, a still is for
print, for readers without scripts and for notebooks.
"""

import base64
import html

import numpy as np
from matplotlib.figure import Figure

from dlcore import ops
from dlcore.interactive._half import packed, rounded
from dlcore.interactive._page import Shown, page

SIDE = 28  # pixels of an image's side


class InteractiveDigit(Shown):
    """A field to draw in, and how a network reads the digit: the last expression of its cell.

    The network is a 3x3 convolution with ReLU, 2x2 max pooling and a dense softmax of ten classes,
    such as `models.mnist_cnn`. The page shows the drawing, the image that the network gets (the
    longer side of the digit scaled to 20 pixels, its centre of mass in the middle, unless the
    reader switches that off), ten bars and the pooled feature maps. Instead of drawing, the reader
    can choose an example, by keyboard as well; those that the network misreads say so.

    Args:
        weights: kernel (3, 3, 1, F), bias (F,), dense kernel (169 F, 10), bias (10,), as
            ``model.get_weights()`` returns them; the page keeps them as float16.
        examples: images to choose from, shape (N, 28, 28), values in [0, 1]; the page starts with
            the first, and print shows it.
        labels: what each example is, N digits.
        alt: what is seen, for readers who do not see it.
        names: what the page calls the field to draw in, the network's image, its answer, its
            feature maps, the switch, the button that clears the field, and a misread example.
        text: the line under the figure, in which {digit} and {share} (percent) are replaced.
        labelled: what follows that line for an example, in which {label} is replaced.

    Raises:
        ValueError: if the weights or the examples have other shapes or values, there are more or
            fewer labels than examples, `alt` says nothing, or the figure is too large for a page.

    Source: the form of MNIST's images is that of LeCun et al., Proceedings of the IEEE 86, 1998.
    """

    def __init__(
        self, weights, examples, labels, *, alt,
        names=("draw a digit here", "what the network gets", "its answer", "its feature maps",
               "scale and centre the drawing", "clear", "misread"),
        text="It reads a {digit}, with a probability of {share} %.",
        labelled="The label says {label}.",
    ):  # fmt: skip
        self.weights = rounded(weights)
        shapes = [w.shape for w in self.weights]
        filters = shapes[0][-1] if shapes and shapes[0] else 0
        pooled = ((SIDE - 2) // 2) ** 2 * filters
        if shapes != [(3, 3, 1, filters), (filters,), (pooled, 10), (10,)]:
            raise ValueError(
                "weights must have shapes (3, 3, 1, F), (F,), (169 F, 10), (10,); "
                f"got {', '.join(map(str, shapes))}"
            )
        self.examples, self.labels = np.asarray(examples, float), [int(label) for label in labels]
        if self.examples.shape != (len(self.labels), SIDE, SIDE) or not self.labels:
            raise ValueError(
                f"examples must be (N, {SIDE}, {SIDE}), one for each of the {len(self.labels)} "
                f"labels; got {self.examples.shape}"
            )
        if not ((self.examples >= 0) & (self.examples <= 1)).all():
            raise ValueError("examples must have values in [0, 1]")
        if len(names) != 7:
            raise ValueError(f"names must be seven; got {names}")
        self.alt, self.names, self.text, self.labelled = alt, names, text, labelled
        self.html = self._html()

    def __repr__(self):
        return f"<InteractiveDigit with {len(self.labels)} examples: {self.alt}>"

    def _shares(self):
        kernel, bias, dense, out = (w.astype(float) for w in self.weights)
        maps = ops.max_pool2d(ops.relu(ops.conv2d(self.examples[..., None], kernel, bias)))
        return ops.softmax(ops.dense(maps.reshape(len(maps), -1), dense, out))

    def _still(self, shares):
        figure = Figure(figsize=(5, 2.2), layout="constrained")
        seen, bars = figure.subplots(1, 2)
        seen.imshow(self.examples[0], cmap="gray_r", vmin=0, vmax=1)
        seen.set(xticks=[], yticks=[], title=self.names[1])
        bars.bar(range(10), shares)
        bars.set(xticks=range(10), ylim=(0, 1), title=self.names[2])
        digit = int(shares.argmax())
        line = self.text.replace("{digit}", str(digit))
        figure.suptitle(line.replace("{share}", f"{100 * shares[digit]:.0f}"), fontsize="small")
        return figure

    def _html(self):
        drawn, seen, answer, maps, switch, clear, misread = map(html.escape, self.names)
        shares = self._shares()
        pixels = np.rint(255 * self.examples).astype(np.uint8)
        buttons = "".join(
            f'<button type="button">{label}{"" if read == label else ", " + misread}</button>'
            for label, read in zip(self.labels, shares.argmax(1), strict=True)
        )
        bars = "".join(f'<li style="--share:0"><span>{digit}</span></li>' for digit in range(10))
        return page(
            alt=self.alt,
            still=self._still(shares[0]),
            drawing='<div class="interactive-digit">'
            f'<div><p>{drawn}</p><svg viewBox="0 0 1 1" role="img" '
            f'aria-label="{html.escape(self.alt)}"></svg></div>'
            f"<div><p>{seen}</p><canvas></canvas></div>"
            f'<div><p>{answer}</p><ol aria-hidden="true">{bars}</ol></div>'
            f"<div><p>{maps}</p><canvas></canvas></div></div>"
            f'<p class="interactive-choices"><button type="button">{clear}</button>{buttons}'
            f'<label><input type="checkbox" checked> {switch}</label></p>',
            sliders=(),
            data={
                "kind": "digit",
                "filters": len(self.weights[1]),
                "weights": packed(self.weights),
                "examples": base64.b64encode(pixels.tobytes()).decode(),
                "exampleLabels": self.labels,
                "labels": [],
                "text": self.text,
                "labelled": self.labelled,
            },
        )
