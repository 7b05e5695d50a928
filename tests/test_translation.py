"""That the Chinese edition is complete and says the same as the English one."""

import copy
import json
import re
import shutil
import subprocess
import sys
from collections import Counter
from functools import cache

import figure_words
import nbformat
import pytest
import translation
from babel.messages import Catalog
from bs4 import BeautifulSoup
from build import EDITIONS, ROOT, SITE, pages

HAN = re.compile("[\u3400-\u9fff]")


@pytest.mark.parametrize("page", pages())
def test_every_message_is_translated_and_keeps_its_markup(page):
    assert list(translation.findings(page)) == []


def test_catalogs_are_up_to_date(tmp_path):
    book = tmp_path / "book"
    unwanted = shutil.ignore_patterns(".*", "_build", "tests", "__pycache__", "*.mo")
    shutil.copytree(ROOT, book, ignore=unwanted)
    command = [sys.executable, "tools/translation.py", "messages"]
    run = subprocess.run(command, cwd=book, capture_output=True, text=True, timeout=300)
    assert run.returncode == 0, run.stderr
    assert not (book / "_build" / "executed").exists()
    old = [file for file in translation.CATALOGS.rglob("*.po") if file.name != "sphinx.po"]
    assert {str(file.relative_to(translation.CATALOGS).with_suffix("")) for file in old} == set(
        pages()
    )
    for file in old:
        fresh = book / file.relative_to(ROOT)
        assert file.read_text("utf-8") == fresh.read_text("utf-8"), "run `make messages`"


@pytest.mark.parametrize(
    ("english", "chinese"),
    [
        ("A {term}`gradient`: $x^2$.", "{term}`梯度 <gradient>`：$x^2$。"),
        ("See [this page](2_3_loss), part *A*.", "见*A*部分，在[这一页](2_3_loss)。"),
        ("**What holds.** The loss falls.", "**哪里对**。损失会降。"),
        ("The first 1,797 use `fit`.", "前1797个用`fit`。"),
        ("A training cycle.", "原文称作“训练周期”。"),
        ("Adam", "Adam"),
    ],
)
def test_a_good_translation_has_no_problems(english, chinese):
    assert list(translation.problems(english, chinese)) == []


@pytest.mark.parametrize(
    ("english", "chinese", "problem"),
    [
        ("It is $x$.", "它是$y$。", "lacks $x$"),
        ("It is $x$.", "它是$x$，即$y$。", "has $y$, which the English has not"),
        ("Use `fit`.", "用`Fit`。", "lacks `fit`"),
        ("A {term}`loss`.", "一个{term}`损失`。", "lacks {term}`loss`"),
        ("It took {glue:text}`a:.1f` s.", "用了{glue:text}`a:.2f`秒。", "lacks {glue:text}`a:.1f`"),
        ("By {cite:t}`a2015`.", "据{cite}`a2015`。", "lacks {cite:t}`a2015`"),
        ("[Here](page).", "[这里](other)。", "lacks [...](page)"),
        ("**So** it is.", "确实如此。", "lacks **bold**"),
        ("**So.** It is.", "**确实。**如此。", "shows a literal *"),
        ("The first.", "1. 第一。", "is not one paragraph"),
        ("It has 16.118.", "它有16.18。", "lacks the number 16.118"),
        ("It falls by −0.25.", "它降了0.25。", "lacks the number -0.25"),
        ("It has 3 of 5.", "5个中有4个。", "lacks the number 3"),
        ("It has 3 and 3.", "它有3。", "lacks the number 3"),
        (
            "From {glue:text}`a` to {glue:text}`b`.",
            "从{glue:text}`b`到{glue:text}`a`。",
            "has its values in another order",
        ),
        (
            "The first sentence is here. The second one, which is longer, is here as well.",
            "第一句在这里。",
            "is too short",
        ),
        ("A word.", '一个"词"。', "has straight quotation marks"),
        ("What you will be able to do", "What you will be able to do", "is not Chinese"),
        ("A cycle.", "训练周期。", "says 训练周期"),
        ("Keras and NumPy.", "Keras 与NumPy。", "has a space beside Chinese"),
        ("First, then.", "先,后。", "has , beside Chinese"),
        ("It is $x$.", "它是$x$.", "has . beside Chinese"),
        ("The optimizers.", "那些求解器。", "has no 优化器, for optimizer"),
    ],
)
def test_a_bad_translation_is_named(english, chinese, problem):
    assert problem in "; ".join(translation.problems(english, chinese))


