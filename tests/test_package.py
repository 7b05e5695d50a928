"""What dlcore promises as a package: its names, its docstrings, what importing it costs."""

import ast
import importlib
import inspect
import pkgutil
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import dlcore

ROOT = Path(__file__).resolve().parents[1]
FILES = sorted((ROOT / "dlcore").rglob("*.py"))

PUBLIC = {
    "check": {"answer", "claim", "close", "gradient"},
    "data": {"Dataset", "load_fashion_mnist", "load_mnist", "load_names", "load_sunspots"},
    "interactive": {
        "Interactive",
        "InteractiveCodes",
        "InteractiveDigit",
        "InteractiveKernel",
        "InteractiveLetters",
    },
    "judges": {"frechet_distance", "modes_covered", "nearest", "two_sample_test"},
    "models": {
        "GAN",
        "autoencoder",
        "gan_loss",
        "mnist_cnn",
        "small_cnn",
        "variational_autoencoder",
    },
    "grads": {
        "attention",
        "avg_pool2d",
        "binary_crossentropy",
        "categorical_crossentropy",
        "conv2d",
        "conv2d_transpose",
        "dense",
        "discriminator_loss",
        "generator_loss",
        "gradient_penalty",
        "gru",
        "kl_divergence",
        "log_softmax",
        "lstm",
        "max_pool2d",
        "mean_squared_error",
        "relu",
        "sigmoid",
        "simple_rnn",
        "softmax",
        "sparse_categorical_crossentropy",
    },
    "ops": {
        "attention",
        "avg_pool2d",
        "binary_crossentropy",
        "categorical_crossentropy",
        "conv2d",
        "conv2d_transpose",
        "dense",
        "discriminator_loss",
        "generator_loss",
        "gradient_penalty",
        "gru",
        "kl_divergence",
        "log_softmax",
        "lstm",
        "max_pool2d",
        "mean_squared_error",
        "relu",
        "sigmoid",
        "simple_rnn",
        "softmax",
        "sparse_categorical_crossentropy",
    },
    "optimizers": {"SGD", "Adam", "AdamW", "RMSprop"},
    "plot": {
        "SIGNED",
        "confusion",
        "curves",
        "decision_regions",
        "gradient_norms",
        "heat_map",
        "images",
        "intervals",
        "kernels",
        "reliability",
        "trajectories",
    },
    "training": {"Progress"},
}


def public(name):
    """The names of a module that defines them, or of a package that lists them in `__all__`."""
    module = importlib.import_module(f"dlcore.{name}")
    if hasattr(module, "__path__"):
        return {key: getattr(module, key) for key in module.__all__}
    return {
        key: value
        for key, value in vars(module).items()
        if not key.startswith("_") and getattr(value, "__module__", None) == module.__name__
    }


def test_every_module_is_listed():
    found = pkgutil.iter_modules(dlcore.__path__)
    assert {module.name for module in found if module.name[0] != "_"} == set(PUBLIC)


@pytest.mark.parametrize("name", PUBLIC)
def test_public_names_are_the_promised_ones(name):
    assert set(public(name)) == PUBLIC[name]


@pytest.mark.parametrize("name", PUBLIC)
def test_every_public_name_is_documented(name):
    for key, value in public(name).items():
        doc = inspect.getdoc(value)
        assert doc
        if name in ("ops", "grads", "judges", "optimizers", "models") or key.startswith("load_"):
            assert "Source:" in doc


def names_in(code):
    """The global names and attributes that a function's code and its comprehensions mention."""
    inner = (names_in(const) for const in code.co_consts if inspect.iscode(const))
    return {*code.co_names}.union(*inner)


def refuses(value):
    """Whether ValueError is raised by a function or by those of dlcore that it calls."""
    seen, waiting = set(), [value]
    while waiting:
        function = waiting.pop()
        if function in seen:
            continue
        seen.add(function)
        if "raise ValueError" in inspect.getsource(function):
            return True
        names, known = names_in(function.__code__), function.__globals__
        spaces = [vars(known[name]) for name in names if inspect.ismodule(known.get(name))]
        for space in (known, *spaces):
            found = (space.get(name) for name in names)
            waiting += [
                other
                for other in found
                if inspect.isfunction(other) and other.__module__.startswith("dlcore")
            ]
    return False


SAYS = re.compile(r"ValueError:|Shapes and errors are\s+those of|, raises: as")


