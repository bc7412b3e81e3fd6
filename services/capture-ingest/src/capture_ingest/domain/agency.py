"""Who may open sessions and read them: agencies by key, each with its scopes."""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Scope(StrEnum):
    CREATE = "sessions:create"
    READ = "sessions:read"


@dataclass(frozen=True)
class AgencyKey:
    """key_sha256: hex digest of the key, so that settings hold nothing to steal."""

    key_sha256: str
    scopes: frozenset[Scope]


def key_digest(key: str) -> str:
    """Hex SHA-256 of a key, as settings hold it; keys are long and random, so that a plain digest is enough."""
    return hashlib.sha256(key.encode()).hexdigest()


def find_agency(keys: Mapping[str, AgencyKey], presented: str) -> tuple[str, AgencyKey] | None:
    """(name, key) of the agency whose key was presented; every key is compared, in constant time each.

    An empty key is nobody's, whatever the settings say.
    """
    if not presented:
        return None
    digest = key_digest(presented)
    found: tuple[str, AgencyKey] | None = None
    for name, key in keys.items():
        if hmac.compare_digest(key.key_sha256, digest):
            found = (name, key)
    return found
