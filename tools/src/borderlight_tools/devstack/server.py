"""One server process: started, awaited, killed, started again on the same data."""

import ctypes
import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

_PR_SET_PDEATHSIG = 1


class ServerFailed(RuntimeError):
    """The server did not become ready; the message ends with its log."""


def free_ports(count: int) -> list[int]:
    """`count` ports that were free a moment ago."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [int(one.getsockname()[1]) for one in sockets]
    finally:
        for one in sockets:
            one.close()


def answers(url: str) -> bool:
    """Whether a server gives any HTTP answer there."""
    try:
        urllib.request.urlopen(url, timeout=2)
        return True
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


@dataclass
class Server:
    """`ready` is polled until it returns True; a process that ends meanwhile is an error at once."""

    name: str
    argv: Sequence[str]
    log: Path
    ready: Callable[[], bool]
    environment: Mapping[str, str] = field(default_factory=dict[str, str])
    limit_s: float = 60.0
    dies_with_parent: bool = True
    process: "subprocess.Popen[bytes] | None" = None

    def start(self) -> None:
        """Start and wait until ready; raises ServerFailed."""
        self.launch()
        self.wait_ready()

    def launch(self) -> None:
        """Start without waiting."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                list(self.argv), stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
                env={**os.environ, **self.environment},
                preexec_fn=_die_with_parent if self.dies_with_parent else None,  # noqa: PLW1509
            )  # fmt: skip

    def wait_ready(self) -> None:
        """Until ready; raises ServerFailed."""
        assert self.process is not None
        end = time.monotonic() + self.limit_s
        while time.monotonic() < end:
            if self.process.poll() is not None:
                raise ServerFailed(f"{self.name} ended with {self.process.returncode}\n{self.log_tail()}")
            if self.ready():
                return
            time.sleep(0.05)
        self.kill()
        raise ServerFailed(f"{self.name} was not ready within {self.limit_s:.0f} s\n{self.log_tail()}")

    def stop(self) -> None:
        """SIGTERM, then SIGKILL after ten seconds."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """SIGKILL."""
        self._end(signal.SIGKILL)

    def _end(self, how: signal.Signals) -> None:
        process, self.process = self.process, None
        if process is None:
            return
        process.send_signal(how)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def log_tail(self, lines: int = 30) -> str:
        text = self.log.read_text(errors="replace") if self.log.exists() else ""
        return "\n".join(text.splitlines()[-lines:])
