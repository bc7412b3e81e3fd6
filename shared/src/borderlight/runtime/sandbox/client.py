"""The parent's side: one worker process, asked one thing at a time, replaced when it breaks."""

import atexit
import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, BinaryIO

from borderlight.errors import BorderlightError
from borderlight.runtime.logs import logger
from borderlight.runtime.sandbox.confinement import Held
from borderlight.runtime.sandbox.frames import FrameBroken, read_frame, write_frame

_START_S = 120.0


class WorkerBroken(BorderlightError):
    """The worker ended before it answered."""


class WorkerKilled(WorkerBroken):
    """Somebody else ended the worker (the kernel short of memory): that says nothing about what it worked on."""


class WorkerSlow(BorderlightError):
    """The worker did not answer in time and was ended."""


class WorkerNotStarted(BorderlightError):
    """The worker's task could not be loaded."""


class SandboxLacking(BorderlightError):
    """This machine cannot confine the worker, and the settings refuse to run without."""


@dataclass(frozen=True)
class SandboxPlan:
    """task: module:function that makes the task from `arguments` (JSON); folders: what it may read beside libraries.

    memory_bytes: address space beyond what the loaded task uses; cpu_s, wall_s: per request [s]; is_required: refuse
    to run where confinement is lacking; paths: further places of modules; change_user: False keeps the parent's user.
    """

    task: str
    arguments: dict[str, Any] = field(default_factory=dict[str, Any])
    folders: Sequence[Path] = ()
    memory_bytes: int = 1_500_000_000
    cpu_s: int = 20
    wall_s: float = 60.0
    max_request: int = 64_000_000
    max_answer: int = 16_000_000
    is_required: bool = False
    paths: Sequence[str] = ()
    change_user: bool = True


@cache
def _starter() -> ThreadPoolExecutor:
    """A thread that lives as long as the process: a worker dies with the *thread* that started it."""
    return ThreadPoolExecutor(1, "sandbox-starter")


class SandboxedWorker:
    """May be called from any thread; `ask` blocks."""

    _program: Sequence[str] = ("-m", "borderlight.runtime.sandbox.worker")

    def __init__(self, plan: SandboxPlan) -> None:
        self._plan = plan
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._told = False
        atexit.register(self.close)

    @property
    def pid(self) -> int | None:
        """Of the running worker."""
        return None if self._process is None else self._process.pid

    def start(self) -> Held | None:
        """Start it now; what holds it, None when it was running. Raises WorkerNotStarted, SandboxLacking."""
        with self._lock:
            return self._start()

    def ask(self, header: dict[str, Any], body: bytes) -> tuple[dict[str, Any], bytes]:
        """One request; raises WorkerBroken, WorkerSlow, WorkerNotStarted. After an error the next call starts anew."""
        with self._lock:
            self._start()
            return self._exchange(header, body, self._plan.wall_s)

    def close(self) -> None:
        """End the worker."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    try:
                        pipe.close()
                    except OSError:  # unsent bytes of a request to a worker that is gone
                        continue

    def _start(self) -> Held | None:
        if self._process is not None and self._process.poll() is None:
            return None
        self.close()
        self._process = _starter().submit(self._popen).result()
        try:
            ready, _ = self._exchange(None, b"", _START_S)
        except (WorkerBroken, WorkerSlow) as error:
            raise WorkerNotStarted("the worker ended while it was loaded") from error
        if "failed" in ready:
            self.close()
            raise WorkerNotStarted(str(ready["failed"]))
        held = Held(int(ready["landlock"]), bool(ready["seccomp"]), bool(ready["own_user"]))
        self._say(held)
        if held.lacking and self._plan.is_required:
            self.close()
            raise SandboxLacking(f"lacking: {'; '.join(held.lacking)}")
        return held

    def _say(self, held: Held) -> None:
        if self._told:
            return
        self._told = True
        words = {"task": self._plan.task, "landlock": held.landlock, "seccomp": held.seccomp}
        logger().info("sandbox holds", **words, own_user=held.own_user)
        for lack in held.lacking:
            logger().warning("sandbox lacks", task=self._plan.task, lacks=lack)

    def _popen(self) -> "subprocess.Popen[bytes]":
        plan = self._plan
        words = {
            "task": plan.task, "arguments": plan.arguments, "folders": [str(folder) for folder in plan.folders],
            "memory_bytes": plan.memory_bytes, "cpu_s": plan.cpu_s, "max_request": plan.max_request,
            "paths": list(plan.paths), "change_user": plan.change_user, "parent": os.getpid(),
        }  # fmt: skip
        command = [sys.executable, "-I", "-B", *self._program, json.dumps(words)]
        return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env={}, cwd="/", close_fds=True)

    def _exchange(self, header: dict[str, Any] | None, body: bytes, wall_s: float) -> tuple[dict[str, Any], bytes]:
        """header None: only wait for what the worker says. A timer ends a slow worker, which ends the reading."""
        process = self._process
        assert process is not None and process.stdin is not None and process.stdout is not None
        was_slow = threading.Event()

        def end() -> None:
            was_slow.set()
            process.kill()

        timer = threading.Timer(wall_s, end)
        timer.daemon = True
        timer.start()
        try:
            return self._spoken(process.stdin, process.stdout, header, body)
        except (FrameBroken, OSError) as error:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(2)
            code = process.poll()
            self.close()
            if was_slow.is_set():
                raise WorkerSlow(f"no answer within {wall_s} s") from error
            if code == -signal.SIGKILL:
                raise WorkerKilled(str(error)) from error
            raise WorkerBroken(str(error)) from error
        finally:
            timer.cancel()

    def _spoken(
        self, requests: Any, answers: Any, header: dict[str, Any] | None, body: bytes
    ) -> tuple[dict[str, Any], bytes]:
        to_worker: BinaryIO = requests
        from_worker: BinaryIO = answers
        if header is not None:
            write_frame(to_worker, header, body)
        return read_frame(from_worker, self._plan.max_answer)