@pytest.mark.parametrize(
    "name", ["check", "grads", "interactive", "judges", "ops", "optimizers", "plot"]
)
def test_what_refuses_says_so_and_nothing_else_does(name):
    found = [value for value in public(name).values() if callable(value)]
    functions = [value for value in found if inspect.isfunction(value)]
    for value in found:
        if inspect.isclass(value):
            functions += [
                method
                for key, method in inspect.getmembers(value, inspect.isfunction)
                if key[0] != "_" or key == "__init__"
            ]
    assert functions
    wrong = {}
    for function in functions:
        documented = function
        if function.__name__ == "__init__":  # its class says it
            documented = next(value for value in found if vars(value).get("__init__") is function)
        says = SAYS.search(inspect.getdoc(documented) or "") is not None
        if says != refuses(function):
            wrong[function.__qualname__] = says
    assert wrong == {}


@pytest.mark.parametrize(
    "name",
    ["check", "data", "grads", "interactive", "judges", "ops", "optimizers", "plot"],
)
def test_importing_loads_no_framework(name):
    code = (
        f"import sys, dlcore.{name}; "
        "print(sorted({'keras', 'tensorflow', 'sklearn', 'pandas'} & set(sys.modules)))"
    )
    assert subprocess.check_output([sys.executable, "-c", code], text=True) == "[]\n"


def test_importing_the_package_loads_nothing():
    code = "import sys, dlcore; print('numpy' in sys.modules)"
    assert subprocess.check_output([sys.executable, "-c", code], text=True) == "False\n"


def borrowed(path):
    """The dotted names of dlcore that a file imports, and those that it reaches through them."""
    nodes = list(ast.walk(ast.parse(path.read_text("utf-8"))))
    names = {
        alias.asname or alias.name: f"{node.module}.{alias.name}"
        for node in nodes
        if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "dlcore"
        for alias in node.names
    }
    reached = {
        f"{names[node.value.id]}.{node.attr}"
        for node in nodes
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id in names
    }
    return [name.split(".") for name in reached.union(names.values())]


def test_no_private_name_crosses_its_border():
    assert ["dlcore", "ops", "conv2d"] in borrowed(ROOT / "dlcore" / "interactive" / "kernel.py")
    crossing = [
        f"{path.relative_to(ROOT)}: {'.'.join(name)}"
        for path in FILES
        for name in borrowed(path)
        for i, part in enumerate(name)
        if part[0] == "_" and path.relative_to(ROOT).with_suffix("").parts[:i] != tuple(name[:i])
    ]
    assert crossing == []


def test_derivatives_and_figures_build_on_the_formulas_and_nothing_else_on_another():
    pairs = {
        (path.relative_to(ROOT).with_suffix("").parts[1], name[1])
        for path in FILES
        for name in borrowed(path)
    }
    assert {(a, b) for a, b in pairs if {a, b} <= set(PUBLIC) and a != b} == {
        ("grads", "ops"),
        ("interactive", "ops"),
    }


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_file_can_be_read_in_one_sitting(path):
    assert len(path.read_text("utf-8").splitlines()) <= 300


def test_the_version_is_written_once():
    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    assert pyproject["project"]["dynamic"] == ["version"]
    source = pyproject["tool"]["setuptools"]["dynamic"]["version"]
    assert source == {"attr": "dlcore.__version__"}
    assert re.fullmatch(r"\d+\.\d+\.\d+", dlcore.__version__)
    cited = re.findall(r"(?m)^ *version: (.*)$", (ROOT / "CITATION.cff").read_text("utf-8"))
    assert set(cited) == {dlcore.__version__}


def test_nobody_is_sent_to_the_other_dlcore_on_pypi():
    wrong = re.compile(r"pip3? +install +(-\S+ +)*[\"']?dlcore\b(?! *@)")
    assert wrong.search(" ".join(("pip", "install -q", "dlcore")))
    git = ("git", "ls-files", "--cached", "--others", "--exclude-standard")
    listed = subprocess.run(git, cwd=ROOT, capture_output=True, text=True)
    if listed.returncode:
        pytest.skip("not a git checkout: its files cannot be listed")
    files = [ROOT / name for name in listed.stdout.splitlines()]
    texts = {file: file.read_text("utf-8", errors="ignore") for file in files if file.is_file()}
    assert ROOT / "README.md" in texts
    assert [file for file, text in texts.items() if wrong.search(text)] == []
