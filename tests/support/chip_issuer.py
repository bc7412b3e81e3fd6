"""A state that issues passports, for tests: keys, certificates, revocation lists, EF.SOD, master lists, byte by byte.

Everything is put together from DER here and not by the libraries under test, so that it can also be made wrong.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from asn1crypto import core
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from dg2_files import tlv

from matcher.adapters.passive_authentication.curves import Curve, known_curves

NOW = datetime(2026, 11, 26, tzinfo=UTC)
CURVES = {curve.name: curve for curve in known_curves().values()}
DIGEST_OIDS = {
    "md5": "1.2.840.113549.2.5", "sha1": "1.3.14.3.2.26", "sha224": "2.16.840.1.101.3.4.2.4",
    "sha256": "2.16.840.1.101.3.4.2.1", "sha384": "2.16.840.1.101.3.4.2.2", "sha512": "2.16.840.1.101.3.4.2.3",
}  # fmt: skip
_HASHES: dict[str, Any] = {
    "md5": hashes.MD5(), "sha1": hashes.SHA1(), "sha224": hashes.SHA224(), "sha256": hashes.SHA256(),
    "sha384": hashes.SHA384(), "sha512": hashes.SHA512(),
}  # fmt: skip
_RSA = {"md5": 4, "sha1": 5, "sha224": 14, "sha256": 11, "sha384": 12, "sha512": 13}
_ECDSA = {"sha1": "1", "sha224": "3.1", "sha256": "3.2", "sha384": "3.3", "sha512": "3.4"}
LDS, MASTER_LIST = "2.23.136.1.1.1", "2.23.136.1.1.2"
SIGNED_DATA = "1.2.840.113549.1.7.2"


def seq(*parts: bytes) -> bytes:
    return tlv(0x30, b"".join(parts))


def set_of(*parts: bytes) -> bytes:
    return tlv(0x31, b"".join(sorted(parts)))


def oid(dotted: str) -> bytes:
    return core.ObjectIdentifier(dotted).dump()


def integer(value: int) -> bytes:
    return core.Integer(value).dump()


def bits(content: bytes) -> bytes:
    return tlv(0x03, b"\x00" + content)


def octets(content: bytes) -> bytes:
    return tlv(0x04, content)


def moment(value: datetime) -> bytes:
    return tlv(0x17, f"{value:%y%m%d%H%M%SZ}".encode()) if value.year < 2050 else general(value)


def general(value: datetime) -> bytes:
    return tlv(0x18, f"{value:%Y%m%d%H%M%SZ}".encode())


def digest_identifier(name: str) -> bytes:
    return seq(oid(DIGEST_OIDS[name]), tlv(0x05, b""))


def pss_parameters(digest: str, mask: str | None = None, salt: int | None = None) -> bytes:
    mgf = seq(oid("1.2.840.113549.1.1.8"), digest_identifier(mask or digest))
    size = _HASHES[digest].digest_size if salt is None else salt
    return seq(tlv(0xA0, digest_identifier(digest)), tlv(0xA1, mgf), tlv(0xA2, integer(size)))


def name(country: str, common: str, kind: int = 0x0C, country_kind: int = 0x13) -> bytes:
    """kind: of the string, UTF8String unless stated."""
    parts = [(country_kind, "2.5.4.6", country), (kind, "2.5.4.3", common)]
    return seq(*(tlv(0x31, seq(oid(kind_oid), tlv(tag, text.encode("utf-16-be" if tag == 0x1E else "utf-8"))))
                 for tag, kind_oid, text in parts if text))  # fmt: skip


@dataclass(frozen=True)
class RsaSigner:
    """scheme: pkcs1, plain (rsaEncryption: no digest named) or pss; info: of the public key, rsaEncryption or bound."""

    private: rsa.RSAPrivateKey
    digest: str = "sha256"
    scheme: str = "pkcs1"
    mask: str | None = None
    salt: int | None = None
    bound: bytes | None = None

    def algorithm(self) -> bytes:
        if self.scheme == "pss":
            return seq(oid("1.2.840.113549.1.1.10"), pss_parameters(self.digest, self.mask, self.salt))
        number = 1 if self.scheme == "plain" else _RSA[self.digest]
        return seq(oid(f"1.2.840.113549.1.1.{number}"), tlv(0x05, b""))

    def sign(self, content: bytes) -> bytes:
        digest = _HASHES[self.digest]
        if self.scheme != "pss":
            return self.private.sign(content, padding.PKCS1v15(), digest)
        size = digest.digest_size if self.salt is None else self.salt
        return self.private.sign(content, padding.PSS(padding.MGF1(_HASHES[self.mask or self.digest]), size), digest)

    def key_info(self) -> bytes:
        numbers = self.private.public_key().public_numbers()
        kind = seq(oid("1.2.840.113549.1.1.1"), tlv(0x05, b""))
        if self.bound is not None:
            kind = seq(oid("1.2.840.113549.1.1.10"), self.bound)
        return seq(kind, bits(seq(integer(numbers.n), integer(numbers.e))))


@dataclass(frozen=True)
class EcSigner:
    """explicit: parameters are written out, as Doc 9303-12 demands; base, order: of these, to lie about them."""

    curve: Curve
    secret: int = 0x1234567890ABCDEF1234567890ABCDEF1234567890ABCDEF12345
    digest: str = "sha256"
    explicit: bool = True
    plain: bool = False
    compressed: bool = False
    base: bytes | None = None
    cofactor: int | None = 1
    point: tuple[int, int] | None = None

    def algorithm(self) -> bytes:
        if self.plain:
            return seq(oid(f"0.4.0.127.0.7.1.1.4.1.{list(_ECDSA).index(self.digest) + 1}"))
        return seq(oid(f"1.2.840.10045.4.{_ECDSA[self.digest]}"))

    def sign(self, content: bytes) -> bytes:
        n = self.curve.n
        digest = hashlib.new(self.digest, content).digest()
        number = int.from_bytes(digest, "big") >> max(0, 8 * len(digest) - n.bit_length())
        nonce = int.from_bytes(hashlib.shake_256(content + b"nonce").digest(80), "big") % n
        at = self.curve.times(nonce, (self.curve.x, self.curve.y))
        assert at is not None
        r = at[0] % n
        s = pow(nonce, -1, n) * (number + r * (self.secret % n)) % n
        size = (n.bit_length() + 7) // 8
        return r.to_bytes(size, "big") + s.to_bytes(size, "big") if self.plain else encode_dss_signature(r, s)

    def encoded(self, point: tuple[int, int]) -> bytes:
        size = self.curve.octets
        if self.compressed:
            return bytes([2 + point[1] % 2]) + point[0].to_bytes(size, "big")
        return b"\x04" + point[0].to_bytes(size, "big") + point[1].to_bytes(size, "big")

    def parameters(self) -> bytes:
        curve = self.curve
        if not self.explicit:
            return oid(curve.oid)
        size = curve.octets
        base = self.encoded((curve.x, curve.y)) if self.base is None else self.base
        coefficients = seq(octets(curve.a.to_bytes(size, "big")), octets(curve.b.to_bytes(size, "big")))
        cofactor = b"" if self.cofactor is None else integer(self.cofactor)
        field_id = seq(oid("1.2.840.10045.1.1"), integer(curve.p))
        return seq(integer(1), field_id, coefficients, octets(base), integer(curve.n), cofactor)

    def key_info(self) -> bytes:
        public = self.point or self.curve.times(self.secret % self.curve.n, (self.curve.x, self.curve.y))
        assert public is not None
        return seq(seq(oid("1.2.840.10045.2.1"), self.parameters()), bits(self.encoded(public)))


SigningKey = RsaSigner | EcSigner


@cache
def rsa_private(size: int, number: int = 0, exponent: int = 65537) -> rsa.RSAPrivateKey:
    """One key per (size, number)."""
    del number
    return rsa.generate_private_key(exponent, size)


def extension(dotted: str, value: bytes, critical: bool = False) -> bytes:
    return seq(oid(dotted), tlv(0x01, b"\xff") if critical else b"", octets(value))


USAGES = {"digital_signature": 0, "key_cert_sign": 5, "crl_sign": 6}


def key_usage(usages: Sequence[str]) -> bytes:
    number = 0
    for usage in usages:
        number |= 0x80 >> USAGES[usage]
    return tlv(0x03, bytes([0, number]))


@dataclass(frozen=True)
class CertificatePlan:
    """What a certificate says; None leaves its part out."""

    subject: bytes
    issuer: bytes
    key: SigningKey
    serial: int = 1
    not_before: datetime = NOW - timedelta(days=1000)
    not_after: datetime = NOW + timedelta(days=3000)
    authority: bool | None = None
    usages: tuple[str, ...] | None = ("digital_signature",)
    purposes: tuple[str, ...] = ()
    key_id: bytes | None = None
    issuer_key_id: bytes | None = None
    more: tuple[bytes, ...] = ()
    version: int = 2
    inner_algorithm: bytes | None = None

    def signed_by(self, key: SigningKey) -> bytes:
        extensions = list(self.more)
        if self.authority is not None:
            extensions.append(extension("2.5.29.19", seq(tlv(0x01, b"\xff") if self.authority else b""), True))
        if self.usages is not None:
            extensions.append(extension("2.5.29.15", key_usage(self.usages), True))
        if self.purposes:
            extensions.append(extension("2.5.29.37", seq(*map(oid, self.purposes)), True))
        if self.key_id is not None:
            extensions.append(extension("2.5.29.14", octets(self.key_id)))
        if self.issuer_key_id is not None:
            extensions.append(extension("2.5.29.35", seq(tlv(0x80, self.issuer_key_id))))
        body = seq(
            tlv(0xA0, integer(self.version)), integer(self.serial), self.inner_algorithm or key.algorithm(),
            self.issuer, seq(moment(self.not_before), moment(self.not_after)), self.subject, self.key.key_info(),
            tlv(0xA3, seq(*extensions)) if extensions else b"",
        )  # fmt: skip
        return seq(body, key.algorithm(), bits(key.sign(body)))


def revocation_list(
    issuer: bytes, key: SigningKey, serials: Sequence[int] = (), more: Sequence[bytes] = (), age_days: int = 10
) -> bytes:
    this = NOW - timedelta(days=age_days)
    entries = [seq(integer(serial), moment(this)) for serial in serials]
    body = seq(
        integer(1), key.algorithm(), issuer, moment(this), moment(this + timedelta(days=90)),
        seq(*entries) if entries else b"", tlv(0xA0, seq(extension("2.5.29.20", integer(7)), *more)),
    )  # fmt: skip
    return seq(body, key.algorithm(), bits(key.sign(body)))


@dataclass(frozen=True)
class Signing:
    """One signer of a CMS file; every field can be made to lie."""

    key: SigningKey
    issuer: bytes
    serial: int
    digest: str | None = None
    content_type: str = LDS
    message_digest: bytes | None = None
    signing_time: datetime | None = NOW - timedelta(days=500)
    key_id: bytes | None = None
    has_attributes: bool = True
    extra_attributes: tuple[bytes, ...] = ()
    break_signature: bool = False

    def info(self, content: bytes) -> bytes:
        digest = self.digest or self.key.digest
        stated = hashlib.new(digest, content).digest() if self.message_digest is None else self.message_digest
        attributes = [
            seq(oid("1.2.840.113549.1.9.3"), set_of(oid(self.content_type))),
            seq(oid("1.2.840.113549.1.9.4"), set_of(octets(stated))),
            *self.extra_attributes,
        ]
        if self.signing_time is not None:
            attributes.append(seq(oid("1.2.840.113549.1.9.5"), set_of(moment(self.signing_time))))
        signed = set_of(*attributes)
        value = self.key.sign(signed if self.has_attributes else content)
        if self.break_signature:
            value = value[:-1] + bytes([value[-1] ^ 1])
        named = seq(self.issuer, integer(self.serial)) if self.key_id is None else tlv(0x80, self.key_id)
        return seq(
            integer(1 if self.key_id is None else 3), named, digest_identifier(digest),
            b"\xa0" + signed[1:] if self.has_attributes else b"", self.key.algorithm(), octets(value),
        )  # fmt: skip


def signed_data(
    content: bytes, signers: Sequence[Signing], certificates: Sequence[bytes], content_type: str = LDS,
    lists: Sequence[bytes] = (),
) -> bytes:  # fmt: skip
    digests = {s.digest or s.key.digest for s in signers} or {"sha256"}
    body = seq(
        integer(3), set_of(*map(digest_identifier, sorted(digests))),
        seq(oid(content_type), tlv(0xA0, octets(content))),
        tlv(0xA0, b"".join(certificates)) if certificates else b"", tlv(0xA1, b"".join(lists)) if lists else b"",
        set_of(*(signer.info(content) for signer in signers)),
    )  # fmt: skip
    return seq(oid(SIGNED_DATA), tlv(0xA0, body))


def group_hashes(pairs: Sequence[tuple[int, bytes]], digest: str = "sha256", version: int = 0) -> bytes:
    rows = [seq(integer(number), octets(value)) for number, value in pairs]
    return seq(integer(version), digest_identifier(digest), seq(*rows))


def master_list_content(certificates: Sequence[bytes]) -> bytes:
    return seq(integer(0), set_of(*certificates))


@dataclass(frozen=True)
class State:
    """A state with one authority and one document signer; `with_` gives another state that differs in some plan."""

    country: str = "UT"
    authority_key: SigningKey = EcSigner(CURVES["brainpoolP256r1"], secret=0xA11CE)
    signer_key: SigningKey = EcSigner(CURVES["secp256r1"], secret=0xB0B)
    hash_digest: str = "sha256"
    authority_changes: dict[str, Any] = field(default_factory=dict[str, Any])
    signer_changes: dict[str, Any] = field(default_factory=dict[str, Any])

    @property
    def authority_name(self) -> bytes:
        return name(self.country, "Country Signing Authority")

    def authority_plan(self, **changes: Any) -> CertificatePlan:
        plan = CertificatePlan(
            self.authority_name, self.authority_name, self.authority_key, 1, authority=True,
            usages=("key_cert_sign", "crl_sign"), key_id=b"authority-key-" + self.country.encode(),
        )  # fmt: skip
        return replace(plan, **{**self.authority_changes, **changes})

    def authority(self, **changes: Any) -> bytes:
        return self.authority_plan(**changes).signed_by(self.authority_key)

    def signer_plan(self, **changes: Any) -> CertificatePlan:
        plan = CertificatePlan(
            name(self.country, "Document Signer 7"), self.authority_name, self.signer_key, 0x7007,
            issuer_key_id=b"authority-key-" + self.country.encode(), key_id=b"signer-key",
        )  # fmt: skip
        return replace(plan, **{**self.signer_changes, **changes})

    def signer(self, **changes: Any) -> bytes:
        return self.signer_plan(**changes).signed_by(self.authority_key)

    def signing(self, **changes: Any) -> Signing:
        plan = self.signer_plan()
        return replace(Signing(self.signer_key, plan.issuer, plan.serial), **changes)

    def hashes(self, photo: bytes, more: Sequence[tuple[int, bytes]] = ()) -> bytes:
        def digest(content: bytes) -> bytes:
            return hashlib.new(self.hash_digest, content).digest()

        pairs = [(1, digest(b"MRZ")), (2, digest(photo)), *more]
        return group_hashes(pairs, self.hash_digest)

    def security_object(self, photo: bytes, **changes: Any) -> bytes:
        """EF.SOD of a chip with the data groups 1 and 2."""
        return tlv(0x77, signed_data(self.hashes(photo), [self.signing(**changes)], [self.signer()]))
