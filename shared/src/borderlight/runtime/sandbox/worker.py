"""The child: `python -I -m borderlight.runtime.sandbox.worker PLAN`, started by client.py with an empty environment."""

import contextlib
import importlib
import json
import os
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from borderlight.runtime.sandbox.confinement import close_everything, close_files
from borderlight.runtime.sandbox.frames import FrameBroken, read_frame, write_frame

Task = Callable[[dict[str, Any], bytes], tuple[dict[str, Any], bytes | memoryview]]
"""(header, body) of a request to (header, body) of the answer."""


def _limit_cpu(seconds: int) -> None:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    spent = int(usage.ru_utime + usage.ru_stime)
    resource.setrlimit(resource.RLIMIT_CPU, (spent + seconds + 1, resource.RLIM_INFINITY))


def _answer(task: Task, header: dict[str, Any], body: bytes) -> tuple[dict[str, Any], bytes | memoryview]:
    begun = time.process_time()
    try:
        answer, content = task(header, body)
    except MemoryError:
        answer, content = {"failed": "memory"}, b""
    return {**answer, "cpu_ms": (time.process_time() - begun) * 1000.0}, content


def main(plan: dict[str, Any]) -> None:
    """Serve until the parent closes the pipe."""
    requests, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints must not stand between answers
    sys.path.extend(plan["paths"])
    memory = os.open("/proc/self/statm", os.O_RDONLY | os.O_CLOEXEC)  # once files are closed it cannot be opened
    landlock = close_files([Path(folder) for folder in plan["folders"]])
    module, _, name = plan["task"].partition(":")
    try:
        task: Task = getattr(importlib.import_module(module), name)(plan["arguments"])
    except Exception as error:  # the parent says it in its own words; what happened goes to the parent's log
        write_frame(answers, {"failed": f"{type(error).__name__}: {error}"[:500]})
        return
    held = close_everything(landlock, memory, plan)
    write_frame(answers, {"landlock": held.landlock, "seccomp": held.seccomp, "own_user": held.own_user})
    with contextlib.suppress(FrameBroken):
        while True:
            header, body = read_frame(requests, plan["max_request"])
            _limit_cpu(plan["cpu_s"])
            write_frame(answers, *_answer(task, header, body))


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
