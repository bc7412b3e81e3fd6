"""What to import: a folder of photographs, or a CSV or Parquet manifest beside them."""

import csv
import hmac
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from dataclasses import replace as changed
from datetime import UTC, date, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, get_args

from pydantic import TypeAdapter, ValidationError

from borderlight.contracts.events import WHOLE_TRAVELLER, DocumentId, DocumentKind, TravellerRef
from borderlight.errors import BorderlightError

SUFFIXES = {".jpg", ".jpeg", ".png", ".jp2", ".j2k", ".dg2", ".bin"}
REQUIRED = ("traveller_ref", "file")
OPTIONAL = ("document_id", "kind", "issuing_state", "issued_on", "expires_at", "number", "replaces", "security_object")
KINDS: tuple[str, ...] = get_args(DocumentKind)
_TRAVELLER: TypeAdapter[str] = TypeAdapter(TravellerRef)
_DOCUMENT: TypeAdapter[str] = TypeAdapter(DocumentId)


class ManifestUnreadable(BorderlightError):
    """The manifest cannot be read."""


@dataclass(frozen=True)
class ImportRow:
    """One photograph to import; security_object: the chip's EF.SOD, stated or lying beside the photograph.

    problem: why the row cannot be used, None when it can.
    """

    number: int
    traveller_ref: str
    document_id: str
    kind: str
    file: Path
    issuing_state: str | None = None
    issued_on: str | None = None
    expires_at: str | None = None
    number_digest: str | None = None
    replaces: str | None = None
    security_object: Path | None = None
    problem: str | None = None


def _text(value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, datetime | date):
        return value.isoformat()
    return str(value).strip() or None


def _names_a_document(value: str) -> bool:
    try:
        _DOCUMENT.validate_python(value)
    except ValidationError:
        return False
    return value != WHOLE_TRAVELLER


def _problem(row: ImportRow) -> str | None:
    try:
        _TRAVELLER.validate_python(row.traveller_ref)
    except ValidationError:
        return "traveller_ref: letters, digits and _ . : - only, at most 128"
    for name, value in (("document_id", row.document_id), ("replaces", row.replaces)):
        if value is not None and not _names_a_document(value):
            return f"{name}: letters, digits and _ . : - only, at most 128, and not {WHOLE_TRAVELLER!r}"
    if row.kind not in KINDS:
        return f"kind: one of {', '.join(KINDS)}"
    for name in ("issued_on", "expires_at"):
        value = getattr(row, name)
        if value is not None:
            try:
                (date if name == "issued_on" else datetime).fromisoformat(value)
            except ValueError:
                return f"{name}: a date like 2026-11-24"
    if not row.file.is_file():
        return "file: there is no such file"
    if row.security_object is not None and not row.security_object.is_file():
        return "security_object: there is no such file"
    return None


def _checked(row: ImportRow) -> ImportRow:
    return changed(row, problem=_problem(row))


def _security_object(photo: Path, folder: Path, stated: str | None) -> Path | None:
    """EF.SOD of a chip: the stated file, else the one beside the photograph with the ending .sod."""
    if stated is not None:
        path = folder / stated
        return path if path.resolve().is_relative_to(folder.resolve()) else folder / "outside the manifest's folder"
    beside = photo.with_suffix(".sod")
    return beside if beside.is_file() else None


def _row(number: int, raw: Mapping[str, Any], folder: Path, kind: str, salt: bytes) -> ImportRow:
    values = {name: _text(raw.get(name)) for name in (*REQUIRED, *OPTIONAL)}
    traveller, file = values["traveller_ref"] or "", values["file"] or ""
    secret = values["number"]
    digest = None if secret is None else hmac.new(salt, secret.encode(), sha256).hexdigest()
    path = folder / file
    inside = path.resolve().is_relative_to(folder.resolve())
    row = ImportRow(
        number, traveller, values["document_id"] or f"{traveller[:60]}.{path.stem[:60]}", values["kind"] or kind,
        path if inside else folder / "outside the manifest's folder", values["issuing_state"], values["issued_on"],
        values["expires_at"], digest, values["replaces"], _security_object(path, folder, values["security_object"]),
    )  # fmt: skip
    return _checked(row)


def _table(path: Path) -> Iterable[Mapping[str, Any]]:
    if path.suffix.lower() == ".parquet":
        import pyarrow.lib
        import pyarrow.parquet

        try:
            return pyarrow.parquet.read_table(path).to_pylist()
        except (pyarrow.lib.ArrowException, OSError) as error:
            raise ManifestUnreadable(f"{path} is no readable Parquet file: {error}") from error
    try:
        with path.open(newline="", encoding="utf-8-sig") as stream:
            return list(csv.DictReader(stream))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ManifestUnreadable(f"{path} is no readable CSV file: {error}") from error


def read_manifest(path: Path, kind: str, salt: bytes) -> list[ImportRow]:
    """Rows of a folder (`FOLDER/<traveller>/*.jpg` or `FOLDER/<traveller>.jpg`), a CSV or a Parquet file.

    salt: for the digest of document numbers, which are never kept. Raises ManifestUnreadable.
    """
    if path.is_dir():
        files = sorted(p for p in path.rglob("*") if p.suffix.lower() in SUFFIXES and p.is_file())
        raws = [
            {
                "traveller_ref": p.stem if p.parent == path else p.relative_to(path).parts[0],
                "file": p.relative_to(path).as_posix(),
            }
            for p in files
        ]
        return [_row(number, raw, path, kind, salt) for number, raw in enumerate(raws, 1)]
    if not path.is_file():
        raise ManifestUnreadable(f"{path}: no such folder or manifest")
    table = list(_table(path))
    columns = set(table[0]) if table else set(REQUIRED)
    missing = [name for name in REQUIRED if name not in columns]
    if missing:
        raise ManifestUnreadable(
            f"{path}: column {', '.join(missing)} is missing; known columns: {', '.join((*REQUIRED, *OPTIONAL))}"
        )
    return [_row(number, raw, path.parent, kind, salt) for number, raw in enumerate(table, 1)]


def moment(text: str | None) -> datetime | None:
    """An aware datetime of an ISO date or time."""
    if text is None:
        return None
    found = datetime.fromisoformat(text)
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)
