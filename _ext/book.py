"""What the book needs from Sphinx beyond its settings in _config.yml."""

import hashlib
import re
from html import escape
from pathlib import Path, PurePosixPath

import nbformat
import runs
from docutils import nodes
from drawings import SVG, drop_heavy
from myst_nb.ext.glue.crossref import read_glue_cache
from myst_nb.ext.glue.utils import create_pending_glue_ref
from PIL import Image
from sphinx.directives.patches import Figure
from sphinx.errors import ExtensionError
from sphinx.locale import _
from sphinx.transforms import SphinxTransform
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util.index_entries import split_index_msg


def show_the_run(app, docname, source):
    """Give a chapter the outputs of the run that nbval passed. The build executes nothing.

    Raises:
        ExtensionError: if the chapter has no passed run as it stands.
    """
    path = Path(app.env.doc2path(docname))
    if path.suffix != ".ipynb" or app.builder.name == "gettext":  # messages need no outputs
        return
    notebook = as_last_run(path, app.env) if app.config.book_preview else runs.shown(path)
    if notebook is None:
        raise ExtensionError(
            f"{docname} has no passed run as it stands: `make book` executes it and says what fails"
        )
    for cell in runs.code(notebook):
        drop_heavy(cell.outputs)
    source[0] = nbformat.writes(notebook)


def as_last_run(path, env):
    """The chapter with the outputs of its newest run; a cell that is another one now shows none."""
    notebook, run = nbformat.read(path, as_version=4), runs.last(path)
    before = {cell.id: cell for cell in runs.code(run)} if run else {}
    env.book_changed = 0
    for cell in runs.code(notebook):
        cell.outputs = []
        if cell.id in before and before[cell.id].source == cell.source:
            cell.outputs = before[cell.id].outputs
        else:
            env.book_changed += 1
    if run:
        notebook.metadata["book"] = run.metadata["book"]
    return notebook


def mark_preview(app, pagename, templatename, context, doctree):
    """Say at the head of a preview which run it shows."""
    if app.config.book_preview and context.get("body"):
        note = [_("The outputs are those of the last run, and links to most other pages are dead.")]
        if changed := getattr(app.env, "book_changed", 0):
            note.append(_("Cells that have changed since, and show none: {}.").format(changed))
        context["body"] = (
            f'<div class="admonition warning"><p class="admonition-title">{_("Preview")}</p>'
            f"<p>{'</p><p>'.join(note)}</p></div>\n{context['body']}"
        )


def pages_with_a_new_run(app, env, added, changed, removed):
    """The pages to read again although their files are the same, since what they show is not."""
    if app.builder.name == "gettext" or app.config.book_preview:
        return []
    before, env.book_runs = getattr(env, "book_runs", {}), {}
    for docname in env.found_docs:
        path = Path(env.doc2path(docname))
        if path.suffix == ".ipynb":
            env.book_runs[docname] = runs.key(nbformat.read(path, as_version=4))
    new = {name for name, key in env.book_runs.items() if before.get(name) != key}
    borrowers = {name for name, lenders in borrowed(env).items() if lenders & new}
    return sorted((new | borrowers) - removed)


def borrowed(env):
    """For each page that shows what another one computed, those other pages."""
    if not hasattr(env, "book_borrowed"):
        env.book_borrowed = {}
    return env.book_borrowed


def borrow(env, notebook):
    """Remember that the page that is read shows something of a notebook beside it; its name."""
    lender = str(PurePosixPath(env.docname).with_name(notebook).with_suffix(""))
    borrowed(env).setdefault(env.docname, set()).add(lender)
    return lender


def merge_borrowed(app, env, docnames, other):
    borrowed(env).update(borrowed(other))


def offer_repository(app, config):
    """Show repository, edit and Colab buttons once the repository has an address."""
    options = config.html_theme_options
    known = bool(options.get("repository_url"))
    for button in ("use_repository_button", "use_edit_page_button", "use_issues_button"):
        options[button] = known
    if known:
        options["launch_buttons"] = {"colab_url": "https://colab.research.google.com"}


FACTS = '<p class="facts">'


def offer_notebook(app, pagename, templatename, context, doctree):
    """Under the title of a chapter, in words: its notebook, and the way to Colab if there is one.

    The theme's own button for Colab has no words, and a phone no room for it.
    """
    source = context.get("sourcename") or ""
    if not source.endswith(".ipynb") or FACTS not in context.get("body", ""):
        return
    offers = [(context["pathto"](f"_sources/{source}", 1), _("Download notebook"), " download")]
    for group in list(context["header_buttons"]):
        if group.get("label") == "launch-buttons":
            offers += [(button["url"], _("Open in Colab"), "") for button in group["buttons"]]
            context["header_buttons"].remove(group)
    links = "".join(
        f'<a href="{escape(url)}"{attribute}>{words}</a>' for url, words, attribute in offers
    )
    before, after = context["body"].split(FACTS, 1)
    facts, after = after.split("</p>", 1)
    context["body"] = f'{before}{FACTS}{facts}</p>\n<p class="offers">{links}</p>{after}'


IMAGE = re.compile(r'<img(?![^>]* width=)[^>]* src="([^"]*_images/[^"]+\.png)"')
HEAVY = 40_000  # characters of a figure's data, from which on they are fetched apart
FIGURE_DATA = re.compile(r'<script type="application/json">([^<]*)</script>')


