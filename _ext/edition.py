"""What makes a site an edition: its language, its sources, the way to the other one, its search."""

import os
import re
from itertools import pairwise
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import translation
from sphinx import addnodes
from sphinx.locale import _, get_translation
from sphinx.search import SearchLanguage
from sphinx.transforms import SphinxTransform

EDITIONS = {"en": ("English", ""), "zh_CN": ("中文", "zh/")}  # name, folder


def name_in_language(app, config):
    """Say in the edition's language what the settings say, from the catalog ``sphinx.po``."""
    config.html_title = config.project = _(config.html_title)
    config.author = _(config.author)
    config.nb_code_prompt_show = _("Show code cell {type}")
    config.nb_code_prompt_hide = _("Hide code cell {type}")
    config.togglebutton_hint = _("Click to show")
    config.togglebutton_hint_hide = _("Click to hide")
    config.html_theme_options["search_bar_text"] = _("Search this book...")
    title, text = _("Page not found"), _("There is no page at this address.")
    config.notfound_context = {"title": title, "body": f"<h1>{title}</h1>\n<p>{text}</p>"}


def address_site(app, config):
    """Tell the pages the address of the published edition, if there is one."""
    url = os.environ.get("BOOK_URL", "").rstrip("/") + "/"
    folder = EDITIONS[config.language][1]
    config.html_baseurl = config.ogp_site_url = url + folder if url != "/" else ""
    config.notfound_urls_prefix = urlsplit(url).path + folder


def keep_apart(app):
    """What MyST-NB writes beside a site must not lie inside of the English one."""
    if app.config.language != "en":
        folder = Path(app.srcdir, "_build", f"jupyter_execute-{app.config.language}")
        app.env.mystnb_config = app.env.mystnb_config.copy(output_folder=str(folder))


class TranslateParts(SphinxTransform):
    """The captions of the table of contents, which come too late for Sphinx."""

    default_priority = 101  # they come at 100

    def apply(self):
        translate = get_translation(self.env.docname)
        for toctree in self.document.findall(addnodes.toctree):
            if toctree["caption"]:
                toctree["caption"] = translate(toctree["caption"])


def offer_editions(app, pagename, templatename, context, doctree):
    """Lead to the same page in each language, by relative addresses."""
    own = EDITIONS[app.config.language][1]
    home = "../" * (pagename + own).count("/")
    if pagename == app.config.notfound_pagename:  # shown at any address
        home = app.config.notfound_urls_prefix.removesuffix(own)
    page = app.builder.get_target_uri(pagename)
    root = app.config.html_baseurl.removesuffix(own)
    context["editions"] = [
        {
            "code": language.replace("_", "-"),
            "name": name,
            "own": folder == own,
            "url": home + folder + page,
            "address": urljoin(root, folder + page) if root else home + folder + page,
        }
        for language, (name, folder) in EDITIONS.items()
    ]
    if own:
        say_in_chinese(context)


def say_in_chinese(context):
    """Prefer the words of ``sphinx.po`` to the theme's."""
    translate = context["translate"]
    context["translate"] = lambda text: translate(text) if _(text) == text else _(text)
    for group in context["header_buttons"]:
        for button in group.get("buttons", ()):
            if button.get("label") == "download-pdf-button":
                button["tooltip"] = _("Print to PDF")


def translate_sources(app, error):
    """Offer the source of each page, which Sphinx copied, in the language of the edition."""
    if error or app.builder.name != "html" or app.config.language == "en":
        return
    for page in app.env.found_docs:
        source = Path(app.outdir, "_sources", app.env.doc2path(page, base=False))
        source.write_text(translation.in_chinese(page), "utf-8")


class Chinese(SearchLanguage):
    """Index single characters and pairs of neighbours: any word is found, without a dictionary."""

    lang = "zh"
    language_name = "Chinese"
    js_splitter_code = r"""
function splitQuery(query) {
  const runs = query.match(/[\u3400-\u9fff]+|(?:(?![\u3400-\u9fff])[\p{L}\p{N}_])+/gu) ?? [];
  return runs.flatMap((run) =>
    /[\u3400-\u9fff]{2}/.test(run) ? [...run.slice(1)].map((next, i) => run[i] + next) : [run],
  );
}
"""

    def split(self, text):
        for run in re.findall(r"[\u3400-\u9fff]+|[^\W\u3400-\u9fff]+", text):
            yield from {run} if run[0] < "\u3400" else {*run, *map("".join, pairwise(run))}


def setup(app):
    app.add_search_language(Chinese)
    app.add_transform(TranslateParts)
    app.connect("config-inited", name_in_language, priority=400)
    app.connect("config-inited", address_site)
    app.connect("builder-inited", keep_apart, priority=900)
    app.connect("html-page-context", offer_editions, priority=900)
    app.connect("build-finished", translate_sources)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
