"""The trust folder: certificates and revocation lists (PEM or DER), master lists, LDIF files, in any arrangement.

An authority is trusted because its self-signed certificate lies here as a file of its own, or stands in a master list
whose signer such a file vouches for. What comes in an LDIF file is a supply only: its revocation lists and link
certificates must be signed by a trusted authority, its document signers are candidates.
"""

import base64
import binascii
import re
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from matcher.adapters.passive_authentication.certificate import Certificate, read_certificate
from matcher.adapters.passive_authentication.ldif import binary_values, looks_like_ldif
from matcher.adapters.passive_authentication.master_list import open_master_list
from matcher.adapters.passive_authentication.reading import ChipUnreadable, NotAuthentic, readable_name
from matcher.adapters.passive_authentication.revocation import RevocationList, read_revocation_list
from matcher.adapters.passive_authentication.trust import (
    TrustStore,
    believed_lists,
    may_issue,
    signed_by,
    trusted_authorities,
)

MAX_FILE_BYTES = 400_000_000
_PEM = re.compile(rb"-----BEGIN ([A-Z0-9 ]+)-----(.*?)-----END \1-----", re.DOTALL)


@dataclass(frozen=True)
class TrustProblem:
    """Something in the folder that does not count, and why."""

    file: str
    detail: str


@dataclass
class _Found:
    roots: list[Certificate] = field(default_factory=list[Certificate])
    links: list[Certificate] = field(default_factory=list[Certificate])
    signers: list[Certificate] = field(default_factory=list[Certificate])
    lists: list[tuple[str, RevocationList]] = field(default_factory=list[tuple[str, RevocationList]])
    master_lists: list[tuple[str, bytes]] = field(default_factory=list[tuple[str, bytes]])
    problems: list[TrustProblem] = field(default_factory=list[TrustProblem])
    names: dict[str, str] = field(default_factory=dict[str, str])

    def problem(self, file: str, detail: object) -> None:
        self.problems.append(TrustProblem(file, str(detail)))


@dataclass(frozen=True)
class OpenedTrust:
    """What the folder holds, and what in it does not count."""

    store: TrustStore
    problems: tuple[TrustProblem, ...]


def fingerprint(folder: Path) -> tuple[tuple[str, int, int], ...]:
    """Changes when a file does: (name, size, time of change [ns])."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return tuple((path.as_posix(), path.stat().st_size, path.stat().st_mtime_ns) for path in files)


def open_trust_folder(folder: Path, now: datetime) -> OpenedTrust:
    """Read everything in it; raises OSError when the folder cannot be read. What is not understood is a problem."""
    found = _Found()
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.name.startswith("."):
            if path.stat().st_size > MAX_FILE_BYTES:
                found.problem(path.name, f"more than {MAX_FILE_BYTES} bytes")
                continue
            _sort(path.name, path.read_bytes(), found)
    pinned = TrustStore(trusted_authorities(found.roots, found.links))
    listed: list[Certificate] = []
    for name, content in found.master_lists:
        listed += _listed(name, content, pinned, now, found)
    roots = [*found.roots, *(c for c in listed if c.is_self_issued)]
    links = [*found.links, *(c for c in listed if not c.is_self_issued)]
    authorities = trusted_authorities(roots, links)
    lists, foreign = believed_lists([item for _, item in found.lists], authorities)
    by_item = {id(item): name for name, item in found.lists}
    trusted = {a.certificate.sha256 for same in authorities.values() for a in same}
    for link in found.links:
        if link.sha256 in found.names and link.sha256 not in trusted:
            words = f"neither signed by its own key nor by a trusted authority: {readable_name(link.subject)}"
            found.problem(found.names[link.sha256], words)
    for item in foreign:
        found.problem(by_item[id(item)], f"no trusted authority signed the list of {readable_name(item.issuer)}")
    signers: dict[int, list[Certificate]] = {}
    for certificate in found.signers:
        signers.setdefault(certificate.serial, []).append(certificate)
    return OpenedTrust(TrustStore(authorities, lists, signers), tuple(found.problems))


def _sort(name: str, content: bytes, found: _Found) -> None:
    blocks = list(_PEM.finditer(content))
    if blocks:
        for block in blocks:
            try:
                der = base64.b64decode(b"".join(block[2].split()), validate=True)
            except (binascii.Error, ValueError):
                found.problem(name, "a PEM block is not base64")
                continue
            _sort_der(name, der, found)
    elif looks_like_ldif(content):
        for kind, value in binary_values(content):
            _sort_ldif(name, kind, value, found)
    else:
        _sort_der(name, content, found)


def _sort_der(name: str, der: bytes, found: _Found) -> None:
    try:
        certificate = read_certificate(der)
    except ChipUnreadable as not_certificate:
        try:
            found.lists.append((name, read_revocation_list(der)))
        except ChipUnreadable:
            if der[:1] == b"\x30" and b"\x67\x81\x08\x01\x01\x02" in der[:200]:  # OID of the master list
                found.master_lists.append((name, der))
            else:
                found.problem(name, f"no certificate, revocation list or master list: {not_certificate}")
        return
    found.names[certificate.sha256] = name
    if not may_issue(certificate):
        found.signers.append(certificate)
    elif not certificate.is_self_issued or not signed_by(certificate, certificate):
        found.links.append(certificate)
    else:
        found.roots.append(certificate)


def _sort_ldif(name: str, kind: str, value: bytes | None, found: _Found) -> None:
    if value is None:
        found.problem(name, f"a {kind} is not base64")
        return
    try:
        if kind == "master_list":
            found.master_lists.append((name, value))
        elif kind == "list":
            found.lists.append((name, read_revocation_list(value)))
        else:
            certificate = read_certificate(value)
            (found.links if may_issue(certificate) else found.signers).append(certificate)
    except ChipUnreadable as error:
        found.problem(name, error)


def _listed(name: str, content: bytes, pinned: TrustStore, now: datetime, found: _Found) -> list[Certificate]:
    listed: list[Certificate] = []
    try:
        ders = open_master_list(content, pinned, now)
    except NotAuthentic as error:
        found.problem(name, f"the master list is not believed: {error.finding.explanation}")
        return []
    except ChipUnreadable as error:
        found.problem(name, error)
        return []
    for der in ders:
        try:
            certificate = read_certificate(der)
        except ChipUnreadable as error:
            found.problem(name, f"an entry of the master list: {error}")
            continue
        if not may_issue(certificate):
            found.problem(name, f"an entry of the master list is no authority: {readable_name(certificate.subject)}")
        elif certificate.is_self_issued and not signed_by(certificate, certificate):
            found.links.append(certificate)
        else:
            listed.append(certificate)
    return listed