def test_a_long_term_is_not_also_its_parts():
    assert list(translation.missing_terms("gradient descent", "梯度下降")) == []
    assert list(translation.missing_terms("the gradient", "坡度")) == ["has no 梯度, for gradient"]


def test_a_message_keeps_its_translation_and_a_changed_one_is_fuzzy(tmp_path):
    own, template = Catalog(), Catalog()
    own.add("This sentence stands.", "不变。")
    memory = {
        "This sentence stands.": "别处的译文。",
        "This sentence has a new word.": "旧译文。",
        "It moved here from another page.": "搬来的。",
        "The first half is long enough. The second half is long enough.": "两半。",
    }
    for text in (
        "An {a} new one.",
        "This sentence has another word.",
        "This sentence stands.",
        "It moved here from another page.",
        "The second half is long enough.",
    ):
        template.add(text)
    translation.write(tmp_path / "page.po", translation.merged(template, own, memory))
    catalog = translation.read(tmp_path / "page.po")
    assert [(m.string, m.fuzzy, m.python_format) for m in catalog if m.id] == [
        ("", False, False),
        ("旧译文。", True, False),
        ("不变。", False, False),
        ("搬来的。", False, False),
        ("两半。", True, False),
    ]


def test_a_renamed_page_keeps_its_translations(tmp_path, monkeypatch):
    catalogs, templates = tmp_path / "LC_MESSAGES", tmp_path / "templates"
    monkeypatch.setattr(translation, "CATALOGS", catalogs)
    monkeypatch.setattr(translation, "MEMORY", tmp_path / "memory.po")
    monkeypatch.setattr(translation, "extract", lambda: templates)
    monkeypatch.setattr(translation.build, "pages", lambda: ["chapters/new"])
    old, template = Catalog(), Catalog()
    old.add("It stays as it was.", "照旧。")
    old.add("It is gone for now.", "暂时删去。")
    template.add("It stays as it was.")
    translation.write(catalogs / "chapters" / "old.po", old)
    translation.write(templates / "chapters" / "new.pot", template)
    translation.messages()
    assert [file.name for file in catalogs.rglob("*.po")] == ["new.po"]
    assert translation.known(catalogs.rglob("*.po")) == {"It stays as it was.": "照旧。"}
    assert translation.known([tmp_path / "memory.po"]) == {"It is gone for now.": "暂时删去。"}
    template.add("It is gone for now.")  # and back
    translation.write(templates / "chapters" / "new.pot", template)
    translation.messages()
    assert translation.known(catalogs.rglob("*.po"))["It is gone for now."] == "暂时删去。"
    assert not (tmp_path / "memory.po").exists()


# The sources that are downloaded and run


def english(markdown):
    """Its runs of four English words, without those of code, formulas, targets and directives."""
    for other in (
        r"^([`:]{3,})\{(?:math|index)\}.*?^\1$",
        r"^```.*?^```$",
        r"^\$\$.*?^\$\$",
        r"`[^`]*`",
        r"\$[^$]*\$",
        r"\]\([^)]*\)",
        r"^:[a-z-]+:.*?$",
    ):
        markdown = re.sub(other, "|", markdown, flags=re.MULTILINE | re.DOTALL)
    return re.findall(r"(?:\b[A-Za-z’']+\b[ ,;:]+){3}\b[A-Za-z’']+\b", markdown)


def blocks(markdown):
    """The kind of each block, also inside of directives, and its words."""
    for token in translation.parser().parse(markdown):
        directive, _, argument = token.info.partition(" ")
        words = argument or token.content.replace("\n", " ").strip()
        yield (token.type, token.tag, directive), words
        if directive:
            yield from blocks(token.content)


