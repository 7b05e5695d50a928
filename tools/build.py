"""Build the site in _build/html; `make book` calls this.

Jupyter Book alone would pass over an earlier failure on an unchanged tree, since Sphinx does not
repeat a warning, and over a table of contents that it does not understand.
"""

import shutil
import subprocess
import sys
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[1]
SITE = ROOT / "_build" / "html"
FINISHED = ROOT / "_build" / "finished"  # exists only while the last build succeeded


def pages():
    """Every page of the table of contents."""
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text("utf-8"))
    chapters = (chapter["file"] for part in toc["parts"] for chapter in part["chapters"])
    return [toc["root"], *chapters]


def main():
    if not FINISHED.exists():
        shutil.rmtree(SITE, ignore_errors=True)
        shutil.rmtree(SITE.parent / ".doctrees", ignore_errors=True)
    FINISHED.unlink(missing_ok=True)
    program = Path(sys.executable).with_name("jupyter-book")
    command = [program, "build", ".", "-W", "--keep-going"]
    code = subprocess.run(command, cwd=ROOT).returncode
    if code:
        report(code)
    missing = [page for page in pages() if not (SITE / page).with_suffix(".html").exists()]
    if missing:
        sys.exit(f"The build left out {', '.join(missing)}.")
    FINISHED.touch()
    print(f"\nThe book is in {SITE.relative_to(ROOT)}/index.html. To read it: make serve")


def report(code):
    for log in sorted(SITE.glob("reports/**/*.log")):
        print(f"\n{log.relative_to(ROOT)}:\n{log.read_text('utf-8')}", file=sys.stderr)
    sys.exit(code)


if __name__ == "__main__":
    main()
