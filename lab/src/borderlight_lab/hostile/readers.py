"""Files and messages that lie: containers for the normalizer's worker, photographs, archives, events."""

import asyncio
import io
import os
import random
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from borderlight.contracts.events import CONTRACTS
from borderlight.contracts.normalized_capture import unpack
from borderlight.errors import BorderlightError, CaptureRejected, InvalidMessage
from borderlight_lab.benchmark.memory import resident_mb
from borderlight_lab.hostile.mutations import mutated_bytes, mutated_json
from capture_ingest.adapters.sandboxed_capture_normalizer import SandboxedCaptureNormalizer
from matcher.adapters.photo_decoder import PhotoRefused, check_picture

EXPECTED = (CaptureRejected, InvalidMessage, BorderlightError, PhotoRefused, ValidationError)


@dataclass
class Outcome:
    """cases by what became of them; surprises: what nobody had foreseen, the first of each kind."""

    cases: int = 0
    answers: Counter[str] = field(default_factory=Counter[str])
    surprises: dict[str, str] = field(default_factory=dict[str, str])
    most_mb: float = 0.0

    def note(self, error: BaseException | None) -> None:
        self.cases += 1
        if error is None:
            self.answers["accepted"] += 1
        elif isinstance(error, EXPECTED):
            self.answers[getattr(error, "code", type(error).__name__)] += 1
        else:
            name = type(error).__name__
            self.answers[f"SURPRISE {name}"] += 1
            self.surprises.setdefault(name, repr(error)[:300])

    def to_json(self) -> dict[str, Any]:
        return {
            "cases": self.cases, "answers": dict(self.answers.most_common()), "surprises": self.surprises,
            "most_mb": round(self.most_mb, 1),
        }  # fmt: skip


def _zip(members: list[tuple[str, bytes]], compression: int = zipfile.ZIP_STORED) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", compression) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return target.getvalue()


def archives(good: bytes, random_: random.Random) -> Iterator[bytes]:
    """Normalized captures: damaged, with members exchanged, and bombs."""
    with zipfile.ZipFile(io.BytesIO(good)) as archive:
        members = [(name, archive.read(name)) for name in archive.namelist()]
    yield _zip([(name, bytes(20_000_000)) for name, _ in members], zipfile.ZIP_DEFLATED)
    while True:
        if random_.random() < 0.5:
            yield mutated_bytes(good, random_)
            continue
        changed = [
            (name, mutated_bytes(content, random_) if random_.random() < 0.3 else content) for name, content in members
        ]
        yield _zip(changed, random_.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)))


def in_process(cases: Iterator[Any], read: Callable[[Any], object], count: int) -> Outcome:
    """Each case by a reader that must refuse with a word of its own; memory is this process's."""
    found = Outcome()
    for _ in range(count):
        case = next(cases)
        try:
            read(case)
            found.note(None)
        except Exception as error:
            found.note(error)
        if found.cases % 200 == 1:
            found.most_mb = max(found.most_mb, resident_mb(os.getpid()) or 0.0)
    return found


def read_archives(good: bytes, count: int, seed: int) -> Outcome:
    return in_process(archives(good, random.Random(seed)), unpack, count)


def _decoded(content: bytes) -> object:
    return check_picture(content).pixels(1200)


def read_photos(good: list[bytes], count: int, seed: int) -> Outcome:
    random_ = random.Random(seed)
    return in_process(iter(lambda: mutated_bytes(random_.choice(good), random_), None), _decoded, count)


def read_events(examples: list[tuple[str, Any]], count: int, seed: int) -> Outcome:
    """examples: (topic, document)."""
    random_ = random.Random(seed)

    def cases() -> Iterator[tuple[str, bytes]]:
        while True:
            topic, document = random_.choice(examples)
            yield topic, mutated_json(document, random_)

    return in_process(cases(), lambda case: CONTRACTS[case[0]].model_validate_json(case[1]), count)


async def decode_containers(
    good: list[bytes], headers: list[dict[str, Any]], models: Path, count: int, seed: int
) -> tuple[Outcome, int]:
    """Videos and their logs through the worker process; also how many workers were lost."""
    random_, found = random.Random(seed), Outcome()
    normalizer = SandboxedCaptureNormalizer(models, cpu_s=5, wall_s=30.0)
    await normalizer.start()
    lost = 0
    try:
        for number in range(count):
            index = random_.randrange(len(good))
            try:
                await normalizer.normalize(mutated_bytes(good[index], random_), headers[index])
                found.note(None)
            except Exception as error:
                found.note(error)
                lost += getattr(error, "code", "") == "capture.too_costly"
            if number % 50 == 0:
                found.most_mb = max([found.most_mb, *(resident_mb(child) or 0.0 for child in _children())])
    finally:
        normalizer.close()
    return found, lost


def _children() -> list[int]:
    """Processes that this one has started."""
    lists = Path("/proc/self/task").glob("*/children")
    return [int(pid) for path in lists for pid in path.read_text().split()]


def decode_containers_now(*arguments: Any) -> tuple[Outcome, int]:
    return asyncio.run(decode_containers(*arguments))
