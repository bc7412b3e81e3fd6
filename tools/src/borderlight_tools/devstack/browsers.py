"""The distribution's browsers, which the page's tests drive."""

import shutil

CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
FIREFOX = ("firefox-esr", "firefox")


def find_chromium() -> str | None:
    """Path of the distribution's Chromium, if there is one."""
    return next((path for name in CHROMIUM if (path := shutil.which(name)) is not None), None)


def find_firefox() -> str | None:
    """Path of the distribution's Firefox, if there is one."""
    return next((path for name in FIREFOX if (path := shutil.which(name)) is not None), None)
