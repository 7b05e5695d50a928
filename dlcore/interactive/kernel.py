"""A kernel that the reader edits and moves over an image, in a page that needs no server.

The page holds the image and some kernels; ``_static/interactive.js`` computes what it shows, the
feature map and the nine products under the kernel with their sum. As in `figure`, a still is
for print, for readers without scripts and for notebooks.
"""

import html

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from dlcore import ops
from dlcore.interactive._colours import COLOURS, palette, shade
from dlcore.interactive._page import page

CELL = 100  # units of a pixel's width in the page's drawing
HEAVIEST = 9  # the largest weight that the page takes, of either sign


class InteractiveKernel:
    """An image, a 3x3 kernel and their feature map: the last expression of its cell.

    Args:
        image: whole numbers from 0 on, shape (H, W) from (4, 4) on.
        kernels: name -> weights from -9 to 9, shape (3, 3); the page starts with the first.
        alt: what is seen, for readers who do not see it.
        start: (i, j), where the kernel's upper left corner stands first, and in print.
        names: what the page calls the image, the kernel, the feature map, and the row and the
            column of the window.
        text: the line under the figure, in which {i}, {j} and {sum} are replaced.

    Raises:
        ValueError: if the image, a kernel, `start` or `names` is not of the form above.
    """

    def __init__(
        self, image, kernels, *, alt, start=(0, 0),
        names=("image", "kernel", "feature map", "row i", "column j"),
        text="Feature map, row {i}, column {j}: {sum}",
    ):  # fmt: skip
        self.image = np.asarray(image)
        if self.image.ndim != 2 or min(self.image.shape) < 4:
            raise ValueError(f"image must be (H, W) from (4, 4) on; got {self.image.shape}")
        if (self.image < 0).any() or (self.image % 1).any():
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
        self.names = tuple(names)
        if len(self.names) != 5:
            raise ValueError(f"names must be five; got {self.names}")
        self.alt, self.text = alt, text
        self.html = self._html()

    def __repr__(self):
        return f"<InteractiveKernel with {len(self.kernels)} kernels: {self.alt}>"

    def _repr_mimebundle_(self, include=None, exclude=None):
        return {"text/html": self.html, "text/plain": repr(self)}

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
                ax.text(column, row, _written(value, 1), ha="center", va="center", fontsize=8)
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
            "kernels": [weights.ravel().tolist() for weights in self.kernels.values()],
            "labels": [[str(n) for n in range(count)] for count in self.features.shape],
            "heaviest": HEAVIEST,
            "cell": CELL,
            "colours": COLOURS,
            "text": self.text,
        }
        image, kernel, features = map(html.escape, self.names[:3])
        weights = "".join(
            f'<input type="number" min="{-HEAVIEST}" max="{HEAVIEST}" step="any" '
            f'value="{weight:g}" aria-label="{kernel} {u}, {v}">'
            for (u, v), weight in np.ndenumerate(next(iter(self.kernels.values())))
        )
        buttons = "".join(
            f'<button type="button">{html.escape(name)}</button>' for name in self.kernels
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
            f'<div class="interactive-pair" role="img" aria-label="{html.escape(self.alt)}">'
            f"{drawings}</div>",
            sliders=zip(self.names[3:], self.features.shape, self.start, strict=True),
            data=data,
            below='<p class="interactive-sum"></p>',
        )


def _written(value, digits):
    """As the page writes it: rounded, without trailing zeros, with a minus sign."""
    return f"{round(value, digits) + 0.0:.{digits}f}".rstrip("0").rstrip(".").replace("-", "−")
