"""Does this signature of this algorithm hold? RSA (PKCS #1 v1.5 and PSS) and ECDSA, SHA-1 to SHA-512."""

from dataclasses import dataclass

from asn1crypto import algos
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import (
    Prehashed,
    decode_dss_signature,
    encode_dss_signature,
)

from matcher.adapters.passive_authentication.curves import ecdsa_holds
from matcher.adapters.passive_authentication.public_key import RSA, RSA_PSS, EcKey, PublicKey, RsaKey
from matcher.adapters.passive_authentication.reading import Algorithm, ChipUnreadable, algorithm_of, reading

DIGESTS: dict[str, hashes.HashAlgorithm] = {
    "1.3.14.3.2.26": hashes.SHA1(),
    "2.16.840.1.101.3.4.2.4": hashes.SHA224(),
    "2.16.840.1.101.3.4.2.1": hashes.SHA256(),
    "2.16.840.1.101.3.4.2.2": hashes.SHA384(),
    "2.16.840.1.101.3.4.2.3": hashes.SHA512(),
}
_SHA = ("sha1", "sha224", "sha256", "sha384", "sha512")
_BY_NAME = {digest.name: digest for digest in DIGESTS.values()}
_PKCS1 = {f"1.2.840.113549.1.1.{n}": name for n, name in zip((5, 14, 11, 12, 13), _SHA, strict=True)}
_ECDSA = {
    "1.2.840.10045.4.1": "sha1",
    **{f"1.2.840.10045.4.3.{n}": name for n, name in enumerate(_SHA[1:], 1)},
}
_PLAIN_ECDSA = {f"0.4.0.127.0.7.1.1.4.1.{n}": name for n, name in enumerate(_SHA, 1)}
"""BSI TR-03111: r and s one after the other, without DER."""
_EC_KEY = "1.2.840.10045.2.1"
_CURVES: dict[str, type[ec.EllipticCurve]] = {
    "secp224r1": ec.SECP224R1, "secp256r1": ec.SECP256R1, "secp384r1": ec.SECP384R1, "secp521r1": ec.SECP521R1,
    "brainpoolP256r1": ec.BrainpoolP256R1, "brainpoolP384r1": ec.BrainpoolP384R1,
    "brainpoolP512r1": ec.BrainpoolP512R1,
}  # fmt: skip


def digest_algorithm(algorithm: Algorithm) -> hashes.HashAlgorithm:
    """One of SHA-1 to SHA-512; raises ChipUnreadable for any other (MD5 above all)."""
    found = DIGESTS.get(algorithm.oid)
    if found is None:
        raise ChipUnreadable(f"the digest {algorithm.oid} is not supported or too weak")
    return found


def digest_of(algorithm: hashes.HashAlgorithm, content: bytes) -> bytes:
    """Of `content`."""
    hasher = hashes.Hash(algorithm)
    hasher.update(content)
    return hasher.finalize()


@dataclass(frozen=True)
class Signature:
    """value over `signed`; stated_digest: the CMS signer's own, for algorithms that do not name theirs."""

    algorithm: Algorithm
    signed: bytes
    value: bytes
    stated_digest: hashes.HashAlgorithm | None = None


def check_signature(key: PublicKey, signature: Signature) -> tuple[bool, str]:
    """(it holds, name of its digest); raises ChipUnreadable for an algorithm that is not supported or does not fit."""
    oid = signature.algorithm.oid
    if oid == RSA_PSS:
        return _check_pss(key, signature)
    if oid in _PKCS1 or oid == RSA:
        if not isinstance(key, RsaKey) or key.pss_only:
            raise ChipUnreadable("the signature's algorithm is not the key's")
        digest = _digest(_PKCS1.get(oid), signature)
        return _rsa_holds(key, signature, padding.PKCS1v15(), digest), digest.name
    if oid in _ECDSA or oid in _PLAIN_ECDSA or oid == _EC_KEY:
        if not isinstance(key, EcKey):
            raise ChipUnreadable("the signature's algorithm is not the key's")
        digest = _digest(_ECDSA.get(oid) or _PLAIN_ECDSA.get(oid), signature)
        return _ec_holds(key, signature, digest, oid in _PLAIN_ECDSA), digest.name
    raise ChipUnreadable(f"the signature algorithm {oid} is not supported or too weak")


