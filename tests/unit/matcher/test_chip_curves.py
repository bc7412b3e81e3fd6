"""Curves: every row of the table is a curve of prime order, and our ECDSA agrees with other implementations."""

import hashlib

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from hypothesis import given, settings
from hypothesis import strategies as st

from matcher.adapters.passive_authentication.curves import Curve, decode_point, ecdsa_holds, known_curves

CURVES = {curve.name: curve for curve in known_curves().values()}
IN_OPENSSL = {
    "secp224r1": ec.SECP224R1(), "secp256r1": ec.SECP256R1(), "secp384r1": ec.SECP384R1(), "secp521r1": ec.SECP521R1(),
    "brainpoolP256r1": ec.BrainpoolP256R1(), "brainpoolP384r1": ec.BrainpoolP384R1(),
    "brainpoolP512r1": ec.BrainpoolP512R1(),
}  # fmt: skip
MESSAGE = b"signed by another implementation"
PUBLIC = {
    "brainpoolP224r1": (
        "042583d0fa61e3405545bc3ae942a60f26cae39d443ad767ff038310c6232ffac6fceca3c0c20ab9c6cf678e997d5345786d"
        "c62300c0afef04"
    ),
    "brainpoolP320r1": (
        "0440ac10d0bd08e01ba9464932b754916a5c2341a0176b8c54a9d0216bbf9cb3ab2a792884cf7ff1f84c7efa046ca962429f"
        "4d6b28337de92b8d53abc6ca314db47c8e3705f45b5e626d45f664d3b7be29"
    ),
}
SIGNATURES = [
    (
        "brainpoolP224r1",
        "sha1",
        (
            "303d021c61911f89ae34cabc5b6c5c30672f83cc747dbe26df74726df5d3c672021d00a5dd1d775c10742d6395b2032448c2"
            "e5ec8c8e900530a191e42d1a6c"
        ),
    ),
    (
        "brainpoolP224r1",
        "sha224",
        (
            "303d021d00c5e3ce6a5c287a3e36f9bdd80ec0733f7ac6119725ddccabd3eec023021c422d14c578999013e8513f3773cd69"
            "124157825f25c06c40508c1975"
        ),
    ),
    (
        "brainpoolP224r1",
        "sha256",
        (
            "303c021c00c3656b471f0741f87a48bc02ab5d0015737e439287c0e5f2205843021c441021b59e8255cf6b307eb7e0663ace"
            "c9d534f852bb23ce2d706cac"
        ),
    ),
    (
        "brainpoolP224r1",
        "sha384",
        (
            "303d021c12f4c111267cbf394569392b025a4beb5d911337b39ba45fcd74a336021d009c6718535cd0e4527b645c691a6493"
            "9753f455a30c6ab9e635ae1240"
        ),
    ),
    (
        "brainpoolP224r1",
        "sha512",
        (
            "303d021d008d57a29900335154c3c3bfca8e47743a9574b1b439f0f0f6f5ccf4db021c0e6bbad935dd1dba967b90cd83a247"
            "ab4c1c5cae69315441ae92ecae"
        ),
    ),
    (
        "brainpoolP320r1",
        "sha1",
        (
            "3056022900c86d9e9926b49a191298aceef7225e5929383f25ea43b4f1ac4ff93358ef0c7e387ca2994baa8885022900d022"
            "a1a5b3cb54c2c4042e83d490a18f85097c56648798af4b116b34b35ca1a7203915f96a0f5974"
        ),
    ),
    (
        "brainpoolP320r1",
        "sha224",
        (
            "3056022900c44edf56837db6b7547ade8082de9308f97e4c9e5b478486ce402afd8143d3956bcf6251407116470229008759"
            "9afd05ab45fd06a9936ac6dadbe550408a671bce99b3a2fad2f1fb41abd16350be707757c2b4"
        ),
    ),
    (
        "brainpoolP320r1",
        "sha256",
        (
            "3055022900a9b0b39c6b619c47928a8092f2698b3733af90bba045bc0ae619f90c746eae9eb83c6611b96011bb022846bc7c"
            "c125f95df3a7644abed355151e69009870ae481521984bf06411111bb1a8be3571f0c91322"
        ),
    ),
    (
        "brainpoolP320r1",
        "sha384",
        (
            "3056022900bb4baaf127129b99c415da5bda638938ef32764a6d9635c9ceab6b0beae5e0bcfd53421648b9a616022900c27b"
            "5d652317e9161fe01ddbf150eda5d81d00dcac8b293b90a941f3c058ca6b75aff91087f53738"
        ),
    ),
    (
        "brainpoolP320r1",
        "sha512",
        (
            "3056022900b30e5ecc9ee97b3e678be917b41c14dce951666df7660b6b93c8a886ad109915d0657b8343751967022900c721"
            "26573e79b0c9b162d1b5323968cec90ad59a6f41c06dad755181828d8a61ae0663a9ce9a69fe"
        ),
    ),
]
"""Made with `openssl dgst -sign` on keys of `openssl ecparam -genkey`, for the curves that `cryptography` lacks."""


