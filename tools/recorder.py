"""nbval executes the chapters, and what it executed is what the pages show.

    recorder.py              run every chapter that has no passed run as it stands
    recorder.py elsewhere    run all of them with the arithmetic of another processor, keep nothing

As a plugin of pytest this keeps what the kernels of nbval send. A chapter whose cells all passed
leaves its run in `_build/executed`; one with a cell that failed leaves nothing. A chapter with
cells tagged ``alone`` publishes times: from the first of them to the last no other chapter runs.
"""

import contextlib
import fcntl
import os
import subprocess
import sys
import time

import nbformat
import notebooks
import pytest
import runs
from nbformat.v4 import output_from_msg
from nbval.plugin import IPyNbCell

ALONE = "alone"
KEEP = "BOOK_KEEP_RUNS"  # 0 in a run whose outputs are not to be shown
PATIENCE = 60  # seconds for the outputs of a cell that has ended; nbval's own five are few
OUTPUTS = ("stream", "display_data", "execute_result", "error")


class Recording:
    """One chapter while it runs: the messages of its kernel and the verdicts on its cells."""

    def __init__(self, file):
        self.file, self.key = file, runs.key(file.nb)
        self.messages, self.passed, self.broken = [], 0, None
        self.seconds = 0.0
        receive = file.get_kernel_message

        def listen(*arguments, **keywords):
            message = receive(*arguments, **keywords)
            self.messages.append(message)
            return message

        file.get_kernel_message = listen

    def stderr(self):
        return "".join(
            message["content"]["text"]
            for message in self.messages
            if message["msg_type"] == "stream" and message["content"]["name"] == "stderr"
        )

    def finish(self):
        """Keep the run if every cell passed and nothing that it ran on changed meanwhile."""
        cells = runs.code(self.file.nb)
        if self.passed < len(cells) or os.environ.get(KEEP) == "0":
            return
        outputs = shown_outputs(self.messages)
        if runs.key(self.file.nb) != self.key or len(outputs) != len(cells):
            return
        for count, (cell, shown) in enumerate(zip(cells, outputs, strict=True), 1):
            cell.outputs, cell.execution_count = shown, count
        runs.keep(self.file.path, self.key, self.file.nb, self.seconds)


def shown_outputs(messages):
    """The outputs that a page shows, a list for each execution, in order.

    A display that a later cell updates changes where it stands, as in JupyterLab.
    """
    cells, displays, waits = {}, {}, set()
    for message in messages:
        kind, content = message["msg_type"], message["content"]
        cell = message["parent_header"].get("msg_id")
        if kind == "execute_input":
            cells[cell] = []
        elif kind == "update_display_data":
            for output in displays.get(content["transient"]["display_id"], []):
                output.data, output.metadata = map(
                    nbformat.from_dict, (content["data"], content["metadata"])
                )
        elif cell in cells and kind == "clear_output":
            if content["wait"]:
                waits.add(cell)
            else:
                cells[cell].clear()
        elif cell in cells and kind in OUTPUTS:
            if cell in waits:
                waits.remove(cell)
                cells[cell].clear()
            append(cells[cell], output := output_from_msg(message))
            if name := content.get("transient", {}).get("display_id"):
                displays.setdefault(name, []).append(output)
    return list(cells.values())


def append(outputs, output):
    """Add an output, or to the stream that stands last: how a kernel cuts a stream is chance."""
    if output.output_type == "stream" and outputs:
        before = outputs[-1]
        if before.output_type == "stream" and before.name == output.name:
            before.text += output.text
            return
    outputs.append(output)


@contextlib.contextmanager
def turn(alone):
    """Share the machine with other chapters, or have it alone.

    Who waits to be alone keeps the queue closed, or the others would pass by again and again.
    """
    runs.EXECUTED.mkdir(parents=True, exist_ok=True)
    with (runs.EXECUTED / "queue").open("w") as queue, (runs.EXECUTED / "turn").open("w") as lock:
        fcntl.flock(queue, fcntl.LOCK_EX)
        fcntl.flock(lock, fcntl.LOCK_EX if alone else fcntl.LOCK_SH)
        fcntl.flock(queue, fcntl.LOCK_UN)
        yield


def cells_alone(notebook):
    """The numbers of the cells during which no other chapter runs."""
    tagged = [
        n for n, cell in enumerate(runs.code(notebook)) if ALONE in cell.metadata.get("tags", [])
    ]
    return range(tagged[0], tagged[-1] + 1) if tagged else range(0)


