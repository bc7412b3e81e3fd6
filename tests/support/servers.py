"""Where the real servers of a test run come from: a stack that is up, containers, or processes of this machine."""

import contextlib
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Generator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from borderlight_tools.devstack import servers
from borderlight_tools.devstack.install import missing
from borderlight_tools.devstack.server import Server, free_ports

KAFKA_IMAGE = "apache/kafka:4.3.1"
CACHE_IMAGE = "valkey/valkey:9.0"
S3_IMAGE = "chrislusf/seaweedfs:4.40"


@dataclass(frozen=True)
class Endpoints:
    """Addresses of the servers; `native` holds the processes when they are ours to kill."""

    kafka: str
    redis: str
    s3: str
    native: dict[str, Server] = field(default_factory=dict)

    def environment(self) -> dict[str, str]:
        return {
            "KAFKA_BOOTSTRAP_SERVERS": self.kafka,
            "KAFKA_SESSION_TIMEOUT_MS": "6000",
            "KAFKA_HEARTBEAT_INTERVAL_MS": "500",
            "S3_ENDPOINT": self.s3,
            "S3_ACCESS_KEY": servers.S3_ACCESS_KEY,
            "S3_SECRET_KEY": servers.S3_SECRET_KEY,
        }


def _docker_answers() -> bool:
    """Whether an engine answers: a client in the path proves nothing."""
    if shutil.which("docker") is None:
        return False
    return subprocess.run(["docker", "info"], capture_output=True, check=False).returncode == 0


@contextlib.contextmanager
def native_stack(folder: Path) -> Generator[Endpoints]:
    absent = missing()
    if absent:
        raise RuntimeError(
            f"missing: {', '.join(absent)}; run ./dev test, or python -m borderlight_tools.devstack.install"
        )
    kafka_port, controller, redis_port, s3_port = free_ports(4)
    parts = {
        "kafka": servers.kafka(folder / "kafka", kafka_port, controller),
        "redis": servers.redis(folder / "redis", redis_port),
        "s3": servers.object_store(folder / "s3", s3_port),
    }
    try:
        for part in parts.values():
            part.launch()
        for part in parts.values():
            part.wait_ready()
        yield Endpoints(
            f"127.0.0.1:{kafka_port}", f"redis://127.0.0.1:{redis_port}", f"http://127.0.0.1:{s3_port}", parts
        )
    finally:
        for part in parts.values():
            part.stop()


def _wait_port(port: int, seconds: float = 60.0) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.1)
    raise TimeoutError(f"nothing listens on port {port}")


@contextlib.contextmanager
def docker_stack() -> Generator[Endpoints]:
    from testcontainers.core.container import DockerContainer

    (port,) = free_ports(1)
    kafka: Any = DockerContainer(KAFKA_IMAGE).with_bind_ports(9092, port)
    for name, value in {
        "KAFKA_NODE_ID": "1",
        "KAFKA_PROCESS_ROLES": "broker,controller",
        "KAFKA_LISTENERS": "PLAINTEXT://:9092,CONTROLLER://:9093",
        "KAFKA_ADVERTISED_LISTENERS": f"PLAINTEXT://127.0.0.1:{port}",
        "KAFKA_CONTROLLER_LISTENER_NAMES": "CONTROLLER",
        "KAFKA_CONTROLLER_QUORUM_VOTERS": "1@localhost:9093",
        "KAFKA_LISTENER_SECURITY_PROTOCOL_MAP": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR": "1",
        "KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS": "0",
        "KAFKA_AUTO_CREATE_TOPICS_ENABLE": "false",
    }.items():
        kafka.with_env(name, value)
    cache: Any = DockerContainer(CACHE_IMAGE).with_exposed_ports(6379)
    store: Any = (
        DockerContainer(S3_IMAGE)
        .with_command("mini -dir=/data")
        .with_exposed_ports(8333)
        .with_env("AWS_ACCESS_KEY_ID", servers.S3_ACCESS_KEY)
        .with_env("AWS_SECRET_ACCESS_KEY", servers.S3_SECRET_KEY)
    )
    with ExitStack() as running:
        for container in (kafka, cache, store):
            running.enter_context(container)
        ports = [int(c.get_exposed_port(p)) for c, p in ((kafka, 9092), (cache, 6379), (store, 8333))]
        for one in ports:
            _wait_port(one)
        yield Endpoints(f"127.0.0.1:{ports[0]}", f"redis://127.0.0.1:{ports[1]}", f"http://127.0.0.1:{ports[2]}")


@contextlib.contextmanager
def start_stack(kind: str, folder: Path) -> Generator[Endpoints]:
    """auto: the endpoints in the environment, else Docker where an engine answers, else processes."""
    kafka, s3 = os.environ.get("KAFKA_BOOTSTRAP_SERVERS"), os.environ.get("S3_ENDPOINT")
    redis = os.environ.get("CAPTURE_INGEST_REDIS_URL", "").rpartition("/")[0]
    if kind == "external" or (kind == "auto" and kafka and s3 and redis):
        if not (kafka and s3 and redis):
            raise RuntimeError("set KAFKA_BOOTSTRAP_SERVERS, S3_ENDPOINT and CAPTURE_INGEST_REDIS_URL")
        yield Endpoints(kafka, redis, s3)
    elif kind == "docker" or (kind == "auto" and _docker_answers()):
        with docker_stack() as endpoints:
            yield endpoints
    else:
        with native_stack(folder) as endpoints:
            yield endpoints
