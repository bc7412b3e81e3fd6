"""No process starts with a key that others know or can guess."""

import base64
import hashlib
import json
import secrets

import pytest
from pydantic import ValidationError

from borderlight.runtime.objects.s3 import S3Settings
from borderlight.runtime.sealing import KeyFileUnreadable, KeyRing
from borderlight.runtime.strong_key import TRIAL_KEYS, weakness_of
from capture_ingest.domain.agency import AgencyKey, Scope, find_agency
from capture_ingest.settings import CaptureIngestSettings
from matcher.settings import MatcherSettings

WEAK = ["", " ", "short", "a" * 64, "abababab" * 8, *sorted(TRIAL_KEYS)]


@pytest.mark.parametrize("key", WEAK)
@pytest.mark.parametrize(
    ("settings", "name"),
    [(CaptureIngestSettings, "CAPTURE_INGEST_API_KEY"), (MatcherSettings, "MATCHER_STEWARD_KEY")],
)
def test_a_weak_key_in_the_environment_does_not_start(
    settings: type, name: str, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, key)
    with pytest.raises(ValidationError) as refused:
        settings()
    assert len(key) < 8 or key not in str(refused.value), "the message does not repeat a key"
    monkeypatch.setenv(name, secrets.token_urlsafe(32))
    settings()


def test_what_our_own_command_makes_is_strong() -> None:
    assert all(weakness_of(secrets.token_urlsafe(32)) is None for _ in range(200))


@pytest.mark.parametrize("key", ["", "local-agency-key"])
def test_the_digest_of_a_known_key_is_no_agencys(key: str) -> None:
    digest = hashlib.sha256(key.encode()).hexdigest()
    with pytest.raises(ValidationError, match="from an example"):
        CaptureIngestSettings.model_validate({"agencies": {"a": {"key_sha256": digest}}})


def test_an_empty_key_is_nobodys() -> None:
    keys = {"a": AgencyKey(hashlib.sha256(b"").hexdigest(), frozenset(Scope))}
    assert find_agency(keys, "") is None


def test_another_machines_store_needs_a_secret_of_its_own() -> None:
    S3Settings(endpoint="http://127.0.0.1:9000")
    with pytest.raises(ValidationError, match="S3_SECRET_KEY"):
        S3Settings(endpoint="http://object-store:8333")
    S3Settings(endpoint="http://object-store:8333", secret_key=secrets.token_urlsafe(32))


def test_document_keys_from_an_example_open_nothing() -> None:
    trial = base64.b64encode(b"local trial only, never travelle").decode()
    text = json.dumps({"lookup": trial, "masters": [{"id": "local-trial", "key": trial}]})
    with pytest.raises(KeyFileUnreadable, match="example"):
        KeyRing.from_text(text)
