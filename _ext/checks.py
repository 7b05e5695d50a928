"""What a reader sees of the checks: a strip for each, a line of facts for each page, two lists.

Everything comes from the executed notebooks, so the editions agree. A cell with the tag `check`
prints one line for each check (see `dlcore.check`); the strip shows the same words.
"""

import ast
import json
import math
import re
import subprocess

import notebooks
from docutils import nodes
from sphinx import addnodes
from sphinx.locale import _
from sphinx.locale import init as catalogs
from sphinx.transforms import SphinxTransform
from sphinx.util.docutils import SphinxDirective, SphinxRole

NUMBER = r"[-+\d.einfa]+"
LINE = re.compile(
    rf"(?P<words>.+): (?P<what>measured|largest difference|relative difference) (?P<value>{NUMBER})"
    rf", (?P<bounds>at (?:least|most) {NUMBER}(?: and at most {NUMBER})?)"
    rf"(?:; rival (?P<rival>{NUMBER}))?"
)
VERDICTS = {"**Holds.**": True, "**Does not hold.**": False}


# What a notebook says


def tags(cell):
    return set(cell["metadata"].get("tags", ()))


def text(cell):
    return "".join(cell["source"])


def printed(cell):
    """The lines that a cell printed."""
    outputs = cell.get("outputs", ())
    written = ("".join(o["text"]) for o in outputs if o.get("name") == "stdout")
    return "".join(written).splitlines()


def checks(cell):
    """The checks that a cell printed, each as a dict of the parts of its line."""
    return [found.groupdict() for line in printed(cell) if (found := LINE.fullmatch(line))]


def claims(source):
    """The words of a cell's checks as messages: a field of an f-string as its expression."""
    for call in ast.walk(ast.parse(source)):
        if not (
            isinstance(call, ast.Call)
            and isinstance(call.func, ast.Attribute)
            and getattr(call.func.value, "id", "") == "check"
            and call.func.attr in ("claim", "close", "gradient")
            and call.args
        ):
            continue
        words = call.args[0]
        if isinstance(words, ast.Constant) and isinstance(words.value, str):
            yield words.value
        elif isinstance(words, ast.JoinedStr):
            yield "".join(
                part.value if isinstance(part, ast.Constant) else f"{{{ast.unparse(part.value)}}}"
                for part in words.values
            )


def translated(words, messages, translate):
    """The words in the language of `translate`, by the message that they were made from."""
    for message in messages:
        pieces = re.split(r"(\{[^{}]*\})", message)
        pattern = "".join("(.+)" if i % 2 else re.escape(p) for i, p in enumerate(pieces))
        found = re.fullmatch(pattern, words)
        chinese = translate(message) if found else message
        if chinese != message:
            for field, value in zip(pieces[1::2], found.groups(), strict=True):
                chinese = chinese.replace(field, value)
            return chinese
    return words


def minutes(cells):
    """How long a first reader needs for the core and for the whole page, in minutes.

    200 words a minute outside dropdowns, 5 s a line of visible code, 20 s a figure. The core ends
    at the heading "Going deeper".
    """
    seconds, core = 0.0, None
    for cell in cells:
        if cell["cell_type"] == "markdown":
            before, *deeper = re.split(r"(?m)^## Going deeper\s*$", text(cell), maxsplit=1)
            seconds += reading(before)
            if deeper:
                core = seconds
                seconds += reading(deeper[0])
        elif cell["cell_type"] == "code":
            if "mystnb" in cell["metadata"] and "remove-cell" not in tags(cell):
                seconds += 20
            if not tags(cell) & notebooks.HIDDEN:
                seconds += 5 * sum(bool(line.strip()) for line in text(cell).splitlines())
    return (seconds if core is None else core) / 60, seconds / 60


BLOCK = re.compile(r"^(:{3,}|`{3,})\{(\w+)\}.*?^\1[ \t]*$\n?", re.MULTILINE | re.DOTALL)


def unfolded(block):
    """A directive as it stands; nothing of one that the page folds."""
    options = re.search(r"^:class:.*\bdropdown\b", block[0], re.MULTILINE)
    return "" if block[2] in ("solution", "dropdown") or options else block[0]


def reading(markdown):
    """Seconds for the words of a text that are not folded."""
    return len(BLOCK.sub(unfolded, markdown).split()) / 200 * 60


BOX = re.compile(
    r"^(:{3,})\{admonition\} (The article on this: [^\n]*)\n(.*?)^\1[ \t]*$", re.M | re.S
)