def _digest(name: str | None, signature: Signature) -> hashes.HashAlgorithm:
    if name is not None:
        return _BY_NAME[name]
    if signature.stated_digest is None:
        raise ChipUnreadable("the signature does not say its digest")
    return signature.stated_digest


@dataclass(frozen=True)
class _Pss:
    digest: str
    mask_digest: str
    salt: int


def _pss(parameters: bytes | None) -> _Pss:
    with reading("the RSASSA-PSS parameters"):
        if parameters is None:
            raise ChipUnreadable("RSASSA-PSS without parameters")
        found = algos.RSASSAPSSParams.load(parameters, strict=True)
        mask = found["mask_gen_algorithm"]
        if mask["algorithm"].native != "mgf1" or int(found["trailer_field"]) != 1:
            raise ChipUnreadable("RSASSA-PSS with another mask or trailer")
        digest = digest_algorithm(algorithm_of(found["hash_algorithm"]))
        mask_digest = digest_algorithm(algorithm_of(mask["parameters"]))
        return _Pss(digest.name, mask_digest.name, int(found["salt_length"].native))


def _check_pss(key: PublicKey, signature: Signature) -> tuple[bool, str]:
    if not isinstance(key, RsaKey):
        raise ChipUnreadable("the signature's algorithm is not the key's")
    used = _pss(signature.algorithm.parameters)
    digest = _BY_NAME[used.digest]
    if key.pss_parameters is not None:  # RFC 4055 §3.3: the key is bound to them; the salt may be longer
        bound = _pss(key.pss_parameters)
        if (bound.digest, bound.mask_digest) != (used.digest, used.mask_digest) or used.salt < bound.salt:
            raise ChipUnreadable("the signature's RSASSA-PSS parameters are not those that the key is bound to")
    if signature.stated_digest is not None and signature.stated_digest.name != used.digest:  # RFC 4056 §3
        raise ChipUnreadable("the RSASSA-PSS digest is not the signer's")
    if not 0 <= used.salt <= (key.modulus.bit_length() + 6) // 8 - digest.digest_size - 2:
        raise ChipUnreadable("the RSASSA-PSS salt does not fit the key")
    scheme = padding.PSS(padding.MGF1(_BY_NAME[used.mask_digest]), used.salt)
    return _rsa_holds(key, signature, scheme, digest), digest.name


def _rsa_holds(
    key: RsaKey, signature: Signature, scheme: padding.PKCS1v15 | padding.PSS, digest: hashes.HashAlgorithm
) -> bool:
    try:
        public = rsa.RSAPublicNumbers(key.exponent, key.modulus).public_key()
        public.verify(signature.value, digest_of(digest, signature.signed), scheme, Prehashed(digest))
    except InvalidSignature:
        return False
    except (ValueError, UnsupportedAlgorithm) as error:
        raise ChipUnreadable(f"the RSA signature cannot be checked: {error}") from error
    return True


def _ec_holds(key: EcKey, signature: Signature, digest: hashes.HashAlgorithm, plain: bool) -> bool:
    value = signature.value
    size = (key.curve.n.bit_length() + 7) // 8
    try:
        if plain:
            if len(value) != 2 * size:
                return False
            r, s = int.from_bytes(value[:size], "big"), int.from_bytes(value[size:], "big")
            value = encode_dss_signature(r, s)
        else:
            r, s = decode_dss_signature(value)
    except ValueError:
        return False
    hashed = digest_of(digest, signature.signed)
    named = _CURVES.get(key.curve.name)
    if named is None:
        return ecdsa_holds(key.curve, key.point, hashed, r, s)
    try:
        public = ec.EllipticCurvePublicNumbers(*key.point, named()).public_key()
        public.verify(value, hashed, ec.ECDSA(Prehashed(digest)))
    except InvalidSignature:
        return False
    except (ValueError, UnsupportedAlgorithm) as error:
        raise ChipUnreadable(f"the ECDSA signature cannot be checked: {error}") from error
    return True
