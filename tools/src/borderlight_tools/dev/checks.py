"""`./dev lint`: every check that needs no server. Each runs even when one before it failed."""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from borderlight_tools.dev.page import WEB, build_page, ensure_node, install_modules

BIN = Path(sys.executable).parent


def _tool(name: str) -> str:
    return str(BIN / name)


CHECKS: dict[str, tuple[list[str], str]] = {
    "format": ([_tool("ruff"), "format", "--check", "--quiet", "."], "run ./dev format"),
    "ruff": ([_tool("ruff"), "check", "--quiet", "--output-format", "concise", "."], ""),
    "layers": ([_tool("lint-imports"), "--no-cache"], ""),
    "types": ([_tool("pyright"), "--warnings", "--level", "error"], ""),
    "contracts": ([_tool("borderlight"), "contracts", "check"], "run ./dev schemas"),
    "documents": ([sys.executable, "-m", "borderlight_tools.docs", "check"], ""),
    "manifests": ([sys.executable, "deploy/check.py"], ""),
    "page": (["npm", "run", "--silent", "check"], ""),
}


def lint(names: Sequence[str] = ()) -> int:
    """Run the checks named, or all of them; 0 when each passed."""
    build_page()
    ensure_node()
    install_modules()
    failed: list[str] = []
    for name in names or CHECKS:
        command, remedy = CHECKS[name]
        done = subprocess.run(command, cwd=WEB if name == "page" else None, capture_output=True, text=True, check=False)
        print(f"== {name}: {'ok' if done.returncode == 0 else 'FAILED'}", flush=True)
        if done.returncode != 0:
            failed.append(name)
            print((done.stdout + done.stderr).strip() + (f"\n{remedy}" if remedy else ""), flush=True)
    return 1 if failed else 0