def source_boxes(cells):
    """For each source box of a page its title and its verdicts, true for a statement that holds."""
    for cell in cells:
        if cell["cell_type"] == "markdown":
            for _fence, title, body in BOX.findall(text(cell)):
                found = re.findall(r"^[-*] (\*\*(?:Holds|Does not hold)\.\*\*)", body, re.MULTILINE)
                yield title, [VERDICTS[verdict] for verdict in found]


def box_title(verdicts):
    """The title of a source box with these verdicts."""
    holds, fails = sum(verdicts), len(verdicts) - sum(verdicts)
    kept = f"{holds} statement{'s' * (holds != 1)} hold{'s' * (holds == 1)}"
    return f"The article on this: {kept}, {fails} do{'es' * (fails == 1)} not"


# From the notebooks to the pages


def facts(env):
    """What the pages' notebooks say, by page."""
    if not hasattr(env, "book_facts"):
        env.book_facts = {}
    return env.book_facts


def read_facts(app, docname, source):
    """Keep what an executed notebook says; `source` has the outputs by now."""
    facts(app.env).pop(docname, None)
    if not app.env.doc2path(docname).endswith(".ipynb"):
        return
    notebook = json.loads(source[0])
    cells = notebook["cells"]
    checking = [c for c in cells if "check" in tags(c) and "remove-cell" not in tags(c)]
    core, whole = minutes(cells)
    facts(app.env)[docname] = {
        "cells": [(checks(cell), list(claims(text(cell)))) for cell in checking],
        "boxes": [verdicts for _title, verdicts in source_boxes(cells)],
        "core": core,
        "whole": whole,
        "run": notebook["metadata"].get("book", {}),
    }


def counting(env):
    """The pages that show totals or lists over all pages."""
    if not hasattr(env, "book_counting"):
        env.book_counting = set()
    return env.book_counting


def merge_facts(app, env, docnames, other):
    facts(env).update({name: facts(other)[name] for name in docnames if name in facts(other)})
    counting(env).update(counting(other) & set(docnames))


def forget_facts(app, env, docname):
    facts(env).pop(docname, None)
    counting(env).discard(docname)


def totals(env):
    pages = facts(env).values()
    verdicts = [v for page in pages for box in page["boxes"] for v in box]
    return {
        "checks": sum(len(lines) for page in pages for lines, _messages in page["cells"]),
        "hold": sum(verdicts),
        "fail": len(verdicts) - sum(verdicts),
    }


def measured(check):
    """The second half of a check's line, in the language of the edition."""
    words = f"{_(check['what'])} {check['value']}" + _(", ")
    bounds = check["bounds"].split(" and ")
    words += _(" and ").join(f"{_(b[:8].strip())} {b[8:].strip()}" for b in bounds)
    return words + (_("; rival ") + check["rival"] if check["rival"] else "")


WIDTH, HEIGHT = 120, 14


def bar(check):
    """The value (dot), the allowed side of the bound (bar) and the rival (ring), as SVG."""
    value = float(check["value"])
    limits = dict(re.findall(rf"at (least|most) ({NUMBER})", check["bounds"]))
    low, high = float(limits.get("least", "-inf")), float(limits.get("most", "inf"))
    rival = float(check["rival"]) if check["rival"] else math.nan
    marks = [n for n in (value, low, high, rival) if math.isfinite(n)]
    if "difference" in check["what"] and not check["rival"]:
        marks.append(0.0)
    positive = [n for n in marks if n > 0]
    logarithmic = len(positive) > 1 and min(marks) >= 0 and max(positive) > 50 * min(positive)
    scale = (lambda n: math.log10(n) if n > 0 else -math.inf) if logarithmic else float
    places = [scale(n) for n in marks if math.isfinite(scale(n))]
    start, end = min(places), max(places)
    room = (end - start or abs(end) or 1) * 0.15
    start, end = start - room, end + room

    def x(n):
        at = scale(n) if math.isfinite(n) else n
        return round(6 + min(max((at - start) / (end - start), 0), 1) * (WIDTH - 12), 1)

    left, right = x(low), x(high)
    middle = HEIGHT / 2
    parts = [
        f'<line class="axis" x1="2" x2="{WIDTH - 2}" y1="{middle}" y2="{middle}"/>',
        f'<rect class="allowed" x="{left}" y="4" width="{max(right - left, 1):.1f}" height="6"/>',
    ]
    for bound in (low, high):
        if math.isfinite(bound):
            parts.append(f'<line class="bound" x1="{x(bound)}" x2="{x(bound)}" y1="1" y2="13"/>')
    if not math.isnan(rival):
        parts.append(f'<circle class="rival" cx="{x(rival)}" cy="{middle}" r="3.5"/>')
    parts.append(f'<circle class="value" cx="{x(value)}" cy="{middle}" r="3.5"/>')
    return (
        f'<svg class="check-bar" aria-hidden="true" width="{WIDTH}" height="{HEIGHT}" '
        f'viewBox="0 0 {WIDTH} {HEIGHT}">{"".join(parts)}</svg>'
    )


