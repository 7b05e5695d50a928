"""Say what a box is, in classes, so that a style sheet tells them apart in each language."""

from checks import VERDICTS, is_source_box
from docutils import nodes
from sphinx.transforms import SphinxTransform

TITLES = {"Predict first": "predict", "Answer": "answer", "Solution": "solution"}
ITEMS = {"exercises": "exercise", "pitfalls": "pitfall"}  # of the section with this name


class NameBoxes(SphinxTransform):
    """Class the boxes by their titles, verdicts by their first words, items by their section."""

    default_priority = 8  # before titles and words are translated

    def apply(self):
        for box in self.document.findall(nodes.admonition):
            title = box.next_node(nodes.title).astext()
            box["classes"] += [kind for words, kind in TITLES.items() if title.startswith(words)]
        for box in self.document.findall(is_source_box):
            for item in box.findall(nodes.list_item):
                holds = VERDICTS.get(f"**{emphasised(item)}**")
                if holds is not None:
                    item["classes"].append("holds" if holds else "fails")
        for section in self.document.findall(nodes.section):
            for kind in [ITEMS[name] for name in section["names"] if name in ITEMS]:
                for child in section.children:
                    if isinstance(child, nodes.paragraph) and emphasised(child):
                        child["classes"].append(kind)


def emphasised(node):
    """The stressed words that a node begins with."""
    first = next((text for text in node.findall(nodes.Text) if text.astext()), None)
    stressed = first is not None and isinstance(first.parent, nodes.strong)
    return first.astext() if stressed else ""


def setup(app):
    app.add_transform(NameBoxes)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
