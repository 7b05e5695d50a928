"""The one environment in which chapters are executed, whatever the reader's own settings are."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
HOME = ROOT / "_build" / "home"  # in place of the reader's own settings and caches

# Settings of Python, Matplotlib, Keras and TensorFlow, and of the terminal that `make` was typed
# in: with any of them a page would show something else, or nothing.
FOREIGN = ("PYTHON", "MPL", "KERAS_", "TF_", "XLA_", "IPYTHON")
TERMINAL = ("CLICOLOR", "CLICOLOR_FORCE", "COLUMNS", "FORCE_COLOR", "LINES", "NO_COLOR")

OURS = {
    "KERAS_BACKEND": "tensorflow",
    "KERAS_HOME": str(HOME / "keras"),
    "MPLCONFIGDIR": str(HOME / "matplotlib"),
    "PYTHONUTF8": "1",
    # ipykernel asks every program for colours; the text of a child process is compared.
    "PYTHON_COLORS": "0",
    # Without these TensorFlow writes to stderr.
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "TF_ENABLE_ONEDNN_OPTS": "0",
}
JUPYTER = {
    "IPYTHONDIR": str(HOME / "ipython"),
    "JUPYTER_CONFIG_DIR": str(HOME / "jupyter"),
    "JUPYTER_DATA_DIR": str(HOME / "jupyter" / "data"),
    "JUPYTER_RUNTIME_DIR": str(HOME / "jupyter" / "runtime"),
}
# A figure is kept as a drawing, which the pages show, and as pixels, for a card or a preview.
SETTINGS = HOME / "ipython" / "profile_default" / "ipython_kernel_config.py"
BOTH_FORMS = 'get_config().InlineBackend.figure_formats = {"svg", "png"}\n'


def clean(*, jupyter=True):
    """Give this process, and so every kernel that it starts, the book's environment.

    Once it was called a second call changes nothing.

    Args:
        jupyter: whether Jupyter's settings are replaced too. JupyterLab keeps the reader's.

    Raises:
        SystemExit: if `_build` cannot be written, or DLCORE_DATA names no folder.
    """
    folder = data_folder()
    foreign = (*FOREIGN, "JUPYTER_") if jupyter else FOREIGN
    for name in [name for name in os.environ if name.startswith(foreign) or name in TERMINAL]:
        del os.environ[name]
    os.environ |= OURS | (JUPYTER if jupyter else {}) | ({"DLCORE_DATA": folder} if folder else {})
    try:
        Path(OURS["MPLCONFIGDIR"]).mkdir(parents=True, exist_ok=True)
        (HOME / "writable").touch()
        keep_both_forms()
    except OSError as error:
        sys.exit(f"The book is built in {HOME.parent}, which cannot be written: {error.strerror}.")
    list_fonts()


def data_folder():
    """DLCORE_DATA as a kernel finds it, which runs in another folder; empty if it is not set."""
    given = os.environ.get("DLCORE_DATA", "")
    return given and str(named_folder("DLCORE_DATA", given))


def named_folder(setting, given):
    """The folder that a variable of the environment names; end the process if it is none."""
    folder = Path(given).expanduser().resolve()
    if not folder.is_dir():
        problem = "is a file" if folder.exists() else "does not exist"
        sys.exit(f"{setting}={given} names no folder: {folder} {problem}.")
    return folder


def keep_both_forms():
    """Write the settings of the kernels, which others may be reading, once."""
    SETTINGS.parent.mkdir(parents=True, exist_ok=True)
    if not SETTINGS.exists() or SETTINGS.read_text("utf-8") != BOTH_FORMS:
        unfinished = SETTINGS.with_suffix(f".{os.getpid()}")
        unfinished.write_text(BOTH_FORMS, "utf-8")
        unfinished.replace(SETTINGS)


def list_fonts():
    """Let Matplotlib look for fonts here: where that is slow it says so on stderr, in a page."""
    if not any(Path(OURS["MPLCONFIGDIR"]).glob("fontlist-*.json")):
        subprocess.run(
            [sys.executable, "-c", "import matplotlib.font_manager"], stderr=subprocess.DEVNULL
        )
