"""The hash chain that fixes a film while it is recorded.

link_i = SHA-256(link_(i-1) ‖ chunk_i) over the recorder's slices in order; the chain begins with a value that binds it
to one session and to one nonce of the server, so that no link can be made before the server has spoken.
"""

import hashlib
from collections.abc import Iterable, Sequence

_DOMAIN = b"borderlight.live.v1\0"


class NotAsCommitted(ValueError):
    """The film is not the one whose slices were committed."""


def chain_start(session_id: str, nonce: str) -> bytes:
    """The value before the first link [32 bytes]. nonce: drawn by the server for this connection."""
    return hashlib.sha256(_DOMAIN + session_id.encode() + b"\0" + nonce.encode()).digest()


def next_link(before: bytes, chunk: bytes) -> bytes:
    """link_i of the chunk after `before` [32 bytes]. An empty chunk makes a link as well."""
    return hashlib.sha256(before + chunk).digest()


def chain(start: bytes, chunks: Iterable[bytes]) -> list[bytes]:
    """Every link of `chunks` in order."""
    links: list[bytes] = []
    for chunk in chunks:
        links.append(next_link(links[-1] if links else start, chunk))
    return links


def check_film(film: bytes, start: bytes, links: Sequence[tuple[int, str]]) -> list[int]:
    """The byte position behind each slice of `film`, after every link was verified.

    links: (size of the slice [bytes], link in hex) as committed. Raises NotAsCommitted at the first slice that differs,
    and when the film has more or fewer bytes than were committed.
    """
    before, at = start, 0
    ends: list[int] = []
    for index, (size, committed) in enumerate(links):
        end = at + size
        if end > len(film):
            raise NotAsCommitted(f"the film ends at byte {len(film)}, inside slice {index}")
        before = next_link(before, film[at:end])
        if before.hex() != committed:
            raise NotAsCommitted(f"slice {index} is not the one that was committed")
        at = end
        ends.append(at)
    if at != len(film):
        raise NotAsCommitted(f"{len(film)} bytes came, {at} were committed")
    return ends
