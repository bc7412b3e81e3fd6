"""Commands against a running stack get its addresses. One that is set in the environment already wins."""

import json
import os
import sys

from borderlight_tools.devstack.stack import STATE

COMMANDS = ("submit", "verdicts", "documents", "topics", "dlq", "erase", "consumer", "load")


def enter_stack(command: str) -> None:
    """Set the addresses of what `up` started; exits with 1 where nothing is up and no address is stated."""
    if os.environ.get("KAFKA_BOOTSTRAP_SERVERS"):
        return
    path = STATE / "stack.json"
    if not path.is_file():
        sys.exit(f"borderlight: {command} needs a running stack, and nothing is up; run ./dev up first")
    for name, value in json.loads(path.read_text())["environment"].items():
        os.environ.setdefault(name, value)
