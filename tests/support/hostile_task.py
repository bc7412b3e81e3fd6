"""Code of an intruder inside the sandbox: each attack tries one thing and says how far it came."""

import ctypes
import os
import resource
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from typing import Any

_libc = ctypes.CDLL(None, use_errno=True)


def _raw(number: int, *arguments: Any) -> str:
    if os.uname().machine != "x86_64":
        return "denied: this number is another call here"
    result = _libc.syscall(number, *arguments)
    return f"came through: {result}" if result >= 0 else f"denied: {os.strerror(ctypes.get_errno())}"


def _inherited() -> set[str]:
    """Names in the environment that neither the interpreter nor our own package has put there."""
    return set(os.environ) - {"LC_CTYPE", "OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"}


def _read(path: str) -> str:
    with open(path, "rb") as stream:
        return f"came through: {stream.read(40)!r}"


def _write(path: str) -> str:
    with open(path, "wb") as stream:
        stream.write(b"was here")
    return "came through"


def _memory_of(pid: int, address: int) -> str:
    class Span(ctypes.Structure):
        _fields_ = (("base", ctypes.c_void_p), ("length", ctypes.c_size_t))

    place = ctypes.create_string_buffer(8)
    here, there = Span(ctypes.addressof(place), 8), Span(address, 8)
    got = _libc.process_vm_readv(pid, ctypes.byref(here), 1, ctypes.byref(there), 1, 0)
    return "came through" if got > 0 else f"denied: {os.strerror(ctypes.get_errno())}"


def _connect(kind: int, address: Any) -> str:
    with socket.socket(kind, socket.SOCK_STREAM) as outside:
        outside.connect(address)
    return "came through"


def _send_datagram(port: int) -> str:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as outside:
        outside.sendto(b"secret", ("127.0.0.1", port))
    return "came through"


def _fork() -> str:
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)
    return "came through"


def _other_thread(path: str) -> str:
    found: list[str] = []

    def work() -> None:
        found.append(_tried(lambda: _read(path)))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    return found[0]


def _more_memory() -> str:
    resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    return "came through"


def _tried(attack: Callable[[], str]) -> str:
    try:
        return attack()
    except Exception as error:  # whatever stops it is the answer
        return f"denied: {type(error).__name__}: {error}"


def _attacks(goal: dict[str, Any]) -> dict[str, Callable[[], str]]:
    parent: int = goal["parent"]
    return {
        "environment": lambda: f"came through: {_inherited()}" if _inherited() else "denied: it is empty",
        "read the key file": lambda: _read(goal["secret_file"]),
        "read the key file in another thread": lambda: _other_thread(goal["secret_file"]),
        "read /etc/passwd": lambda: _read("/etc/passwd"),
        "read the parent's environment": lambda: _read(f"/proc/{parent}/environ"),
        "read the parent's memory as a file": lambda: _read(f"/proc/{parent}/mem"),
        "read the parent's memory": lambda: _memory_of(parent, goal["address"]),
        "list processes": lambda: f"came through: {len(os.listdir('/proc'))}",
        "write to /tmp": lambda: _write(f"{goal['folder']}/intruder"),
        "write beside our code": lambda: _write(f"{os.path.dirname(__file__)}/intruder"),
        "make a folder": lambda: str(os.mkdir(f"{goal['folder']}/made")) + " came through",
        "delete": lambda: str(os.unlink(goal["secret_file"])) + " came through",
        "connect": lambda: _connect(socket.AF_INET, ("127.0.0.1", goal["port"])),
        "connect to a socket file": lambda: _connect(socket.AF_UNIX, goal["socket_file"]),
        "connect to an abstract socket": lambda: _connect(socket.AF_UNIX, "\0borderlight-test"),
        "send a datagram": lambda: _send_datagram(goal["port"]),
        "fork": _fork,
        "run a program": lambda: f"came through: {subprocess.run(['/bin/true'], check=False).returncode}",
        "replace itself": lambda: str(os.execv(sys.executable, [sys.executable, "-c", "print()"])),
        "trace the parent": lambda: _raw(101, 16, parent, 0, 0),
        "signal the parent": lambda: str(os.kill(parent, 0)) + " came through",
        "take the parent's file": lambda: _raw(438, _raw_fd(parent), 0, 0),
        "become root": lambda: str(os.setuid(0)) + " came through",
        "lift its memory limit": _more_memory,
        "take all memory": lambda: f"came through: {len(bytearray(20_000_000_000))}",
        "unshare": lambda: _raw(272, 0x10000000),
        "clone3": lambda: _raw(435, 0, 0),
        "io_uring": lambda: _raw(425, 8, 0),
        "bpf": lambda: _raw(321, 0, 0, 0),
        "perf": lambda: _raw(298, 0, 0, 0, 0, 0),
        "a file without a name": lambda: _raw(319, b"x", 0),
        "watch for page faults": lambda: _raw(323, 0),
        "keys of the kernel": lambda: _raw(250, 0, 0),
        "device control": lambda: _raw(16, 0, 0x5401, 0),
        "the x32 interface": lambda: _raw(0x40000000 + 41, 2, 1, 0),
    }


def _raw_fd(pid: int) -> int:
    return int(_libc.syscall(434, pid, 0))


def make_task(arguments: dict[str, Any]) -> Callable[[dict[str, Any], bytes], tuple[dict[str, Any], bytes]]:
    """Answers {"attack": name} with {"came": how far}; {"do": ...} for the faults that a client must survive."""
    attacks = _attacks(arguments)
    threading.Thread(target=threading.Event().wait, daemon=True).start()  # as libraries do while they are loaded

    def task(header: dict[str, Any], body: bytes) -> tuple[dict[str, Any], bytes]:
        match header.get("do"):
            case "end":
                os._exit(3)
            case "hang":
                threading.Event().wait()
            case "noise":
                os.write(int(header["descriptor"]), b"\xff" * 4096)
            case "huge":
                return {}, bytes(header["size"])
            case "echo":
                return {"size": len(body)}, body
            case "names":
                return {"names": sorted(attacks)}, b""
            case _:
                pass
        return {"came": _tried(attacks[header["attack"]])}, b""

    return task
