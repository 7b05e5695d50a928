"""Build both editions of the site in _build/html; `make book` calls this.

    build.py             run the chapters that need it, then build the English edition at the root
                         and the Chinese one under zh/
    build.py LANGUAGE    one of them, in this process; it executes nothing

Jupyter Book's own command knows one edition. It would also pass over an earlier failure on an
unchanged tree, since Sphinx does not repeat a warning, and over a table of contents that it does
not understand.
"""

import filecmp
import os
import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import environment
import pydata_sphinx_theme
import pyodide
import recorder
import runs
import yaml
from fontTools import subset
from PIL import Image

ROOT = Path(__file__).resolve().parents[1]
BUILD = ROOT / "_build"
SITE = BUILD / "html"
EDITIONS = {"en": SITE, "zh_CN": SITE / "zh"}
LANGUAGES = {edition.partition("_")[0]: edition for edition in EDITIONS}  # as a reader names them
FINISHED = BUILD / "finished"  # exists only while the last build succeeded
ICON = re.compile(r'((?:\.fa-[\w-]+:before,?)+)\{content:"\\([0-9a-f]+)"\}')
FACE = re.compile(r"(@font-face\{[^}]*src:)url\(\.\./webfonts/([\w-]+)\.woff2\)[^;}]*([^}]*\})")


def pages():
    """Every page of the table of contents."""
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text("utf-8"))
    chapters = (chapter["file"] for part in toc["parts"] for chapter in part["chapters"])
    return [toc["root"], *chapters]


def sphinx(out, doctrees, *, builder="html", **settings):
    """Run Sphinx with the book's settings and these; end the process if it fails or warns."""
    from jupyter_book.sphinx import build_sphinx

    needed = {"external_toc_path": str(ROOT / "_toc.yml"), "latex_individualpages": False}
    code = build_sphinx(
        ROOT,
        out,
        noconfig=True,
        path_config=ROOT / "_config.yml",
        confoverrides=needed | settings,
        doctreedir=doctrees,
        builder=builder,
        warningiserror=True,
        keep_going=True,
    )
    if code:  # a number or an exception
        sys.exit(1)


def edition(language):
    sphinx(
        EDITIONS[language],
        BUILD / f"doctrees-{language}",
        language=language,
        here_files=pyodide.ready(),
    )


def is_current():
    """Whether what was built is whole and younger than all that Sphinx does not watch."""
    unwatched = [
        *ROOT.glob("_ext/**/*.py"),
        *ROOT.glob("_templates/*"),
        ROOT / "locale/zh_CN/LC_MESSAGES/sphinx.po",
    ]
    return FINISHED.exists() and all(
        file.stat().st_mtime < FINISHED.stat().st_mtime for file in unwatched
    )


def main():
    chapters = [file for page in pages() if (file := (ROOT / page).with_suffix(".ipynb")).exists()]
    runs.data_name()  # once, for all the processes below
    failed = recorder.execute(recorder.needed(chapters))
    unproven = [chapter.stem for chapter in chapters if runs.passed(chapter) is None]
    for name in unproven:
        for site in EDITIONS.values():
            (site / "chapters" / name).with_suffix(".html").unlink(missing_ok=True)
    if failed or unproven:
        FINISHED.unlink(missing_ok=True)
        sys.exit(f"\nNothing was built, since these chapters failed: {', '.join(unproven)}.")

    pyodide.prepare()
    if not is_current():
        for folder in (SITE, *BUILD.glob("doctrees-*")):
            shutil.rmtree(folder, ignore_errors=True)
    FINISHED.unlink(missing_ok=True)
    for language, (code, said) in both_editions().items():
        print(said, flush=True)
        if code:
            report(code)
        site = EDITIONS[language]
        missing = [page for page in pages() if not (site / page).with_suffix(".html").exists()]
        if missing:
            sys.exit(f"The build of {language} left out {', '.join(missing)}.")
    for site in EDITIONS.values():
        drop_surplus(site)
    keep_used_icons(SITE)
    halve_figures(SITE)
    share(SITE, EDITIONS["zh_CN"])
    if address := os.environ.get("BOOK_URL", "").rstrip("/"):
        files = (site / page for site in EDITIONS.values() for page in pages())
        lines = (f"{address}/{file.relative_to(SITE)}.html" for file in files)
        (SITE / "sitemap.txt").write_text("\n".join([*lines, ""]), "utf-8")
    FINISHED.touch()
    print(f"\nThe book is in {SITE.relative_to(ROOT)}/index.html. To read it: make serve")


