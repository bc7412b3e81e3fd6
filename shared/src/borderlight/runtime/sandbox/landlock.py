"""Landlock (Linux 5.13 and later): this process and its children reach no file but the named folders, and no network.

Own bindings: four system calls and three structures of the kernel's `linux/landlock.h`. Restricts the calling thread
and those that it starts later, so it is called before any library starts threads.
"""

import ctypes
import os
from collections.abc import Iterable
from pathlib import Path

_CREATE, _ADD_RULE, _RESTRICT = 444, 445, 446  # the same numbers on every architecture
_VERSION_FLAG, _PATH_BENEATH = 1, 1
_READ_FILE, _READ_DIR = 1 << 2, 1 << 3
_FILE_RIGHTS = {1: 13, 2: 14, 3: 15, 4: 15, 5: 16}
"""How many rights on files each version knows; later ones as 5."""
_NETWORK = 0b11
"""Bind and connect TCP, from version 4 on."""
_SCOPES = 0b11
"""Abstract sockets and signals of processes outside, from version 6 on."""


class _Ruleset(ctypes.Structure):
    _fields_ = (("files", ctypes.c_uint64), ("network", ctypes.c_uint64), ("scopes", ctypes.c_uint64))


class _PathRule(ctypes.Structure):
    _pack_ = 1
    _fields_ = (("allowed", ctypes.c_uint64), ("folder", ctypes.c_int32))


def _syscall(number: int, *arguments: object) -> int:
    result = int(ctypes.CDLL(None, use_errno=True).syscall(number, *arguments))
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    return result


def landlock_version() -> int:
    """Of the kernel; 0 when it has none or does not let us use it."""
    try:
        return _syscall(_CREATE, None, ctypes.c_size_t(0), ctypes.c_uint32(_VERSION_FLAG))
    except OSError:
        return 0


def restrict_to_reading(folders: Iterable[Path]) -> int:
    """From now on: read below `folders`, nothing else. The version in force; 0 when the kernel lacks it.

    Needs no_new_privs. Raises OSError when the kernel has Landlock and refuses.
    """
    version = landlock_version()
    if version == 0:
        return 0
    rights = (1 << _FILE_RIGHTS.get(version, 16)) - 1
    rules = _Ruleset(rights, _NETWORK if version >= 4 else 0, _SCOPES if version >= 6 else 0)
    size = 24 if version >= 6 else 16 if version >= 4 else 8
    ruleset = _syscall(_CREATE, ctypes.byref(rules), ctypes.c_size_t(size), ctypes.c_uint32(0))
    try:
        for folder in folders:
            if not folder.exists():
                continue
            opened = os.open(folder, os.O_PATH | os.O_CLOEXEC)
            try:
                allowed = (_READ_FILE | _READ_DIR) if folder.is_dir() else _READ_FILE
                rule = _PathRule(allowed, opened)
                _syscall(_ADD_RULE, ruleset, _PATH_BENEATH, ctypes.byref(rule), ctypes.c_uint32(0))
            finally:
                os.close(opened)
        _syscall(_RESTRICT, ruleset, ctypes.c_uint32(0))
    finally:
        os.close(ruleset)
    return version