def set_heavy_data_apart(app, pagename, templatename, context, doctree):
    """Put the data of a large figure that moves into a file, for ``_static/interactive.js``."""

    def apart(match):
        data = match[1]
        if len(data) < HEAVY:
            return match[0]
        key = hashlib.sha256(data.encode()).hexdigest()[:16]
        folder = Path(app.outdir, "_static", "figures")
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{key}.js").write_text(f'bookFigureData("{key}",{data})\n', "utf-8")
        address = context["pathto"](f"_static/figures/{key}.js", 1)
        return f'<script type="application/json" data-key="{key}" data-apart="{address}"></script>'

    if '<div class="interactive">' in context.get("body", ""):
        context["body"] = FIGURE_DATA.sub(apart, context["body"])


def size_images(app, pagename, templatename, context, doctree):
    """Give each image its size, so that nothing moves when it arrives."""
    folder = Path(app.env.mystnb_config.output_folder)  # of what the runs drew

    def sized(match):
        with Image.open(folder / PurePosixPath(match[1]).name) as image:
            width, height = image.size
        return f'{match[0]} width="{width}" height="{height}"'

    if "body" in context:
        context["body"] = IMAGE.sub(sized, context["body"])


class ComputedFigure(Figure):
    """A figure that another page computed and glued: ``{computed-figure} page.ipynb::key``."""

    def run(self):
        computed = self.arguments[0].split("::")
        self.arguments[0] = "data:image/png;base64,"
        (figure,) = super().run()
        figure["computed"] = computed
        borrow(self.state.document.settings.env, computed[0])
        return [figure]


class PasteComputedFigures(SphinxTransform):
    """Refer to the computed image where the directive left an empty one with a text."""

    default_priority = 30  # Sphinx translates at 20

    def apply(self):
        if self.app.builder.name == "gettext":  # nothing was computed
            return
        for figure in self.document.findall(nodes.figure):
            if "computed" in figure:
                image = figure.next_node(nodes.image)
                figure["computed_alt"] = image["alt"]
                source, line = figure.source, figure.line
                image.replace_self(
                    create_pending_glue_ref(self.document, source, line, *figure["computed"])
                )


class DescribeComputedFigures(SphinxPostTransform):
    """Give the pasted image the alternative text of its directive, and its drawing.

    MyST-NB pastes pixels, which no page has where a figure is a drawing.
    """

    default_priority = 6  # MyST-NB pastes at 5

    def run(self):
        for figure in self.document.findall(nodes.figure):
            if "computed_alt" in figure:
                for image in figure.findall(nodes.image):  # none if the key is unknown: a warning
                    image["alt"] = figure["computed_alt"]
                    self.draw(image, *figure["computed"])

    def draw(self, image, page, key):
        folder = Path(self.env.mystnb_config.output_folder)
        source = read_glue_cache(folder, borrow(self.env, page))[key]["data"].get(SVG)
        if source is not None:
            name = hashlib.sha256(source.encode()).hexdigest() + ".svg"
            (folder / name).write_text(source, "utf-8")
            image["uri"] = str(PurePosixPath(image["uri"]).with_name(name))
            image["candidates"] = {"*": image["uri"]}


class KeepPercents(SphinxPostTransform):
    """Let no line end between a number and its percent sign."""

    default_priority = 900  # when the glued numbers are there
    formats = ("html",)

    def run(self):
        as_typed = nodes.FixedTextElement | nodes.literal | nodes.math
        for element in self.document.findall(nodes.TextElement):
            for i, text in enumerate(element.children):
                if isinstance(text, nodes.Text) and not isinstance(element, as_typed):
                    kept = re.sub(r"(?:(?<=\d)|^) %", "\N{NO-BREAK SPACE}%", text)
                    element[i] = nodes.Text(kept)


def mend_citations(app, pagename, templatename, context, doctree):
    """Docutils calls the citations a list without calling any of them an item."""
    if "body" in context:
        context["body"] = context["body"].replace(
            '<div role="list" class="citation', '<div class="citation'
        )


def search_all_index_entries(app):
    """Give the search the index entries of every page.

    Sphinx gives it those of the pages that this build writes, and loses the others.
    """
    for page, entries in app.env.domaindata["index"]["entries"].items():
        app.builder.indexer._index_entries[page] = [
            (part, target, main)
            for kind, value, target, main, _ in entries
            for part in split_index_msg(kind, value)
        ]
    return ()


def setup(app):
    app.add_directive("computed-figure", ComputedFigure)
    app.add_transform(PasteComputedFigures)
    app.add_post_transform(DescribeComputedFigures)
    app.add_post_transform(KeepPercents)
    app.add_config_value("book_preview", False, "env")
    app.connect("source-read", show_the_run)
    app.connect("env-get-outdated", pages_with_a_new_run)
    app.connect("env-merge-info", merge_borrowed)
    app.connect("config-inited", offer_repository, priority=450)
    app.connect("html-page-context", offer_notebook, priority=900)  # after the theme's buttons
    app.connect("html-page-context", set_heavy_data_apart)
    app.connect("html-page-context", size_images)
    app.connect("html-page-context", mend_citations)
    app.connect("html-page-context", mark_preview)
    app.connect("html-collect-pages", search_all_index_entries)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
