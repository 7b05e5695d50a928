"""A figure that the reader moves by sliders, in a page that needs no server.

Every frame is computed when the book is built. The page holds the frames as compact data, which
``_static/interactive.js`` draws, and a still by matplotlib for print, for readers without scripts
and for notebooks.
"""

import html
import io
import itertools
import textwrap

import numpy as np
from contourpy import contour_generator
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from PIL import Image

from dlcore.interactive._colours import COLOURS, DASHES, palette, shade
from dlcore.interactive._page import encoded, page

LAYERS = ("image", "contours", "lines", "points", "text")
LARGEST = 300_000  # bytes of one figure in its page
UNITS = 2000  # the width of the plot, and its height


class Interactive:
    """A plot with sliders: the last expression of its cell, whose metadata holds the caption.

    A frame is a dict of layers, each of which may be left out:

    - ``image``: shape (H, W), values in [0, 1] at the points of a grid that spans the limits, row 0
      at the bottom; 0 is blue, 0.5 transparent, 1 vermilion;
    - ``contours``: (function, levels): the level lines of ``function(x, y)``;
    - ``lines``: name -> points of shape (T, 2), with the same names in every frame. A line ends
      before its first point that is not finite, and is cut off at the limits;
    - ``points``: (xy, classes), shapes (N, 2) and (N,);
    - ``text``: what the frame shows, in words, for the line under the plot.

    Args:
        sliders: name -> values, numbers or texts.
        frame: called once for every combination of values, in the order of `sliders`.
        xlim, ylim: the limits of the axes.
        xlabel, ylabel: what the axes show, in plain text.
        alt: what is seen, for readers who do not see it.
        still: the values that the page starts with and that print shows; None: the first of each.
        background: the layers that are the same in every frame.
        ratio: height of the plot over its width.

    Raises:
        ValueError: if a slider, a layer or `still` is not of the form above, a name of a line is
            not in every frame, more than six lines or classes need colours, or the figure is too
            large for a page.
    """

    def __init__(
        self, sliders, frame, *, xlim, ylim, xlabel, ylabel, alt, still=None, background=None,
        ratio=0.75,
    ):  # fmt: skip
        self.sliders = {name: list(values) for name, values in sliders.items()}
        for name, values in self.sliders.items():
            if len(values) < 2 or len(set(values)) < len(values):
                raise ValueError(f"slider {name!r} needs two or more distinct values; got {values}")
        if not self.sliders:
            raise ValueError("an interactive figure needs at least one slider; got none")
        self.limits = np.array([xlim, ylim], float)
        self.labels, self.alt, self.ratio = (xlabel, ylabel), alt, ratio
        self.background = self._checked("background", background or {})
        self.frames = {
            at: self._checked(self._where(at), frame(*at))
            for at in itertools.product(*self.sliders.values())
        }
        self.still = next(iter(self.frames)) if still is None else tuple(still)
        if self.still not in self.frames:
            raise ValueError(f"still {self.still} is not among the sliders' values {self.sliders}")
        self.names = [*self.background["lines"], *self.frames[self.still]["lines"]]
        self._check_names()
        self.html = self._html()
        size = len(self.html.encode())
        if size > LARGEST:
            raise ValueError(f"the figure has {size:,} bytes; allowed: {LARGEST:,}")

    def __repr__(self):
        return f"<Interactive figure with {len(self.frames)} frames: {self.alt}>"

    def _repr_mimebundle_(self, include=None, exclude=None):
        return {"text/html": self.html, "text/plain": repr(self)}

    # What is given, checked and in one form

    def _where(self, at):
        return ", ".join(
            f"{name} {_label(value)}" for name, value in zip(self.sliders, at, strict=True)
        )

    def _checked(self, where, given):
        """All layers of a frame as arrays; what is not given is empty."""
        for name in given:
            if name not in LAYERS:
                raise ValueError(f"{where}: unknown layer {name!r}; allowed: {', '.join(LAYERS)}")
        image = given.get("image")
        if image is not None:
            image = np.asarray(image, float)
            if image.ndim != 2 or min(image.shape) < 2:
                raise ValueError(f"{where}: image must be (H, W) from (2, 2) on; got {image.shape}")
            if not (image.min() >= 0 and image.max() <= 1):
                raise ValueError(
                    f"{where}: image must be in [0, 1]; got {image.min():g} to {image.max():g}"
                )
        lines = {
            name: self._path(f"{where}: line {name!r}", xy)
            for name, xy in given.get("lines", {}).items()
        }
        xy, classes = map(np.asarray, given.get("points", (np.empty((0, 2)), [])))
        xy = self._path(f"{where}: points", xy)
        if classes.shape != (len(xy),) or not np.isin(classes, np.arange(len(COLOURS))).all():
            raise ValueError(
                f"{where}: {len(xy)} finite points need as many classes from 0 to "
                f"{len(COLOURS) - 1}; got shape {classes.shape}, {np.unique(classes)}"
            )
        contours = self._level_lines(*given["contours"]) if "contours" in given else []
        text = given.get("text", "")
        return dict(zip(LAYERS, (image, contours, lines, (xy, classes), text), strict=True))

    def _level_lines(self, function, levels):
        x, y = (np.linspace(*limits, 100) for limits in self.limits)
        generator = contour_generator(x, y, function(*np.meshgrid(x, y)))
        return [line for level in levels for line in generator.lines(level)]

    def _path(self, what, xy):
        """The points before the first that is not finite, none of them far out of the plot."""
        xy = np.asarray(xy, float)
        if xy.ndim != 2 or xy.shape[1] != 2:
            raise ValueError(f"{what} must have shape (T, 2); got {xy.shape}")
        finite = np.logical_and.accumulate(np.isfinite(xy).all(axis=1))
        low, high = self.limits.T
        return np.clip(xy[finite], low - 50 * (high - low), high + 50 * (high - low))

    def _check_names(self):
        if len(set(self.names)) < len(self.names) or len(self.names) > len(COLOURS):
            raise ValueError(
                f"lines need names of their own, at most {len(COLOURS)}; got {self.names}"
            )
        expected = list(self.frames[self.still]["lines"])
        for at, frame in self.frames.items():
            if list(frame["lines"]) != expected:
                raise ValueError(
                    f"{self._where(at)}: lines {list(frame['lines'])}, elsewhere {expected}"
                )

    # The still

    def _still(self):
        figure = Figure(figsize=(5.2, 5.2 * self.ratio + 0.8), layout="constrained")
        ax = figure.subplots()
        both = (self.background, self.frames[self.still])
        for layers in both:
            if layers["image"] is not None:
                cells = np.subtract(layers["image"].shape[::-1], 1)
                half = np.diff(self.limits) / cells[:, None] / 2  # values stand in the middles
                extent = (self.limits + half * [-1, 1]).ravel()
                shown = palette()[shade(layers["image"])]
                ax.imshow(shown, origin="lower", extent=extent, interpolation="nearest")
        for layers in both:
            for line in layers["contours"]:
                ax.plot(*line.T, color="gray", linewidth=0.7)
        colours = iter(zip(COLOURS, DASHES, strict=True))
        for layers in both:
            for name, line in layers["lines"].items():
                colour, dashes = next(colours)
                (path,) = ax.plot(*line.T, color=colour, label=name)
                path.set_dashes([length / 2 for length in dashes])
                ax.plot(*line[-1:].T, "o", color=colour, mec="white")
        for layers in both:
            xy, classes = layers["points"]
            for k in np.unique(classes):
                ax.plot(*xy[classes == k].T, "os"[k % 2], color=COLOURS[k], mec="white", ms=5)
        title = f"{self._where(self.still)}. {both[1]['text'] or both[0]['text']}"
        ax.set_title(textwrap.fill(title, 60), fontsize="small")
        ax.set(xlim=self.limits[0], ylim=self.limits[1], aspect="auto")
        ax.set(xlabel=self.labels[0], ylabel=self.labels[1])
        if self.names:
            figure.legend(loc="outside lower center", ncols=3, frameon=False, fontsize="small")
        return figure

    # The page

    def _data(self):
        """The frames for the script, in the order in which the last slider runs first."""
        return {
            "units": UNITS,
            "colours": COLOURS,
            "dashes": [" ".join(map(str, dashes)) for dashes in DASHES],
            "labels": [[_label(value) for value in values] for values in self.sliders.values()],
            "background": self._compact(self.background),
            "frames": [self._compact(frame) for frame in self.frames.values()],
        }

    def _compact(self, layers):
        compact = {}
        if layers["image"] is not None:
            compact["image"] = [*layers["image"].shape, _small_png(layers["image"])]
        if layers["contours"]:
            compact["contours"] = "".join("M" + self._units(line) for line in layers["contours"])
        if layers["lines"]:
            compact["lines"] = [self._units(line) for line in layers["lines"].values()]
        xy, classes = layers["points"]
        if len(xy):
            compact["points"] = [
                "".join(f"M{self._units(point[None])}h1" for point in xy[classes == k])
                for k in range(classes.max() + 1)
            ]
        if layers["text"]:
            compact["text"] = layers["text"]
        return compact

    def _units(self, xy):
        """Points as whole numbers from the upper left corner, without repetitions."""
        low, high = self.limits.T
        share = (xy - low) / (high - low)
        share[:, 1] = 1 - share[:, 1]
        units = np.rint(UNITS * share).astype(int)
        moved = np.any(np.diff(units, axis=0, prepend=units[:1] - 1), axis=1)
        return " ".join(map(str, units[moved].ravel()))

    def _html(self):
        alt, xlabel, ylabel = map(html.escape, (self.alt, *self.labels))
        ticks, widest = [], 0
        for axis, (low, high) in zip("xy", self.limits, strict=True):
            for tick in MaxNLocator(5, steps=(1, 2, 5, 10)).tick_values(low, high):
                if low <= tick <= high:
                    label = _label(tick)
                    widest = max(widest, len(label) * (axis == "y"))
                    share = 100 * (tick - low) / (high - low)
                    ticks.append(f'<span class="{axis}" style="--at:{share:.4g}%">{label}</span>')
        legend = "".join(
            f'<li><svg viewBox="0 0 28 8" aria-hidden="true"><path d="M0 4H28" stroke="{colour}" '
            f'stroke-width="2.5" stroke-dasharray="{" ".join(map(str, dashes))}"/></svg>'
            f"{html.escape(name)}</li>"
            for name, colour, dashes in zip(self.names, COLOURS, DASHES, strict=False)
        )
        return page(
            alt=self.alt,
            still=self._still(),
            drawing=f'<div class="interactive-plot" role="img" aria-label="{alt}" '
            f'style="--ratio:{self.ratio:g};--left:{widest + 1}ch">'
            f'<p class="y">{ylabel}</p><div><svg viewBox="0 0 {UNITS} {UNITS}" '
            f'preserveAspectRatio="none"></svg>{"".join(ticks)}</div>'
            f'<p class="x">{xlabel}</p></div>'
            + (f'<ul class="interactive-legend">{legend}</ul>' if legend else ""),
            sliders=[
                (name, len(values), values.index(self.still[i]))
                for i, (name, values) in enumerate(self.sliders.items())
            ],
            data=self._data(),
        )


def _label(value):
    return value if isinstance(value, str) else f"{value:g}".replace("-", "−")


def _small_png(values):
    colours = np.rint(255 * palette()).astype(np.uint8)
    image = Image.frombytes("P", values.shape[::-1], shade(values)[::-1].tobytes())
    image.putpalette(colours[:, :3].tobytes())
    file = io.BytesIO()
    image.save(file, format="png", transparency=colours[:, 3].tobytes(), optimize=True)
    return encoded(file)
