"""Takes finished captures of study sessions out of the flow and puts them into the study's folder as bundles."""

import asyncio
import json
import shutil
from dataclasses import dataclass, field

from borderlight.contracts.bundle import VIDEO_SUFFIXES
from borderlight.contracts.events import ObjectRef
from borderlight.errors import BorderlightError
from borderlight.runtime.objects.port import read_verified
from borderlight_cli.embedded import EmbeddedStack
from borderlight_lab.study.register import Capture, Labels, Study, StudyProblem, delete_folder
from capture_ingest.domain.session_life import Session, State

_EVERY_S = 0.3
_FINISHED = (State.CAPTURED, State.DECIDED, State.CONTINUED)


@dataclass
class Recorder:
    """journeys: first session of a journey → labels that the operator gave it; later attempts inherit them."""

    study: Study
    stack: EmbeddedStack
    journeys: dict[str, Labels] = field(default_factory=dict[str, Labels])
    problems: list[str] = field(default_factory=list[str])
    _done: set[str] = field(default_factory=set[str])

    def expect(self, session_id: str, labels: Labels) -> None:
        """Record what `session_id` and its retakes film; raises StudyProblem without consent."""
        self.study.subject(labels.subject)
        self.journeys[session_id] = labels

    async def watch(self) -> None:
        """Until cancelled."""
        while True:
            await self.collect()
            await asyncio.sleep(_EVERY_S)

    async def collect(self) -> None:
        """Record whatever has been finished since the last call."""
        sessions = {session.session_id: session for session in self.stack.sessions.all()}
        for session in sessions.values():
            if session.session_id in self._done or session.state not in _FINISHED or session.finish is None:
                continue
            journey = self._journey(session, sessions)
            if journey is None:
                continue
            try:
                await self._record(session, journey)
            except StudyProblem as problem:
                self._tell(str(problem))
            except (BorderlightError, OSError) as error:
                # Told in the console and tried again: a full disk must not cost the recording.
                self._tell(f"{session.session_id} is not recorded yet: {error}")
                continue
            self._done.add(session.session_id)

    def _tell(self, problem: str) -> None:
        if problem not in self.problems:
            self.problems.append(problem)

    @staticmethod
    def _first(session: Session, sessions: dict[str, Session]) -> str:
        while session.previous_session_id is not None and session.previous_session_id in sessions:
            session = sessions[session.previous_session_id]
        return session.session_id

    def _journey(self, session: Session, sessions: dict[str, Session]) -> str | None:
        first = self._first(session, sessions)
        return first if first in self.journeys else None

    async def _record(self, session: Session, journey: str) -> None:
        labels = self.journeys[journey]
        subject = self.study.subject(labels.subject)
        video = ObjectRef.model_validate(session.video)
        content = await read_verified(self.stack.objects, video)
        capture = json.loads(
            await read_verified(self.stack.objects, ObjectRef.model_validate((session.finish or {})["capture"]))
        )
        name = f"video.{VIDEO_SUFFIXES[video.media_type]}"
        capture["video"]["file"] = name
        target = self.study.capture_folder(session.session_id)
        building = target.with_name(f".{session.session_id}")
        delete_folder(building)
        building.mkdir(parents=True)
        (building / name).write_bytes(content)
        if subject.has_photo:
            (building / "documents").mkdir()
            shutil.copy(self.study.photo(subject.pseudonym), building / "documents" / "passport.jpg")
            capture["documents"] = [{"file": "documents/passport.jpg", "kind": "passport"}]
        (building / "capture.json").write_text(json.dumps(capture, indent=1) + "\n")
        recorded = Capture(
            session_id=session.session_id,
            journey=journey,
            attempt=session.attempt,
            recorded_at=self.stack.clock.now(),
            labels=labels,
        )
        (building / "truth.json").write_text(json.dumps(truth_of(recorded, subject.skin_tone), indent=1) + "\n")
        building.replace(target)
        try:
            self.study.add_capture(recorded)
        except StudyProblem:  # withdrawn while the capture was on its way
            delete_folder(target)
            raise


def truth_of(capture: Capture, skin_tone: str | None) -> dict[str, object]:
    """Labels in the form that `evaluate` and `calibrate` read."""
    labels = capture.labels
    return {
        "label": labels.label, "species": labels.species, "subject": labels.subject,
        "document_subject": labels.subject, "mated": True, "skin_tone": skin_tone, "ambient_lx": labels.ambient_lx,
        "distance_m": labels.distance_m, "device": labels.device, "eyewear": labels.eyewear, "note": labels.note,
        "attempt": capture.attempt, "journey": capture.journey, "recorded_at": capture.recorded_at.isoformat(),
        "simulated": False,
    }  # fmt: skip
