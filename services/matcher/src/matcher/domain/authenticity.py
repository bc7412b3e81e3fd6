"""Whether a document's photograph is the one that its issuer signed: seven words, and how several are brought together.

The words come from passive authentication (ICAO Doc 9303-11). Only `authentic` says anything in favour of a document;
`not_signed` and `issuer_unknown` say that nothing could be proven, which is no sign of fraud.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Authenticity(StrEnum):
    """What passive authentication found, most serious last."""

    AUTHENTIC = "authentic"
    NOT_SIGNED = "not_signed"
    ISSUER_UNKNOWN = "issuer_unknown"
    EXPIRED_SIGNER = "expired_signer"
    REVOKED = "revoked"
    HASH_DIFFERS = "hash_differs"
    SIGNATURE_INVALID = "signature_invalid"


_SERIOUS = tuple(Authenticity)
CONTRADICTED = (Authenticity.SIGNATURE_INVALID, Authenticity.HASH_DIFFERS, Authenticity.REVOKED)
"""Something was handed in as proof, and it is proof of the contrary."""


@dataclass(frozen=True)
class Signer:
    """The document signer, kept so that a later revocation list can be held against the document.

    country: of its certificate, two letters; issuer: name of its authority; serial: of its certificate, hexadecimal;
    not_after: end of the first certificate of its chain to end.
    """

    country: str
    issuer: str
    serial: str
    certificate_sha256: str
    not_after: datetime


@dataclass(frozen=True)
class ChipCheck:
    """One passive authentication. remarks: weaknesses that do not decide; checked_at: not compared."""

    outcome: Authenticity
    explanation: str = ""
    signer: Signer | None = None
    remarks: tuple[str, ...] = ()
    checked_at: datetime | None = field(default=None, compare=False)


NOT_SIGNED = ChipCheck(Authenticity.NOT_SIGNED, "no EF.SOD was handed in with the photograph")


@dataclass(frozen=True)
class Finding:
    """Something that keeps a document from being authentic."""

    outcome: Authenticity
    explanation: str


def most_serious(findings: Sequence[Finding]) -> Finding | None:
    """The finding that is reported; the first of equals. None when there are none."""
    return max(findings, key=lambda finding: _SERIOUS.index(finding.outcome), default=None)


def as_of(check: ChipCheck | None, now: datetime) -> Authenticity | None:
    """What the check made at enrolment is worth now: a signer may have expired since. None: nothing was checked."""
    if check is None:
        return None
    ended = check.signer is not None and check.signer.not_after <= now
    return Authenticity.EXPIRED_SIGNER if check.outcome is Authenticity.AUTHENTIC and ended else check.outcome


def fused(matching: Sequence[Authenticity | None], others: Sequence[Authenticity | None]) -> Authenticity | None:
    """One word for all documents of a traveller; None when nothing was checked.

    matching: of the documents whose photograph matches the probe; others: of the rest. A contradicted document
    anywhere is never outweighed. `authentic` counts only on a document that matches: a genuine passport whose
    photograph was not compared proves nothing for the licence that was.
    """
    contradicted = [word for word in (*matching, *others) if word in CONTRADICTED]
    if contradicted:
        return max(contradicted, key=_SERIOUS.index)
    return min((word for word in matching if word is not None), key=_SERIOUS.index, default=None)
