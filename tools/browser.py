"""Chromium without a window, for the tests of the site and for the book on paper."""

import os
import shutil
from pathlib import Path

WAYS = (
    "Install Chromium, or point CHROMIUM to a Chromium or Chrome, or run "
    "`.venv/bin/playwright install chromium`."
)
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# They keep the browser from asking its maker's hosts and let it run as root.
FLAGS = ("no-sandbox", "disable-gpu", "disable-background-networking", "disable-sync")


def launch(playwright):
    """$CHROMIUM, the system's, Playwright's own download, in this order; None if there is none."""
    candidates = (
        os.environ.get("CHROMIUM"),
        *map(shutil.which, NAMES),
        "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
        playwright.chromium.executable_path,
    )
    path = next((path for path in candidates if path and Path(path).exists()), None)
    return path and playwright.chromium.launch(
        executable_path=path, args=[f"--{flag}" for flag in FLAGS]
    )
