"""What the book needs from Sphinx beyond its settings in _config.yml."""

import hashlib
from pathlib import Path

from docutils import nodes
from myst_nb.ext.glue.utils import create_pending_glue_ref
from sphinx.directives.patches import Figure
from sphinx.transforms import SphinxTransform
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util import logging

import dlcore.data

logger = logging.getLogger(__name__)


def key_execution_cache(app, config):
    """Execute again when anything changed that a chapter runs on, not only its own cells."""
    if config.nb_execution_mode == "off":
        return
    data = dlcore.data.load_mnist()
    logger.info("data: %r", data)
    root = Path(app.srcdir)
    digest = hashlib.sha256(data.name.encode())
    for file in (
        *sorted(root.glob("dlcore/*.py")),
        root / "requirements.txt",
        root / "chapters/matplotlibrc",
    ):
        digest.update(file.read_bytes())
    config.nb_execution_cache_path = str(root / "_build" / "executed" / digest.hexdigest()[:16])


def offer_repository(app, config):
    """Show repository, edit and Colab buttons once the repository has an address."""
    options = config.html_theme_options
    known = bool(options.get("repository_url"))
    for button in ("use_repository_button", "use_edit_page_button", "use_issues_button"):
        options[button] = known
    if known:
        options["launch_buttons"] = {"colab_url": "https://colab.research.google.com"}


def drop_remote_scripts(app, pagename, templatename, context, doctree):
    """Leave out Thebe's scripts: nothing uses them, and they name another host."""
    context["script_files"] = [
        script
        for script in context.get("script_files", [])
        if "thebe"
        not in f"{getattr(script, 'filename', script)} {getattr(script, 'attributes', '')}".lower()
    ]


class ComputedFigure(Figure):
    """A figure that another page computed and glued: ``{computed-figure} page.ipynb::key``."""

    def run(self):
        computed = self.arguments[0].split("::")
        self.arguments[0] = "data:image/png;base64,"
        (figure,) = super().run()
        figure["computed"] = computed
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
    """Give the pasted image the alternative text of its directive."""

    default_priority = 6  # MyST-NB pastes at 5

    def run(self):
        for figure in self.document.findall(nodes.figure):
            if "computed_alt" in figure:
                figure.next_node(nodes.image)["alt"] = figure["computed_alt"]


def mend_citations(app, pagename, templatename, context, doctree):
    """Docutils calls the citations a list without calling any of them an item."""
    if "body" in context:
        context["body"] = context["body"].replace(
            '<div role="list" class="citation', '<div class="citation'
        )


def setup(app):
    app.add_directive("computed-figure", ComputedFigure)
    app.add_transform(PasteComputedFigures)
    app.add_post_transform(DescribeComputedFigures)
    app.connect("config-inited", key_execution_cache)
    app.connect("config-inited", offer_repository, priority=450)
    app.connect("html-page-context", drop_remote_scripts, priority=900)
    app.connect("html-page-context", mend_citations)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
