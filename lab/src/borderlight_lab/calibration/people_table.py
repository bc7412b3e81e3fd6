"""PEOPLE.csv: photographs with their subjects, and their embeddings kept between runs."""

import csv
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from borderlight_lab.calibration.comparison import PairsInvalid, TooFewPairs, embed_pictures
from borderlight_lab.calibration.groups import Photographs


@dataclass(frozen=True)
class PersonPhotograph:
    """group: sex and tone joined, "" when neither is stated."""

    image: str
    subject: str
    group: str


def is_people_table(path: Path) -> bool:
    """Whether the table lists photographs with subjects, not pairs."""
    try:
        with path.open(newline="", encoding="utf-8-sig") as stream:
            return {"image", "subject"} <= set(csv.DictReader(stream).fieldnames or ())
    except (OSError, UnicodeDecodeError, csv.Error):
        return False


def read_people(path: Path) -> list[PersonPhotograph]:
    """The rows: image, subject, optionally sex and tone; raises PairsInvalid with the row's number."""
    found: list[PersonPhotograph] = []
    with path.open(newline="", encoding="utf-8-sig") as stream:
        for number, row in enumerate(csv.DictReader(stream), start=2):
            image, subject, *labels = ((row.get(n) or "").strip() for n in ("image", "subject", "sex", "tone"))
            if not image or not subject:
                raise PairsInvalid(f"row {number}: image and subject name a picture and its person")
            if not (path.parent / image).is_file():
                raise PairsInvalid(f"{path}: there is no file {image} beside it")
            found.append(PersonPhotograph(image, subject, " ".join(label for label in labels if label)))
    return found


class EmbeddingCache:
    """Embeddings by photograph and model in one file. They are biometric data: guard the file like the pictures."""

    def __init__(self, path: Path, model_sha256: str) -> None:
        self._path, self._model = path, model_sha256
        self._known: dict[str, np.ndarray] = {}
        if path.is_file():
            with np.load(path, allow_pickle=False) as stored:
                if str(stored["model"]) == model_sha256:
                    self._known = dict(zip(stored["photographs"].tolist(), stored["embeddings"], strict=True))

    def read(self, paths: list[Path], workers: int | None, advance: Callable[[], None]) -> list[np.ndarray | None]:
        """[n] embedding of each photograph, None when it cannot be enrolled; what is new is embedded and kept."""
        digests = [hashlib.sha256(path.read_bytes()).hexdigest() for path in paths]
        new = {digest: path for digest, path in zip(digests, paths, strict=True) if digest not in self._known}
        for _ in range(len(paths) - len(new)):
            advance()
        if new:
            for digest, (made, _) in zip(new, embed_pictures(list(new.values()), workers, advance), strict=True):
                self._known[digest] = np.zeros(1) if made is None else made
            self._write()
        return [one if (one := self._known[digest]).any() else None for digest in digests]

    def _write(self) -> None:
        width = max(one.size for one in self._known.values())
        rows = np.zeros((len(self._known), width))
        for row, one in zip(rows, self._known.values(), strict=True):
            row[: one.size] = one
        with self._path.open("wb") as stream:
            np.savez(stream, model=self._model, photographs=list(self._known), embeddings=rows)


def photographs_of(people: list[PersonPhotograph], embeddings: list[np.ndarray | None]) -> Photographs:
    """Those that could be enrolled; raises TooFewPairs when none could."""
    usable = [(one, made) for one, made in zip(people, embeddings, strict=True) if made is not None and made.any()]
    if not usable:
        raise TooFewPairs("no photograph could be enrolled")
    return Photographs(
        np.stack([made for _, made in usable]),
        [one.image for one, _ in usable],
        [one.subject for one, _ in usable],
        [one.group for one, _ in usable],
    )
