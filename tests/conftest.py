"""What several test files share."""

import os
import shutil
import sys
from pathlib import Path

import matplotlib
import pytest
from hypothesis import HealthCheck, settings

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


NO_BROWSER = (
    "no browser was found: the tests of the site were skipped. Install Chromium, or point CHROMIUM "
    "to a Chromium or Chrome, or run `.venv/bin/playwright install chromium`."
)


def _browser_path(playwright):
    """$CHROMIUM, the system's, Playwright's own download, in this order; None if there is none."""
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    candidates = (
        os.environ.get("CHROMIUM"),
        *map(shutil.which, names),
        "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
        playwright.chromium.executable_path,
    )
    return next((path for path in candidates if path and Path(path).exists()), None)


@pytest.fixture(scope="session")
def browser():
    """Headless Chromium. Without any, tests are skipped, or fail if BOOK_REQUIRE_BROWSER is 1."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = _browser_path(playwright)
        if path is None:
            if os.environ.get("BOOK_REQUIRE_BROWSER") == "1":
                pytest.fail(NO_BROWSER)
            pytest.skip(NO_BROWSER)
        # The flags keep the browser from asking its maker's hosts and let it run as root.
        flags = ("no-sandbox", "disable-gpu", "disable-background-networking", "disable-sync")
        browser = playwright.chromium.launch(
            executable_path=path, args=[f"--{flag}" for flag in flags]
        )
        yield browser
        browser.close()


def pytest_terminal_summary(terminalreporter):
    skipped = terminalreporter.stats.get("skipped", [])
    if any(NO_BROWSER in str(report.longrepr) for report in skipped):
        terminalreporter.write_line(f"Note: {NO_BROWSER}", yellow=True)
