"""Open copies of the pages in JupyterLab, in work/; `make lab` calls this.

    lab.py [ARGUMENT ...]    arguments for JupyterLab, such as --no-browser

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

ROOT = environment.ROOT
WORK = ROOT / "work"
COPIED = WORK / ".copied.json"  # name -> SHA-256 of the copy as it was made

KERNEL = """\
c = get_config()
c.InteractiveShellApp.exec_files = [{moving!r}]
"""


def copy_pages():
    """Copy new and changed pages; return the names of those that the reader has changed too."""
    WORK.mkdir(exist_ok=True)
    copied = json.loads(COPIED.read_text("utf-8")) if COPIED.exists() else {}
    behind = []
    for page in sorted((ROOT / "chapters").iterdir()):
        if page.is_dir() or page.name == "ruff.toml":
            continue
        copy, new = WORK / page.name, as_shown(page)
        here = digest(copy.read_bytes()) if copy.exists() else None
        if here not in (None, digest(new), copied.get(page.name)):
            behind += [page.name] if copied.get(page.name) != digest(new) else []
            continue
        if here != digest(new):
            copy.write_bytes(new)
        copied[page.name] = digest(new)
    COPIED.write_text(json.dumps(copied, indent=1), "utf-8")
    return behind


def as_shown(page):
    """The bytes of a copy: what the site folds is folded, and names stand for computed numbers."""
    if page.suffix != ".ipynb":
        return page.read_bytes()
    notebook = nbformat.read(page, as_version=4)
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


def main(*arguments):
    for name in copy_pages():
        print(
            f"work/{name} holds your changes and stays. The page has changed since: for the new "
            "one, rename yours and start again."
        )
    prepare_kernels()
    lab = Path(sys.executable).with_name("jupyter-lab")
    root = ["--allow-root"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    os.execv(lab, [str(lab), f"--ServerApp.root_dir={WORK}", *root, *arguments])


if __name__ == "__main__":
    main(*sys.argv[1:])
