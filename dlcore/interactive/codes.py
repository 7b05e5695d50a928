"""A plane of codes to walk in, in a page that needs no server: a decoder draws what is where.

The page holds the decoder, its large matrix in eight bits a weight; ``_static/codes.js`` computes
the image of the chosen point. As in `figure`, a still is for print, for readers without scripts and
for notebooks.
"""

import base64
import html
import math
import re

import numpy as np
from matplotlib.figure import Figure

from dlcore import ops
from dlcore.interactive._colours import COLOURS
from dlcore.interactive._page import Shown, page

STEPS = 200  # positions along an axis of the plane, besides the first
NEIGHBOURS = 10
# A colour a digit; their shapes tell the digits apart without it.
TEN = (*COLOURS, "#7E6BC4", "#8B5A2B", "#808000", "#808080")


class InteractiveCodes(Shown):
    """A plane of codes of two numbers, and the image of a point in it: the last one of its cell.

    The decoder is a dense layer with ReLU and a dense layer with sigmoid, such as the second half
    of ``models.autoencoder(2)``. The plane is a square around the codes, each drawn as its digit.
    The reader leads the point by mouse, finger or the sliders, and can look at one digit alone.

    Args:
        weights: kernel (2, H), bias (H,), kernel (H, S^2), bias (S^2,), as
            ``decoder.get_weights()`` returns them, S pixels being the image's side.
        codes: shape (N, 2), N from 10 on.
        labels: what each code is of, N digits.
        alt: what is seen, for readers who do not see it.
        start: the code, two numbers, where the point stands first, and in print; None: the middle.
        names: what the page calls the decoded image, the plane, and the two numbers of a code.
        text: the line under the figure, in which {digit} is the commonest among the ten nearest
            codes, the least of several, {count} how many of the ten are of it, and {distance} that
            to the nearest code.

    Raises:
        ValueError: if the weights, the codes, the labels, `start` or `names` are not of the form
            above, `text` holds other names, `alt` says nothing, or the figure is too large for a
            page.
    """

    def __init__(
        self, weights, codes, labels, *, alt, start=None,
        names=("decoded", "codes of training images", "first number", "second number"),
        text="The ten nearest codes: {count} of digit {digit}. The nearest is {distance} away.",
    ):  # fmt: skip
        weights = [np.asarray(w, float) for w in weights]
        shapes = [w.shape for w in weights]
        hidden = shapes[1][0] if len(shapes) == 4 and len(shapes[1]) == 1 else 0
        self.side = math.isqrt(shapes[3][0]) if hidden and len(shapes[3]) == 1 else 0
        pixels = self.side**2
        if not pixels or shapes != [(2, hidden), (hidden,), (hidden, pixels), (pixels,)]:
            raise ValueError(
                "weights must have shapes (2, H), (H,), (H, S^2), (S^2,); "
                f"got {', '.join(map(str, shapes))}"
            )
        if not all(np.isfinite(w).all() for w in weights):
            raise ValueError("weights must be finite numbers")
        self.hidden = _short(np.vstack(weights[:2]))
        largest = np.abs(weights[2]).max(axis=0)
        scale = np.where(largest > 0, largest, 1) / 127  # of each pixel's weights
        self.out = _short([scale, weights[3]])
        self.kernel = np.rint(weights[2] / scale).astype(np.int8)

        codes, self.labels = np.asarray(codes, float), np.asarray(labels)
        count = len(self.labels)
        if codes.shape != (count, 2) or count < NEIGHBOURS:
            raise ValueError(
                f"codes must be (N, 2) with N from {NEIGHBOURS} on, one for each of the {count} "
                f"labels; got {codes.shape}"
            )
        if not np.isfinite(codes).all():
            raise ValueError("codes must be finite numbers")
        self.codes = _short(codes)
        if not np.isin(self.labels, range(10)).all():
            raise ValueError(f"labels must be digits; got {np.unique(self.labels)}")
        low, high = self.codes.min(axis=0), self.codes.max(axis=0)
        half = 0.52 * (high - low).max() or 1
        self.axes = np.linspace((low + high) / 2 - half, (low + high) / 2 + half, STEPS + 1).T
        start = (low + high) / 2 if start is None else np.asarray(start, float)
        if start.shape != (2,) or not (np.abs(start - (low + high) / 2) <= half).all():
            raise ValueError(
                f"start must be two numbers from {self.axes[:, 0]} to {self.axes[:, -1]}; "
                f"got {start}"
            )
        self.at = np.abs(self.axes - start[:, None]).argmin(axis=1)
        if len(names) != 4:
            raise ValueError(f"names must be four; got {names}")
        for name in re.findall(r"\{(\w*)\}", text):
            if name not in ("digit", "count", "distance"):
                raise ValueError(
                    f"text may hold {{digit}}, {{count}} and {{distance}}; got {{{name}}}"
                )
        self.alt, self.names, self.text = alt, names, text
        self.html = self._html()

    def __repr__(self):
        return f"<InteractiveCodes with {len(self.labels)} codes: {self.alt}>"

    def decode(self, codes):
        """The images that the page draws, with its rounded weights.

        Args:
            codes: shape (N, 2).

        Returns:
            Shape (N, S, S), values in [0, 1].

        Raises:
            ValueError: if the codes have another shape.
        """
        hidden = ops.relu(ops.dense(np.asarray(codes, float), self.hidden[:2], self.hidden[2]))
        scale, bias = self.out
        return ops.sigmoid(ops.dense(hidden, self.kernel * scale, bias)).reshape(
            -1, self.side, self.side
        )

    def _words(self, code):
        distances = np.linalg.norm(self.codes - code, axis=1)
        nearest = np.argsort(distances, kind="stable")[:NEIGHBOURS]
        counts = np.bincount(self.labels[nearest])
        parts = {
            "digit": counts.argmax(),
            "count": counts.max(),
            "distance": f"{distances[nearest[0]]:.1f}",
        }
        return re.sub(r"\{(\w+)\}", lambda name: str(parts[name[1]]), self.text)

    def _still(self):
        code = self.axes[[0, 1], self.at]
        figure = Figure(figsize=(6.4, 4.3), layout="constrained")
        image, plane = figure.subplots(1, 2, width_ratios=(1, 2.6))
        image.imshow(self.decode(code[None])[0], cmap="gray_r", vmin=0, vmax=1)
        image.set(xticks=[], yticks=[], title=self.names[0])
        for digit in np.unique(self.labels):
            own = self.codes[self.labels == digit]
            plane.plot(*own.T, marker=f"${digit}$", color=TEN[digit], linestyle="", ms=4, mew=0)
        plane.plot(*code, "o", ms=12, mfc="none", mec="black", mew=2)
        plane.set(xlim=self.axes[0, [0, -1]], ylim=self.axes[1, [0, -1]], aspect="equal")
        plane.set(xlabel=self.names[2], ylabel=self.names[3], title=self.names[1])
        figure.suptitle(self._words(code), fontsize="small")
        return figure

    def _html(self):
        alt, image, plane = map(html.escape, (self.alt, *self.names[:2]))
        buttons = "".join(
            f'<button type="button" aria-pressed="false" style="--colour:{TEN[digit]}">'
            f"{digit}</button>"
            for digit in np.unique(self.labels)
        )
        return page(
            alt=self.alt,
            still=self._still(),
            drawing='<div class="interactive-codes">'
            f"<div><p>{image}</p><canvas></canvas></div>"
            f'<div><p>{plane}</p><svg viewBox="0 0 {STEPS} {STEPS}" role="img" '
            f'aria-label="{alt}"></svg></div></div>'
            f'<p class="interactive-choices">{buttons}</p>',
            sliders=[
                (name, STEPS + 1, at) for name, at in zip(self.names[2:], self.at, strict=True)
            ],
            data={
                "kind": "codes",
                "side": self.side,
                "steps": STEPS,
                "neighbours": NEIGHBOURS,
                "colours": TEN,
                "hidden": self.hidden.tolist(),
                "out": self.out.tolist(),
                "kernel": base64.b64encode(self.kernel.tobytes()).decode(),
                "codes": self.codes.tolist(),
                "codeLabels": self.labels.tolist(),
                "axes": self.axes[:, [0, -1]].tolist(),
                "labels": [
                    [f"{value:.1f}".replace("-", "−") for value in values] for values in self.axes
                ],
                "text": self.text,
            },
        )


def _short(values):
    """Values of five digits, which the page and Python then share."""
    return np.array([[float(f"{value:.5g}") for value in row] for row in values])