def is_probably_prime(number: int) -> bool:
    """Miller and Rabin with the first twelve primes as witnesses."""
    odd, twos = number - 1, 0
    while odd % 2 == 0:
        odd, twos = odd // 2, twos + 1
    for witness in (2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37):
        x = pow(witness, odd, number)
        if x in (1, number - 1):
            continue
        if not any((x := x * x % number) == number - 1 for _ in range(twos - 1)):
            return False
    return True


@pytest.mark.parametrize("curve", CURVES.values(), ids=lambda curve: curve.name)
def test_a_row_is_a_curve_whose_generator_has_its_prime_order(curve: Curve) -> None:
    assert is_probably_prime(curve.p) and is_probably_prime(curve.n)
    assert (4 * curve.a**3 + 27 * curve.b**2) % curve.p != 0
    generator = (curve.x, curve.y)
    assert curve.holds(*generator)
    assert curve.times(curve.n, generator) is None
    assert curve.times(curve.n + 1, generator) == generator
    assert (curve.n - curve.p - 1) ** 2 <= 4 * curve.p  # the bound of Hasse


@pytest.mark.parametrize(("name", "digest", "signature"), SIGNATURES)
def test_signatures_of_openssl_hold_where_the_library_lacks_the_curve(name: str, digest: str, signature: str) -> None:
    curve = CURVES[name]
    public = decode_point(curve, bytes.fromhex(PUBLIC[name]))
    assert public is not None
    r, s = decode_dss_signature(bytes.fromhex(signature))
    hashed = hashlib.new(digest, MESSAGE).digest()
    assert ecdsa_holds(curve, public, hashed, r, s)
    assert not ecdsa_holds(curve, public, hashlib.new(digest, b"other").digest(), r, s)
    assert not ecdsa_holds(curve, public, hashed, r + 1, s)
    assert not ecdsa_holds(curve, public, hashed, r, curve.n)
    assert not ecdsa_holds(curve, public, hashed, 0, s)


@pytest.mark.parametrize("name", IN_OPENSSL)
@pytest.mark.parametrize("digest", [hashes.SHA1(), hashes.SHA256(), hashes.SHA512()], ids=lambda d: d.name)
def test_ours_agrees_with_openssl_where_both_know_the_curve(name: str, digest: hashes.HashAlgorithm) -> None:
    private = ec.generate_private_key(IN_OPENSSL[name])
    numbers = private.public_key().public_numbers()
    r, s = decode_dss_signature(private.sign(MESSAGE, ec.ECDSA(digest)))
    hashed = hashlib.new(digest.name, MESSAGE).digest()
    assert ecdsa_holds(CURVES[name], (numbers.x, numbers.y), hashed, r, s)
    assert not ecdsa_holds(CURVES[name], (numbers.x, numbers.y), bytes([hashed[0] ^ 1]) + hashed[1:], r, s)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(sorted(CURVES)), st.integers(1, 1 << 64))
def test_points_come_back_from_both_encodings(name: str, factor: int) -> None:
    curve = CURVES[name]
    point = curve.times(factor, (curve.x, curve.y))
    assert point is not None
    x, y = (value.to_bytes(curve.octets, "big") for value in point)
    assert decode_point(curve, b"\x04" + x + y) == point
    assert decode_point(curve, bytes([2 + point[1] % 2]) + x) == point
    assert decode_point(curve, bytes([3 - point[1] % 2]) + x) == (point[0], curve.p - point[1])
    assert decode_point(curve, b"\x04" + x + (point[1] ^ 1).to_bytes(curve.octets, "big")) is None


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(sorted(CURVES)), st.binary(max_size=140))
def test_noise_is_no_point(name: str, noise: bytes) -> None:
    curve = CURVES[name]
    found = decode_point(curve, noise)
    assert found is None or curve.holds(*found)
