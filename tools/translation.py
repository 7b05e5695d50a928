"""Keep the message catalogs of the Chinese edition, in locale/zh_CN/LC_MESSAGES/chapters.

    translation.py messages            bring the catalogs up to date; executes nothing
    translation.py check [PAGE ...]    say what is missing or wrong, for instance in
                                       chapters/2_3_loss; without a page, in all

A changed sentence becomes fuzzy: it keeps its old translation, which the site does not show. All
pages share one memory, so a message that moves, or a page that is renamed, keeps its Chinese.
"""

import difflib
import functools
import io
import re
import shutil
import sys
from collections import Counter

import build
import nbformat
import yaml
from babel.messages import Catalog
from babel.messages.pofile import read_po, write_po
from markdown_it.renderer import RendererHTML
from myst_parser.config.main import MdParserConfig
from myst_parser.parsers.mdit import create_md_parser

CATALOGS = build.ROOT / "locale" / "zh_CN" / "LC_MESSAGES"
MEMORY = CATALOGS.parent / "memory.po"  # translations that no page uses now
HEADER = r"""# The Chinese of one page. `make messages` brings it up to date; see CONTRIBUTING.md.
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
        nb_mime_priority_overrides=[["gettext", kind, 1] for kind in ("text/html", "image/png")],
    )
    return templates


def read(path):
    with path.open("rb") as file:
        return read_po(file, locale="zh_CN")


def known(files):
    """One memory of all catalogs: every message that has a translation, with it."""
    memory = {}
    for file in files:
        for message in read(file):
            if message.id and message.string and not message.fuzzy:
                memory.setdefault(message.id, message.string)
    return memory


def nearest(text, memory):
    """The known message that a changed one came from: a whole, a part, or much the same words."""
    kin = [old for old in memory if min(len(old), len(text)) > 20 and (old in text or text in old)]
    if kin:
        return min(kin, key=lambda old: abs(len(old) - len(text)))
    # Letters are compared only where a third of the words is the same: the rest takes minutes.
    own = words(text)
    near = [old for old in memory if 3 * len(own & words(old)) >= max(len(own), len(words(old)))]
    return next(iter(difflib.get_close_matches(text, near, 1, 0.6)), None)


@functools.cache
def words(text):
    return frozenset(text.lower().split())


def merged(template, own, memory):
    """The template's messages in its order, translated as the page has it, or any other page.

    What is only near to a known message takes its translation and is fuzzy.
    """
    fresh = Catalog(locale="zh_CN")
    for message in template:
        before = own.get(message.id)
        if not message.id:
            continue
        if before and before.string:
            fresh.add(message.id, before.string, flags=before.flags)
        elif message.id in memory:
            fresh.add(message.id, memory[message.id])
        elif old := nearest(message.id, memory):
            fresh.add(message.id, memory[old], flags=["fuzzy"])
        else:
            fresh.add(message.id)
    return fresh


def write(path, catalog):
    path.parent.mkdir(parents=True, exist_ok=True)
    for message in catalog:
        message.flags &= {"fuzzy"}  # Babel takes a role for a Python format
    text = io.BytesIO()
    write_po(text, catalog, width=0, no_location=True, omit_header=True)
    path.write_text(HEADER + text.getvalue().decode().strip() + "\n", "utf-8")


def messages():
    templates = extract()
    files = sorted((CATALOGS / "chapters").glob("*.po"))
    memory = known([*files, *MEMORY.parent.glob(MEMORY.name)])
    used, current = set(), []
    for page in build.pages():
        path = (CATALOGS / page).with_suffix(".po")
        own = read(path) if path.exists() else Catalog(locale="zh_CN")
        fresh = merged(read((templates / page).with_suffix(".pot")), own, memory)
        write(path, fresh)
        current.append(path)
        used |= {message.id for message in fresh}
    left = Catalog(locale="zh_CN")
    for text, translation in memory.items():
        if text not in used:
            left.add(text, translation)
    MEMORY.unlink(missing_ok=True)
    if len(left):
        write(MEMORY, left)
    for file in set(files) - set(current):  # of a page that has another name now, or none
        file.unlink()


# The source of a page in Chinese, for those who run or download it


def in_chinese(page):
    """A page's source, as text, in the Chinese of its catalog. The code is the same."""
    memory = known(CATALOGS.glob(f"{page}.po"))
    path = build.ROOT / page
    if not path.with_suffix(".ipynb").exists():
        return translated(path.with_suffix(".md").read_text("utf-8"), memory)
    notebook = nbformat.read(path.with_suffix(".ipynb"), as_version=4)
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = translated(cell.source, memory)
        for kind, key in (("figure", "caption"), ("image", "alt")):
            words = cell.metadata.get("mystnb", {}).get(kind, {})
            if key in words:
                words[key] = memory.get(words[key], words[key])
    return nbformat.writes(notebook, indent=1) + "\n"


