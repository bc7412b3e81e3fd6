"""Certificate revocation lists of the issuing authorities (RFC 5280 §5, ICAO Doc 9303-12)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from asn1crypto import core, crl

from matcher.adapters.passive_authentication.reading import (
    Algorithm,
    ChipUnreadable,
    NameKey,
    algorithm_of,
    name_key,
    reading,
)

_UNDERSTOOD = {"2.5.29.20", "2.5.29.35", "2.5.29.18"}
_PARTIAL = {"2.5.29.27", "2.5.29.28"}
_ENTRY_UNDERSTOOD = {"2.5.29.21", "2.5.29.24", "2.5.29.23"}
_CERTIFICATE_ISSUER = "2.5.29.29"
_REMOVED = "remove_from_crl"


@dataclass(frozen=True)
class RevocationList:
    """revoked: serial numbers; is_whole: False for a list that tells of some certificates or changes only."""

    issuer: NameKey
    this_update: datetime
    next_update: datetime | None
    revoked: frozenset[int]
    is_whole: bool
    signed: bytes
    algorithm: Algorithm
    signature: bytes

    def is_current(self, now: datetime) -> bool:
        """Whether it may still be relied on for what it does not list."""
        return self.is_whole and self.this_update <= now and self.next_update is not None and now <= self.next_update


def read_revocation_list(der: bytes) -> RevocationList:
    """Raises ChipUnreadable, also for entries of other issuers: they would be held against the wrong certificates."""
    with reading("the revocation list"):
        found: Any = crl.CertificateList.load(der, strict=True)
        body: Any = found["tbs_cert_list"]
        algorithm = algorithm_of(found["signature_algorithm"])
        if algorithm_of(body["signature"]) != algorithm:
            raise ChipUnreadable("the revocation list names two signature algorithms")
        extensions, entries = body["crl_extensions"], body["revoked_certificates"]
        oids = _oids(extensions, _UNDERSTOOD | _PARTIAL)
        next_update = body["next_update"]
        return RevocationList(
            name_key(body["issuer"]),
            _moment(body["this_update"].native),
            None if isinstance(next_update, core.Void) else _moment(next_update.native),
            frozenset(_revoked(() if isinstance(entries, core.Void) else entries)),
            not oids & _PARTIAL,
            body.dump(),
            algorithm,
            _whole_bytes(found["signature"]),
        )


def _oids(extensions: Any, understood: set[str]) -> set[str]:
    found: set[str] = set()
    for extension in () if isinstance(extensions, core.Void) else extensions:
        oid = extension["extn_id"].dotted
        if extension["critical"].native and oid not in understood:
            raise ChipUnreadable(f"the revocation list has the unknown critical extension {oid}")
        found.add(oid)
    return found


def _revoked(entries: Any) -> list[int]:
    found: list[int] = []
    for entry in entries:
        extensions = entry["crl_entry_extensions"]
        if _CERTIFICATE_ISSUER in _oids(extensions, _ENTRY_UNDERSTOOD):
            raise ChipUnreadable("the revocation list speaks for another issuer")
        reason = entry.crl_reason_value
        if reason is None or reason.native != _REMOVED:
            found.append(int(entry["user_certificate"].native))
    return found


def _moment(value: Any) -> datetime:
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise ChipUnreadable("the revocation list's time has no zone")
    return value


def _whole_bytes(value: Any) -> bytes:
    if value.contents[:1] != b"\x00":
        raise ChipUnreadable("the signature is not whole bytes")
    return bytes(value.contents[1:])
