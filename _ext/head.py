"""The head of a page: what it loads, what describes it."""

import re

from docutils import nodes

LONGEST = 200  # characters of a description that a search engine shows
SENTENCE = re.compile(r"[^.?!。？！]+(?:[.?!](?!\s|$)[^.?!。？！]+)*(?:[.?!](?=\s|$)|[。？！])")
THEBE = re.compile(r"<script[^>]*>[^<]*(binder-examples|kernelName)[^<]*</script>")
USED_BY = {  # a file, and what a page that needs it holds after its template's name
    r"thebe": None,
    r"digit\.js": r'class="interactive-digit"',
    r"codes\.js": r'class="interactive-codes"',
    r"letters\.js": r'class="interactive-letters"',
    r"interactive\.(js|css)": r'class="interactive"',
    r"\bhere\.(js|css)": r'<div class="here"',
    r"\bsearch\.js": r"\Asearch\.html",
    r"mathjax": r'class="[^"]*\bmath\b|\\\(',
    r"sphinx-design|design-tabs": r'class="[^"]*\bsd-',
    r"exercise\.css": None,  # no page uses its boxes
}


def load_what_is_used(app, pagename, templatename, context, doctree):
    """Leave out scripts and styles that nothing on the page uses; Thebe's name another host."""
    body = THEBE.sub("", context.get("body", ""))
    if body:
        context["body"] = body
    held = f"{templatename}\n{body}"
    unused = [file for file, mark in USED_BY.items() if not (mark and re.search(mark, held))]

    def used(asset):
        words = f"{getattr(asset, 'filename', asset)} {getattr(asset, 'attributes', '')}"
        return not re.search("|".join(unused), words, re.IGNORECASE)

    for kind in ("script_files", "css_files"):
        context[kind] = [asset for asset in context.get(kind, []) if used(asset)]
    if templatename != "search.html":  # its own scripts need these before them
        context["script_files"] = [deferred(script) for script in context["script_files"]]


def deferred(script):
    """The same script, which does not hold up the first words of a page."""
    file = getattr(script, "filename", None)
    if file is None or "documentation_options" in file or "defer" in script.attributes:
        return script  # the page's own text reads the options
    return type(script)(file, priority=script.priority, defer="defer", **script.attributes)


def sentences(doctree):
    for paragraph in doctree.findall(nodes.paragraph):
        if "facts" not in paragraph["classes"] and not paragraph.next_node(nodes.math):
            words = " ".join(paragraph.astext().split())
            yield from (sentence.strip() for sentence in SENTENCE.findall(words))


def width(words):
    return sum(1 + (character > "\u2e7f") for character in words)  # Chinese takes twice the room


def opening(doctree, longest):
    """The first sentences without formulas, so many as find room."""
    said = ""
    for sentence in sentences(doctree):
        if said and width(said + sentence) > longest:
            break
        if width(sentence) <= longest:
            said += " " * (said[-1:] in {*".?!"}) + sentence
    return said


def describe_in_words(app, pagename, templatename, context, doctree):
    """Leave whole sentences without formulas for the description of the page.

    The page is written: what changes here is what ``sphinxext.opengraph`` reads.
    """
    if doctree is None:
        return
    said = opening(doctree, LONGEST)
    doctree.clear()
    doctree += nodes.paragraph("", said)


def setup(app):
    app.connect("html-page-context", load_what_is_used, priority=900)
    app.connect("html-page-context", describe_in_words, priority=490)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