def translated(text, memory):
    """Markdown with each message in the words of the memory. What it does not know stays."""
    lines = text.split("\n")
    written = Counter()  # characters of a line that are done: a row of a table has many messages
    for first, end, words in passages(text):
        new = memory.get(words.replace("\n", " ").strip(), words)
        line, start = lines[first], words.partition("\n")[0]
        if start not in line:  # in a row of a table, where Markdown escapes this mark
            start, new = start.replace("|", r"\|"), new.replace("|", r"\|")
        at = line.index(start, written[first])
        if new != words:
            rest = "" if "\n" in words else line[at + len(start) :]
            lines[first] = line[:at] + new + rest
            lines[first + 1 : end] = [None] * (end - first - 1)
        written[first] = at + len(new)
    return "\n".join(line for line in lines if line is not None)


DIRECTIVE = re.compile(r"\{([a-z-]+)\} *(.*)")
OPTION = re.compile(r"\s*:([a-z-]+): *(.*)")
WORDLESS = ("math", "eval-rst", "index", "statements")  # directives that hold no message


def passages(text, offset=0):
    """What may be a message: its first line, the line after its last, and its words."""
    for token in parser().parse(text):
        first, end = (offset + line for line in token.map or (0, 0))
        directive = DIRECTIVE.match(token.info) if token.type.endswith("fence") else None
        if token.type == "inline":
            yield first, end, token.content
        elif directive and directive[1] not in WORDLESS:
            if directive[2]:
                yield first, first + 1, directive[2]
            body = token.content.split("\n")
            for number, line in enumerate(body):
                if not (option := OPTION.match(line)):
                    break
                if option[1] == "alt":
                    yield first + 1 + number, first + 2 + number, option[2]
                body[number] = ""
            if directive[1] == "glossary":  # its lines are terms and definitions
                for number, line in enumerate(body, first + 1):
                    yield number, number + 1, line.strip()
            else:
                yield from passages("\n".join(body), first + 1)


# What is the same on both sides


@functools.cache
def parser():
    settings = yaml.safe_load((build.ROOT / "_config.yml").read_text("utf-8"))
    extensions = settings["parse"]["myst_enable_extensions"]
    return create_md_parser(MdParserConfig(enable_extensions=extensions), RendererHTML)


def inline(text):
    """The pieces of a message as Markdown reads it; None if it is not one paragraph."""
    blocks = parser().parse(text)
    kinds = [block.type for block in blocks]
    if kinds != ["paragraph_open", "inline", "paragraph_close"]:
        return None
    return blocks[1].children


def kept(pieces):
    """What a translation keeps: mathematics, code, roles, the targets of links, emphasis."""
    for piece in pieces:
        if piece.type == "myst_role":
            yield role(piece.meta["name"], piece.content)
        elif piece.type.startswith("math_inline"):
            yield f"${piece.content}$"
        elif piece.type == "code_inline":
            yield f"`{piece.content}`"
        elif piece.type == "link_open":
            yield f"[...]({piece.attrs['href']})"
        elif piece.type in ("strong_open", "em_open"):
            yield {"strong_open": "**bold**", "em_open": "*emphasis*"}[piece.type]
        elif piece.type not in ("text", "strong_close", "em_close", "link_close"):
            yield piece.content or piece.type


WORDED = ("term", "ref", "doc")  # roles that show words
OTHER = "\N{OBJECT REPLACEMENT CHARACTER}"  # a formula, code or another role
EDGE = "\N{WORD JOINER}"  # of bold or emphasis


def role(name, content):
    """A role without the words that it shows: only a term, a page and a label have any."""
    if name in WORDED:
        target = re.fullmatch(r".*<(.+)>", content)
        content = (target[1] if target else content).lower()
    return f"{{{name}}}`{content}`"


def prose(pieces):
    """The words of a message, those of roles too; everything else leaves a mark."""
    marks = {"strong_open": EDGE, "strong_close": EDGE, "em_open": EDGE, "em_close": EDGE}
    marks |= {"link_open": "", "link_close": ""}
    words = ""
    for piece in pieces:
        if piece.type == "text":
            words += piece.content
        elif piece.type == "myst_role" and piece.meta["name"] in WORDED:
            words += re.sub(r"\s*<.+>$", "", piece.content)
        else:
            words += marks.get(piece.type, OTHER)
    return words


def numbers(words):
    """How often each number stands there, with its sign, without the commas of English ones."""
    words = re.sub(r"(?<=\d),(?=\d{3})", "", words).replace("\N{MINUS SIGN}", "-")
    return Counter(re.findall(r"(?:(?<![A-Za-z0-9)])-)?\d+(?:\.\d+)?", words))


