"""The page of a figure that the reader moves: what all kinds of them have in common.

``_static/interactive.js`` reads it.
"""

import base64
import hashlib
import html
import io
import json


def page(*, alt, still, drawing, sliders, data, below=""):
    """The HTML of a figure: its still, and what the script puts in the still's place.

    Args:
        alt: what is seen, for readers who do not see it.
        still: a matplotlib figure, for print and for readers without scripts.
        drawing: HTML of what stands above the sliders.
        sliders: (name, number of positions, first position) of each.
        data: what the script draws from, as JSON takes it.
        below: HTML of what stands between the sliders and the line of text.
    """
    data = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    data = data.replace("<", "\\u003c")  # no text ends the script
    key = "interactive-" + hashlib.sha256(data.encode()).hexdigest()[:8]
    file = io.BytesIO()
    # Lossless WebP takes a third of the room of a PNG.
    still.savefig(file, format="webp", dpi=144, pil_kwargs={"lossless": True})
    controls = "".join(
        f'<label for="{key}-{i}">{html.escape(name)}</label>'
        f'<output for="{key}-{i}" aria-live="off"></output>'
        f'<input id="{key}-{i}" type="range" min="0" max="{count - 1}" value="{first}">'
        for i, (name, count, first) in enumerate(sliders)
    )
    return (
        f'<div class="interactive"><img class="interactive-still" alt="{html.escape(alt)}" '
        f'src="data:image/webp;base64,{encoded(file)}"><template>'
        f'{drawing}<div class="interactive-sliders">{controls}</div>{below}'
        '<p class="interactive-text" role="status"></p></template>'
        f'<script type="application/json">{data}</script></div>'
    )


def encoded(file):
    """What was written to a BytesIO, in base 64."""
    return base64.b64encode(file.getvalue()).decode()
