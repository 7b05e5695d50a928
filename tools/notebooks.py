"""Keep the chapters' notebooks in the form in which the repository stores them.

    notebooks.py outputs [FILE ...]    execute, and store the outputs that the tests compare
    notebooks.py check [FILE ...]      fail if a notebook is not in stored form
    notebooks.py repository URL        set the repository's address in _config.yml and the notebooks

Stored form: a cell whose output depends on the machine carries the tag ``nbval-ignore-output`` and
stores none; every other code cell stores its text output and nothing else.
"""

import re
import sys
from pathlib import Path

import environment
import nbformat
import yaml

import dlcore

ROOT = Path(__file__).resolve().parents[1]
KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}
IGNORED = "nbval-ignore-output"
HIDDEN = {"remove-cell", "remove-input", "hide-cell", "hide-input", "check"}  # their code is folded

BOOTSTRAP = """\
# Makes what this page imports available; `make repository` writes this cell.
import os

# Without these TensorFlow writes to stderr.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")
try:
    import dlcore

    found = dlcore.__version__
except (ImportError, AttributeError):
    found = None
if found != "{version}":
{install}
from dlcore import check

try:
    from myst_nb import glue
except ImportError:
    # Here the text shows names where the book's pages show numbers.
    def glue(name, value, **_):
        print(f"{{name}}: {{value}}")"""

# An older dlcore that this cell has imported gives way to the one that it installs.
INSTALL = """\
    %pip install -q --no-deps git+{url}@{branch}
    import sys

    for name in [name for name in sys.modules if name.split(".")[0] == "dlcore"]:
        del sys.modules[name]"""

NO_ADDRESS = """\
    raise ImportError(
        f"this page needs the book's dlcore {version}, found {{found}}: "
        "in a clone of the book, run `make lab`"
    )"""


def bootstrap(url, branch):
    """The source of the first code cell of every chapter."""
    version = dlcore.__version__
    install = INSTALL.format(url=url, branch=branch) if url else NO_ADDRESS.format(version=version)
    return BOOTSTRAP.format(install=install, version=version)


def repository():
    """Address and branch in _config.yml; the address is empty while none is set."""
    settings = yaml.safe_load((ROOT / "_config.yml").read_text("utf-8"))["repository"]
    return settings["url"], settings["branch"]


def stored(notebook):
    """The notebook in stored form.

    Raises:
        ValueError: if a cell without the tag has an output that is not text, or an error.
    """
    notebook = nbformat.from_dict(notebook)
    notebook.metadata = {"kernelspec": KERNEL, "language_info": {"name": "python"}}
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    for cell in notebook.cells:
        cell.metadata = {k: v for k, v in cell.metadata.items() if k in ("tags", "mystnb")}
    for count, cell in enumerate(code, 1):
        if IGNORED in cell.metadata.get("tags", []):
            cell.outputs, cell.execution_count = [], None
        else:
            cell.outputs = _merged(_text_only(output, count) for output in cell.outputs)
            cell.execution_count = count
    code[0].source = bootstrap(*repository())
    return notebook


def visible(notebook):
    """The code cells that a page shows: copied in order into an empty file, they run."""
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    return [cell for cell in code if not HIDDEN & set(cell.metadata.get("tags", []))]


def _text_only(output, count):
    if output.output_type == "stream" and output.name == "stdout":
        return nbformat.v4.new_output("stream", name="stdout", text=output.text)
    if output.output_type == "execute_result" and set(output.data) == {"text/plain"}:
        return nbformat.v4.new_output("execute_result", output.data, execution_count=count)
    raise ValueError(
        f"code cell {count} has {output.output_type} output that is not text: tag it {IGNORED}"
    )


def _merged(outputs):
    """One stream output for each run of them: how a kernel cuts a stream is chance."""
    merged = []
    for output in outputs:
        if merged and output.output_type == merged[-1].output_type == "stream":
            merged[-1].text += output.text
        else:
            merged.append(output)
    return merged


def write(path, notebook):
    path.write_text(serialized(notebook), "utf-8")


def serialized(notebook):
    return nbformat.writes(notebook, indent=1) + "\n"


def outputs(paths):
    from nbclient import NotebookClient

    environment.clean()
    for path in paths:
        print(f"Executing {path.relative_to(ROOT)} ...", flush=True)
        notebook = nbformat.read(path, as_version=4)
        NotebookClient(
            notebook,
            timeout=900,
            kernel_name="python3",
            resources={"metadata": {"path": path.parent}},
        ).execute()
        write(path, stored(notebook))


def check(paths):
    wrong = [
        str(path)
        for path in paths
        if serialized(stored(nbformat.read(path, as_version=4))) != path.read_text("utf-8")
    ]
    if wrong:
        sys.exit(f"Not in stored form, run `make outputs`: {', '.join(wrong)}")


def set_repository(url):
    # No user or token: the address goes into each notebook. No sign that YAML or a shell reads.
    if not re.fullmatch(r"https://[\w.-]+(:\d+)?/[\w.-]+/[\w.-]+", url) or url.endswith(".git"):
        sys.exit(
            f"URL={url!r} is not a repository's address such as https://github.com/you/your-copy"
        )
    config = ROOT / "_config.yml"
    text, count = re.subn(r"(?m)^  url: .*$", f'  url: "{url}"', config.read_text("utf-8"))
    if count != 1:
        sys.exit(f"_config.yml must have one line 'url:' under repository; it has {count}")
    config.write_text(text, "utf-8")
    for path in chapters():
        write(path, stored(nbformat.read(path, as_version=4)))
    print(
        f"The repository's address is now {url}, in _config.yml and in each notebook's first cell."
    )


def chapters():
    return sorted((ROOT / "chapters").glob("*.ipynb"))


def main(command="", *arguments):
    paths = [Path(argument).resolve() for argument in arguments] or chapters()
    if command == "outputs":
        outputs(paths)
    elif command == "check":
        check(paths)
    elif command == "repository" and len(arguments) == 1:
        set_repository(arguments[0])
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main(*sys.argv[1:])
