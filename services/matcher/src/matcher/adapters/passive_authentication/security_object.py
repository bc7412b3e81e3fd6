"""EF.SOD: the signed list of the hashes of a chip's data groups (ICAO Doc 9303-10 §4.6.2)."""

from dataclasses import dataclass

from asn1crypto import core
from cryptography.hazmat.primitives import hashes

from matcher.adapters.passive_authentication.reading import (
    AlgorithmIdentifier,
    ChipUnreadable,
    NotAuthentic,
    algorithm_of,
    reading,
)
from matcher.adapters.passive_authentication.signature import digest_algorithm, digest_of
from matcher.adapters.passive_authentication.signed_data import SignedData, read_signed_data
from matcher.domain.authenticity import Authenticity
from matcher.domain.chip_file import SECURITY_OBJECT_TAG, ChipFileUnreadable, value_of

MAX_BYTES = 100_000
_LDS_SECURITY_OBJECT = "2.23.136.1.1.1"
_PHOTOGRAPH = 2


class _GroupHash(core.Sequence):
    _fields = [("number", core.Integer), ("value", core.OctetString)]  # noqa: RUF012 - asn1crypto's way


class _GroupHashes(core.SequenceOf):
    _child_spec = _GroupHash


class _LdsSecurityObject(core.Sequence):
    _fields = [  # noqa: RUF012 - asn1crypto's way
        ("version", core.Integer),
        ("hash_algorithm", AlgorithmIdentifier),
        ("hashes", _GroupHashes),
        ("lds_version", core.Any, {"optional": True}),
    ]


@dataclass(frozen=True)
class SecurityObject:
    """digest: of the data groups; photograph_hashes: every value given for data group 2."""

    signed: SignedData
    digest: hashes.HashAlgorithm
    photograph_hashes: tuple[bytes, ...]
    has_repeated_groups: bool

    def check_photograph(self, data_group_2: bytes) -> None:
        """Raises NotAuthentic unless the element `data_group_2` is the one whose hash was signed."""
        if self.has_repeated_groups:
            raise NotAuthentic(Authenticity.HASH_DIFFERS, "a data group is listed twice: the list says two things")
        if not self.photograph_hashes:
            raise NotAuthentic(Authenticity.HASH_DIFFERS, "the issuer signed no hash of data group 2")
        wanted = self.photograph_hashes[0]
        if digest_of(self.digest, data_group_2) != wanted:
            raise NotAuthentic(Authenticity.HASH_DIFFERS, "the photograph is not the one that the issuer signed")


def read_security_object(content: bytes) -> SecurityObject:
    """From the file EF.SOD; raises ChipUnreadable. Hashes of other data groups are not kept."""
    if len(content) > MAX_BYTES:
        raise ChipUnreadable(f"EF.SOD has {len(content)} bytes; at most {MAX_BYTES} are read")
    try:
        signed = read_signed_data(value_of(content, SECURITY_OBJECT_TAG))
    except ChipFileUnreadable as error:
        raise ChipUnreadable(f"EF.SOD: {error}") from error
    if signed.content_type != _LDS_SECURITY_OBJECT:
        raise ChipUnreadable("what is signed is no list of a chip's data groups")
    if not signed.signers:
        raise ChipUnreadable("EF.SOD has no signer")
    with reading("the list of data groups"):
        body = _LdsSecurityObject.load(signed.content, strict=True)
        digest = digest_algorithm(algorithm_of(body["hash_algorithm"]))
        pairs = [(int(row["number"].native), bytes(row["value"].native)) for row in body["hashes"]]
    if not 1 <= len(pairs) <= 16 or any(not 1 <= number <= 16 for number, _ in pairs):
        raise ChipUnreadable("the list of data groups holds none, too many or unknown ones")
    numbers = [number for number, _ in pairs]
    photograph = tuple(value for number, value in pairs if number == _PHOTOGRAPH)
    return SecurityObject(signed, digest, photograph, len(set(numbers)) < len(numbers))
