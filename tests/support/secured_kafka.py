"""A Kafka broker that asks who is there: SASL over TLS, client certificates, permissions for everything."""

import base64
import json
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from borderlight.runtime.bus.kafka_settings import KafkaSettings
from borderlight_tools.devstack.install import jars_of
from borderlight_tools.devstack.server import Server, free_ports

PASSWORD = "only-for-this-test"
_PROPERTIES = """process.roles=broker,controller
node.id=1
controller.quorum.bootstrap.servers=127.0.0.1:{controller}
controller.listener.names=CONTROLLER
listeners=SASL_SSL://127.0.0.1:{sasl},SSL://127.0.0.1:{mtls},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=SASL_SSL://localhost:{sasl},SSL://localhost:{mtls}
inter.broker.listener.name=SASL_SSL
listener.security.protocol.map=SASL_SSL:SASL_SSL,SSL:SSL,CONTROLLER:PLAINTEXT
sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256,OAUTHBEARER
sasl.mechanism.inter.broker.protocol=PLAIN
listener.name.sasl_ssl.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required \
 username="broker" password="{password}" user_broker="{password}" user_admin="{password}" user_liveness="{password}" \
 user_stranger="{password}";
listener.name.sasl_ssl.scram-sha-256.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;
listener.name.sasl_ssl.oauthbearer.sasl.jaas.config=\
org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule required unsecuredLoginStringClaim_sub="broker";
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
super.users=User:broker;User:admin;User:ANONYMOUS
listener.name.ssl.ssl.client.auth=required
ssl.keystore.type=PEM
ssl.keystore.location={folder}/broker.pem
ssl.truststore.type=PEM
ssl.truststore.location={folder}/ca.pem
log.dirs={folder}/data
auto.create.topics.enable=false
group.initial.rebalance.delay.ms=0
offsets.topic.replication.factor=1
offsets.topic.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
log.cleaner.dedupe.buffer.size=4194304
"""


def _openssl(folder: Path, *arguments: str) -> None:
    subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)


def _certificate(folder: Path, name: str, common_name: str) -> None:
    """`name`.key and `name`.crt, signed by ca.pem, for localhost."""
    (folder / f"{name}.ext").write_text("subjectAltName=DNS:localhost,IP:127.0.0.1\n")
    request = ("req", "-newkey", "rsa:2048", "-nodes", "-keyout", f"{name}.key", "-out", f"{name}.csr")
    _openssl(folder, *request, "-subj", f"/CN={common_name}")
    sign = ("x509", "-req", "-in", f"{name}.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2")
    _openssl(folder, *sign, "-out", f"{name}.crt", "-extfile", f"{name}.ext")


def unsigned_token(subject: str) -> str:
    """A token as Kafka's own test login takes it: its signature is none."""

    def part(content: dict[str, object]) -> str:
        return base64.urlsafe_b64encode(json.dumps(content).encode()).rstrip(b"=").decode()

    now = int(time.time())
    return f"{part({'alg': 'none'})}.{part({'sub': subject, 'iat': now, 'exp': now + 600, 'scope': 'x'})}."


@dataclass(frozen=True)
class SecuredKafka:
    """A running broker and how parties reach it."""

    server: Server
    folder: Path
    sasl: int
    mtls: int

    def plain(self, user: str, password: str = PASSWORD) -> KafkaSettings:
        return self._sasl(security="plain", username=user, password=password)

    def scram(self, user: str) -> KafkaSettings:
        return self._sasl(security="scram-sha-256", username=user, password=PASSWORD)

    def token(self, user: str) -> KafkaSettings:
        path = self.folder / f"{user}.token"
        path.write_text(unsigned_token(user))
        return self._sasl(security="oauthbearer", token_file=path)

    def certificate(self, name: str) -> KafkaSettings:
        _certificate(self.folder, name, name)
        return KafkaSettings(
            bootstrap_servers=f"localhost:{self.mtls}", security="mtls", ca_file=self.folder / "ca.pem",
            cert_file=self.folder / f"{name}.crt", key_file=self.folder / f"{name}.key",
        )  # fmt: skip

    def _sasl(self, **fields: object) -> KafkaSettings:
        return KafkaSettings.model_validate(
            {
                "bootstrap_servers": f"localhost:{self.sasl}", "ca_file": self.folder / "ca.pem",
                "session_timeout_ms": 6_000, "heartbeat_interval_ms": 500, "publish_timeout_s": 5.0, **fields,
            }
        )  # fmt: skip


def secured_kafka(folder: Path) -> SecuredKafka:
    """A broker in `folder`, started and ready; stop its server."""
    sasl, mtls, controller = free_ports(3)
    _openssl(
        folder, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "ca.key", "-out", "ca.pem", "-days", "2",
        "-subj", "/CN=test",
    )  # fmt: skip
    _certificate(folder, "broker", "localhost")
    (folder / "broker.pem").write_text((folder / "broker.key").read_text() + (folder / "broker.crt").read_text())
    properties = folder / "server.properties"
    properties.write_text(
        _PROPERTIES.format(folder=folder, sasl=sasl, mtls=mtls, controller=controller, password=PASSWORD)
    )
    java = ["java", "-Xmx384m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp", f"{jars_of('kafka') / 'libs'}/*"]
    tool = [*java, "kafka.tools.StorageTool", "format", "--standalone", "-t", "B3g3nShTQeMCtKAA86swAA"]
    scram = ["--add-scram", f"SCRAM-SHA-256=[name=decision,password={PASSWORD}]"]
    subprocess.run([*tool, *scram, "-c", str(properties)], check=True, capture_output=True)

    def listens() -> bool:
        import socket

        try:
            with socket.create_connection(("127.0.0.1", sasl), 1):
                return True
        except OSError:
            return False

    server = Server("secured-kafka", [*java, "kafka.Kafka", str(properties)], folder / "kafka.log", listens)
    server.start()
    return SecuredKafka(server, folder, sasl, mtls)