RECORDING = pytest.StashKey[Recording]()
TURN = pytest.StashKey[contextlib.ExitStack]()  # the turn that a chapter has now


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item, nextitem):
    if not isinstance(item, IPyNbCell):
        return (yield)
    file, cells = item.parent, cells_alone(item.parent.nb)
    if RECORDING not in file.stash:
        file.stash[RECORDING] = Recording(file)
        file.stash[TURN] = contextlib.ExitStack()
    recording, turns = file.stash[RECORDING], file.stash[TURN]
    if item.cell_num not in cells[1:]:
        turns.enter_context(turn(item.cell_num in cells))
    started = time.perf_counter()
    try:
        return (yield)
    finally:
        recording.seconds += time.perf_counter() - started
        ended = nextitem is None or nextitem.parent is not file  # and so has its kernel
        if ended or item.cell_num not in cells[:-1]:
            turns.close()
        if ended:
            recording.finish()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item):
    if not isinstance(item, IPyNbCell):
        return (yield)
    recording = item.parent.stash[RECORDING]
    if recording.broken is not None:
        pytest.skip(f"cell {recording.broken} of this chapter failed")
    said = recording.stderr()
    item.output_timeout = PATIENCE
    try:
        result = yield
        said = recording.stderr().removeprefix(said)
        if said:
            item.raise_cell_error(f"The cell wrote to stderr, which no page shows: {said}")
        recording.passed += 1
        return result
    except Exception:
        # After an error the cells below fail for want of names; after other outputs they do not.
        if any(output.output_type == "error" for output in item.test_outputs or []):
            recording.broken = item.cell_num
        raise


def pytest_collection_modifyitems(items):
    """Longest first, so that no worker ends long before the other."""

    def seconds(path):
        before = runs.last(path)
        return before.metadata["book"]["seconds"] if before else float("inf")

    files = {item.path for item in items if isinstance(item, IPyNbCell)}
    places = {path: -seconds(path) for path in files}
    items.sort(key=lambda item: places.get(item.path, float("-inf")))


def pytest_configure(config):
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(Progress(config))


class Progress:
    """Says which chapter runs, how far it is, and how long it took the last time."""

    STEP = 10  # seconds between two lines about one chapter

    def __init__(self, config):
        self.config, self.chapters = config, {}

    def pytest_runtest_logstart(self, nodeid):
        path = self.config.rootpath / nodeid.partition("::")[0]
        if path.suffix != ".ipynb" or path in self.chapters:
            return
        before = runs.last(path)
        cells = len(runs.code(nbformat.read(path, as_version=4)))
        now = time.perf_counter()
        self.chapters[path] = {"cells": cells, "done": 0, "failed": 0, "started": now, "said": now}
        took = f"the last run took {before.metadata['book']['seconds']:.0f} s" if before else "new"
        self.say(path, f"{cells} cell{'s' * (cells > 1)}, {took}")

    def pytest_runtest_logfinish(self, nodeid):
        path = self.config.rootpath / nodeid.partition("::")[0]
        if path not in self.chapters:
            return
        state, now = self.chapters[path], time.perf_counter()
        state["done"] += 1
        seconds = now - state["started"]
        if state["done"] == state["cells"]:
            verdict = f"FAILED in {state['failed']} of its cells" if state["failed"] else "passed"
            self.say(path, f"{verdict} after {seconds:.0f} s, its waits included")
        elif now - state["said"] > self.STEP:
            state["said"] = now
            self.say(path, f"cell {state['done']} of {state['cells']}, {seconds:.0f} s")

    def pytest_runtest_logreport(self, report):
        path = self.config.rootpath / report.nodeid.partition("::")[0]
        if path in self.chapters and report.failed:
            self.chapters[path]["failed"] += 1

    @pytest.hookimpl(tryfirst=True)
    def pytest_report_teststatus(self, report):
        if ".ipynb::" in report.nodeid and report.passed:
            return "passed" if report.when == "call" else "", "", ""  # a line says it
        return None

    def say(self, path, words):
        reporter = self.config.pluginmanager.get_plugin("terminalreporter")
        reporter.ensure_newline()
        reporter.write_line(f"  {path.stem}: {words}")


def needed(paths):
    """The chapters without a passed run; those that have one are named."""
    missing = []
    for path in paths:
        run = runs.passed(path)
        if run is None:
            missing.append(path)
        else:
            book = run.metadata["book"]
            print(
                f"  {path.stem}: passed from the cache ({book['date']}, {book['seconds']:.0f} s)",
                flush=True,
            )
    return missing


def execute(paths, **environ):
    """Run nbval over the chapters, on two cores; the exit status of pytest."""
    if not paths:
        return 0
    workers = min(2, os.cpu_count() or 1, len(paths))
    # One BLAS thread for each of the workers: more of them wait for one another.
    # Unbuffered: a log is to show how far the chapters are, as a terminal does.
    ours = {"OPENBLAS_NUM_THREADS": "1", "PYTHONUNBUFFERED": "1"}
    environ = ours | os.environ | environ
    options = ["-q", "-n", str(workers), "--dist", "loadfile", "--no-loadscope-reorder"]
    command = [sys.executable, "-m", "pytest", *options, *map(str, paths)]
    return subprocess.run(command, cwd=runs.ROOT, env=environ).returncode


def elsewhere():
    """What other processors' kernels of OpenBLAS and NumPy would print, on this one."""
    from numpy._core._multiarray_umath import __cpu_dispatch__, __cpu_features__

    off = [name for name in __cpu_dispatch__ if __cpu_features__[name]]
    return execute(
        notebooks.chapters(),
        OPENBLAS_CORETYPE="Prescott",
        NPY_DISABLE_CPU_FEATURES=",".join(off),
        **{KEEP: "0"},
    )


def main(command=""):
    if command == "elsewhere":
        sys.exit(elsewhere())
    if command:
        sys.exit(__doc__)
    sys.exit(execute(needed(notebooks.chapters())))


if __name__ == "__main__":
    main(*sys.argv[1:])
