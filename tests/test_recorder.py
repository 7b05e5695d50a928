"""What a run is: the messages that it keeps, what it depends on, and whom it shares with."""

import contextlib
import multiprocessing
import threading
import time
from types import SimpleNamespace

import nbformat
import pytest
import recorder
import runs
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

# Messages


def message(kind, cell="a", **content):
    header, parent = {"msg_type": kind}, {"msg_id": cell}
    return {"header": header, "msg_type": kind, "parent_header": parent, "content": content}


def text(words, cell="a", name="stdout"):
    return message("stream", cell, name=name, text=words)


def display(value, cell="a", kind="display_data", name=None):
    transient = {"display_id": name} if name else {}
    data = {"text/plain": value}
    return message(kind, cell, data=data, metadata={}, transient=transient)


def shown(*messages):
    """The texts that a page shows, a list for each of the cells a and b."""
    starts = [message("execute_input"), *messages[:-1], message("execute_input", "b")]
    cells = recorder.shown_outputs([*starts, messages[-1]])
    return [[o.get("text") or o["data"]["text/plain"] for o in outputs] for outputs in cells]


def test_pieces_of_a_stream_are_one_output_until_something_else_comes():
    assert shown(text("1"), text("2"), display("x"), text("3"), text("4", "b")) == [
        ["12", "x", "3"],
        ["4"],
    ]


def test_two_streams_stay_apart():
    assert shown(text("1"), text("2", name="stderr"), text("3", "b")) == [["1", "2"], ["3"]]


def test_a_later_cell_updates_the_display_where_it_stands():
    update = display("new", "b", kind="update_display_data", name="d")
    assert shown(display("old", name="d"), text("1"), update) == [["new", "1"], []]


def test_cleared_output_goes_at_once_or_with_what_follows():
    end = text("end", "b")
    assert shown(text("1"), message("clear_output", wait=False), end) == [[], ["end"]]
    assert shown(text("1"), message("clear_output", wait=True), end) == [["1"], ["end"]]
    assert shown(text("1"), message("clear_output", wait=True), text("2"), end)[0] == ["2"]


def test_output_after_the_cell_s_end_belongs_to_the_cell_that_started_it():
    assert shown(text("1"), text("late", "a")) == [["1late"], []]


# Keys


@pytest.fixture
def notebook(monkeypatch):
    for variable, name in zip(runs.DATA.values(), ("MNIST", "clothes"), strict=True):
        monkeypatch.setenv(variable, name)
    cell = new_code_cell("print(1)", execution_count=1)
    return new_notebook(cells=[new_markdown_cell("# A page"), cell])


def change_source(notebook):
    notebook.cells[1].source += "\n"


def change_tags(notebook):
    notebook.cells[1].metadata["tags"] = ["alone"]


def change_stored_output(notebook):
    notebook.cells[1].outputs = [nbformat.v4.new_output("stream", text="1\n")]


def add_cell(notebook):
    notebook.cells.append(new_code_cell(""))


@pytest.mark.parametrize("change", [change_source, change_tags, change_stored_output, add_cell])
def test_a_changed_cell_needs_a_new_run(notebook, change):
    before = runs.key(notebook)
    change(notebook)
    assert runs.key(notebook) != before


def change_text(notebook):
    notebook.cells[0].source = "# Another title"


def change_caption(notebook):
    notebook.cells[1].metadata["mystnb"] = {"figure": {"caption": "Another"}}


@pytest.mark.parametrize("change", [change_text, change_caption])
def test_prose_needs_none(notebook, change):
    before = runs.key(notebook)
    change(notebook)
    assert runs.key(notebook) == before


def test_other_data_and_other_versions_need_a_new_run(notebook, monkeypatch):
    keys = {runs.key(notebook)}
    monkeypatch.setenv(runs.DATA["load_mnist"], "digits")
    keys.add(runs.key(notebook))
    monkeypatch.setattr(runs, "versions", lambda: {"numpy": "0"})
    keys.add(runs.key(notebook))
    assert len(keys) == 3


def test_other_clothes_need_a_new_run_of_a_chapter_that_loads_them(notebook, monkeypatch):
    dressed = nbformat.from_dict(notebook)
    dressed.cells[1].source = "clothes = data.load_fashion_mnist()"
    assert runs.data_names(dressed) == "MNIST, clothes"
    before = [runs.key(page) for page in (notebook, dressed)]
    monkeypatch.setenv(runs.DATA["load_fashion_mnist"], "turned digits")
    plain, changed = (runs.key(page) for page in (notebook, dressed))
    assert plain == before[0]
    assert changed != before[1]


def test_all_of_the_package_is_in_the_key():
    names = {file.relative_to(runs.ROOT).as_posix() for file in runs.surroundings()}
    package = {
        file.relative_to(runs.ROOT).as_posix()
        for file in (runs.ROOT / "dlcore").rglob("*.*")
        if file.suffix not in (".pyc", "")
    }
    assert package <= names
    assert {"requirements.txt", "chapters/matplotlibrc", "tools/recorder.py"} <= names
    assert not any("__pycache__" in name for name in names)