def raw(html):
    return nodes.raw("", html, format="html")


def is_check(node):
    return isinstance(node, nodes.container) and "tag_check" in node.get("classes", ())


class Strips(SphinxTransform):
    """Show a cell that checks as a strip: tick, words, bar; its code unfolds."""

    default_priority = 8  # before Sphinx keeps and translates what is a message

    def apply(self):
        page = facts(self.env).get(self.env.docname)
        if not page:
            return
        cells = list(self.document.findall(is_check))
        for number, (cell, (lines, messages)) in enumerate(
            zip(cells, page["cells"], strict=True), 1
        ):
            if self.app.builder.name == "gettext":
                for message in dict.fromkeys(messages):
                    paragraph = nodes.paragraph(message, message)
                    paragraph.source, paragraph.line = cell.source or "", cell.line or 0
                    cell.append(paragraph)
            elif lines:
                self.show(cell, f"check-{number}", lines, messages)

    def show(self, cell, name, lines, messages):
        translate = translator(self.env, self.env.docname)
        strip = nodes.container(classes=["check-strip"], ids=[name])
        for check in lines:
            row = nodes.paragraph(classes=["check"])
            row["translatable"] = False
            row += raw('<span class="check-tick" aria-hidden="true">✓</span>')
            row += nodes.inline(
                "", translated(check["words"], messages, translate), classes=["check-words"]
            )
            row += raw(bar(check))
            row += nodes.inline("", measured(check), classes=["check-measured"])
            strip += row
        code = [child for child in cell.children if "cell_input" in child.get("classes", ())]
        strip += raw(f'<details class="check-code"><summary>{_("Code of this check")}</summary>')
        strip += code
        strip += raw("</details>")
        # What it printed besides its checks stays.
        others = [child for child in cell.children if child not in code]
        for output in others:
            for block in list(output.findall(nodes.literal_block)):
                rest = [line for line in block.astext().splitlines() if not LINE.fullmatch(line)]
                if rest:
                    block.children = [nodes.Text("\n".join(rest))]
                else:
                    block.parent.remove(block)
        cell.replace_self([strip, *(o for o in others if o.children)])


def translator(env, docname):
    folders = [f"{env.srcdir}/{folder}" for folder in env.config.locale_dirs]
    catalog, found = catalogs(folders, env.config.language, docname)
    return catalog.gettext if found else str


class FactsLine(SphinxTransform):
    """Under the title: reading time, machine time, checks, day and versions of the run."""

    default_priority = 900

    def apply(self):
        page = facts(self.env).get(self.env.docname)
        title = self.document.next_node(nodes.title)
        if not page or title is None or self.app.builder.name == "gettext":
            return
        line = nodes.paragraph(classes=["facts"])
        said = facts_of(page)
        for i, words in enumerate(said):
            line += nodes.inline("", words)
            if i + 1 < len(said):
                line += nodes.Text(" · ")
        title.parent.insert(title.parent.index(title) + 1, line)


def facts_of(page):
    core, whole = max(1, round(page["core"])), max(1, round(page["whole"]))
    said = [_("%d min to read") % core]
    if whole > core:
        said = [
            _("%(core)d min to read, %(whole)d with all depths") % {"core": core, "whole": whole}
        ]
    run = page["run"]
    if "seconds" in run:
        said.append(_("%d s to run") % max(1, round(run["seconds"])))
    if count := sum(len(lines) for lines, _messages in page["cells"]):
        said.append(_("1 check passed") if count == 1 else _("%d checks passed") % count)
    if "date" in run:
        said.append(_("run on %s") % str(run["date"])[:10])
    names = {"python": "Python", "numpy": "NumPy", "keras": "Keras"}
    if versions := [f"{name} {run[key]}" for key, name in names.items() if run.get(key)]:
        said.append(", ".join(versions))
    return said + ([run["data"]] if run.get("data") else [])


# The lists over all pages, and their totals


class Total(nodes.Inline, nodes.TextElement):
    """Stands for a total until all pages are read."""


class Listing(nodes.General, nodes.Element):
    """Stands for the list of its kind until all pages are read."""


