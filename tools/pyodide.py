"""The files of Pyodide, with which cells run in a page: where they come from, and that they are so.

Pyodide's own come from its npm package, by npm's client, and NumPy's wheel, which is on no
registry, from DLCORE_PYODIDE: a folder that holds the wheel (and any other of the files, which then
takes the place of the package's), or the address of one, from which only the file comes whose hash
Pyodide's lock names. They are kept in `_build/pyodide`. Where one cannot be had, the book is built
without the buttons.
"""

import base64
import gzip
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import urllib.error
import urllib.request
from pathlib import Path

import environment

VERSION = "314.0.7"
INTEGRITY = (  # as npm says it
    "sha512-0YvXxEhfEdpLfb/XkM2BFAeMROq0iMUX2bzzH9pOttyM"
    "cWkwq+HbE5uyuGD82LN7y2q+SNvi/6V5JEsOlD2R1A=="
)
SETTING = "DLCORE_PYODIDE"
KEPT = Path(__file__).resolve().parents[1] / "_build" / "pyodide" / VERSION
LOCK = "pyodide-lock.json"
SHRUNK = ("pyodide.asm.mjs", "pyodide.asm.wasm")  # no server can be trusted to
FILES = ("pyodide.mjs", *SHRUNK, "python_stdlib.zip", LOCK)


class MissingError(Exception):
    """A file that cannot be had; the message says which."""


def prepare():
    """Get what is missing of the files; say so in one line if that cannot be done."""
    given = os.environ.get(SETTING, "")
    if not given and ready():
        return
    try:
        if not given:
            raise MissingError(f"{SETTING} names no place of NumPy's wheel for browsers")
        gather(given)
    except MissingError as error:
        shutil.rmtree(KEPT, ignore_errors=True)
        print(f"No cell will run in its page: {error}.", flush=True)


def ready():
    """The folder of the files, or an empty text if it is not whole."""
    return str(KEPT) if (KEPT / "files.json").exists() else ""


def gather(given):
    folder = None if is_address(given) else environment.named_folder(SETTING, given)
    KEPT.mkdir(parents=True, exist_ok=True)
    (KEPT / "files.json").unlink(missing_ok=True)
    with tempfile.TemporaryDirectory(dir=KEPT.parent) as work:
        own = Path(work)
        needed = [name for name in FILES if not folder or not (folder / name).exists()]
        kept = [name for name in needed if (KEPT / kept_name(name)).exists()]
        if kept != needed:
            unpack(own)
        for name in FILES:
            if folder and (folder / name).exists():
                keep((folder / name).read_bytes(), name)
            elif name not in kept:
                keep((own / name).read_bytes(), name)
    lock = json.loads((KEPT / LOCK).read_text("utf-8"))
    numpy = lock["packages"]["numpy"]
    wheel = numpy["file_name"]
    if folder:
        if not (folder / wheel).exists():
            raise MissingError(f"{SETTING}={given} does not hold {wheel}")
        shutil.copyfile(folder / wheel, KEPT / wheel)
    elif not has_hash(KEPT / wheel, numpy["sha256"]):
        content = fetched(f"{given.rstrip('/')}/{wheel}")
        if hashlib.sha256(content).hexdigest() != numpy["sha256"]:
            sys.exit(f"{wheel} from {given} is not the file that Pyodide's lock names.")
        (KEPT / wheel).write_bytes(content)
    made = {
        "python": lock["info"]["python"],
        "numpy": numpy["version"],
        "wheel": wheel,
        "lock": {"info": lock["info"], "packages": {}},  # nothing else is ever loaded
        "files": [*(kept_name(name) for name in FILES if name != LOCK), wheel],
    }
    (KEPT / "files.json").write_text(json.dumps(made), "utf-8")


def is_address(given):
    return given.startswith(("https://", "http://"))


def kept_name(name):
    return f"{name}.gz" if name in SHRUNK else name


def keep(content, name):
    if name in SHRUNK:
        content = gzip.compress(content, mtime=0)
    unfinished = KEPT / "unfinished"  # a file is found whole or not at all
    unfinished.write_bytes(content)
    unfinished.replace(KEPT / kept_name(name))


def has_hash(path, sha256):
    return path.exists() and hashlib.sha256(path.read_bytes()).hexdigest() == sha256


def unpack(folder):
    """Let npm get its package, check it, and unpack the files into the folder."""
    command = ["npm", "pack", f"pyodide@{VERSION}", "--silent", "--pack-destination", str(folder)]
    try:
        run = subprocess.run(command, capture_output=True, text=True, timeout=300, cwd=folder)
    except FileNotFoundError:
        raise MissingError(f"npm, which would get pyodide@{VERSION}, is not installed") from None
    except subprocess.TimeoutExpired:
        raise MissingError(f"npm did not get pyodide@{VERSION} in time") from None
    packages = list(folder.glob("*.tgz"))
    if run.returncode or not packages:
        said = (run.stderr.strip().splitlines() or ["it said nothing"])[-1]
        raise MissingError(f"npm could not get pyodide@{VERSION} ({said})")
    algorithm, _, digest = INTEGRITY.partition("-")
    found = hashlib.new(algorithm, packages[0].read_bytes()).digest()
    if base64.b64encode(found).decode() != digest:
        sys.exit(f"What npm got as pyodide@{VERSION} is not the package that was pinned.")
    with tarfile.open(packages[0]) as archive:
        for name in FILES:
            (folder / name).write_bytes(archive.extractfile(f"package/{name}").read())


def fetched(address):
    try:
        with urllib.request.urlopen(address, timeout=60) as response:
            return response.read()
    except (urllib.error.URLError, OSError) as error:
        raise MissingError(f"{address} could not be fetched ({error})") from None