# Keeping


def test_a_run_says_when_and_with_what(notebook, monkeypatch, tmp_path):
    monkeypatch.setattr(runs, "EXECUTED", tmp_path / "executed")
    path = tmp_path / "page.ipynb"
    nbformat.write(notebook, path)
    assert runs.passed(path) is runs.last(path) is runs.shown(path) is None
    executed = nbformat.from_dict(notebook)
    executed.cells[1].outputs = [nbformat.v4.new_output("stream", text="1\n")]
    runs.keep(path, runs.key(nbformat.read(path, as_version=4)), executed, 12.34)
    book = runs.passed(path).metadata["book"]
    assert set(book) == {"date", "seconds", "python", "numpy", "keras", "data"}
    assert (book["seconds"], book["data"]) == (12.3, "MNIST")

    change_text(notebook)
    nbformat.write(notebook, path)
    page = runs.shown(path)
    assert page.cells[0].source == "# Another title"
    assert page.cells[1].outputs[0].text == "1\n"

    change_source(notebook)
    nbformat.write(notebook, path)
    assert runs.passed(path) is None
    assert runs.last(path) is not None


# Turns


def hold(folder, seconds, ready, go, spans):
    runs.EXECUTED = folder
    ready.set()
    go.wait()
    with recorder.turn(alone=False):
        start = time.monotonic()
        ready.set()
        time.sleep(seconds)
        spans.put((start, time.monotonic()))


@pytest.mark.parametrize("alone", [False, True])
def test_who_waits_to_be_alone_is_neither_joined_nor_passed_by(tmp_path, alone):
    context = multiprocessing.get_context("spawn")
    spans, readies, goes = context.Queue(), *([context.Event(), context.Event()] for _ in range(2))
    others = [
        context.Process(target=hold, args=(tmp_path, *given, spans))
        for given in zip((6.0, 0.0), readies, goes, strict=True)
    ]
    for other, ready in zip(others, readies, strict=True):
        other.start()
        assert ready.wait(timeout=120)
        ready.clear()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(runs, "EXECUTED", tmp_path)
        goes[0].set()
        assert readies[0].wait(timeout=120)  # the first one has its turn now
        threading.Timer(1.0, goes[1].set).start()  # the second one comes while we wait
        with recorder.turn(alone):
            start = time.monotonic()
            time.sleep(0.0 if alone else 2.0)
            end = time.monotonic()
    (first, first_end), (second, _) = sorted(spans.get(timeout=30) for _ in others)
    for other in others:
        other.join()
    assert first < start
    if alone:
        assert first_end < start
        assert end < second, "nobody passes by one who waits"
    else:
        assert start < first_end
        assert second < first_end


@pytest.mark.parametrize(
    ("tagged", "during"), [([], []), ([1], [1]), ([0, 2], [0, 1, 2]), ([1, 3], [1, 2, 3])]
)
def test_a_page_is_alone_from_the_first_cell_that_says_so_to_the_last(tagged, during):
    cells = [new_code_cell(metadata={"tags": ["alone"]} if n in tagged else {}) for n in range(4)]
    assert list(recorder.cells_alone(new_notebook(cells=[new_markdown_cell(), *cells]))) == during


@pytest.mark.parametrize(
    ("tagged", "turns"),
    [
        ([], "shared 0, shared 1, shared 2, shared 3, end"),
        ([1, 2], "shared 0, alone 1 2, shared 3, end"),
        ([0, 3], "alone 0 1 2 3, end"),
        ([3], "shared 0, shared 1, shared 2, alone 3, end"),
    ],
)
def test_the_cells_of_a_page_take_turns_with_those_of_others(monkeypatch, tagged, turns):
    log = []

    @contextlib.contextmanager
    def turn(alone):
        log.append("alone" if alone else "shared")
        yield
        log[-1] += ","

    recording = SimpleNamespace(seconds=0.0, finish=lambda: log.append("end"))
    monkeypatch.setattr(recorder, "turn", turn)
    monkeypatch.setattr(recorder, "IPyNbCell", SimpleNamespace)
    monkeypatch.setattr(recorder, "Recording", lambda file: recording)
    cells = [new_code_cell(metadata={"tags": ["alone"]} if n in tagged else {}) for n in range(4)]
    page = SimpleNamespace(nb=new_notebook(cells=cells), stash=pytest.Stash())
    items = [SimpleNamespace(parent=page, cell_num=n) for n in range(4)]
    for item, following in zip(items, [*items[1:], None], strict=True):
        protocol = recorder.pytest_runtest_protocol(item, following)
        next(protocol)
        log.append(str(item.cell_num))
        with pytest.raises(StopIteration):
            protocol.send(True)
    assert " ".join(log) == turns
