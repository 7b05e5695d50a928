"""Show one page in _build/preview as the last run left it; `make preview PAGE=2_3_loss` calls this.

    preview.py PAGE LANGUAGE [LANGUAGE ...]

It executes nothing. Of the book it knows this page and the glossary: what leads elsewhere is dead.
"""

import shutil
import sys

import build
import environment
import yaml

PREVIEW = build.BUILD / "preview"
LANGUAGES = {"en": "en", "zh": "zh_CN"}
# What leads to other pages, to the references, and to values of a cell without a run.
ELSEWHERE = [
    "myst.xref_missing",
    "ref",
    "bibtex",
    "mystnb.glue",
    "mystnb.glue_ref",
    "toc.not_readable",
]


def main(page, *languages):
    pages = {name.rpartition("/")[2]: name for name in build.pages()}
    if page not in pages:
        sys.exit(f"There is no page {page!r}. PAGE is one of {', '.join(pages)}.")
    if unknown := [language for language in languages if language not in LANGUAGES]:
        sys.exit(f"The pages are not in the language {unknown[0]!r}, but in en and zh.")
    environment.clean()
    shutil.rmtree(PREVIEW, ignore_errors=True)
    PREVIEW.mkdir(parents=True)
    toc = PREVIEW / "toc.yml"
    others = [{"file": pages[name]} for name in ("a_glossary", "index") if name != page]
    book = {"format": "jb-book", "root": pages[page], "chapters": others[:1]}
    toc.write_text(yaml.safe_dump(book), "utf-8")
    for language in languages:
        build.sphinx(
            PREVIEW / language,
            PREVIEW / "doctrees",
            language=LANGUAGES[language],
            external_toc_path=str(toc),
            book_preview=True,
            suppress_warnings=ELSEWHERE,
        )
        print((PREVIEW / language / pages[page]).with_suffix(".html").relative_to(build.ROOT))


if __name__ == "__main__":
    main(*sys.argv[1:])
