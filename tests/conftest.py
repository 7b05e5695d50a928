"""What several test files share."""

import os
import re
import sys
import time
from collections import Counter
from pathlib import Path

import matplotlib
import notebooks
import pytest
import runs
from browser import WAYS, launch
from hypothesis import HealthCheck, settings
from serving import served
from xdist.scheduler import LoadScopeScheduling

matplotlib.use("Agg")  # not by MPLBACKEND: the kernels of the notebook tests would inherit it

for profile, examples in {"ci": 500, "thorough": 10_000}.items():
    settings.register_profile(
        profile,
        max_examples=examples,
        deadline=None,
        derandomize=profile == "ci",  # the same examples in every run; "thorough" explores
        print_blob=True,
        suppress_health_check=[HealthCheck.too_slow],
    )
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    if "matplotlib.pyplot" in sys.modules:
        sys.modules["matplotlib.pyplot"].close("all")


NO_BROWSER = f"no browser was found: the tests of the site were skipped. {WAYS}"


class Chromium:
    """Chromium that is started anew where it died: that fails one test, not all that follow."""

    PATIENCE = 120_000  # milliseconds that a busy machine may take for what is waited for

    def __init__(self, playwright):
        self.playwright = playwright
        self.running = launch(playwright)

    def alive(self):
        if not self.running.is_connected():
            self.running = launch(self.playwright)
        return self.running

    @property
    def version(self):
        return self.alive().version

    def new_context(self, **options):
        context = self.alive().new_context(**options)
        context.set_default_timeout(self.PATIENCE)
        return context

    def new_page(self, **options):
        page = self.alive().new_page(**options)
        page.set_default_timeout(self.PATIENCE)
        return page


@pytest.fixture(scope="session")
def browser():
    """Headless Chromium. Without any, tests are skipped, or fail if BOOK_REQUIRE_BROWSER is 1."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = Chromium(playwright)
        if browser.running is None:
            if os.environ.get("BOOK_REQUIRE_BROWSER") == "1":
                pytest.fail(NO_BROWSER)
            pytest.skip(NO_BROWSER)
        yield browser
        browser.running.close()


@pytest.fixture(scope="module")
def address():
    """The built site's address."""
    with served(runs.ROOT / "_build" / "html") as address:
        yield address


SCRIPTS = ("codes.js", "digit.js", "letters.js", "interactive.js")
STATIC = Path(__file__).resolve().parents[1] / "_static"
FIGURES = """<!doctype html><html lang="en" data-theme="{theme}"><head><title>A page</title>
<meta charset="utf-8"><meta name="viewport" content="width=device-width">
<style>html {{ color: #222; background: #fff }}
html[data-theme="dark"] {{ color: #ddd; background: #121212 }}
</style><link rel="stylesheet" href="interactive.css">
{scripts}</head>
<body><main><h1>A page</h1>{figures}</main></body></html>"""


@pytest.fixture
def browse(browser, tmp_path):
    """Open a page that holds the figures; there are its own files and no other host."""
    contexts, problems = [], []
    for name in ("interactive.css", *SCRIPTS):
        (tmp_path / name).write_bytes((STATIC / name).read_bytes())

    def serve(route):
        host, _, name = route.request.url.removeprefix("http://").partition("/")
        if (host, name) in [("book", file.name) for file in tmp_path.iterdir()]:
            route.fulfill(path=tmp_path / name)
        elif not route.request.url.startswith("data:"):
            problems.append(f"asks for {route.request.url}")
            route.abort()

    def open_page(*figures, theme="light", width=800, **options):
        page = FIGURES.format(
            theme=theme,
            scripts="".join(f'<script src="{name}"></script>' for name in SCRIPTS),
            figures="".join(figure.html for figure in figures),
        )
        (tmp_path / "page.html").write_text(page, "utf-8")
        context = browser.new_context(viewport={"width": width, "height": 1400}, **options)
        contexts.append(context)
        tab = context.new_page()
        tab.route("**/*", serve)
        tab.on("pageerror", lambda error: problems.append(str(error)))
        tab.on("console", lambda message: problems.append(message.text))
        tab.goto("http://book/page.html")
        return tab

    yield open_page
    for context in contexts:
        context.close()
    assert problems == []


