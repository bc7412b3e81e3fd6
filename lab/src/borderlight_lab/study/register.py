"""The register of a study: who has consented to what, what was recorded, what was withdrawn, where copies went.

One JSON file in a folder that only its owner may read. Names have no place here: a subject is a pseudonym, and the list
that tells whose it is stays with the study's lead, apart from the recordings.
"""

import fcntl
import hashlib
import os
import re
import shutil
from collections.abc import Generator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from borderlight.errors import BorderlightError

SCHEMA = "borderlight.study/1"
REGISTER, CONSENT = "study.json", "consent.txt"
PSEUDONYM = r"^[A-Za-z]{1,8}-?[0-9]{1,6}$"


class StudyProblem(BorderlightError):
    """What was asked for is not possible; the message says what to do."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Consent(_Part):
    """text_sha256: of the text that the subject agreed to; recorded_by: who took the agreement."""

    text_sha256: str
    given_at: datetime
    recorded_by: str = Field(min_length=1, max_length=64)


class Subject(_Part):
    pseudonym: str = Field(pattern=PSEUDONYM)
    consent: Consent
    skin_tone: Literal["light", "medium", "dark"] | None = None
    has_photo: bool = False


class Withdrawal(_Part):
    """captures: how many recordings were deleted."""

    pseudonym: str
    at: datetime
    captures: int


class Labels(_Part):
    """What the operator says of one capture before it is taken; never read by liveness or matching."""

    subject: str = Field(pattern=PSEUDONYM)
    species: str = Field(pattern=r"^[a-z][a-z0-9_]{1,40}$")
    ambient_lx: float | None = Field(default=None, ge=0, le=200_000)
    distance_m: float | None = Field(default=None, gt=0, le=3)
    device: str = Field(default="", max_length=60)
    eyewear: str = Field(default="", max_length=30)
    note: str = Field(default="", max_length=200)

    @property
    def label(self) -> str:
        return "bona_fide" if self.species == "bona_fide" else "attack"


class Capture(_Part):
    """attempt: 1 for the first of a journey; journey: the session that the operator opened."""

    session_id: str
    journey: str
    attempt: int
    recorded_at: datetime
    labels: Labels


class Export(_Part):
    folder: str
    at: datetime
    subjects: list[str]


class Register(_Part):
    schema_: Literal["borderlight.study/1"] = Field(default=SCHEMA, alias="schema")
    title: str = Field(min_length=1, max_length=120)
    contact: str = Field(min_length=1, max_length=120)
    keep_days: int = Field(ge=1, le=3650)
    consent_sha256: str
    subjects: list[Subject] = []
    captures: list[Capture] = []
    withdrawals: list[Withdrawal] = []
    exports: list[Export] = []


class Study:
    """A study in a folder. Every change is made on what the file says now, under a lock, and written whole: a console
    that runs and a command beside it do not lose each other's work."""

    def __init__(self, folder: Path, register: Register) -> None:
        self.folder = folder
        self.register = register

    @classmethod
    def create(cls, folder: Path, title: str, contact: str, consent: str, keep_days: int) -> "Study":
        """A new study; raises StudyProblem when the folder is in use or the text says nothing."""
        if folder.exists() and any(folder.iterdir()):
            raise StudyProblem(f"{folder} is not empty; give a new folder")
        if len(consent.split()) < 20:
            raise StudyProblem("the consent text is too short to inform anybody; say what is filmed, why, how long")
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o700)
        (folder / CONSENT).write_text(consent)
        digest = hashlib.sha256(consent.encode()).hexdigest()
        try:
            register = Register(title=title, contact=contact, keep_days=keep_days, consent_sha256=digest)
        except ValidationError as error:
            raise StudyProblem(first_message(error)) from error
        study = cls(folder, register)
        study.save()
        return study

    @classmethod
    def open(cls, folder: Path) -> "Study":
        """Raises StudyProblem when there is none, or the consent text was changed under people's signatures."""
        path = folder / REGISTER
        if not path.is_file():
            raise StudyProblem(f"{folder} holds no study; make one with `borderlight study init {folder}`")
        try:
            register = Register.model_validate_json(path.read_text())
        except ValidationError as error:
            raise StudyProblem(f"{path}: {first_message(error)}") from error
        consent = folder / CONSENT
        if not consent.is_file() or hashlib.sha256(consent.read_bytes()).hexdigest() != register.consent_sha256:
            raise StudyProblem(f"{consent} is not the text that was agreed to; restore it, or begin a new study")
        return cls(folder, register)

    def save(self) -> None:
        path = self.folder / REGISTER
        temporary = path.with_suffix(".new")
        with temporary.open("w") as stream:
            stream.write(self.register.model_dump_json(by_alias=True, indent=1) + "\n")
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(path)

    @contextmanager
    def changing(self) -> Generator[Register]:
        """The register as it is now, locked; saved unless the block raises."""
        with (self.folder / ".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            self.reload()
            yield self.register
            self.save()

    def reload(self) -> None:
        self.register = Register.model_validate_json((self.folder / REGISTER).read_text())

    @property
    def consent_text(self) -> str:
        return (self.folder / CONSENT).read_text()

    def capture_folder(self, session_id: str) -> Path:
        return self.folder / "captures" / session_id

    def photo(self, pseudonym: str) -> Path:
        return self.folder / "photos" / f"{pseudonym}.jpg"

    def subject(self, pseudonym: str) -> Subject:
        """Raises StudyProblem for whoever has not consented, or no longer does."""
        found = next((one for one in self.register.subjects if one.pseudonym == pseudonym), None)
        if found is None:
            gone = any(one.pseudonym == pseudonym for one in self.register.withdrawals)
            raise StudyProblem(
                f"{pseudonym} {'has withdrawn' if gone else 'has not consented yet'}: nothing is recorded"
            )
        return found

    def consent(
        self, pseudonym: str, recorded_by: str, now: datetime, skin_tone: str | None = None, photo: bytes | None = None
    ) -> Subject:
        """Take down a subject's consent; raises StudyProblem."""
        if not re.match(PSEUDONYM, pseudonym):
            raise StudyProblem(f"{pseudonym!r} is no pseudonym: letters and a number, like S-014, and never a name")
        agreed = {"text_sha256": self.register.consent_sha256, "given_at": now, "recorded_by": recorded_by}
        raw = {
            "pseudonym": pseudonym,
            "consent": agreed,
            "skin_tone": skin_tone or None,
            "has_photo": photo is not None,
        }
        try:
            subject = Subject.model_validate(raw)
        except ValidationError as error:
            raise StudyProblem(first_message(error)) from error
        with self.changing() as register:
            if pseudonym in [known.pseudonym for known in (*register.subjects, *register.withdrawals)]:
                raise StudyProblem(f"{pseudonym} is taken; give every person a pseudonym of their own")
            if photo is not None:
                self.photo(pseudonym).parent.mkdir(exist_ok=True)
                self.photo(pseudonym).write_bytes(photo)
            register.subjects.append(subject)
        return subject

    def add_capture(self, capture: Capture) -> None:
        """Note a recording whose files are in place; raises StudyProblem when the subject has withdrawn meanwhile."""
        with self.changing() as register:
            self.subject(capture.labels.subject)
            register.captures.append(capture)

    def withdraw(self, pseudonym: str, now: datetime) -> tuple[int, list[Export]]:
        """Delete all of a subject, here and in exports within reach; returns (recordings, exports out of reach)."""
        out_of_reach: list[Export] = []
        with self.changing() as register:
            self.subject(pseudonym)
            mine = [capture for capture in register.captures if capture.labels.subject == pseudonym]
            for capture in mine:
                delete_folder(self.capture_folder(capture.session_id))
            self.photo(pseudonym).unlink(missing_ok=True)
            for export in register.exports:
                if pseudonym not in export.subjects:
                    continue
                if not Path(export.folder).is_dir():
                    out_of_reach.append(export)
                    continue
                for capture in mine:
                    delete_folder(Path(export.folder) / capture.session_id)
            register.captures = [c for c in register.captures if c.labels.subject != pseudonym]
            register.subjects = [s for s in register.subjects if s.pseudonym != pseudonym]
            register.withdrawals.append(Withdrawal(pseudonym=pseudonym, at=now, captures=len(mine)))
        return len(mine), out_of_reach

    def purge(self, now: datetime) -> int:
        """Delete recordings older than the study may keep them; returns how many."""
        limit = now - timedelta(days=self.register.keep_days)
        with self.changing() as register:
            old = {capture.session_id for capture in register.captures if capture.recorded_at < limit}
            for session_id in old:
                delete_folder(self.capture_folder(session_id))
            register.captures = [c for c in register.captures if c.session_id not in old]
        return len(old)


def delete_folder(folder: Path) -> None:
    """Raises OSError when something stays: a withdrawal that half failed must be seen, and can be repeated."""
    if folder.exists():
        shutil.rmtree(folder)


def first_message(error: ValidationError) -> str:
    first = error.errors()[0]
    return f"{'.'.join(str(part) for part in first['loc'])}: {first['msg']}"