def values(pieces):
    """The computed values of a message, in their order."""
    return [
        piece.content
        for piece in pieces
        if piece.type == "myst_role" and piece.meta["name"].startswith("glue")
    ]


SHORTEST = 1 / 6  # of the English, in characters; a whole sentence is missing below


# How Chinese is written here

FORBIDDEN = ("自主学习", "神经层", "训练周期", "多层感知器")
QUOTED = r"“[^”]*”|「[^」]*」"
CHINESE = f"[\u3400-\u9fff，。；：？！（）、{OTHER}]"
HAN = "[\u3400-\u9fff]"
WIDTH = {",": "，", ";": "；", ":": "：", "?": "？", "!": "！", "(": "（", ")": "）", ".": "。"}


@functools.cache
def terms():
    """English term, its pattern, the Chinese ones that may stand for it; the longest first."""
    given = yaml.safe_load((build.ROOT / "locale" / "zh_CN" / "terms.yml").read_text("utf-8"))
    return [
        (
            english,
            re.compile(rf"(?<![\w-]){re.escape(english)}(?:s|es)?(?![\w-])", re.IGNORECASE),
            [chinese] if isinstance(chinese, str) else chinese,
        )
        for english, chinese in sorted(given.items(), key=lambda item: -len(item[0]))
    ]


def missing_terms(english, chinese):
    for term, pattern, allowed in terms():
        english, found = pattern.subn("", english)
        if found and not any(word.lower() in chinese.lower() for word in allowed):
            yield f"has no {' or '.join(allowed)}, for {term}"


def problems(english, chinese):
    """What is wrong with a translation, as sentences."""
    source, target = inline(english), inline(chinese)
    if source is not None and target is None:
        yield "is not one paragraph: a list, heading or quotation by its first character?"
        return
    if source is None:  # an alternative text that Markdown would read as more
        return
    before, after = Counter(kept(source)), Counter(kept(target))
    if lost := before - after:
        yield f"lacks {', '.join(sorted(lost.elements()))}"
    if added := after - before:
        yield f"has {', '.join(sorted(added.elements()))}, which the English has not"
    words = prose(target)
    for mark in ("*", "{", "}", "$", "`", "]("):
        if mark in words and mark not in prose(source):
            yield f"shows a literal {mark}: {words}"
    if lost := numbers(prose(source)) - numbers(words):
        yield f"lacks the number {', '.join(sorted(lost.elements()))}"
    if values(source) != values(target) and before == after:
        yield f"has its values in another order: {', '.join(values(target))}"
    if len(prose(source)) > 60 and len(words) < SHORTEST * len(prose(source)):
        yield "is too short: is a sentence missing?"
    if re.search(f'{HAN}"|"{HAN}', words):
        yield "has straight quotation marks, where “ and ” belong"
    if len(re.findall(r"\b[a-z]{2,}\b", prose(source))) > 3 and not re.search(HAN, words):
        yield "is not Chinese"
    own = re.sub(QUOTED, "", words)
    for word in FORBIDDEN:
        if word in own:
            yield f"says {word}, outside quotation marks"
    text = re.sub(r"^([A-Z]\.|\d[\d.]*) ", "", words)  # the number of a heading
    if space := re.search(f"{HAN} [\\w{OTHER}](?<!{HAN})|[\\w{OTHER}](?<!{HAN}) {HAN}", text):
        yield f"has a space beside Chinese: {space[0]!r}"
    close = text.replace(EDGE, "")
    for mark, wide in WIDTH.items():
        if re.search(rf"{CHINESE}\s*{re.escape(mark)}|{re.escape(mark)}\s*{HAN}", close):
            yield f"has {mark} beside Chinese, where {wide} belongs"
    yield from missing_terms(prose(source), close)


def findings(page):
    """What is untranslated, fuzzy or wrong on a page: a sentence for each."""
    for message in read((CATALOGS / page).with_suffix(".po")):
        if not message.id:
            continue
        if not message.string:
            found = ["is not translated"]
        elif message.fuzzy:
            found = ["is fuzzy: bring it up to date and delete the line `#, fuzzy`"]
        else:
            found = problems(message.id, message.string)
        yield from (f"{page}: {message.id[:60]!r} {problem}" for problem in found)


def check(pages):
    found = [finding for page in pages for finding in findings(page)]
    if found:
        sys.exit("\n".join(found))


def main(command="", *arguments):
    if command == "messages" and not arguments:
        messages()
    elif command == "check":
        check(arguments or build.pages())
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main(*sys.argv[1:])
