"""A seccomp filter: which system calls a worker may still make. Everything else fails with EPERM.

A program for the kernel's packet filter machine, written here: a list of comparisons needs no library. x86-64 and
AArch64; on other machines there is no filter, and the start says so.
"""

import ctypes
import errno
import os
import platform
import struct

_ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_CALLS: dict[str, tuple[int, int]] = {
    # name: number on x86-64, on AArch64 (-1: not there)
    "read": (0, 63), "write": (1, 64), "close": (3, 57), "fstat": (5, 80), "poll": (7, -1), "lseek": (8, 62),
    "mmap": (9, 222), "mprotect": (10, 226), "munmap": (11, 215), "brk": (12, 214), "rt_sigaction": (13, 134),
    "rt_sigprocmask": (14, 135), "rt_sigreturn": (15, 139), "pread64": (17, 67), "readv": (19, 65), "writev": (20, 66),
    "sched_yield": (24, 124), "mremap": (25, 216), "madvise": (28, 233), "nanosleep": (35, 101), "getpid": (39, 172),
    "exit": (60, 93), "uname": (63, 160), "getcwd": (79, 17), "gettimeofday": (96, 169), "getrusage": (98, 165),
    "sysinfo": (99, 179), "getuid": (102, 174), "getgid": (104, 176), "geteuid": (107, 175), "getegid": (108, 177),
    "getppid": (110, 173), "sigaltstack": (131, 132), "gettid": (186, 178), "futex": (202, 98),
    "sched_getaffinity": (204, 123), "set_robust_list": (273, 99), "clock_gettime": (228, 113),
    "clock_getres": (229, 114), "clock_nanosleep": (230, 115), "exit_group": (231, 94), "ppoll": (271, 73),
    "getrandom": (318, 278), "membarrier": (324, 283), "rseq": (334, 293), "getcpu": (309, 168), "times": (100, 153),
    "restart_syscall": (219, 128),
}  # fmt: skip
_FILE_CALLS: dict[str, tuple[int, int]] = {
    "open": (2, -1), "stat": (4, -1), "lstat": (6, -1), "access": (21, -1), "getdents64": (217, 61),
    "openat": (257, 56), "newfstatat": (262, 79), "readlink": (89, -1), "readlinkat": (267, 78),
    "faccessat": (269, 48), "statx": (332, 291), "faccessat2": (439, 439), "fadvise64": (221, 223), "fcntl": (72, 25),
}  # fmt: skip
"""Allowed only where Landlock already says which files there are."""
_CLONE, _CLONE3, _PRLIMIT, _TGKILL = (56, 220), (435, 435), (302, 261), (234, 131)
_CLONE_THREAD = 0x10000
_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW, _FAIL, _KILL = 0x7FFF0000, 0x00050000, 0x80000000
_NUMBER_AT, _ARCHITECTURE_AT, _ARGUMENT_AT = 0, 4, 16
_SET_SECCOMP_FILTER, _ALL_THREADS = 1, 1
_SECCOMP_CALL = {"x86_64": 317, "aarch64": 277}


def _instruction(code: int, value: int, then: int = 0, otherwise: int = 0) -> bytes:
    return struct.pack("<HBBI", code, then, otherwise, value)


def filter_program(machine: str, may_open_files: bool, own_pid: int) -> bytes:
    """The filter for an architecture; raises ValueError for one that we do not know."""
    column = list(_ARCHITECTURES).index(machine)
    allow, fail = _instruction(_RETURN, _ALLOW), _instruction(_RETURN, _FAIL | errno.EPERM)
    program = [
        _instruction(_LOAD, _ARCHITECTURE_AT),
        _instruction(_EQUAL, _ARCHITECTURES[machine], 1, 0),
        _instruction(_RETURN, _KILL),
        _instruction(_LOAD, _NUMBER_AT),
    ]
    if machine == "x86_64":  # the calls of the x32 interface have their own numbers
        program += [_instruction(_AT_LEAST, 0x40000000, 0, 1), fail]
    allowed = {**_CALLS, **(_FILE_CALLS if may_open_files else {})}
    for number in sorted(numbers[column] for numbers in allowed.values()):
        if number >= 0:
            program += [_instruction(_EQUAL, number, 0, 1), allow]
    program += [
        # glibc falls back from clone3, whose flags a filter cannot see, to clone, whose flags it can
        _instruction(_EQUAL, _CLONE3[column], 0, 1), _instruction(_RETURN, _FAIL | errno.ENOSYS),
        _instruction(_EQUAL, _CLONE[column], 0, 4), _instruction(_LOAD, _ARGUMENT_AT),
        _instruction(_ANY_BIT, _CLONE_THREAD, 0, 1), allow, fail,
        _instruction(_EQUAL, _PRLIMIT[column], 0, 4), _instruction(_LOAD, _ARGUMENT_AT),
        _instruction(_EQUAL, 0, 0, 1), allow, fail,
        _instruction(_EQUAL, _TGKILL[column], 0, 4), _instruction(_LOAD, _ARGUMENT_AT),
        _instruction(_EQUAL, own_pid, 0, 1), allow, fail,
        fail,
    ]  # fmt: skip
    return b"".join(program)


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))


def restrict_calls(may_open_files: bool) -> bool:
    """Put the filter in force for all threads; False when machine or kernel lacks it. Needs no_new_privs."""
    machine = platform.machine()
    if machine not in _ARCHITECTURES:
        return False
    content = filter_program(machine, may_open_files, os.getpid())
    program = _Program(len(content) // 8, content)
    call = ctypes.CDLL(None, use_errno=True).syscall
    return int(call(_SECCOMP_CALL[machine], _SET_SECCOMP_FILTER, _ALL_THREADS, ctypes.byref(program))) == 0
