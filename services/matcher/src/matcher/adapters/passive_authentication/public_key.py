"""Public keys of certificates: RSA, and elliptic curves by name or by explicit parameters. Weak ones are refused."""

from dataclasses import dataclass
from typing import Any

from asn1crypto import core, keys

from matcher.adapters.passive_authentication.curves import Curve, decode_point, known_curves
from matcher.adapters.passive_authentication.reading import AlgorithmIdentifier, ChipUnreadable, algorithm_of, reading

RSA, RSA_PSS, EC = "1.2.840.113549.1.1.1", "1.2.840.113549.1.1.10", "1.2.840.10045.2.1"
_LEAST_RSA_BITS, _MOST_RSA_BITS = 2048, 8192
_MOST_EXPONENT = 1 << 64


@dataclass(frozen=True)
class RsaKey:
    """pss_parameters: DER that binds the key to RSASSA-PSS with these; pss_only: bound to PSS at all."""

    modulus: int
    exponent: int
    pss_only: bool = False
    pss_parameters: bytes | None = None


@dataclass(frozen=True)
class EcKey:
    """point: on `curve`, checked."""

    curve: Curve
    point: tuple[int, int]


PublicKey = RsaKey | EcKey


class _KeyInfo(core.Sequence):
    _fields = [("algorithm", AlgorithmIdentifier), ("public_key", core.BitString)]  # noqa: RUF012 - asn1crypto's way


def read_public_key(key_info: bytes) -> PublicKey:
    """From a SubjectPublicKeyInfo; raises ChipUnreadable, also for keys that are too weak to prove anything."""
    with reading("the public key"):
        info = _KeyInfo.load(key_info, strict=True)
        algorithm = algorithm_of(info["algorithm"])
        padded: bytes = info["public_key"].contents
        if not padded or padded[0] != 0:
            raise ChipUnreadable("the public key is not whole bytes")
    if algorithm.oid in (RSA, RSA_PSS):
        return _rsa(padded[1:], algorithm.oid == RSA_PSS, algorithm.parameters)
    if algorithm.oid == EC:
        return _ec(padded[1:], algorithm.parameters)
    raise ChipUnreadable(f"public keys of the kind {algorithm.oid} are not supported")


def _rsa(content: bytes, pss_only: bool, parameters: bytes | None) -> RsaKey:
    with reading("the RSA key"):
        numbers = keys.RSAPublicKey.load(content, strict=True)
        modulus, exponent = int(numbers["modulus"].native), int(numbers["public_exponent"].native)
    if modulus.bit_length() < _LEAST_RSA_BITS:
        raise ChipUnreadable(f"an RSA key of {modulus.bit_length()} bits is too weak")
    if modulus.bit_length() > _MOST_RSA_BITS or modulus % 2 == 0:
        raise ChipUnreadable("the RSA key's modulus is not one that an issuer makes")
    if exponent < 3 or exponent % 2 == 0 or exponent > _MOST_EXPONENT:
        raise ChipUnreadable("the RSA key's exponent proves nothing")
    return RsaKey(modulus, exponent, pss_only, parameters if pss_only else None)


def _ec(point: bytes, parameters: bytes | None) -> EcKey:
    if parameters is None:
        raise ChipUnreadable("the key does not say its curve")
    curve = _named(parameters) if parameters[:1] == b"\x06" else _explicit(parameters)
    found = decode_point(curve, point)
    if found is None:
        raise ChipUnreadable(f"the public key is no point of {curve.name}")
    return EcKey(curve, found)


def _named(parameters: bytes) -> Curve:
    with reading("the curve's name"):
        oid = core.ObjectIdentifier.load(parameters, strict=True).dotted
    curve = known_curves().get(oid)
    if curve is None:
        raise ChipUnreadable(f"the curve {oid} is not one of those that travel documents use, or too weak")
    return curve


def _explicit(parameters: bytes) -> Curve:
    with reading("the curve's parameters"):
        domain: Any = keys.SpecifiedECDomain.load(parameters, strict=True)
        if domain["field_id"]["field_type"].native != "prime_field":
            raise ChipUnreadable("the curve is not over a prime field")
        p = int(domain["field_id"]["parameters"].native)
        a, b = (int.from_bytes(domain["curve"][name].native, "big") for name in ("a", "b"))
        order, base = int(domain["order"].native), bytes(domain["base"].native)
        cofactor = domain["cofactor"].native
    for curve in known_curves().values():
        if (curve.p, curve.a, curve.b) == (p, a, b):
            # Generator and order must be the curve's own: a chosen generator makes any key's private half known.
            if decode_point(curve, base) != (curve.x, curve.y) or order != curve.n or cofactor not in (None, 1):
                raise ChipUnreadable(f"the parameters are those of {curve.name} but for generator, order or cofactor")
            return curve
    raise ChipUnreadable("the explicit parameters equal no curve that travel documents use")
