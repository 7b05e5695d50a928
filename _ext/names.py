"""The page about `dlcore`: what it takes from the code, and the links that lead to its entries."""

from docutils import nodes
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util.nodes import make_refnode


class LinkNames(SphinxPostTransform):
    """Turn code that is a name of `dlcore`, such as ``ops.conv2d``, into a link."""

    default_priority = 50  # after docstrings' own names were resolved at 10
    formats = ("html",)

    def run(self):
        known = self.env.get_domain("py").objects
        for literal in list(self.document.findall(nodes.literal)):
            name = "dlcore." + literal.astext().removeprefix("dlcore.").removesuffix("()")
            entry = known.get(name)
            if entry is None or in_link_or_heading(literal) or entry.docname == self.env.docname:
                continue
            docname = self.env.docname
            link = make_refnode(self.app.builder, docname, entry.docname, entry.node_id, [], name)
            link["classes"].append("name")
            literal.replace_self(link)
            link += literal


def in_link_or_heading(node):
    while node is not None:
        if isinstance(node, nodes.reference | nodes.title):
            return True
        node = node.parent
    return False


def leave_out_modules(app, what, name, obj, options, lines):
    """Drop the docstrings of modules: the page introduces them itself, in both languages."""
    if what == "module":
        lines.clear()


def setup(app):
    app.setup_extension("sphinx.ext.autodoc")
    app.connect("autodoc-process-docstring", leave_out_modules)
    app.add_post_transform(LinkNames)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