def shape(markdown):
    return [kind for kind, _ in blocks(markdown)]


@pytest.mark.parametrize("page", [page for page in pages() if (ROOT / f"{page}.ipynb").exists()])
def test_a_chinese_notebook_has_chinese_prose_and_the_same_code(page):
    english_one = nbformat.read(ROOT / f"{page}.ipynb", as_version=4)
    chinese_one = nbformat.reads(translation.in_chinese(page), as_version=4)
    nbformat.validate(chinese_one)
    texts, captions = [], []
    for own, other in zip(chinese_one.cells, english_one.cells, strict=True):
        if own.cell_type == "markdown":
            texts.append(own.source)
            assert shape(own.source) == shape(other.source)
            own.source = other.source
        figure = own.metadata.get("mystnb", {})
        for kind, key in (("figure", "caption"), ("image", "alt")):
            if kind in figure:
                captions.append(figure[kind][key])
                figure[kind][key] = other.metadata.mystnb[kind][key]
    assert chinese_one == english_one

    assert [caption for caption in captions if not HAN.search(caption)] == []
    assert [words for text in texts for words in english(text)] == []
    memory = translation.known([translation.CATALOGS / f"{page}.po"])
    left = {words for text in texts for _, words in blocks(text)} & set(memory)
    assert [words for words in left if memory[words] != words] == []


def test_english_prose_in_a_notebook_is_found():
    text = "> A sentence of five words.\n\n```python\nfor a in range(3): pass\n```\n"
    assert english(text) == ["A sentence of five"]


MARKDOWN = """\
(part-a)=
## Two words

A line,
another line: $x$.

| of a row | of a |
| --- | --- |
| of a | of a row |
| `a \\| b`: two | of a |

1. > Quoted.

:::{admonition} Two words
:class: tip
- A list
  of `code`.

```{figure} file.png
:alt: Two words
Not known.
```
:::

```{math}
A list
```
"""
MEMORY = {
    "Two words": "两个词",
    "A line, another line: $x$.": "一行：$x$。",
    "of a row": "行",
    "of a": "甲",
    "`a | b`: two": "两个：`a | b`",
    "Quoted.": "引文。",
    "A list of `code`.": "`code`表。",
    "A list": "表",
    "tip": "提示",
}


def test_translated_markdown_keeps_all_but_its_messages():
    assert translation.translated(MARKDOWN, {}) == MARKDOWN
    chinese = """\
(part-a)=
## 两个词

一行：$x$。

| 行 | 甲 |
| --- | --- |
| 甲 | 行 |
| 两个：`a \\| b` | 甲 |

1. > 引文。

:::{admonition} 两个词
:class: tip
- `code`表。

```{figure} file.png
:alt: 两个词
Not known.
```
:::

```{math}
A list
```
"""
    assert translation.translated(MARKDOWN, MEMORY) == chinese


@pytest.mark.parametrize("page", pages())
def test_the_chinese_edition_offers_chinese_sources(page):
    (link,) = {
        link["href"] for link in soup("zh_CN", f"{page}.html").select("a[href*='_sources/']")
    }
    source = (EDITIONS["zh_CN"] / page).parent / link
    assert source.read_text("utf-8") == translation.in_chinese(page)


# README.md and README.zh.md


def readmes():
    names = "README.md", "README.zh.md"
    return [list(blocks((ROOT / name).read_text("utf-8"))) for name in names]


def test_both_readmes_have_the_same_parts_and_commands():
    ours, theirs = readmes()
    assert [kind for kind, _ in ours] == [kind for kind, _ in theirs]
    fences = [[words for kind, words in side if kind[0] == "fence"] for side in (ours, theirs)]
    assert fences[0][1:] == fences[1][1:] == ["make book make test"]  # the first is a drawing


