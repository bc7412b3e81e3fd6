"""What a worker gives up, in two steps: before its libraries are loaded, and before it reads what a stranger sent."""

import ctypes
import os
import resource
import signal
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from borderlight.runtime.sandbox.landlock import restrict_to_reading
from borderlight.runtime.sandbox.seccomp import restrict_calls

_SET_DEATH_SIGNAL, _SET_DUMPABLE, _SET_NO_NEW_PRIVILEGES = 1, 4, 38
NOBODY = 65534
_SYSTEM_LIBRARIES = ("/usr/lib", "/usr/lib64", "/lib", "/lib64", "/usr/local/lib", "/etc/ld.so.cache")
_PROCESSOR = ("/proc/cpuinfo", "/sys/devices/system/cpu", "/sys/bus/pci/devices")
"""Where the model runtime looks which instructions it may use."""


@dataclass(frozen=True)
class Held:
    """What is in force. landlock: its version, 0 for none; own_user: the worker is another user than its parent."""

    landlock: int
    seccomp: bool
    own_user: bool

    @property
    def lacking(self) -> tuple[str, ...]:
        """In words, what this machine does not offer; a missing user of its own is no lack where Landlock holds."""
        missing: list[str] = []
        if self.landlock == 0:
            missing.append(
                "Landlock (Linux 5.13): files are kept away by the system call filter and the file modes only"
            )
        elif self.landlock < 4:
            missing.append("Landlock version 4 (Linux 6.7): the network is kept away by the system call filter only")
        if not self.seccomp:
            missing.append("seccomp: processes, sockets and signals are not kept away")
        return tuple(missing)


def _prctl(option: int, value: int) -> None:
    if ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), f"prctl {option}")


def close_files(folders: Sequence[Path]) -> int:
    """First step, in a process without threads: reading of libraries and `folders` only. Landlock's version."""
    _prctl(_SET_NO_NEW_PRIVILEGES, 1)
    libraries = [Path(entry) for entry in sys.path if entry] + [
        Path(place) for place in (*_SYSTEM_LIBRARIES, *_PROCESSOR)
    ]
    libraries += [Path(sys.base_prefix) / "lib", Path(sys.prefix) / "lib"]
    return restrict_to_reading(dict.fromkeys([*libraries, *folders]))


def close_everything(landlock: int, statm: int, plan: Mapping[str, Any]) -> Held:
    """Second step: own user where we may, limits, the parent's death is ours, then the system calls.

    statm: /proc/self/statm, open; plan: parent (its id), memory_bytes (address space beyond what is in use now),
    change_user.
    """
    own_user = plan["change_user"] and os.geteuid() == 0
    if own_user:
        os.setgroups([])
        os.setresgid(NOBODY, NOBODY, NOBODY)
        os.setresuid(NOBODY, NOBODY, NOBODY)
    _prctl(_SET_DUMPABLE, 0)
    _prctl(_SET_DEATH_SIGNAL, signal.SIGKILL)  # after the change of user, which takes it back
    if os.getppid() != plan["parent"]:
        sys.exit(0)
    used = int(os.pread(statm, 100, 0).split()[0]) * resource.getpagesize()
    os.close(statm)
    for limit, value in (
        (resource.RLIMIT_AS, used + plan["memory_bytes"]), (resource.RLIMIT_CORE, 0), (resource.RLIMIT_FSIZE, 0),
    ):  # fmt: skip
        resource.setrlimit(limit, (value, value))
    return Held(landlock, restrict_calls(may_open_files=landlock > 0), own_user)
