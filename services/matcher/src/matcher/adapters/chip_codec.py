"""A passive authentication as it lies in the record of a document."""

from datetime import datetime
from typing import Any

from matcher.domain.authenticity import Authenticity, ChipCheck, Signer


def chip_to_json(check: ChipCheck | None) -> dict[str, Any] | None:
    """For the record; hashes of data groups and the certificate itself are not in it."""
    if check is None:
        return None
    signer = check.signer
    return {
        "outcome": check.outcome.value,
        "explanation": check.explanation,
        "signer": None if signer is None else {**vars(signer), "not_after": signer.not_after.isoformat()},
        "remarks": list(check.remarks),
        "checked_at": None if check.checked_at is None else check.checked_at.isoformat(),
    }


def chip_from_json(raw: dict[str, Any] | None) -> ChipCheck | None:
    """Back again; raises KeyError and ValueError for what is no such record."""
    if raw is None:
        return None
    signer, checked_at = raw["signer"], raw["checked_at"]
    found = None
    if signer is not None:
        fields: dict[str, Any] = {**signer, "not_after": datetime.fromisoformat(signer["not_after"])}
        found = Signer(**fields)
    return ChipCheck(
        Authenticity(raw["outcome"]),
        raw["explanation"],
        found,
        tuple(raw["remarks"]),
        None if checked_at is None else datetime.fromisoformat(checked_at),
    )
