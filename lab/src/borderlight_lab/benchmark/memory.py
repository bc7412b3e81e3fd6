"""Resident memory of the processes of a running stack."""

import json
from pathlib import Path


def resident_mb(pid: int) -> float | None:
    """Resident set of a process and its children [MB]; None when it is gone."""
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return None
    own = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS"))
    return own / 1024.0 + sum(resident_mb(int(child)) or 0.0 for child in children)


def stack_memory(state: Path) -> dict[str, float]:
    """Process name → resident memory [MB] of what `./dev up` started; empty when nothing is up."""
    if not state.is_file():
        return {}
    processes = json.loads(state.read_text())["processes"]
    found = {name: resident_mb(entry["pid"]) for name, entry in processes.items()}
    return {name: round(value, 1) for name, value in found.items() if value is not None}
