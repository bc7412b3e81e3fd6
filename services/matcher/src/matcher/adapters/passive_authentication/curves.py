"""Named curves, the explicit parameters that equal them, and ECDSA where `cryptography` lacks the curve.

Doc 9303-12 demands explicit parameters. They are believed only when every value, the generator and its order too, is
that of a known curve: whoever may choose the generator can choose a private key for any public key.
"""

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

Point = tuple[int, int] | None
"""Affine; None is the point at infinity."""


@dataclass(frozen=True)
class Curve:
    """y² = x³ + ax + b over the prime p; generator (x, y) of prime order n; the cofactor is 1."""

    name: str
    oid: str
    p: int
    a: int
    b: int
    x: int
    y: int
    n: int

    @property
    def octets(self) -> int:
        """Length of a coordinate [bytes]."""
        return (self.p.bit_length() + 7) // 8

    def holds(self, x: int, y: int) -> bool:
        """Whether (x, y) is a point of the curve."""
        return 0 <= x < self.p and 0 <= y < self.p and (y * y - (x * x * x + self.a * x + self.b)) % self.p == 0

    def add(self, one: Point, other: Point) -> Point:
        """Sum of two points."""
        if one is None or other is None:
            return other if one is None else one
        if one[0] == other[0]:
            if (one[1] + other[1]) % self.p == 0:
                return None
            slope = (3 * one[0] * one[0] + self.a) * pow(2 * one[1], -1, self.p) % self.p
        else:
            slope = (other[1] - one[1]) * pow(other[0] - one[0], -1, self.p) % self.p
        x = (slope * slope - one[0] - other[0]) % self.p
        return x, (slope * (one[0] - x) - one[1]) % self.p

    def times(self, factor: int, point: Point) -> Point:
        """factor · point. Not in constant time: for public values only."""
        total: Point = None
        while factor:
            if factor & 1:
                total = self.add(total, point)
            point = self.add(point, point)
            factor >>= 1
        return total


@cache
def known_curves() -> dict[str, Curve]:
    """By OID."""
    table = tomllib.loads((Path(__file__).parent / "curves.toml").read_text())
    numbers = ("p", "a", "b", "x", "y", "n")
    found = [Curve(name, row["oid"], *(int(row[key], 16) for key in numbers)) for name, row in table.items()]
    return {curve.oid: curve for curve in found}


def decode_point(curve: Curve, octets: bytes) -> tuple[int, int] | None:
    """SEC 1 §2.3.4, compressed or not; None when it is no point of the curve."""
    size = curve.octets
    if len(octets) == 1 + 2 * size and octets[0] == 4:
        x, y = int.from_bytes(octets[1 : 1 + size], "big"), int.from_bytes(octets[1 + size :], "big")
        return (x, y) if curve.holds(x, y) else None
    if len(octets) != 1 + size or octets[0] not in (2, 3):
        return None
    x = int.from_bytes(octets[1:], "big")
    y = _root(curve, (x * x * x + curve.a * x + curve.b) % curve.p)
    if x >= curve.p or y is None:
        return None
    return x, (y if y % 2 == octets[0] % 2 else curve.p - y)


def _root(curve: Curve, square: int) -> int | None:
    """A square root modulo p by Tonelli and Shanks (secp224r1's p is 1 modulo 4); None when there is none."""
    p = curve.p
    if square == 0:
        return 0
    if pow(square, (p - 1) // 2, p) != 1:
        return None
    odd, twos = p - 1, 0
    while odd % 2 == 0:
        odd, twos = odd // 2, twos + 1
    witness = next(z for z in range(2, 1000) if pow(z, (p - 1) // 2, p) == p - 1)
    c, root, rest, left = pow(witness, odd, p), pow(square, (odd + 1) // 2, p), pow(square, odd, p), twos
    while rest != 1:
        power, square_of = 0, rest
        while square_of != 1:
            square_of, power = square_of * square_of % p, power + 1
        b = pow(c, 1 << (left - power - 1), p)
        c, root, rest, left = b * b % p, root * b % p, rest * b * b % p, power
    return root


def ecdsa_holds(curve: Curve, public: tuple[int, int], digest: bytes, r: int, s: int) -> bool:
    """FIPS 186-4 §6.4.2; `public` is a point of the curve."""
    n = curve.n
    if not (0 < r < n and 0 < s < n):
        return False
    number = int.from_bytes(digest, "big") >> max(0, 8 * len(digest) - n.bit_length())
    inverse = pow(s, -1, n)
    point = curve.add(
        curve.times(number * inverse % n, (curve.x, curve.y)),
        curve.times(r * inverse % n, public),
    )
    return point is not None and point[0] % n == r