def test_the_chinese_readme_says_what_the_english_one_says():
    pairs = [
        (english[1], chinese[1])
        for english, chinese in zip(*readmes(), strict=True)
        if english[0][0] == "inline"
    ]
    pairs.remove(("[中文](README.zh.md)", "[English](README.md)"))
    headings = [text.lower().replace(" ", "-") for pair in pairs for text in pair]
    for pair in pairs:
        ways = [re.findall(r"\]\(#([^)]*)\)", text) for text in pair]
        assert len(ways[0]) == len(ways[1])
        assert {*ways[0], *ways[1]} <= set(headings)
        own = (re.sub(r"\]\(#[^)]*\)", "](#)", text) for text in pair)
        assert list(translation.problems(*own)) == [], pair[1]


# The two sites


@cache
def soup(language, page):
    return BeautifulSoup((EDITIONS[language] / page).read_text("utf-8"), "html.parser")


def both(page):
    return soup("en", f"{page}.html"), soup("zh_CN", f"{page}.html")


def remaining(html, selector):
    """A copy without what the selector finds."""
    html = copy.copy(html)
    for part in html.select(selector):
        part.extract()
    return html


def chinese_text(page):
    """The words of a Chinese page, without code, docstrings, output, formulas and sources."""
    article = soup("zh_CN", f"{page}.html").select_one("article")
    return remaining(article, "div.cell, .math, code, script, .citation, dl.py").get_text(" ")


def test_both_editions_have_the_same_pages():
    def files(site):
        return {str(file.relative_to(site)) for file in site.rglob("*.html")}

    english = {file for file in files(SITE) if not file.startswith("zh/")}
    assert english == files(EDITIONS["zh_CN"])
    assert {f"{page}.html" for page in pages()} <= english


PARTS = {
    "headings": ("h1, h2, h3, h4", lambda part: (part.name, part.parent.get("id"))),
    "cells": ("div.cell_input pre", lambda part: part.get_text()),
    "printed": ("div.cell_output pre", lambda part: part.get_text()),
    "figures": ("figure", lambda part: part.get("id")),
    "drawings": ("svg.drawing", lambda part: len(part.select("path, use, image"))),
    "images": ("img", lambda part: part["src"].rpartition("../")[2]),  # shared
    "equations": ("div.math", lambda part: re.sub(r"\s+", " ", part.get_text())),
    "admonitions": ("div.admonition", lambda part: part["class"]),
    "terms": ("dl.glossary dt", lambda part: part["id"]),
}
# In a sentence the order is free.
LOOSE = {
    "formulas": ("span.math", lambda part: part.get_text()),
    "values": ("span.pasted-text", lambda part: part.get_text()),
    "links": ("a.reference", lambda part: part["href"]),
    "code": ("p code, li code, td code, figcaption code", lambda part: part.get_text()),
}


@pytest.mark.parametrize("page", pages())
def test_both_editions_have_the_same_parts(page):
    articles = [side.select_one("article") for side in both(page)]
    for name, (selector, key) in PARTS.items():
        english, chinese = ([key(part) for part in side.select(selector)] for side in articles)
        assert english == chinese, name
    for name, (selector, key) in LOOSE.items():
        english, chinese = (
            Counter(key(part) for part in side.select(selector)) for side in articles
        )
        assert english == chinese, name


@pytest.mark.parametrize("page", pages())
def test_no_markup_shows_literally(page):
    text = chinese_text(page)
    assert [mark for mark in ("**", "](", "`", "{term", "{glue") if mark in text] == []


@pytest.mark.parametrize("page", [*pages(), "search", "404", "genindex"])
def test_page_declares_its_language_and_its_counterpart(page):
    file = f"{page}.html"
    for language, code in (("en", "en"), ("zh_CN", "zh-CN")):
        html = soup(language, file)
        assert html.html["lang"] == code
        links = {a["hreflang"]: a["href"] for a in html.select("link[rel=alternate][hreflang]")}
        assert set(links) == {"en", "zh-CN", "x-default"}
        assert links["x-default"] == links["en"]
        (switch,) = html.select("nav.language-switch a")
        (own,) = html.select("nav.language-switch [aria-current]")
        assert own["lang"] == code != switch["lang"] == switch["hreflang"]
        assert switch["href"] == links[switch["hreflang"]]
        for target, site in (("en", SITE), ("zh-CN", EDITIONS["zh_CN"])):
            here = (EDITIONS[language] / file).parent
            href = links[target]
            found = SITE / href[1:] if page == "404" else here / href
            assert found.resolve() == site / file


