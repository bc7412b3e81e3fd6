"""CMS SignedData (RFC 5652) as plain values, and the check of one signer's statement."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from asn1crypto import cms, core

from matcher.adapters.passive_authentication.public_key import PublicKey
from matcher.adapters.passive_authentication.reading import (
    Algorithm,
    ChipUnreadable,
    NameKey,
    algorithm_of,
    invalid,
    name_key,
    reading,
)
from matcher.adapters.passive_authentication.signature import Signature, check_signature, digest_algorithm, digest_of

_SIGNED_DATA = "1.2.840.113549.1.7.2"
_CONTENT_TYPE, _MESSAGE_DIGEST, _SIGNING_TIME = (f"1.2.840.113549.1.9.{n}" for n in (3, 4, 5))
_MOST = 16
"""Signers, and certificates beside them, that a file may hold."""


class _AnySet(core.SetOf):
    _child_spec = core.Any


class _SignedData(core.Sequence):
    """With version 1 as with version 3, and certificates as they come."""

    _fields = [  # noqa: RUF012 - asn1crypto's way
        ("version", core.Integer),
        ("digest_algorithms", core.Any),
        ("content", cms.EncapsulatedContentInfo),
        ("certificates", _AnySet, {"implicit": 0, "optional": True}),
        ("crls", _AnySet, {"implicit": 1, "optional": True}),
        ("signer_infos", cms.SignerInfos),
    ]


class _ContentInfo(core.Sequence):
    _fields = [("kind", core.ObjectIdentifier), ("content", _SignedData, {"explicit": 0})]  # noqa: RUF012


@dataclass(frozen=True)
class SignerStatement:
    """One SignerInfo. issuer and serial, or key_id, name its certificate; attributes: the bytes that are signed."""

    issuer: NameKey | None
    serial: int | None
    key_id: bytes | None
    digest: Algorithm
    algorithm: Algorithm
    signature: bytes
    attributes: bytes
    content_type: str
    message_digest: bytes
    signing_time: datetime | None


@dataclass(frozen=True)
class SignedData:
    """certificates: DER of those that came with it; nothing in here is trusted."""

    content_type: str
    content: bytes
    certificates: tuple[bytes, ...]
    signers: tuple[SignerStatement, ...]


def read_signed_data(content: bytes, most_certificates: int = _MOST) -> SignedData:
    """Raises ChipUnreadable; revocation lists inside are passed over: whoever wrote the file chose them."""
    with reading("the signed data"):
        outer: Any = _ContentInfo.load(content, strict=True)
        if outer["kind"].dotted != _SIGNED_DATA:
            raise ChipUnreadable("the file is not CMS signed data")
        data: Any = outer["content"]
        inner, certificates, signers = data["content"], data["certificates"], data["signer_infos"]
        if isinstance(inner["content"], core.Void):
            raise ChipUnreadable("the signed content is not in the file")
        ders = [] if isinstance(certificates, core.Void) else [bytes(item.dump()) for item in certificates]
        if len(signers) > _MOST or len(ders) > most_certificates:
            raise ChipUnreadable(f"{len(signers)} signers and {len(ders)} certificates")
        return SignedData(
            inner["content_type"].dotted,
            bytes(inner["content"]),
            tuple(der for der in ders if der[:1] == b"\x30"),
            tuple(_statement(signer) for signer in signers),
        )


def _statement(signer: Any) -> SignerStatement:
    attributes = signer["signed_attrs"]
    if isinstance(attributes, core.Void):
        raise ChipUnreadable("the signer signed no attributes: the content's type is then not part of what is signed")
    encoded = bytes(attributes.dump())
    if encoded[1:2] == b"\x80":
        raise ChipUnreadable("the signed attributes are not in DER")
    by_type: dict[str, Any] = {}
    for attribute in attributes:
        kind = attribute["type"].dotted
        if kind in by_type or len(attribute["values"]) != 1:
            raise ChipUnreadable(f"the signed attribute {kind} is there more than once")
        by_type[kind] = attribute["values"][0]
    if _CONTENT_TYPE not in by_type or _MESSAGE_DIGEST not in by_type:
        raise ChipUnreadable("the signed attributes lack the content's type or digest")
    moment = by_type[_SIGNING_TIME].native if _SIGNING_TIME in by_type else None
    if moment is not None and (not isinstance(moment, datetime) or moment.tzinfo is None):
        raise ChipUnreadable("the signing time has no zone")
    named = signer["sid"]
    by_serial = named.name == "issuer_and_serial_number"
    return SignerStatement(
        name_key(named.chosen["issuer"]) if by_serial else None,
        int(named.chosen["serial_number"].native) if by_serial else None,
        None if by_serial else bytes(named.chosen.native),
        algorithm_of(signer["digest_algorithm"]),
        algorithm_of(signer["signature_algorithm"]),
        bytes(signer["signature"].native),
        b"\x31" + encoded[1:],  # RFC 5652 §5.4: signed as SET OF, stored with the tag [0]
        by_type[_CONTENT_TYPE].dotted,
        bytes(by_type[_MESSAGE_DIGEST].native),
        moment,
    )


def check_statement(data: SignedData, signer: SignerStatement, key: PublicKey) -> tuple[str, ...]:
    """Names of the digests on which the statement rests; raises NotAuthentic, ChipUnreadable."""
    if signer.content_type != data.content_type:
        raise invalid("the signature is over another kind of content")
    digest = digest_algorithm(signer.digest)
    if digest_of(digest, data.content) != signer.message_digest:
        raise invalid("the signed digest is not that of the content")
    holds, used = check_signature(key, Signature(signer.algorithm, signer.attributes, signer.signature, digest))
    if not holds:
        raise invalid("the signature over the content does not hold")
    return digest.name, used
