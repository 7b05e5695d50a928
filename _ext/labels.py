"""Labels of the references as the text has them: authors and year."""

from collections import Counter

from pybtex.plugin import register_plugin
from pybtex.style.formatting.plain import Style as Plain
from pybtex.style.labels import BaseLabelStyle


class AuthorYear(BaseLabelStyle):
    """``Adebayo et al. 2018``; a second one of the same name and year gets a letter."""

    def format_labels(self, entries):
        seen = Counter()
        for entry in entries:
            label = f"{_authors(entry)} {entry.fields['year']}"
            seen[label] += 1
            yield label if seen[label] == 1 else f"{label}{chr(ord('a') + seen[label] - 1)}"


def _authors(entry):
    names = [
        " ".join(map(str, person.rich_prelast_names + person.rich_last_names))
        for person in entry.persons["author"]
    ]
    return " and ".join(names) if len(names) < 3 else f"{names[0]} et al."


class Style(Plain):
    """Pybtex's plain style, with these labels."""

    default_label_style = AuthorYear


def setup(app):
    register_plugin("pybtex.style.formatting", "author_year", Style)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
