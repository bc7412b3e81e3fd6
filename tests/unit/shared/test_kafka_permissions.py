"""Settings of Kafka's security, and the permissions that the topic files state."""

import pytest

from borderlight.contracts.topics import registry, with_dead_letters
from borderlight.runtime.bus.kafka_acls import Acl, Operation, Pattern, Resource, acls_of
from borderlight.runtime.bus.kafka_security import KafkaSecurityIncomplete
from borderlight.runtime.bus.kafka_settings import KafkaSettings, client_id
from borderlight_cli.commands.consumer import SERVICES


def acls() -> list[Acl]:
    return acls_of(with_dead_letters(registry()), lambda name: f"User:{name}", set(SERVICES))


def allowed(user: str, operation: Operation) -> set[str]:
    return {
        acl.name
        for acl in acls()
        if acl.principal == f"User:{user}" and acl.operation is operation and acl.resource is Resource.TOPIC
    }


@pytest.mark.parametrize("security", ["plain", "scram-sha-256", "scram-sha-512", "mtls", "oauthbearer"])
def test_a_mechanism_without_what_it_needs_does_not_start(security: str) -> None:
    with pytest.raises(KafkaSecurityIncomplete):
        KafkaSettings.model_validate({"security": security}).client()


@pytest.mark.parametrize("security", ["plain", "scram-sha-256", "scram-sha-512"])
def test_a_password_goes_over_tls_only(security: str) -> None:
    settings = KafkaSettings.model_validate({"security": security, "username": "u", "password": "p"})
    options = settings.client()
    assert options["security_protocol"] == "SASL_SSL" and options["ssl_context"].check_hostname
    assert options["sasl_mechanism"].lower() == security


def test_every_process_has_a_client_id_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    here = client_id("api")
    monkeypatch.setattr("os.getpid", lambda: 1)
    first = client_id("api")
    monkeypatch.setattr("socket.gethostname", lambda: "another-pod")
    assert len({here, first, client_id("api"), client_id("matcher")}) == 4


def test_only_decision_publishes_verdicts_and_only_its_consumers_read_them() -> None:
    verdicts = {acl.principal for acl in acls() if acl.name == "entry.verdict.v1" and acl.operation is Operation.WRITE}
    assert verdicts == {"User:decision", "User:operators"}, "operators send dead letters of its consumers again"
    readers = {acl.principal for acl in acls() if acl.name == "entry.verdict.v1" and acl.operation is Operation.READ}
    ours = {"User:api", "User:matcher", "User:decision", "User:retention"}
    assert readers == ours | {"User:border-systems", "User:operators"}


def test_retention_may_tell_readers_to_forget_and_not_what_was_decided() -> None:
    assert allowed("retention", Operation.WRITE) == {"entry.verdict.latest.v1", "entry.verdict.v1.dlq"}


def test_every_process_of_ours_that_consumes_is_a_service_that_operators_can_resume() -> None:
    parties = {party for topic in registry() for party in topic.consumers}
    known = {"border systems", "border systems that start late", "stewards"}
    assert parties - known - set(SERVICES) == set(), "a party that is neither ours nor a reader outside"


def test_a_service_writes_its_topics_and_its_dead_letters_only() -> None:
    assert allowed("liveness", Operation.WRITE) == {"liveness.assessed.v1", "capture.normalized.v1.dlq"}
    assert allowed("liveness", Operation.READ) == {"capture.normalized.v1", "consumer.control.v1"}


def test_groups_of_ours_are_named_and_groups_of_others_begin_with_their_name() -> None:
    groups = [acl for acl in acls() if acl.resource is Resource.GROUP]
    assert Acl(
        "User:liveness", Resource.GROUP, "borderlight.liveness.capture.normalized.v1", Operation.READ
    ) in groups  # fmt: skip
    assert Acl("User:border-systems", Resource.GROUP, "border-systems", Operation.READ, Pattern.PREFIXED) in groups
    assert all(acl.pattern is Pattern.LITERAL for acl in groups if acl.principal[5:] in SERVICES)
