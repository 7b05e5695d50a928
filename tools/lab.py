"""Open copies of the pages in JupyterLab, in work/; `make lab` calls this.

    lab.py LANGUAGE [ARGUMENT ...]    arguments for JupyterLab, such as --no-browser

A copy is the reader's: exercises are done in it, and it is brought up to date with its page only
while the reader has not changed it.
"""

import hashlib
import json
import os
import re
import sys
from pathlib import Path

import environment
import nbformat
import notebooks
import translation

ROOT = environment.ROOT
WORK = ROOT / "work"
LANGUAGES = {"en": "", "zh": "zh"}  # and the folder of its copies in work/
COPIED = ".copied.json"  # beside the copies: name -> SHA-256 of the copy as it was made

KERNEL = """\
c = get_config()
c.InteractiveShellApp.exec_files = [{moving!r}]
"""


def copy_pages(language):
    """Copy new and changed pages; return the names of those that the reader has changed too."""
    folder = WORK / LANGUAGES[language]
    folder.mkdir(parents=True, exist_ok=True)
    record = folder / COPIED
    copied = json.loads(record.read_text("utf-8")) if record.exists() else {}
    behind = []
    for page in sorted((ROOT / "chapters").iterdir()):
        if page.is_dir() or page.name == "ruff.toml":
            continue
        copy, new = folder / page.name, as_shown(page, language)
        here = digest(copy.read_bytes()) if copy.exists() else None
        if here not in (None, digest(new), copied.get(page.name)):
            behind += [str(copy.relative_to(ROOT))] if copied.get(page.name) != digest(new) else []
            continue
        if here != digest(new):
            copy.write_bytes(new)
        copied[page.name] = digest(new)
    record.write_text(json.dumps(copied, indent=1), "utf-8")
    return behind


def as_shown(page, language):
    """The bytes of a copy: what the site folds is folded, and names stand for computed numbers."""
    source = page.read_bytes()
    if language == "zh" and page.suffix in (".ipynb", ".md"):
        source = translation.in_chinese(f"chapters/{page.stem}").encode()
    if page.suffix != ".ipynb":
        return source
    notebook = nbformat.reads(source.decode(), as_version=4)
    for cell in notebook.cells:
        if notebooks.HIDDEN & set(cell.metadata.get("tags", [])):
            cell.metadata["jupyter"] = {"source_hidden": True}
        if cell.cell_type == "markdown":
            cell.source = re.sub(r"\{glue:text\}`([^`:]+)(:[^`]*)?`", r"`\1`", cell.source)
    return (nbformat.writes(notebook, indent=1) + "\n").encode()


def digest(content):
    return hashlib.sha256(content).hexdigest()


def prepare_kernels():
    """Kernels like those that build the pages, but for what moves: the site's script moves it."""
    environment.clean(jupyter=False)
    folder = environment.HOME / "lab"
    (folder / "profile_default").mkdir(parents=True, exist_ok=True)
    settings = KERNEL.format(moving=str(ROOT / "tools" / "moving.py"))
    (folder / "profile_default" / "ipython_kernel_config.py").write_text(settings, "utf-8")
    os.environ["IPYTHONDIR"] = str(folder)


def main(language="en", *arguments):
    if language not in LANGUAGES:
        sys.exit(
            f"The pages are not in the language {language!r}, but in {' and '.join(LANGUAGES)}."
        )
    for copy in copy_pages(language):
        print(
            f"{copy} holds your changes and stays. The page has changed since: for the new one, "
            "rename yours and start again."
        )
    prepare_kernels()
    lab = Path(sys.executable).with_name("jupyter-lab")
    root = ["--allow-root"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    folder = WORK / LANGUAGES[language]
    os.execv(lab, [str(lab), f"--ServerApp.root_dir={folder}", *root, *arguments])


if __name__ == "__main__":
    main(*sys.argv[1:])