def both_editions():
    """Build the editions side by side; the exit status and the words of each."""
    print(f"Building {' and '.join(EDITIONS)} ...", flush=True)
    builds = {
        language: subprocess.Popen(
            [sys.executable, __file__, language],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for language in EDITIONS
    }
    # Each is read while it runs: one that fills its pipe would stop.
    with ThreadPoolExecutor() as reader:
        said = reader.map(lambda build: build.communicate()[0], builds.values())
        return {
            language: (builds[language].returncode, words)
            for language, words in zip(builds, said, strict=True)
        }


def drop_surplus(site):
    """Remove what Sphinx, the theme and MathJax bring and no page asks for."""
    static = site / "_static"
    math = static / "mathjax"
    asked = [
        math / "tex-chtml.js",
        math / "input/tex/extensions",
        math / "output/chtml/fonts/woff-v2",
    ]
    surplus = [
        *(file for file in math.rglob("*") if not {file, *file.parents} & set(asked)),
        *math.rglob("all-packages.js"),  # MathJax fetches each of them when a formula needs it
        *static.glob("vendor/fontawesome/*/js/*"),
        *static.glob("*webpack-macros.html"),
        *static.rglob("*.ttf"),
        *static.rglob("*.map"),
        *static.glob("locales/**/*.[mp]o"),
        *site.glob("_images/*.svg"),  # drawings stand in the pages
    ]
    for file in surplus:
        if file.is_file():
            file.unlink()


def keep_used_icons(site):
    """Keep of Font Awesome's two thousand icons those that a page, script or style names."""
    (theirs,) = Path(pydata_sphinx_theme.__file__).parent.glob(
        "theme/*/static/vendor/fontawesome/*"
    )
    vendored = list(site.rglob(f"vendor/fontawesome/{theirs.name}"))
    texts = {
        file: file.read_text("utf-8")
        for kind in ("html", "js", "css")
        for file in site.rglob(f"*.{kind}")
        if not set(vendored) & set(file.parents)
    }
    names = {name for text in texts.values() for name in re.findall(r"\bfa-[\w-]+", text)}
    # Styles say an icon by its code.
    styles = "".join(text for file, text in texts.items() if file.suffix == ".css")
    codes = {int(code, 16) for code in re.findall(r"\\(f[0-9a-f]{3})\b", styles)}

    def icon(rule):
        if not names & set(re.findall(r"fa-[\w-]+", rule[1])):
            return ""
        codes.add(int(rule[2], 16))
        return rule[0]

    style = ICON.sub(icon, (theirs / "css/all.min.css").read_text("utf-8"))
    # With their copyright, but not their name: it is reserved for the whole font.
    fonts, options = {}, subset.Options(flavor="woff", name_IDs=[0])
    for original in theirs.glob("webfonts/*.ttf"):
        font = subset.load_font(original, options)
        if not codes.isdisjoint(font.getBestCmap()):
            keeper = subset.Subsetter(options)
            keeper.populate(unicodes=codes)
            keeper.subset(font)
            fonts[original.stem] = font

    def face(rule):
        if rule[2] not in fonts:
            return ""
        return f'{rule[1]}url(../webfonts/{rule[2]}.woff) format("woff"){rule[3]}'

    style = FACE.sub(face, style)
    for folder in vendored:
        (folder / "css/all.min.css").write_text(style, "utf-8")
        for surplus in folder.glob("webfonts/*"):
            surplus.unlink()
        for name, font in fonts.items():
            subset.save_font(font, folder / f"webfonts/{name}.woff", options)


def halve_figures(site):
    """Keep each figure as WebP, pixel for pixel the same in about half of PNG's bytes."""
    for figure in site.rglob("_images/*.png"):
        with Image.open(figure) as pixels:
            pixels.save(figure.with_suffix(".webp"), lossless=True)
        figure.unlink()
    for page in site.rglob("*.html"):
        rewrite(page, lambda text: re.sub(r"(?<=_images/)([\w.-]+)\.png\b", r"\1.webp", text))


def rewrite(page, change):
    before = page.read_text("utf-8")
    if (after := change(before)) != before:
        page.write_text(after, "utf-8")


def share(site, edition):
    """Keep once, in `site`, what the edition in a folder of it has alike."""
    folders = "_images", "_sources", "_static"
    for file in [file for folder in folders for file in (edition / folder).rglob("*.*")]:
        original = site / file.relative_to(edition)
        if original.is_file() and filecmp.cmp(file, original, shallow=False):
            file.unlink()

    def shared(match):
        way, name = match[1], match[2]
        if (edition / name).exists() or not (site / name).exists():
            return match[0]
        whole = way.endswith(f"{edition.name}/")
        return (way.removesuffix(f"{edition.name}/") if whole else f"../{way}") + name

    for page in edition.rglob("*.html"):
        up = "../" * len(page.relative_to(edition).parents[1:])
        # The page that is shown at any address has whole ones.
        ways = rf"(?<=[\"'])({up}|[^\"']*/{edition.name}/)((?:{'|'.join(folders)})/[^\"'?#]+)"
        rewrite(page, lambda text, ways=ways: re.sub(ways, shared, text))


def report(code):
    for log in sorted(SITE.rglob("reports/**/*.log")):
        print(f"\n{log.relative_to(ROOT)}:\n{log.read_text('utf-8')}", file=sys.stderr)
    sys.exit(code)


if __name__ == "__main__":
    environment.clean()
    edition(sys.argv[1]) if sys.argv[1:] else main()
