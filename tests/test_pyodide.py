"""Where the files come from with which cells run in a page, with a stand-in for npm."""

import base64
import hashlib
import io
import json
import re
import tarfile
from pathlib import Path

import pyodide
import pytest
import yaml
from serving import served

ROOT = Path(__file__).resolve().parents[1]
WHEEL, CONTENT = "numpy-2-wasm32.whl", b"a wheel"
LOCK = {
    "info": {"python": "3.14.2"},
    "packages": {
        "numpy": {
            "file_name": WHEEL,
            "version": "2.4.6",
            "sha256": hashlib.sha256(CONTENT).hexdigest(),
        },
        "scipy": {"file_name": "scipy.whl"},
    },
}


def package():
    """What npm would get."""
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w:gz") as archive:
        for name in (*pyodide.FILES, "console.html"):
            content = json.dumps(LOCK).encode() if name == pyodide.LOCK else name.encode()
            member = tarfile.TarInfo(f"package/{name}")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return made.getvalue()


@pytest.fixture
def npm(tmp_path, monkeypatch):
    """An npm that copies that package and counts its calls."""
    tgz = tmp_path / "there.tgz"
    tgz.write_bytes(package())
    programs = tmp_path / "bin"
    programs.mkdir()
    script = f'#!/bin/sh\necho "$@" >>{tmp_path}/calls\n/bin/cp {tgz} "$5"/pyodide.tgz\n'
    (programs / "npm").write_text(script)
    (programs / "npm").chmod(0o755)
    monkeypatch.setenv("PATH", str(programs))
    digest = hashlib.sha512(tgz.read_bytes()).digest()
    monkeypatch.setattr(pyodide, "INTEGRITY", f"sha512-{base64.b64encode(digest).decode()}")
    monkeypatch.setattr(pyodide, "KEPT", tmp_path / "kept" / "1")
    monkeypatch.delenv(pyodide.SETTING, raising=False)
    return programs / "npm"


@pytest.fixture
def folder(tmp_path):
    place = tmp_path / "folder"
    place.mkdir()
    (place / WHEEL).write_bytes(CONTENT)
    return place


@pytest.fixture
def address(folder):
    with served(folder) as address:
        yield address


def prepared(monkeypatch, given):
    monkeypatch.setenv(pyodide.SETTING, str(given))
    pyodide.prepare()
    return pyodide.ready() and json.loads(Path(pyodide.ready(), "files.json").read_text())


def calls(npm):
    file = npm.parents[1] / "calls"
    return file.read_text().splitlines() if file.exists() else []


def test_npm_and_a_folder_give_the_files_once(npm, folder, monkeypatch, capsys):
    facts = prepared(monkeypatch, folder)
    assert (facts["python"], facts["numpy"], facts["wheel"]) == ("3.14.2", "2.4.6", WHEEL)
    assert facts["lock"] == {"info": LOCK["info"], "packages": {}}
    for name in facts["files"]:
        assert (pyodide.KEPT / name).exists()
    assert (pyodide.KEPT / WHEEL).read_bytes() == CONTENT
    assert prepared(monkeypatch, folder) == facts
    assert [call.split()[:2] for call in calls(npm)] == [["pack", f"pyodide@{pyodide.VERSION}"]]
    monkeypatch.delenv(pyodide.SETTING)
    pyodide.prepare()
    assert pyodide.ready(), "what was kept stays"
    assert capsys.readouterr().out == ""


def test_files_in_the_folder_take_the_place_of_npms(npm, folder, monkeypatch):
    npm.unlink()
    for name in pyodide.FILES:
        (folder / name).write_text(json.dumps(LOCK) if name == pyodide.LOCK else "own")
    assert prepared(monkeypatch, folder)
    assert (pyodide.KEPT / "pyodide.mjs").read_text() == "own"


def test_an_address_gives_the_file_that_the_lock_names(npm, address, monkeypatch):
    facts = prepared(monkeypatch, address)
    assert (pyodide.KEPT / facts["wheel"]).read_bytes() == CONTENT


def test_another_file_than_the_lock_names_is_an_error(npm, address, folder, monkeypatch):
    (folder / WHEEL).write_bytes(b"tampered")
    with pytest.raises(SystemExit, match="is not the file that Pyodide's lock names"):
        prepared(monkeypatch, address)
    assert not pyodide.ready()


def test_another_package_than_the_pinned_one_is_an_error(npm, folder, monkeypatch):
    monkeypatch.setattr(pyodide, "INTEGRITY", "sha512-AAAA")
    with pytest.raises(SystemExit, match="is not the package that was pinned"):
        prepared(monkeypatch, folder)
    assert not pyodide.ready()


@pytest.mark.parametrize(("name", "problem"), [("none", "does not exist"), ("file", "is a file")])
def test_what_is_no_folder_is_an_error(npm, tmp_path, monkeypatch, name, problem):
    (tmp_path / "file").touch()
    with pytest.raises(SystemExit, match=f"names no folder: .*{name} {problem}"):
        prepared(monkeypatch, tmp_path / name)


def left_out(capsys):
    (line,) = capsys.readouterr().out.splitlines()
    assert line.startswith("No cell will run in its page: ")
    assert not pyodide.ready()
    return line


def test_what_cannot_be_had_is_said_in_one_line(npm, folder, address, monkeypatch, capsys):
    prepared(monkeypatch, "")
    assert "DLCORE_PYODIDE names no place of NumPy's wheel" in left_out(capsys)
    assert calls(npm) == [], "nothing is asked for in vain"
    (folder / WHEEL).unlink()
    prepared(monkeypatch, folder)
    assert f"does not hold {WHEEL}" in left_out(capsys)
    prepared(monkeypatch, address)
    assert "could not be fetched (HTTP Error 404" in left_out(capsys)
    npm.write_text("#!/bin/sh\necho first >&2\necho 'npm error network' >&2\nexit 1\n")
    prepared(monkeypatch, folder)
    assert "npm could not get pyodide" in (line := left_out(capsys))
    assert "(npm error network)" in line
    npm.unlink()
    prepared(monkeypatch, folder)
    assert "is not installed" in left_out(capsys)


@pytest.mark.parametrize("name", ["publish", "test"])
def test_a_workflow_names_the_address_of_the_pinned_version(name):
    text = (ROOT / f".github/workflows/{name}.yml").read_text("utf-8")
    jobs = yaml.safe_load(text)["jobs"]
    environments = [
        place.get("env", {}) for job in jobs.values() for place in [job, *job.get("steps", [])]
    ]
    named = [given[pyodide.SETTING] for given in environments if pyodide.SETTING in given]
    assert len(named) == 1
    assert named[0].endswith(f"/pyodide/v{pyodide.VERSION}/full/")
    assert re.match("https://", named[0])


def test_no_code_names_another_host():
    files = [ROOT / "tools/pyodide.py", *ROOT.glob("_ext/here/*.py"), *ROOT.glob("_static/here*")]
    assert len(files) >= 8
    for file in files:
        assert not re.search(r"https?://[\w.]*\w", file.read_text("utf-8")), file
