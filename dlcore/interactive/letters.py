"""A place to type the first letters of a name, in a page that needs no server: a GRU goes on.

The page holds the network's weights in half precision; ``_static/letters.js`` computes the forward
pass. As in `figure`, a still is for print, for readers without scripts and for notebooks.
"""

import html

import numpy as np
from matplotlib.figure import Figure

from dlcore import ops
from dlcore.interactive._half import packed, rounded
from dlcore.interactive._page import Shown, page

LONGEST = 20  # letters of a name that is typed or written
LIKELIEST = 3  # letters that the line under the figure names


class InteractiveLetters(Shown):
    """First letters to type, and what a GRU expects next: the last expression of its cell.

    The network is a GRU, as `ops.gru` computes it, over one-hot symbols, and a dense softmax of the
    next symbol. Symbol 0 stands before the first letter and is the end. The page shows the
    probability of each symbol after the letters typed, with the logits divided by a temperature
    that the reader chooses, and at a temperature of 1 the bits that each letter typed has cost. A
    button draws letter after letter until the end. Letters that the network does not know are
    refused.

    Args:
        weights: kernel (K, 3h), recurrent kernel (h, 3h), biases (2, 3h), dense kernel (h, K),
            bias (K,); the page keeps them, and so does the attribute of this name, as float16.
        letters: symbols 1 to K - 1, as a string of lower-case letters.
        alt: what is seen, for readers who do not see it.
        start: the letters typed first, and in print; at most 20, as of all names.
        temperatures: positions of the slider, 1 among them: there it stands first.
        names: what the page calls the field to type in, the bars, the end, the temperature, and the
            button that writes.
        text: the line under the figure, in which {next} is replaced by the three likeliest symbols.
        typed: what follows that line once letters are typed, in which {bits} is replaced.
        unknown: the line under the figure for a letter that is refused, in which {letter} and
            {letters}, those that are known, are replaced.

    Raises:
        ValueError: if an argument is not of the form above, a weight is too large for float16,
            `alt` says nothing, or the figure is too large for a page.

    Source: Cho et al., EMNLP 2014, for the GRU; writing letter by letter: Graves, 2013,
    arXiv:1308.0850.
    """

    def __init__(
        self, weights, letters, *, alt, start="", temperatures=(0.25, 0.5, 0.75, 1, 1.25, 1.5, 2),
        names=("first letters", "the next letter", "end", "temperature", "write a name"),
        text="The likeliest next: {next}.",
        typed="At a temperature of 1 what is typed costs {bits} bits a letter.",
        unknown='The network does not know "{letter}". It knows {letters}.',
    ):  # fmt: skip
        self.weights = rounded(weights)
        if not letters.islower() or not letters.isalpha() or len(set(letters)) < len(letters):
            raise ValueError(f"letters must be lower case and differ from one another: {letters!r}")
        shapes, symbols = [w.shape for w in self.weights], len(letters) + 1
        units = shapes[1][0] if len(shapes) > 1 and shapes[1] else 0
        fitting = [(symbols, 3 * units), (units, 3 * units), (2, 3 * units), (units, symbols)]
        if shapes != [*fitting, (symbols,)]:
            raise ValueError(
                f"weights must have shapes ({symbols}, 3h), (h, 3h), (2, 3h), (h, {symbols}), "
                f"({symbols},) for {symbols - 1} letters; got {', '.join(map(str, shapes))}"
            )
        if not set(start) <= set(letters) or len(start) > LONGEST:
            raise ValueError(f"start must be at most {LONGEST} of {letters!r}; got {start!r}")
        if 1 not in temperatures or min(temperatures) <= 0:
            raise ValueError(f"temperatures must be positive, 1 among them; got {temperatures}")
        if len(names) != 5:
            raise ValueError(f"names must be five; got {names}")
        self.letters, self.start, self.temperatures = letters, start, list(temperatures)
        self.alt, self.names, self.text = alt, tuple(names), text
        self.typed, self.unknown = typed, unknown
        self.html = self._html()

    def __repr__(self):
        return f"<InteractiveLetters with {len(self.weights[1])} units: {self.alt}>"

    def _shares(self):
        """Of each next symbol, before the first letter of `start` and after each: (T + 1, K)."""
        *gru, dense, bias = (w.astype(float) for w in self.weights)
        symbols = [0, *(1 + self.letters.index(letter) for letter in self.start)]
        return ops.softmax(ops.dense(ops.gru(np.eye(len(bias))[[symbols]], *gru)[0], dense, bias))

    def _still(self, symbols):
        shares = self._shares()
        said = ", ".join(
            f"{symbols[k]} {100 * shares[-1, k]:.0f} %"
            for k in np.argsort(-shares[-1], kind="stable")[:LIKELIEST]
        )
        figure = Figure(figsize=(6, 2.5), layout="constrained")
        bars = figure.subplots()
        bars.bar(range(len(symbols)), shares[-1])
        bars.set(xticks=range(len(symbols)), xlim=(-0.6, len(symbols)), xlabel=self.names[1])
        bars.set(ylim=(0, 1), ylabel="probability")
        bars.set_xticklabels(symbols, fontsize="small")
        line = f"{self.names[0]}: {self.start}\n" if self.start else ""
        figure.suptitle(line + self.text.replace("{next}", said), fontsize="small")
        return figure

    def _html(self):
        field, following, end, temperature, write = self.names
        symbols = [end, *self.letters]
        bars = "".join(
            f'<li style="--share:0"><span>{html.escape(symbol)}</span></li>' for symbol in symbols
        )
        return page(
            alt=self.alt,
            still=self._still(symbols),
            drawing=f'<p class="interactive-choices"><label>{html.escape(field)} '
            f'<input value="{self.start}" maxlength="{LONGEST}" autocomplete="off" '
            'autocapitalize="none" autocorrect="off" spellcheck="false"></label></p>'
            f'<div class="interactive-letters" role="img" aria-label="{html.escape(self.alt)}">'
            f"<p>{html.escape(following)}</p><ol>{bars}</ol></div>",
            sliders=[(temperature, len(self.temperatures), self.temperatures.index(1))],
            data={
                "kind": "letters",
                "units": len(self.weights[1]),
                "weights": packed(self.weights),
                "symbols": symbols,
                "likeliest": LIKELIEST,
                "labels": [[f"{value:g}" for value in self.temperatures]],
                "text": self.text,
                "typed": self.typed,
                "unknown": self.unknown,
            },
            below=f'<p class="interactive-choices"><button type="button">{html.escape(write)}'
            '</button><span role="log"></span></p>',
        )
