"""``{cards}``: the pages as cards: picture, title, a number that its run found, reading time."""

import base64
import html
from pathlib import Path, PurePosixPath

import runs
from checks import counting, facts, in_order
from docutils import nodes
from docutils.statemachine import StringList
from head import opening
from PIL import Image
from sphinx.locale import _
from sphinx.util.docutils import SphinxDirective

LONGEST = 200  # characters of a page's first words


class Cards(nodes.General, nodes.Element):
    """Stands for the cards until all pages are read; holds their sentences."""


class CardsDirective(SphinxDirective):
    """A line ``page: sentence`` says what stands on the card of a page, else its first words do."""

    has_content = True

    def run(self):
        counting(self.env).add(self.env.docname)
        cards = Cards()
        for line, (source, offset) in zip(self.content, self.content.items, strict=True):
            page, _colon, words = line.partition(": ")
            said = nodes.container(page=self.env.docname.rpartition("/")[0] + "/" + page)
            if said["page"] not in self.env.found_docs:
                raise self.error(f"a card for {page}, which is no page here")
            self.state.nested_parse(StringList([words], source), offset, said)
            cards += said
        return [cards]


def sentence(said):
    """A sentence as HTML, the numbers of its run in bold."""
    made = ""
    for part in said.findall(nodes.Text):
        words = html.escape(part.astext())
        made += f"<b>{words}</b>" if "pasted-text" in part.parent["classes"] else words
    return made


def card(app, docname, name, said):
    page = app.env.get_and_resolve_doctree(name, app.builder)  # with its numbers
    picture = next(iter(page.findall(nodes.image)), None)
    if picture is None:
        return ""
    home = "../" * docname.count("/")
    image = f"_images/card-{PurePosixPath(name).name}.png"
    width, height = store_first_figure(runs.shown(Path(app.env.doc2path(name))), app.outdir / image)
    read = facts(app.env)[name]
    checks = sum(len(lines) for lines, _messages in read["cells"])
    costs = [_("%d min to read") % max(1, round(read["core"])), _("%d checks passed") % checks]
    alt, title = html.escape(picture.get("alt", "")), html.escape(app.env.titles[name].astext())
    words = sentence(said) if said else html.escape(opening(page, LONGEST))
    return (
        f'<li><img loading="lazy" alt="{alt}" src="{home}{image}" '
        f'width="{width}" height="{height}">'
        f'<a href="{app.builder.get_relative_uri(docname, name)}">{title}</a>'
        f'<p>{words}</p><p class="facts">{" · ".join(costs)}</p></li>'
    )


def store_first_figure(run, file):
    """Write the first figure of a run, in pixels, into a file; its width and height."""
    outputs = (output for cell in runs.code(run) for output in cell.outputs)
    drawn = next(o.data["image/png"] for o in outputs if "image/png" in o.get("data", {}))
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(base64.b64decode(drawn))
    with Image.open(file) as picture:
        return picture.size


def deal(app, doctree, docname):
    """Put a card for each page that has a picture, in the order of the contents."""
    if app.builder.name == "gettext":  # the sentences are messages
        return
    for cards in list(doctree.findall(Cards)):
        said = {child["page"]: child for child in cards}
        made = "".join(card(app, docname, name, said.get(name)) for name in in_order(app.env))
        cards.replace_self(nodes.raw("", f'<ul class="page-cards">{made}</ul>', format="html"))


def setup(app):
    app.setup_extension("checks")
    app.add_node(Cards)
    app.add_directive("cards", CardsDirective)
    app.connect("doctree-resolved", deal)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
