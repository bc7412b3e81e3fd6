"""Master lists: one state's signed list of the authorities of many (ICAO Doc 9303-12 §8)."""

from datetime import datetime

from asn1crypto import core

from matcher.adapters.passive_authentication.certificate import Certificate, read_certificate
from matcher.adapters.passive_authentication.chain import check_role, find_chain
from matcher.adapters.passive_authentication.public_key import read_public_key
from matcher.adapters.passive_authentication.reading import ChipUnreadable, NotAuthentic, reading
from matcher.adapters.passive_authentication.signed_data import (
    SignedData,
    SignerStatement,
    check_statement,
    read_signed_data,
)
from matcher.adapters.passive_authentication.trust import TrustStore

_MASTER_LIST, _MASTER_LIST_SIGNER = "2.23.136.1.1.2", "2.23.136.1.1.3"
_MOST_CERTIFICATES = 5_000


class _Certificates(core.SetOf):
    _child_spec = core.Any


class _MasterList(core.Sequence):
    _fields = [("version", core.Integer), ("certificates", _Certificates)]  # noqa: RUF012 - asn1crypto's way


def open_master_list(content: bytes, trust: TrustStore, now: datetime) -> list[bytes]:
    """DER of the listed certificates; raises NotAuthentic, ChipUnreadable.

    `trust` holds the authorities that the operator has laid into the folder as files. A list is not believed on the
    word of another list: else every state could speak for every other.
    """
    data = read_signed_data(content, _MOST_CERTIFICATES)
    if data.content_type != _MASTER_LIST:
        raise ChipUnreadable("what is signed is no master list")
    if not data.signers:
        raise ChipUnreadable("the master list has no signer")
    for signer in data.signers:
        _check_signer(data, signer, trust, now)
    with reading("the master list"):
        listed = _MasterList.load(data.content, strict=True)["certificates"]
        return [bytes(item.dump()) for item in listed]


def _check_signer(data: SignedData, signer: SignerStatement, trust: TrustStore, now: datetime) -> None:
    certificate = named_certificate(signer, data.certificates)
    if certificate is None:
        raise ChipUnreadable("the certificate of the master list's signer is not in it")
    check_statement(data, signer, read_public_key(certificate.key_info))
    check_role(certificate, _MASTER_LIST_SIGNER)
    for finding in find_chain(certificate, trust, now).findings:
        raise NotAuthentic(finding.outcome, finding.explanation)


def named_certificate(signer: SignerStatement, ders: tuple[bytes, ...]) -> Certificate | None:
    """The first certificate that the signer names."""
    for der in ders:
        try:
            certificate = read_certificate(der)
        except ChipUnreadable:
            continue
        if is_named(signer, certificate):
            return certificate
    return None


def is_named(signer: SignerStatement, certificate: Certificate) -> bool:
    """Whether the signer's identifier is this certificate's: by issuer and serial number, or by key."""
    if signer.key_id is not None:
        return certificate.key_id == signer.key_id
    return (signer.issuer, signer.serial) == (certificate.issuer, certificate.serial)