class TotalRole(SphinxRole):
    """``{total}`checks```, ``{total}`hold``` or ``{total}`fail```: counted over all pages."""

    def run(self):
        if self.text not in ("checks", "hold", "fail"):
            message = f"total knows checks, hold and fail; got {self.text}"
            return [], [self.inliner.reporter.error(message, line=self.lineno)]
        counting(self.env).add(self.env.docname)
        return [Total(kind=self.text)], []


class ListingDirective(SphinxDirective):
    """``{ledger}``: every check. ``{statements}``: what the article says, with the verdicts."""

    def run(self):
        counting(self.env).add(self.env.docname)
        return [Listing(kind=self.name)]


def is_source_box(node):
    return isinstance(node, nodes.Admonition) and "source" in node.get("classes", ())


def link(app, fromdoc, todoc, anchor, words):
    uri = app.builder.get_relative_uri(fromdoc, todoc) + (f"#{anchor}" if anchor else "")
    return nodes.reference("", words, refuri=uri, internal=True)


def in_order(env):
    """The pages with facts, in the order of the table of contents."""
    order = [
        name for name in env.toctree_includes.get(env.config.root_doc, ()) if name in facts(env)
    ]
    return order + sorted(set(facts(env)) - set(order))


def ledger(app, docname):
    """Each page's title, and under it its checks, each leading to its strip."""
    env, found = app.env, []
    for name in in_order(env):
        rows = nodes.bullet_list(classes=["ledger-checks"])
        translate = translator(env, name)
        for number, (lines, messages) in enumerate(facts(env)[name]["cells"], 1):
            for check in lines:
                row = nodes.paragraph()
                words = translated(check["words"], messages, translate)
                row += link(app, docname, name, f"check-{number}", words)
                row += nodes.inline("", f" {measured(check)}", classes=["check-measured"])
                rows += nodes.list_item("", row)
        if len(rows):
            title = env.titles[name].astext()
            found += [nodes.paragraph("", "", nodes.strong("", title)), rows]
    return found


def statements(app, docname):
    """Each page's title, leading to it, and under it what its source boxes say of the article."""
    env, found = app.env, []
    for name in in_order(env):
        verdicts = [v for box in facts(env)[name]["boxes"] for v in box]
        if not verdicts:
            continue
        items = [
            item
            for box in env.get_doctree(name).findall(is_source_box)
            for verdicts_of_box in box.children  # a list in the quotation is none of verdicts
            if isinstance(verdicts_of_box, nodes.bullet_list)
            for item in verdicts_of_box
        ]
        rows = nodes.bullet_list(classes=["statements"])
        for item, holds in zip(items, verdicts, strict=True):
            said = nodes.list_item(classes=["holds" if holds else "fails"])
            said += [unlinked(child) for child in item.children]
            rows += said
        title = link(app, docname, name, "", env.titles[name].astext())
        found += [nodes.paragraph("", "", nodes.strong("", "", title)), rows]
    return found


def unlinked(node):
    """A copy in which a link is its words: its target is relative to the page that it stands on."""
    copy = node.deepcopy()
    for kind in (nodes.reference, addnodes.pending_xref):
        for reference in list(copy.findall(kind)):
            reference.replace_self(reference.children)
    return copy


LISTS = {"ledger": ledger, "statements": statements}


def fill(app, doctree, docname):
    counted = totals(app.env)
    for node in list(doctree.findall(Total)):
        node.replace_self(nodes.Text(str(counted[node["kind"]])))
    for node in list(doctree.findall(Listing)):
        node.replace_self(LISTS[node["kind"]](app, docname))


def counting_pages(app, env):
    """The pages that count have to be written again when any other was read."""
    return sorted(counting(env))


def sign(app, config):
    """Put licence and commit at the foot of each page; no commit outside a checkout."""
    foot = [_("Text: CC BY 4.0, code: MIT")]
    if found := commit(app.srcdir):
        foot.append(_("commit %s") % found)
    config.html_theme_options["extra_footer"] = f'<p class="facts">{" · ".join(foot)}</p>'


def commit(folder):
    try:
        command = ["git", "rev-parse", "--short", "HEAD"]
        found = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    except OSError:
        return ""
    return found.stdout.strip() if found.returncode == 0 else ""


def setup(app):
    app.add_node(Total)
    app.add_node(Listing)
    app.add_role("total", TotalRole())
    for name in LISTS:
        app.add_directive(name, ListingDirective)
    app.add_transform(Strips)
    app.add_transform(FactsLine)
    app.connect("source-read", read_facts, priority=900)  # after the outputs are there
    app.connect("env-merge-info", merge_facts)
    app.connect("env-purge-doc", forget_facts)
    app.connect("env-updated", counting_pages)
    app.connect("doctree-resolved", fill)
    app.connect("config-inited", sign, priority=410)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
