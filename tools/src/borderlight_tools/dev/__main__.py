"""`./dev COMMAND`: development commands here, every other command is the `borderlight` command's."""

import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from borderlight.errors import BorderlightError
from borderlight_tools.dev import checks, testing
from borderlight_tools.dev.models import ensure_models
from borderlight_tools.dev.page import build_page, ensure_node
from borderlight_tools.dev.stack_environment import COMMANDS as NEED_STACK
from borderlight_tools.dev.stack_environment import enter_stack
from borderlight_tools.devstack import stack
from borderlight_tools.devstack.install import install

Arguments = Sequence[str]
HELP = Path(__file__).parent / "commands.txt"


def _borderlight(command: str, arguments: Arguments) -> int:
    return subprocess.run([sys.executable, "-m", "borderlight_cli", command, *arguments], check=False).returncode


def _ruff(*arguments: str) -> int:
    return subprocess.run([str(checks.BIN / "ruff"), *arguments, "."], check=False).returncode


def _setup(_: Arguments) -> int:
    ensure_models()
    print("ready: try ./dev demo")
    return 0


def _compose(*arguments: str) -> int:
    if subprocess.run(["docker", "info"], capture_output=True, check=False).returncode != 0:
        sys.exit("borderlight: no Docker engine answers; leave out --docker to use local processes")
    subprocess.run([sys.executable, "deploy/make_secrets.py"], check=True)
    return subprocess.run(["docker", "compose", *arguments], check=False).returncode


def _up(arguments: Arguments) -> int:
    if "--docker" in arguments:
        return _compose("up", "-d", "--build", "--wait") or _compose("ps")
    ensure_models()
    build_page()
    stack.up()
    return 0


def _down(arguments: Arguments) -> int:
    if "--docker" in arguments:
        return _compose("down")
    stack.down()
    return 0


def _status(arguments: Arguments) -> int:
    stack.status("--json" in arguments)
    return 0


def _format(_: Arguments) -> int:
    return _ruff("check", "--fix-only", "--quiet") or _ruff("format")


def _page(_: Arguments) -> int:
    build_page(force=True)
    return 0


def _screens(_: Arguments) -> int:
    build_page()
    ensure_node()
    install(browser=True)
    os.environ["BORDERLIGHT_SCREENS"] = str(Path("docs/pictures/capture-page.jpg").absolute())
    command = [sys.executable, "-m", "pytest", "-q", "tests/browser/test_screens.py", "-k", "pictures"]
    return subprocess.run(command, check=False).returncode


def _lock(_: Arguments) -> int:
    return subprocess.run([sys.executable, "requirements/lock.py"], check=False).returncode


def _docs(arguments: Arguments) -> int:
    return subprocess.run(
        [sys.executable, "-m", "borderlight_tools.docs", *(arguments or ["build"])], check=False
    ).returncode


def _schemas(_: Arguments) -> int:
    return _borderlight("contracts", ["generate"]) or _docs(["generate"])


def _soak(arguments: Arguments) -> int:
    ensure_models()
    install()
    return _borderlight("soak", arguments)


# name → (what it does, options it takes; None: any)
OWN: dict[str, tuple[Callable[[Arguments], int], tuple[str, ...] | None]] = {
    "setup": (_setup, ()),
    "up": (_up, ("--docker",)),
    "down": (_down, ("--docker",)),
    "status": (_status, ("--json",)),
    "test": (testing.run_tests, None),
    "lint": (checks.lint, tuple(checks.CHECKS)),
    "format": (_format, ()),
    "docs": (_docs, ("build", "check", "generate")),
    "schemas": (_schemas, ()),
    "page": (_page, ()),
    "screens": (_screens, ()),
    "lock": (_lock, ()),
    "soak": (_soak, None),
}


def _explain(command: str) -> int:
    """One line of the list, and the options; nothing else happens."""
    _, options = OWN[command]
    line = next(line for line in HELP.read_text().splitlines() if line.split()[:1] == [command])
    print(" ".join(line.split()))
    if options:
        print(f"options: {' '.join(options)}")
    return 0


def _own(command: str, arguments: Arguments) -> int:
    run, options = OWN[command]
    if {"-h", "--help"} & set(arguments) and command != "soak":
        return _explain(command)
    unknown = [] if options is None else [one for one in arguments if one not in options]
    if unknown:
        known = f"it takes {' '.join(options)}" if options else "it takes no arguments"
        print(f"borderlight: ./dev {command} does not know {unknown[0]!r}; {known}", file=sys.stderr)
        return 2
    return run(arguments)


def main(command: str, arguments: Arguments) -> int:
    """Exit status of one command."""
    if command in OWN:
        return _own(command, arguments)
    if not {"-h", "--help"} & set(arguments):
        if command != "models":
            ensure_models()
        if command == "serve" or (command, *arguments[:1]) == ("study", "serve"):
            build_page()
        if command in NEED_STACK:
            enter_stack(command)
    return _borderlight(command, arguments or (["build"] if command == "models" else []))


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1], sys.argv[2:]))
    except (BorderlightError, FileNotFoundError) as error:
        sys.exit(f"borderlight: {error}")
