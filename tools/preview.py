"""Show one page in _build/preview as the last run left it; `make preview PAGE=2_3_loss` calls this.

    preview.py PAGE LANGUAGE

It executes nothing. Of the book it knows this page and the glossary: what leads elsewhere is dead.
"""

import shutil
import sys

import build
import environment
import yaml

PREVIEW = build.BUILD / "preview"
# What leads to other pages and to the references, and values of cells that did not run.
ELSEWHERE = ["myst.xref_missing", "ref", "bibtex", "mystnb.glue", "mystnb.glue_ref"]


def main(page, language):
    pages = {name.rpartition("/")[2]: name for name in build.pages()}
    if page not in pages:
        sys.exit(f"There is no page {page!r}. PAGE is one of {', '.join(pages)}.")
    if language not in build.LANGUAGES:
        known = " and ".join(build.LANGUAGES)
        sys.exit(f"The pages are not in the language {language!r}, but in {known}.")
    environment.clean()
    doctrees = PREVIEW / "doctrees"
    shutil.rmtree(doctrees, ignore_errors=True)  # of another page, or another run of this one
    doctrees.mkdir(parents=True)
    toc = doctrees / "toc.yml"
    others = [{"file": pages[name]} for name in ("a_glossary", "index") if name != page]
    book = {"format": "jb-book", "root": pages[page], "chapters": others[:1]}
    toc.write_text(yaml.safe_dump(book), "utf-8")
    edition = build.LANGUAGES[language]
    site = PREVIEW / build.EDITIONS[edition].relative_to(build.SITE)
    build.sphinx(
        site,
        doctrees,
        language=edition,
        external_toc_path=str(toc),
        book_preview=True,
        suppress_warnings=ELSEWHERE,
    )
    print(f"{(site / pages[page]).relative_to(build.ROOT)}.html")


if __name__ == "__main__":
    main(*sys.argv[1:])