@pytest.mark.parametrize("page", pages())
def test_what_describes_a_page_is_chinese(page):
    # what waits for a script is a moving figure, whose still and caption describe it
    html = remaining(soup("zh_CN", f"{page}.html"), "article template")
    described = [html.title.get_text()]
    described += [
        meta["content"]
        for meta in html.select("meta")
        if (meta.get("name") or meta.get("property"))
        in ("description", "og:title", "og:description", "og:site_name")
    ]
    described += [image["alt"] for image in html.select("article img")]
    described += [part["aria-label"] for part in html.select("article [aria-label]")]
    described += [caption.get_text() for caption in html.select("figcaption")]
    assert len(described) >= 5
    assert [words for words in described if not HAN.search(words)] == []


@pytest.mark.parametrize("page", [*pages(), "search", "404", "genindex"])
def test_the_frame_of_a_page_is_chinese(page):
    html = remaining(
        soup("zh_CN", f"{page}.html"),
        "article section, .genindextable, script, style, .language-switch, kbd",
    )
    words = [part.get_text(" ", strip=True) for part in html.select("body a, button, p, h1, h2")]
    for attribute in ("title", "aria-label", "placeholder", "data-bs-title"):
        words += [part[attribute] for part in html.select(f"body [{attribute}]")]
    latin = [text for text in words if re.search("[A-Za-z]{2}", text) and not HAN.search(text)]
    assert set(latin) <= {".ipynb", ".md", ".pdf"}


@pytest.mark.parametrize("page", pages())
def test_no_english_sentence_is_left(page):
    assert re.findall(r"(?:\b[A-Za-z’']+\b[ ,;:]+){5,}", chinese_text(page)) == []


NAMES = {"Adam", "Nesterov", "RMSprop"}


def test_figures_that_move_speak_chinese():
    figures = 0
    for page in pages():
        html = (EDITIONS["zh_CN"] / f"{page}.html").read_text("utf-8")
        # What waits in a template is not everywhere searched by this library.
        held = BeautifulSoup(html.replace("template>", "div>"), "html.parser")
        for figure in held.select(".interactive"):
            figures += 1
            data = figure.script.string
            if key := figure.script.get("data-key"):
                [file] = SITE.rglob(f"_static/figures/{key}.js")
                data = file.read_text("utf-8").partition(",")[2].strip().removesuffix(")")
            said = [
                *(text for text in figure.strings if text.parent.name not in ("script", "option")),
                *(part["aria-label"] for part in figure.select("[aria-label]")),
                *strings(json.loads(data)),
            ]
            words = {word for text in said for word in re.findall(r"(?<![{\w])[A-Za-z]{2,}", text)}
            assert words <= NAMES, page
    assert figures > 8


def strings(data, said=False):
    if isinstance(data, dict):
        for name, value in data.items():
            yield from strings(value, said or name in figure_words.SAID)
    elif isinstance(data, list):
        for value in data:
            yield from strings(value, said)
    elif said and isinstance(data, str):
        yield data


def test_the_number_of_a_figure_keeps_its_place_in_chinese(monkeypatch):
    catalog = {"# of # lie left": "#个在左边，共#个", "loss #": "损失#", "": "the head"}
    monkeypatch.setattr(figure_words, "_", lambda text: catalog.get(text, text))
    assert figure_words.say("3 of 4 lie left, loss 1.5e-03") == "3个在左边，共4个，损失1.5e-03"
    assert figure_words.say("RMSprop, Adam") == "RMSprop, Adam"
    assert figure_words.say("loss 2.") == "损失2。"
