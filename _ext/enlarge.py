"""A way to see a figure that stands still as large as it was drawn: a phone shows it narrow.

Without a script the way leads to the image itself. ``_static/book.js`` opens it in the page.
"""

import re

from sphinx.locale import _

STILL = re.compile(
    r"<figure\b[^>]*>\s*"
    r'(?:<img [^>]*?\bsrc="(?P<file>(?!data:)[^"]+)"[^>]*>|<svg class="drawing"[^>]*>.*?</svg>)',
    re.DOTALL,
)
WIDTH = re.compile(r'\bwidth="(\d+)"')
NARROW = 400  # pixels that the screen of a phone has room for


def offer(app, pagename, templatename, context, doctree):
    """After each figure that a phone makes smaller, the way to see it whole."""
    words = _("Enlarge the figure")

    def with_way(still):
        width = WIDTH.search(still[0])
        if width and int(width[1]) <= NARROW:
            return still[0]
        said = f'class="enlarge" aria-label="{words}" title="{words}"'
        if still["file"]:
            return f'{still[0]}<a {said} href="{still["file"]}"></a>'
        return f'{still[0]}<button {said} type="button"></button>'

    if "body" in context:
        body, count = STILL.subn(with_way, context["body"])
        if count:
            body += (
                f'<dialog class="enlarged" aria-label="{_("Enlarged figure")}">'
                f'<button type="button" aria-label="{_("Close")}"></button></dialog>'
            )
        context["body"] = body


def setup(app):
    app.connect("html-page-context", offer, priority=600)  # when images have their sizes
    return {"parallel_read_safe": True, "parallel_write_safe": True}
