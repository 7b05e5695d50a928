"""Messages that Sphinx's catalogs do not reach by themselves, and what is none."""

import ast
import html
import json

from book import borrow
from checks import translator
from docutils import nodes
from myst_nb.ext.glue.roles import PasteTextRole
from myst_nb.ext.glue.utils import create_pending_glue_ref
from sphinx import addnodes
from sphinx.transforms import SphinxTransform
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util.docutils import SphinxDirective

PIXEL = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNkYAAAAAYAAjCB0C8AAAAASUVORK5CYII="
)


def extracts(app):
    """Whether this run collects messages; it executes nothing."""
    return app.builder.name == "gettext"


def stand_in_for_figures(app, docname, source):
    """Put empty figures where a run would put real ones: their words are messages too."""
    if not extracts(app) or app.env.doc2path(docname, base=False).endswith(".md"):
        return
    notebook = json.loads(source[0])
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code" and "mystnb" in cell["metadata"]:
            alt = literal_alt("".join(cell["source"]))
            data = {"text/html": [described(alt)]} if alt else {"image/png": [PIXEL]}
            cell["outputs"] = [{"output_type": "display_data", "data": data, "metadata": {}}]
            cell["execution_count"] = 1
    source[0] = json.dumps(notebook)


def literal_alt(source):
    """The alternative text of the ``Interactive`` in a cell, or None."""
    try:
        tree = ast.parse(source)
    except SyntaxError:  # a line for IPython alone
        return None
    for call in ast.walk(tree):
        if isinstance(call, ast.Call) and getattr(call.func, "id", "").startswith("Interactive"):
            for argument in call.keywords:
                if argument.arg == "alt":
                    return ast.literal_eval(argument.value)
    return None


def described(alt):
    return f'<div class="interactive"><img alt="{html.escape(alt)}"></div>'


def alternative_text(made):
    """That of a figure which the reader moves."""
    return html.unescape(made.partition('alt="')[2].partition('"')[0])


def with_alternative_text(made, alt):
    """The figure, described in other words everywhere."""
    return made.replace(html.escape(alternative_text(made)), html.escape(alt))


class InteractiveHTML(nodes.raw, addnodes.translatable):
    """The HTML of ``dlcore.interactive``, whose alternative text is a message."""

    def preserve_original_messages(self):
        self["alt"] = alternative_text(self.astext())

    def extract_original_messages(self):
        return [self["alt"]]

    def apply_translated_message(self, original_message, translated_message):
        made = with_alternative_text(self.astext(), translated_message)
        self.children = [nodes.Text(made)]
        self["translated"] = True


class ComputedHTML(SphinxDirective):
    """What another page glued, as it shows itself: ``{computed-html} page.ipynb::key``.

    Like there, it stands in a cell, and its alternative text is that page's message.
    """

    required_arguments = 1

    def run(self):
        if self.env.app.builder.name == "gettext":  # nothing was computed
            return []
        page, key = self.arguments[0].split("::")
        source, line = self.get_source_info()
        cell = nodes.container(classes=["cell"], lender=borrow(self.env, page))
        cell += create_pending_glue_ref(self.state.document, source, line, page, key)
        return [cell]


class DescribeComputedHTML(SphinxPostTransform):
    """Give what is pasted its alternative text in the language of the edition."""

    default_priority = 6  # MyST-NB pastes at 5

    def run(self):
        for cell in self.document.findall(nodes.container):
            if "lender" in cell:
                say = translator(self.env, cell["lender"])
                for made in cell.findall(nodes.raw):  # none if the key is unknown: a warning
                    alt = say(alternative_text(made.astext()))
                    made.children = [nodes.Text(with_alternative_text(made.astext(), alt))]


class MarkMessages(SphinxTransform):
    """Say what is a message: neither equations nor docstrings, which are the code's, but the
    alternative text of interactive figures.
    """

    default_priority = 9  # Sphinx preserves at 10 and translates at 20

    def apply(self):
        for node in self.document.findall(nodes.Element):
            if isinstance(node, nodes.math_block) or "docstring of" in (node.source or ""):
                node["translatable"] = False
        for node in list(self.document.findall(nodes.raw)):
            if node.astext().startswith('<div class="interactive">'):
                marked = InteractiveHTML(node.rawsource, node.astext(), **node.attributes)
                marked.source, marked.line = node.source, node.line
                node.replace_self(marked)


class GlueText(PasteTextRole):
    """``{glue:text}`` also in a translated paragraph, which MyST-NB reads as a page of its own."""

    def run(self):
        env = self.document.settings.env
        if extracts(env.app):
            return [], []
        if "::" in self.text:
            borrow(env, self.text.partition("::")[0])
        if self.document.current_source.endswith("<translated>") and "::" not in self.text:
            page = env.doc2path(env.docname, base=False).rpartition("/")[2]
            # MyST-NB takes what follows the last colon for a format.
            self.text = f"{page}::{self.text}" + ("" if ":" in self.text else ":s")
        return super().run()


def setup(app):
    app.setup_extension("myst_nb")
    app.add_role_to_domain("glue", "text", GlueText(), override=True)
    app.add_node(InteractiveHTML, html=(lambda visitor, node: visitor.visit_raw(node), None))
    app.add_transform(MarkMessages)
    app.add_directive("computed-html", ComputedHTML)
    app.add_post_transform(DescribeComputedHTML)
    app.connect("source-read", stand_in_for_figures)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
