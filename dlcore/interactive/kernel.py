"""A kernel that the reader edits and moves over an image, in a page that needs no server.

The page holds the image and some kernels; ``_static/interactive.js`` computes what it shows, the
feature map and the nine products under the kernel with their sum. As in `figure`, a still is
for print, for readers without scripts and for notebooks.
"""

import html
import re
from fractions import Fraction

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from dlcore import ops
from dlcore.interactive._colours import COLOURS, palette, shade
from dlcore.interactive._page import Shown, page

CELL = 100  # units of a pixel's width in the page's drawing
HEAVIEST = 9  # the largest weight that the page takes, of either sign
LONGEST = 20  # pixels of a side of the image: of more, the numbers would not be legible
STEPS = (1, 2, 3)  # strides and dilations to choose from


class InteractiveKernel(Shown):
    """An image, a 3x3 kernel and their feature map: the last expression of its cell.

    The reader edits the weights, turns the kernel by 180 degrees, and chooses stride, padding
    ("valid" or "same", as in `ops.conv2d`) and dilation; print shows stride 1, "valid", dilation 1.

    Args:
        image: whole numbers from 0 on, shape (H, W) from (4, 4) to (20, 20).
        kernels: name -> weights from -9 to 9, shape (3, 3); the page starts with the first.
        alt: what is seen, for readers who do not see it.
        start: (i, j), where the kernel's upper left corner stands first, and in print.
        names: what the page calls the image, the kernel, the feature map, and the row and the
            column of the window.
        text: the line under the figure, in which {i}, {j} and {sum} are replaced.
        choices: what the page calls turning the kernel, the stride, the padding and the dilation.

    Raises:
        ValueError: if the image, a kernel, `start`, `names`, `text` or `choices` is not of the form
            above, `alt` says nothing, or the figure is too large for a page.
    """

    def __init__(
        self, image, kernels, *, alt, start=(0, 0),
        names=("image", "kernel", "feature map", "row i", "column j"),
        text="Feature map, row {i}, column {j}: {sum}",
        choices=("turn the kernel", "stride", "padding", "dilation"),
    ):  # fmt: skip
        self.image = np.asarray(image)
        shape = self.image.shape
        if len(shape) != 2 or min(shape) < 4 or max(shape) > LONGEST:
            raise ValueError(f"image must be (H, W) from (4, 4) to (20, 20); got {shape}")
        if (self.image < 0).any() or (self.image % 1 != 0).any():
            raise ValueError(f"image must hold whole numbers from 0 on; got {self.image}")
        self.kernels = {name: np.asarray(weights, float) for name, weights in kernels.items()}
        if not self.kernels:
            raise ValueError("an interactive kernel needs at least one kernel; got none")
        for name, weights in self.kernels.items():
            if weights.shape != (3, 3) or not (np.abs(weights) <= HEAVIEST).all():
                raise ValueError(
                    f"kernel {name!r} must be (3, 3), with weights from {-HEAVIEST} to {HEAVIEST}; "
                    f"got {weights.tolist()}"
                )
        first = next(iter(self.kernels.values()))
        x = self.image[None, :, :, None].astype(float)
        self.features = ops.conv2d(x, first[..., None, None])[0, ..., 0]
        self.start = tuple(start)
        if self.start not in np.ndindex(self.features.shape):
            raise ValueError(
                f"start must be a position in a map of {self.features.shape}; got {self.start}"
            )
        self.names, self.choices = tuple(names), tuple(choices)
        if len(self.names) != 5:
            raise ValueError(f"names must be five; got {self.names}")
        if len(self.choices) != 4:
            raise ValueError(f"choices must be four names; got {self.choices}")
        for name in re.findall(r"\{(\w*)\}", text):
            if name not in ("i", "j", "sum"):
                raise ValueError(f"text may hold {{i}}, {{j}} and {{sum}}; got {{{name}}}")
        self.alt, self.text = alt, text
        self.html = self._html()

    def __repr__(self):
        return f"<InteractiveKernel with {len(self.kernels)} kernels: {self.alt}>"

    def _still(self):
        shown = (self.image, next(iter(self.kernels.values())), self.features)
        columns = [values.shape[1] for values in shown]
        size = 0.36 * sum(columns) + 0.6, 0.36 * len(self.image) + 0.7
        figure = Figure(figsize=size, layout="constrained")
        axes = figure.subplots(1, 3, width_ratios=columns)
        for ax, name, values, side in zip(axes, self.names, shown, (3, 0, 1), strict=False):
            share = values / (np.abs(values).max() or 1)
            ink = np.zeros((*values.shape, 4))
            ink[..., 3] = 0.35 * share
            ax.imshow(ink if values is self.image else palette()[shade((share + 1) / 2)])
            for (row, column), value in np.ndenumerate(values):
                words = _written(value, 1) if side else _field(value).replace("-", "−")
                ax.text(column, row, words, ha="center", va="center", fontsize=8)
            if side:
                corner = self.start[1] - 0.5, self.start[0] - 0.5
                ax.add_patch(Rectangle(corner, side, side, fill=False, lw=2, clip_on=False))
            ax.set_title(name, fontsize="small")
            ax.set(xticks=[], yticks=[])
        (i, j), value = self.start, _written(self.features[self.start], 4)
        line = self.text.replace("{i}", str(i)).replace("{j}", str(j)).replace("{sum}", value)
        figure.suptitle(line, fontsize="small")
        return figure

    def _html(self):
        data = {
            "image": self.image.tolist(),
            "kernels": [[_field(w) for w in weights.flat] for weights in self.kernels.values()],
            "labels": [[str(n) for n in range(count)] for count in self.image.shape],
            "heaviest": HEAVIEST,
            "cell": CELL,
            "colours": COLOURS,
            "text": self.text,
        }
        image, kernel, features = map(html.escape, self.names[:3])
        weights = "".join(
            f'<input inputmode="decimal" autocomplete="off" value="{weight}" '
            f'aria-label="{kernel} {u}, {v}">'
            for (u, v), weight in zip(np.ndindex(3, 3), data["kernels"][0], strict=True)
        )
        buttons = "".join(
            f'<button type="button">{html.escape(name)}</button>'
            for name in (*self.kernels, self.choices[0])
        )
        fitting = [d for d in STEPS if 2 * d + 1 <= min(self.image.shape)]
        selects = "".join(
            f"<label>{html.escape(name)} <select>"
            + "".join(f"<option>{value}</option>" for value in values)
            + "</select></label>"
            for name, values in zip(
                self.choices[1:], (STEPS, ("valid", "same"), fitting), strict=True
            )
        )
        drawings = "".join(
            f'<div style="--columns:{columns}"><p>{name}</p>'
            f'<svg viewBox="0 0 {CELL * columns} {CELL * rows}"></svg></div>'
            for name, (rows, columns) in (
                (image, self.image.shape),
                (features, self.features.shape),
            )
        )
        return page(
            alt=self.alt,
            still=self._still(),
            drawing=f'<fieldset class="interactive-kernel"><legend>{kernel}</legend>'
            f"<div>{weights}</div><p>{buttons}</p></fieldset>"
            f'<p class="interactive-choices">{selects}</p>'
            f'<div class="interactive-pair" role="img" aria-label="{html.escape(self.alt)}">'
            f"{drawings}</div>",
            sliders=zip(self.names[3:], self.features.shape, self.start, strict=True),
            data=data,
            below='<p class="interactive-sum"></p>',
        )


def _written(value, digits):
    """As the page writes it: rounded, without trailing zeros, with a minus sign."""
    return f"{round(value, digits) + 0.0:.{digits}f}".rstrip("0").rstrip(".").replace("-", "−")


def _field(weight):
    """A weight as a reader types it, exactly: a short decimal, else a fraction if there is one."""
    decimal = np.format_float_positional(weight, trim="-")
    fraction = Fraction(weight).limit_denominator(16)
    if len(decimal.lstrip("-")) <= 4 or abs(fraction - Fraction(weight)) > 1e-12:
        return decimal
    return str(fraction)
