"""The words inside of figures, in the language of the edition.

They, or their clauses, are messages of ``sphinx.po``, with # for each number, since a run computes
it. Here are those of figures that move; `drawings` has the others.
"""

import json
import re
from html import escape, unescape
from itertools import zip_longest

from sphinx.locale import _

LIVE = re.compile(
    r'<template>(.*?)</template><script type="application/json">([^<]*)</script>', re.DOTALL
)
# The script reads the options by their words, which are Keras's.
SHOWN = re.compile(r'(?<=>)[^<>]+(?=<(?!/option))|(?<= aria-label=")[^"]+')
SAID = {"text", "labelled", "typed", "unknown", "labels", "symbols"}  # of a figure's data
NUMBER = re.compile(r"[-−]?\d+(?:,\d{3})*(?:\.\d+)?(?:e[-+]\d+)?")
# A run also decides which clauses stand in a line, so each is a message of its own.
MARK = re.compile(r"(\.(?:\s|$)|[,:;]\s)(?![^(]*\))")
FULL_WIDTH = {".": "。", ",": "，", ":": "：", ";": "；"}


def say(words):
    if (said := say_clause(words)) != words:
        return said
    parts = MARK.split(words)
    said = [say_clause(clause) for clause in parts[::2]]
    if said == parts[::2]:
        return words
    marks = [FULL_WIDTH[mark[0]] for mark in parts[1::2]]
    return "".join(map("".join, zip_longest(said, marks, fillvalue="")))


def say_clause(words):
    numbers = iter(NUMBER.findall(words))
    known = NUMBER.sub("#", words)
    said = _(known) if known else known  # the catalog's own head is its message of no words
    return words if said == known else re.sub("#", lambda _: next(numbers), said)


def say_all(data, said=False):
    """The same data, with what the figure says of them in the language of the edition."""
    if isinstance(data, dict):
        return {name: say_all(value, said or name in SAID) for name, value in data.items()}
    if isinstance(data, list):
        return [say_all(value, said) for value in data]
    return say(data) if said and isinstance(data, str) else data


def translate_figures(app, pagename, templatename, context, doctree):
    def translated(match):
        drawing = SHOWN.sub(lambda words: escape(say(unescape(words[0]).strip())), match[1])
        data = json.dumps(say_all(json.loads(match[2])), ensure_ascii=False, separators=(",", ":"))
        data = data.replace("<", "\\u003c")  # no text ends the script
        return f'<template>{drawing}</template><script type="application/json">{data}</script>'

    if app.config.language != "en" and "body" in context:
        context["body"] = LIVE.sub(translated, context["body"])


def setup(app):
    # Before large data are set apart.
    app.connect("html-page-context", translate_figures, priority=400)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
