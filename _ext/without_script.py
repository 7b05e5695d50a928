"""What a page says to a reader whose browser runs no scripts."""

import re

from head import USED_BY
from sphinx.locale import _

STILL = re.compile(r'<div class="interactive"><img [^>]*>')


def explain(app, pagename, templatename, context, doctree):
    """Say why the formulas are TeX, and what a figure that would move shows instead."""
    body = context.get("body", "")
    if re.search(USED_BY["mathjax"], body):
        words = _("Without JavaScript this page shows its formulas as TeX, as they were typed.")
        body = body.replace("</h1>", f"</h1>\n<noscript><p>{words}</p></noscript>", 1)
    words = _(
        "With JavaScript you can work this figure yourself. Without it you see one state of it."
    )
    body = STILL.sub(lambda still: f"{still[0]}<noscript><p>{words}</p></noscript>", body)
    if body:
        context["body"] = body


def setup(app):
    app.connect("html-page-context", explain, priority=600)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
