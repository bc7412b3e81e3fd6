"""A certificate as plain values, read once and whole."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from asn1crypto import core, x509

from matcher.adapters.passive_authentication.reading import (
    Algorithm,
    ChipUnreadable,
    NameKey,
    algorithm_of,
    country_of,
    name_key,
    reading,
)

MAX_BYTES = 20_000
_UNDERSTOOD = {
    "2.5.29.14", "2.5.29.15", "2.5.29.16", "2.5.29.17", "2.5.29.18", "2.5.29.19", "2.5.29.31", "2.5.29.32", "2.5.29.35",
    "2.5.29.37",  # key ids, usages, names, constraints, list of revocation lists, policies
    "2.23.136.1.1.6.1", "2.23.136.1.1.6.2",  # ICAO: change of name, list of document types
}  # fmt: skip


@dataclass(frozen=True)
class Certificate:
    """sha256: of the DER; issuer, subject: comparable; key_id, issuer_key_id: the extensions' values.

    is_authority: basicConstraints says so; usages: of keyUsage, None when it is absent; purposes: OIDs of extKeyUsage;
    strange: OIDs of critical extensions that we do not know.
    """

    sha256: str
    signed: bytes
    serial: int
    issuer: NameKey
    subject: NameKey
    not_before: datetime
    not_after: datetime
    key_info: bytes
    algorithm: Algorithm
    signature: bytes
    is_authority: bool
    usages: frozenset[str] | None
    purposes: frozenset[str]
    key_id: bytes | None
    issuer_key_id: bytes | None
    strange: tuple[str, ...]

    @property
    def country(self) -> str:
        return country_of(self.subject)

    @property
    def is_self_issued(self) -> bool:
        return self.issuer == self.subject

    def is_valid_at(self, moment: datetime) -> bool:
        return self.not_before <= moment <= self.not_after


def read_certificate(der: bytes) -> Certificate:
    """Raises ChipUnreadable."""
    if len(der) > MAX_BYTES:
        raise ChipUnreadable(f"a certificate of {len(der)} bytes")
    with reading("the certificate"):
        certificate: Any = x509.Certificate.load(der, strict=True)
        body: Any = certificate["tbs_certificate"]
        if body["version"].native != "v3":
            raise ChipUnreadable("the certificate is not of version 3")
        algorithm = algorithm_of(certificate["signature_algorithm"])
        if algorithm_of(body["signature"]) != algorithm:
            raise ChipUnreadable("the certificate names two signature algorithms")
        found = _extensions(body["extensions"])
        return Certificate(
            sha256=hashlib.sha256(der).hexdigest(),
            signed=body.dump(),
            serial=int(body["serial_number"].native),
            issuer=name_key(body["issuer"]),
            subject=name_key(body["subject"]),
            not_before=_moment(body["validity"]["not_before"]),
            not_after=_moment(body["validity"]["not_after"]),
            key_info=body["subject_public_key_info"].dump(),
            algorithm=algorithm,
            signature=_whole_bytes(certificate["signature_value"]),
            **found,
        )


def _moment(value: Any) -> datetime:
    moment = value.native
    if not isinstance(moment, datetime) or moment.tzinfo is None:
        raise ChipUnreadable("the certificate's time has no zone")
    return moment


def _whole_bytes(value: Any) -> bytes:
    if value.contents[:1] != b"\x00":
        raise ChipUnreadable("the signature is not whole bytes")
    return bytes(value.contents[1:])


def _extensions(extensions: Any) -> dict[str, Any]:
    """Fields of Certificate that come from extensions; each may be there once."""
    by_oid: dict[str, bytes] = {}
    strange: list[str] = []
    for extension in () if isinstance(extensions, core.Void) else extensions:
        oid = extension["extn_id"].dotted
        if oid in by_oid:
            raise ChipUnreadable(f"the extension {oid} is there twice")
        by_oid[oid] = bytes(extension["extn_value"].contents)
        if extension["critical"].native and oid not in _UNDERSTOOD:
            strange.append(oid)
    usage, constraints = by_oid.get("2.5.29.15"), by_oid.get("2.5.29.19")
    purposes, key_id, issuer_key_id = (by_oid.get(oid) for oid in ("2.5.29.37", "2.5.29.14", "2.5.29.35"))
    authority = x509.AuthorityKeyIdentifier.load(issuer_key_id, strict=True) if issuer_key_id else None
    return {
        "is_authority": bool(constraints) and bool(x509.BasicConstraints.load(constraints, strict=True)["ca"].native),
        "usages": None if usage is None else frozenset(x509.KeyUsage.load(usage, strict=True).native),
        "purposes": frozenset(
            purpose.dotted for purpose in (x509.ExtKeyUsageSyntax.load(purposes, strict=True) if purposes else ())
        ),
        "key_id": None if key_id is None else bytes(core.OctetString.load(key_id, strict=True).native),
        "issuer_key_id": None if authority is None else authority["key_identifier"].native,
        "strange": tuple(strange),
    }
