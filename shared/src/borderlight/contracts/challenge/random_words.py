"""Numbers below a bound from a few uniform random bytes: equal bytes give equal numbers, on every machine."""

import hashlib
from collections.abc import Iterator

RANDOM_BYTES = 64
WORD = 65_536


def words(random: bytes) -> Iterator[int]:
    """An endless stream of 16-bit words from at least RANDOM_BYTES uniform bytes (SHAKE-256)."""
    if len(random) < RANDOM_BYTES:
        raise ValueError(f"need {RANDOM_BYTES} random bytes, got {len(random)}")
    return _stream(random)


def _stream(random: bytes) -> Iterator[int]:
    block = 0
    while True:
        chunk = hashlib.shake_256(random + block.to_bytes(4, "big")).digest(256)
        for at in range(0, len(chunk), 2):
            yield int.from_bytes(chunk[at : at + 2], "big")
        block += 1


def below(stream: Iterator[int], bound: int) -> int:
    """A number below `bound`; the bias of one 16-bit word is below bound / 65536."""
    return next(stream) * bound >> 16
