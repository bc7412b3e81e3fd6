"""The whole stack on this machine: three servers and every service as its own process.

`python -m borderlight_tools.devstack.stack up | down | status [--json]`. State lives in `.borderlight/`.
`down` stops what `up` started, and only that: a process is ended when its pid still has the start time noted.
"""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

from borderlight.runtime.sealing import KeyRing, write_key_file
from borderlight_tools.devstack import servers
from borderlight_tools.devstack.install import install
from borderlight_tools.devstack.server import Server, free_ports

STATE = Path(os.environ.get("BORDERLIGHT_STATE", ".borderlight"))
SERVICES: dict[str, list[str]] = {
    "api": ["capture_ingest", "api"],
    "normalizer": ["capture_ingest", "normalizer"],
    "liveness": ["liveness"],
    "matcher": ["matcher"],
    "decision": ["decision"],
    "retention": ["retention"],
}
_PREFIX = {
    "api": "CAPTURE_INGEST", "normalizer": "CAPTURE_INGEST", "liveness": "LIVENESS", "matcher": "MATCHER",
    "decision": "DECISION", "retention": "RETENTION",
}  # fmt: skip


def _started_at(pid: int) -> str | None:
    """Kernel start time of the process, to tell it from another that got the same pid; None when it is gone."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except (FileNotFoundError, ProcessLookupError, IndexError):
        return None
    return None if fields[0] == "Z" else fields[19]


def _is_ready(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=2) as answer:
            return answer.status == 200
    except OSError:
        return False


def stack_environment(
    kafka_port: int, join_port: int, sessions_port: int, s3_port: int, key_file: Path
) -> dict[str, str]:
    """Environment that points every service and command at the stack; the key files are made."""
    session_key_file = key_file.with_name(f"session-{key_file.name}")
    for file in (key_file, session_key_file):
        if not file.exists():
            file.parent.mkdir(parents=True, exist_ok=True)
            write_key_file(file, KeyRing.generate())
    join_url, sessions_url = f"redis://127.0.0.1:{join_port}", f"redis://127.0.0.1:{sessions_port}"
    return {
        "KAFKA_BOOTSTRAP_SERVERS": f"127.0.0.1:{kafka_port}",
        "KAFKA_SESSION_TIMEOUT_MS": "10000",
        "S3_ENDPOINT": f"http://127.0.0.1:{s3_port}",
        "S3_ACCESS_KEY": servers.S3_ACCESS_KEY,
        "S3_SECRET_KEY": servers.S3_SECRET_KEY,
        "CAPTURE_INGEST_REDIS_URL": f"{sessions_url}/0",
        "MATCHER_REDIS_URL": f"{sessions_url}/1",
        "DECISION_REDIS_URL": f"{join_url}/0",
        "MATCHER_KEY_FILE": str(key_file),
        "RETENTION_KEY_FILE": str(session_key_file),
        "CAPTURE_INGEST_ALLOW_ANONYMOUS_AGENCY": "true",
    }


def service(name: str, port: int, environment: dict[str, str], folder: Path) -> Server:
    """One service process, ready when /readyz of its ops port says so."""
    own = {f"{_PREFIX[name]}_HOST": "127.0.0.1", f"{_PREFIX[name]}_OPS_PORT": str(port)}
    argv = [sys.executable, "-m", *SERVICES[name]]
    return Server(name, argv, folder / f"{name}.log", lambda: _is_ready(port), {**environment, **own}, 90.0)


class Stack:
    """Servers and services, with the ports they got. ports: for operators, by process; api_port: the public one."""

    def __init__(self, folder: Path, dies_with_parent: bool = True) -> None:
        ports = free_ports(6 + len(SERVICES))
        self.kafka_port, self.controller_port, self.redis_port, self.s3_port, self.api_port = ports[:5]
        self.sessions_port = ports[5]
        self.ports = dict(zip(SERVICES, ports[6:], strict=True))
        self.environment = stack_environment(
            self.kafka_port, self.redis_port, self.sessions_port, self.s3_port, folder / "keys.json"
        )
        self.environment["CAPTURE_INGEST_PORT"] = str(self.api_port)
        self.servers = {
            "kafka": servers.kafka(folder / "kafka", self.kafka_port, self.controller_port),
            "redis": servers.redis(folder / "redis", self.redis_port),
            "sessions": servers.redis(folder / "sessions", self.sessions_port, "volatile-ttl", "256mb"),
            "object-store": servers.object_store(folder / "object-store", self.s3_port),
        }
        self.services = {name: service(name, port, self.environment, folder) for name, port in self.ports.items()}
        for part in self.parts().values():
            part.dies_with_parent = dies_with_parent

    def parts(self) -> dict[str, Server]:
        return {**self.servers, **self.services}

    def start(self) -> None:
        """Start everything; raises ServerFailed, after which nothing is left running."""
        try:
            for server in self.servers.values():
                server.launch()
            for server in self.servers.values():
                server.wait_ready()
            command = [sys.executable, "-m", "borderlight_cli", "topics", "apply", "--replicas", "1"]
            environment = {**os.environ, **self.environment}
            subprocess.run(command, check=True, env=environment, stdout=subprocess.DEVNULL)
            for one in self.services.values():
                one.launch()
            for one in self.services.values():
                one.wait_ready()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        for part in [*self.services.values(), *self.servers.values()]:
            part.stop()

    def addresses(self) -> dict[str, Any]:
        """What `status --json` prints."""
        return {
            "api": f"http://127.0.0.1:{self.api_port}",
            "kafka": f"127.0.0.1:{self.kafka_port}",
            "redis": f"127.0.0.1:{self.redis_port}",
            "s3": f"http://127.0.0.1:{self.s3_port}",
            "services": {
                name: {"url": f"http://127.0.0.1:{port}", "healthy": _is_ready(port)}
                for name, port in self.ports.items()
            },
        }


def _load() -> dict[str, Any] | None:
    path = STATE / "stack.json"
    return json.loads(path.read_text()) if path.is_file() else None


def up() -> None:
    """Start what is not running; prints the addresses."""
    state = _load()
    if state is not None and any(_started_at(p["pid"]) == p["started"] for p in state["processes"].values()):
        sys.exit("borderlight: a stack is up already; see `./dev status`, stop it with `./dev down`")
    install()
    folder = (STATE / f"run-{time.strftime('%Y%m%d-%H%M%S')}").resolve()
    stack = Stack(folder, dies_with_parent=False)
    stack.start()
    processes: dict[str, Any] = {}
    for name, part in stack.parts().items():
        assert part.process is not None
        processes[name] = {"pid": part.process.pid, "started": _started_at(part.process.pid)}
    STATE.mkdir(parents=True, exist_ok=True)
    content = {
        "addresses": stack.addresses(),
        "ports": stack.ports,
        "environment": stack.environment,
        "processes": processes,
        "folder": str(folder),
    }
    (STATE / "stack.json").write_text(json.dumps(content, indent=1))
    status(as_json=False)


def status(as_json: bool) -> None:
    """Addresses and health; exit status 1 when nothing is up."""
    state = _load()
    if state is None:
        print("{}" if as_json else "nothing is up; start it with `./dev up`")
        sys.exit(1)
    addresses = state["addresses"]
    for name, port in state["ports"].items():
        addresses["services"][name]["healthy"] = _is_ready(port)
        addresses["services"][name]["pid"] = state["processes"][name]["pid"]
    if as_json:
        print(json.dumps({**addresses, "environment": state["environment"], "logs": state["folder"]}))
        return
    for name in ("api", "kafka", "redis", "s3"):
        print(f"{name:12s} {addresses[name]}")
    for name, one in addresses["services"].items():
        print(f"{name:12s} {one['url']}  {'healthy' if one['healthy'] else 'NOT HEALTHY'}")
    print(f"logs         {state['folder']}")


def down() -> None:
    """Stop what `up` started."""
    state = _load()
    if state is None:
        print("nothing is up")
        return
    ours = [p for p in state["processes"].values() if _started_at(p["pid"]) == p["started"]]
    for process in reversed(ours):
        os.killpg(process["pid"], signal.SIGTERM)
    end = time.monotonic() + 45
    while time.monotonic() < end and any(_started_at(p["pid"]) == p["started"] for p in ours):
        time.sleep(0.1)
    for process in ours:
        if _started_at(process["pid"]) == process["started"]:
            os.killpg(process["pid"], signal.SIGKILL)
    (STATE / "stack.json").unlink()
    print(f"stopped {len(ours)} processes")


def main() -> None:
    commands = {"up": up, "down": down, "status": lambda: status("--json" in sys.argv[2:])}
    if len(sys.argv) < 2 or sys.argv[1] not in commands:
        sys.exit("usage: python -m borderlight_tools.devstack.stack up|down|status [--json]")
    commands[sys.argv[1]]()


if __name__ == "__main__":
    main()
