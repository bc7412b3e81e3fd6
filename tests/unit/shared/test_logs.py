"""Levels of logs hold for the libraries as well as for us."""

import subprocess
import sys

import pytest

_SAYS = """
import logging
from borderlight.runtime.logs import LIBRARY_LOGGER, configure_logs
configure_logs("test", {level!r})
logging.getLogger(LIBRARY_LOGGER).warning("from a library")
"""


@pytest.mark.parametrize(("level", "lines"), [("INFO", 1), ("CRITICAL", 0)])
def test_a_quiet_command_keeps_libraries_quiet(level: str, lines: int) -> None:
    done = subprocess.run([sys.executable, "-c", _SAYS.format(level=level)], capture_output=True, text=True, check=True)
    assert done.stderr.count("from a library") == lines
