"""The three servers, each on a port and in a folder of its own."""

import base64
import os
import shutil
import socket
import struct
import subprocess
from pathlib import Path

from borderlight_tools.devstack.install import jars_of
from borderlight_tools.devstack.server import Server, answers

S3_ACCESS_KEY = "borderlight"
S3_SECRET_KEY = "borderlight-local-only"
_JAVA_FLAGS = ("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")
_LOG4J = """status = error
appender.out.type = Console
appender.out.name = out
appender.out.layout.type = PatternLayout
appender.out.layout.pattern = %d %p %c{1} %m%n
rootLogger.level = warn
rootLogger.appenderRef.out.ref = out
"""
_KAFKA = """process.roles=broker,controller
node.id=1
controller.quorum.bootstrap.servers=127.0.0.1:{controller}
controller.listener.names=CONTROLLER
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs={data}
auto.create.topics.enable=false
group.initial.rebalance.delay.ms=0
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
broker.session.timeout.ms=3000
broker.heartbeat.interval.ms=500
log.cleaner.dedupe.buffer.size=4194304
"""


def _java() -> str:
    found = shutil.which("java")
    if found is None:
        raise FileNotFoundError(
            "java is not installed: run `./dev test` or `python -m borderlight_tools.devstack.install`"
        )
    return found


def _speaks_kafka(port: int) -> bool:
    """ApiVersions answered without error: says more than an open port."""
    body = struct.pack(">hhih5s", 18, 0, 1, 5, b"probe")
    try:
        with socket.create_connection(("127.0.0.1", port), 1) as connection:
            connection.settimeout(2)
            connection.sendall(struct.pack(">i", len(body)) + body)
            answer = connection.recv(10)
            return len(answer) == 10 and answer[8:10] == b"\x00\x00"
    except OSError:
        return False


def kafka(folder: Path, port: int, controller: int) -> Server:
    """One combined broker and controller; formats its data folder the first time."""
    folder.mkdir(parents=True, exist_ok=True)
    libs = f"{jars_of('kafka') / 'libs'}/*"
    properties, log4j, data = folder / "server.properties", folder / "log4j2.properties", folder / "data"
    properties.write_text(_KAFKA.format(port=port, controller=controller, data=data))
    log4j.write_text(_LOG4J)
    logging = f"-Dlog4j2.configurationFile={log4j}"
    if not data.exists():
        cluster = "B" + base64.urlsafe_b64encode(os.urandom(16)).decode().rstrip("=")[1:]  # a leading '-' is an option
        tool = [_java(), *_JAVA_FLAGS, logging, "-cp", libs, "kafka.tools.StorageTool", "format", "--standalone"]
        subprocess.run([*tool, "-t", cluster, "-c", str(properties)], check=True, stdout=subprocess.DEVNULL)
    argv = [_java(), "-Xmx384m", *_JAVA_FLAGS, logging, "-cp", libs, "kafka.Kafka", str(properties)]
    return Server("kafka", argv, folder / "kafka.log", lambda: _speaks_kafka(port))


def _answers_ping(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), 1) as connection:
            connection.settimeout(2)
            connection.sendall(b"PING\r\n")
            return connection.recv(5) == b"+PONG"
    except OSError:
        return False


def redis(folder: Path, port: int, policy: str = "noeviction", memory: str = "1gb") -> Server:
    """Append-only; without another policy it evicts nothing."""
    folder.mkdir(parents=True, exist_ok=True)
    argv = ["redis-server", "--bind", "127.0.0.1", "--port", str(port), "--dir", str(folder), "--save", ""]
    argv += ["--appendonly", "yes", "--appendfsync", "everysec", "--maxmemory", memory]
    argv += ["--maxmemory-policy", policy]
    return Server(folder.name, argv, folder / "redis.log", lambda: _answers_ping(port))


def object_store(folder: Path, port: int) -> Server:
    """s3proxy over a folder."""
    data = folder / "data"
    data.mkdir(parents=True, exist_ok=True)
    properties = folder / "s3proxy.properties"
    properties.write_text(
        f"s3proxy.endpoint=http://127.0.0.1:{port}\ns3proxy.authorization=aws-v2-or-v4\n"
        f"s3proxy.identity={S3_ACCESS_KEY}\ns3proxy.credential={S3_SECRET_KEY}\n"
        f"jclouds.provider=filesystem-nio2\njclouds.filesystem.basedir={data}\n"
    )
    libs = f"{jars_of('s3proxy') / 'libs'}/*"
    argv = [_java(), "-Xmx256m", *_JAVA_FLAGS, "-cp", libs, "org.gaul.s3proxy.Main", "--properties", str(properties)]
    return Server("object-store", argv, folder / "s3proxy.log", lambda: answers(f"http://127.0.0.1:{port}/"))
