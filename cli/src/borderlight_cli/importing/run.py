"""Import rows on every core. A journal remembers what is done, so that a run that was killed goes on where it was."""

import asyncio
import hashlib
import json
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ProcessPoolExecutor, wait
from dataclasses import dataclass
from itertools import islice
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from borderlight.contracts.events import DocumentSubmitted, ObjectRef
from borderlight.runtime.clock import SystemClock
from borderlight.runtime.logs import configure_logs
from borderlight_cli.importing.manifest import ImportRow, moment
from borderlight_cli.importing.stores import OpenStore, open_store
from matcher.app import make_authenticator, make_face_reader
from matcher.domain.photo_quality import advice_for
from matcher.settings import MatcherSettings
from matcher.use_cases.enrol_document import EnrolDocument

_CHUNK = 16
_AT_ONCE = 4
"""Photographs in hand per process: one waits for the store while another is embedded."""
_CHUNKS_PER_WORKER = 4
"""Chunks that are handed out per process: enough that none waits, few enough that a stop costs little."""
_state: dict[str, Any] = {}


@dataclass(frozen=True)
class Imported:
    """outcome: enrolled, refused, superseded or failed; quality: native values of the photograph.

    authenticity: the word of passive authentication, and why.
    """

    number: int
    traveller_ref: str
    document_id: str
    file: str
    outcome: str
    reasons: tuple[str, ...] = ()
    advice: str = ""
    flags: tuple[str, ...] = ()
    quality: tuple[tuple[str, float], ...] = ()
    authenticity: str = ""
    authenticity_words: str = ""


def _start(folder: Path | None) -> None:
    configure_logs("import", "CRITICAL")
    _state["reader"] = make_face_reader(MatcherSettings())
    _state["authenticator"] = make_authenticator(MatcherSettings())
    _state["folder"] = folder
    _state["loop"] = asyncio.new_event_loop()


async def _import_rows(rows: Sequence[ImportRow]) -> list[Imported]:
    if "store" not in _state:
        _state["store"] = await open_store(_state["folder"], _state["reader"].model_sha256)
    store: OpenStore = _state["store"]
    clock = SystemClock()
    enrol = EnrolDocument(store.objects, store.references, _state["reader"], clock, None, _state["authenticator"])
    gate = asyncio.Semaphore(_AT_ONCE)

    async def one(row: ImportRow) -> Imported:
        async with gate:
            return await _import_row(row, enrol, clock)

    return await asyncio.gather(*(one(row) for row in rows))


async def _import_row(row: ImportRow, enrol: EnrolDocument, clock: SystemClock) -> Imported:
    words = (row.number, row.traveller_ref, row.document_id, row.file.name)
    if row.problem is not None:
        return Imported(*words, "refused", ("manifest.row_invalid",), row.problem)
    try:
        photo = row.file.read_bytes()
        security_object = None if row.security_object is None else row.security_object.read_bytes()
        submitted = DocumentSubmitted(
            traveller_ref=row.traveller_ref,
            document_id=row.document_id,
            kind=row.kind,  # type: ignore[arg-type] - the manifest was checked
            photo=ObjectRef(
                bucket="import",
                key="file",
                sha256=hashlib.sha256(photo).hexdigest(),
                size=len(photo),
                media_type="application/octet-stream",
            ),
            submitted_at=clock.now(),
            expires_at=moment(row.expires_at),
            issuing_state=row.issuing_state,
            issued_on=row.issued_on,  # type: ignore[arg-type] - ISO text is what the contract parses
            number_digest=row.number_digest,
            replaces=row.replaces,
        )
    except (OSError, ValueError) as error:
        return Imported(*words, "refused", ("manifest.row_invalid",), str(error).splitlines()[0])
    done = await enrol.enrol_photo(submitted, photo, security_object)
    reading = done.reading
    chip = ("", "") if done.chip is None else (done.chip.outcome.value, done.chip.explanation)
    quality = tuple(sorted(reading.quality.items()))
    if done.was_standing:
        return Imported(*words, "superseded", ("document.superseded",), "It was erased, or a later hand-in stands.")
    if reading.embedding is None:
        return Imported(*words, "refused", reading.reasons, advice_for(reading.reasons), (), quality, *chip)
    return Imported(*words, "enrolled", (), "", reading.flags, quality, *chip)


def _work(rows: Sequence[ImportRow]) -> list[Imported]:
    return _state["loop"].run_until_complete(_import_rows(rows))


class Journal:
    """One JSON line per finished row; a line that was cut by a crash is ignored."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def done(self) -> dict[int, Imported]:
        found: dict[int, Imported] = {}
        if self.path.is_file():
            for line in self.path.read_text().splitlines():
                try:
                    raw: dict[str, Any] = json.loads(line)
                    quality = tuple((str(name), float(value)) for name, value in raw.pop("quality"))
                    words = {name: tuple(raw.pop(name)) for name in ("reasons", "flags")}
                    fields: dict[str, Any] = {**raw, **words, "quality": quality}
                    found[int(raw["number"])] = Imported(**fields)
                except (ValueError, KeyError, TypeError):
                    continue
        return found

    def append(self, results: Sequence[Imported]) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("a") as stream:
            for result in results:
                stream.write(json.dumps(result.__dict__) + "\n")
            stream.flush()
            os.fsync(stream.fileno())


def _is_of(result: Imported | None, row: ImportRow) -> bool:
    """Whether the journal speaks of this row: a manifest may have been edited since."""
    words = (row.traveller_ref, row.document_id, row.file.name)
    return result is not None and (result.traveller_ref, result.document_id, result.file) == words


def run_import(
    rows: Sequence[ImportRow],
    journal: Journal,
    folder: Path | None,
    workers: int | None,
    advance: Callable[[int], None],
) -> list[Imported]:
    """Import what the journal does not have; results of all rows in order. Raises what the store raises."""
    known = journal.done()
    done = {row.number: known[row.number] for row in rows if _is_of(known.get(row.number), row)}
    left = [row for row in rows if row.number not in done]
    advance(len(rows) - len(left))
    chunks = [left[at : at + _CHUNK] for at in range(0, len(left), _CHUNK)]
    if chunks:
        context = get_context("spawn")
        processes = workers or os.cpu_count() or 1
        with ProcessPoolExecutor(processes, context, _start, (folder,)) as pool:
            for future in bounded(pool, chunks, processes * _CHUNKS_PER_WORKER):
                results = future.result()
                journal.append(results)
                done |= {result.number: result for result in results}
                advance(len(results))
    return [done[row.number] for row in rows]


def bounded(pool: Executor, chunks: Sequence[Sequence[ImportRow]], at_once: int) -> Iterator[Future[list[Imported]]]:
    """Finished chunks as they come; never more than `at_once` that were handed out and not yet taken."""
    left = iter(chunks)
    running = {pool.submit(_work, chunk) for chunk in islice(left, at_once)}
    while running:
        done, running = wait(running, return_when=FIRST_COMPLETED)
        for future in done:
            yield future
            running |= {pool.submit(_work, chunk) for chunk in islice(left, 1)}
