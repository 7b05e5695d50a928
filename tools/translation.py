"""Keep the message catalogs of the Chinese edition, in locale/zh_CN/LC_MESSAGES/chapters.

    translation.py messages        bring the catalogs up to date with the pages; executes nothing
    translation.py check [PAGE ...]    compare each translation with its English, for instance of
                                       chapters/2_3_loss; without a page: all of them

A changed sentence becomes fuzzy: it keeps its old translation, which the site does not show.
"""

import io
import shutil
import sys
from pathlib import Path

from babel.messages import Catalog
from babel.messages.pofile import read_po, write_po

import build

CATALOGS = build.ROOT / "locale" / "zh_CN" / "LC_MESSAGES"
HEADER = r"""# The Chinese of one page. `make messages` brings it up to date; CONTRIBUTING.md says how.
msgid ""
msgstr ""
"Language: zh_CN\n"
"Content-Type: text/plain; charset=UTF-8\n"

"""


def extract():
    """The messages of every page, as gettext templates in a new folder."""
    templates = build.BUILD / "messages" / "templates"
    shutil.rmtree(templates.parent, ignore_errors=True)
    build.sphinx(
        templates,
        templates.parent / "doctrees",
        builder="gettext",
        nb_execution_mode="off",
        nb_mime_priority_overrides=[["gettext", kind, 1] for kind in ("text/html", "image/png")],
    )
    return templates


def read(path):
    with path.open("rb") as file:
        return read_po(file, locale="zh_CN")


def merged(template, catalog):
    """The template's messages in its order, with the catalog's translations."""
    catalog.update(template)
    fresh = Catalog(locale="zh_CN")
    for message in template:
        if message.id:
            known = catalog[message.id]
            fresh.add(message.id, known.string, flags=known.flags)
            fresh[message.id].flags &= {"fuzzy"}  # Babel takes a role for a Python format
    return fresh


def write(path, catalog):
    path.parent.mkdir(parents=True, exist_ok=True)
    text = io.BytesIO()
    write_po(text, catalog, width=0, no_location=True, omit_header=True)
    path.write_text(HEADER + text.getvalue().decode().strip() + "\n", "utf-8")


def messages():
    templates = extract()
    for page in build.pages():
        path = (CATALOGS / page).with_suffix(".po")
        catalog = read(path) if path.exists() else Catalog(locale="zh_CN")
        write(path, merged(read((templates / page).with_suffix(".pot")), catalog))


def main(command="", *arguments):
    if command == "messages" and not arguments:
        messages()
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main(*sys.argv[1:])
