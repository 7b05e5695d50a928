"""``{cards}``: the pages as cards, made of the pages: picture, title, first words, reading time."""

import html
from pathlib import PurePosixPath

from checks import LISTS, ListingDirective, facts, in_order
from docutils import nodes
from head import opening
from sphinx.locale import _

LONGEST = 200  # characters of a page's first words


def card(app, docname, name):
    page = app.env.get_and_resolve_doctree(name, app.builder)  # with its numbers
    picture = next((i for i in page.findall(nodes.image) if i["uri"].endswith(".png")), None)
    if picture is None:
        return ""
    home = "../" * docname.count("/")
    read = facts(app.env)[name]
    checks = sum(len(lines) for lines, _messages in read["cells"])
    said = [_("%d min to read") % max(1, round(read["core"])), _("%d checks passed") % checks]
    image = f"{home}_images/{PurePosixPath(picture['uri']).name}"
    alt, title, words = (
        html.escape(text)
        for text in (picture.get("alt", ""), app.env.titles[name].astext(), opening(page, LONGEST))
    )
    return (
        f'<li><img loading="lazy" alt="{alt}" src="{image}">'
        f'<a href="{app.builder.get_relative_uri(docname, name)}">{title}</a>'
        f'<p>{words}</p><p class="facts">{" · ".join(said)}</p></li>'
    )


def cards(app, docname):
    """A card for each page that has a picture, in the order of the contents."""
    made = "".join(card(app, docname, name) for name in in_order(app.env))
    return [nodes.raw("", f'<ul class="page-cards">{made}</ul>', format="html")]


def setup(app):
    app.setup_extension("checks")
    LISTS["cards"] = cards
    app.add_directive("cards", ListingDirective)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