class Shares(LoadScopeScheduling):
    """What one worker does without the other: a page in a browser, a page's cells, or a file."""

    def _split_scope(self, nodeid):
        file, _, test = nodeid.partition("::")
        if file.endswith("test_visible.py"):
            return nodeid
        page = re.search(r"\[(.+\.html)", test)  # its tests share one visit
        return page[1] if page and file.endswith("test_site.py") else file


def pytest_xdist_make_scheduler(config, log):
    return Shares(config, log) if config.getvalue("dist") == "loadscope" else None


def pytest_collection_modifyitems(items):
    """What takes long in one piece goes first, so that both workers end at about the same time.

    What asks a second time, in another way, what the run of the pages has shown goes last.
    """
    places = {"test_build.py": 0, "test_site.py": 2, "test_visible.py": 3}
    items.sort(key=lambda item: places.get(item.path.name, 1))


UNTIL = "BOOK_TESTS_UNTIL"  # seconds since 1970; a test that would begin later is left out
TIME_IS_UP = f"the time that {UNTIL} allows is up"


def pytest_runtest_setup():
    if time.time() > float(os.environ.get(UNTIL, "inf")):
        pytest.skip(TIME_IS_UP)


def left_out(reporter):
    """The reports of tests that would have begun too late."""
    skipped = reporter.stats.get("skipped", []) if reporter else []
    return [report for report in skipped if TIME_IS_UP in str(report.longrepr)]


@pytest.hookimpl(wrapper=True, trylast=True)  # before pytest-cov judges
def pytest_runtestloop(session):
    """What was left out for want of time covers nothing, and that is no failure."""
    result = yield
    plugins = session.config.pluginmanager
    coverage = plugins.get_plugin("_cov")
    if coverage and left_out(plugins.get_plugin("terminalreporter")):
        coverage.options.cov_fail_under = 0
    return result


BUDGET = 180  # seconds that a page may run


def pytest_addoption(parser):
    parser.addoption("--costs", action="store_true", help="say what pages and test files cost")


def say_costs(reporter):
    """What each page's last run and each test file cost, the dearest first."""
    pages = {path.stem: runs.passed(path) for path in notebooks.chapters()}
    seconds = {name: run.metadata["book"]["seconds"] for name, run in pages.items() if run}
    reporter.section("seconds of each page")
    for name, cost in sorted(seconds.items(), key=lambda item: -item[1]):
        over = f"  over the budget of {BUDGET} s" if cost > BUDGET else ""
        reporter.write_line(f"{cost:8.1f}  {name}{over}", red=bool(over))
    files = Counter()
    for reports in reporter.stats.values():
        for report in reports:
            if hasattr(report, "nodeid") and hasattr(report, "duration"):
                files[report.nodeid.partition("::")[0]] += report.duration
    reporter.section("seconds of each test file")
    for name, cost in files.most_common():
        reporter.write_line(f"{cost:8.1f}  {name}")
    reporter.write_line(f"{sum(seconds.values()):8.0f}  all pages, the sum of both workers")
    reporter.write_line(f"{files.total():8.0f}  all tests, the sum of both workers")


def pytest_terminal_summary(terminalreporter):
    if terminalreporter.config.option.costs:
        say_costs(terminalreporter)
    skipped = terminalreporter.stats.get("skipped", [])
    if any(NO_BROWSER in str(report.longrepr) for report in skipped):
        terminalreporter.write_line(f"Note: {NO_BROWSER}", yellow=True)
    if late := left_out(terminalreporter):
        terminalreporter.write_line(f"Note: {len(late)} tests left out: {TIME_IS_UP}", yellow=True)
