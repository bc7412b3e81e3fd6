"""The whole system in one process: the services' own wiring over an in-memory bus and a folder.

Nothing here repeats the flow: handlers, use cases and domain are those of production. Nothing survives the process.
"""

import asyncio
import contextlib
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

from borderlight.runtime.bus.memory import MemoryBus
from borderlight.runtime.clock import SystemClock
from borderlight.runtime.metrics import Metrics
from borderlight.runtime.objects.file import FileObjectStore
from borderlight.runtime.objects.sealed import SealedObjectStore
from borderlight.runtime.objects.session_keys import SessionKeys
from borderlight.runtime.sealing import KeyRing
from capture_ingest.adapters.memory_session_store import MemorySessionStore
from capture_ingest.app import wire_api, wire_normalizer, wire_ops
from capture_ingest.ports import CaptureNormalizer
from capture_ingest.settings import CaptureIngestSettings
from decision.adapters.memory_history import MemoryHistory
from decision.adapters.memory_join_store import MemoryJoinStore
from decision.app import TOPICS, wire_decision
from decision.settings import DecisionSettings
from liveness.app import wire_liveness
from liveness.settings import LivenessSettings
from matcher.app import load_key_ring, make_face_reader, open_reference_store, wire_matcher
from matcher.ports import FaceReader
from matcher.settings import MatcherSettings
from retention.app import wire_retention
from retention.settings import RetentionServiceSettings


@dataclass
class SharedModels:
    """What is expensive to make and keeps no session: the sandboxed normalizer and the face reader."""

    normalizer: CaptureNormalizer
    reader: FaceReader
    matcher_settings: MatcherSettings = field(default_factory=MatcherSettings)

    @staticmethod
    def load(comparison_limits: Path | None = None) -> "SharedModels":
        """Load with the services' own settings; comparison_limits: a thresholds file instead of the matcher's own.

        Raises LimitsUnusable, ModelMissing, ModelCorrupt.
        """
        from capture_ingest.adapters.sandboxed_capture_normalizer import SandboxedCaptureNormalizer
        from capture_ingest.adapters.video.decoder import DecodeLimits

        settings = CaptureIngestSettings()
        limits = DecodeLimits(max_bytes=settings.max_upload_bytes)
        normalizer = SandboxedCaptureNormalizer(
            settings.models_dir, limits, settings.worker_memory_bytes, settings.worker_cpu_s
        )
        matcher = MatcherSettings()
        if comparison_limits is not None:
            matcher = matcher.model_copy(update={"thresholds_file": comparison_limits})
        return SharedModels(normalizer, make_face_reader(matcher), matcher)

    def close(self) -> None:
        close = getattr(self.normalizer, "close", None)
        if close is not None:
            close()


class EmbeddedStack:
    """All services on one bus; an async context manager."""

    def __init__(
        self, models: SharedModels, folder: Path | None = None, api_settings: CaptureIngestSettings | None = None
    ) -> None:
        self._temporary = None if folder is not None else tempfile.TemporaryDirectory(prefix="borderlight-")
        root = folder if folder is not None else Path(self._temporary.name if self._temporary else ".")
        self.clock = SystemClock()
        self.metrics = Metrics()
        files = FileObjectStore(root)
        rules = RetentionServiceSettings()
        masters = KeyRing.generate()
        self.objects = SealedObjectStore(files, SessionKeys(files, masters, self.clock, rules.unfinished()))
        self.sessions = MemorySessionStore()
        self.bus = MemoryBus("embedded", self.clock, self.metrics)
        self.joins = MemoryJoinStore()
        settings = api_settings or CaptureIngestSettings(allow_anonymous_agency=True)
        self.api: Any = wire_api(self.bus, self.sessions, self.objects, settings, self.clock, self.metrics)
        self.api.router.routes.extend(wire_ops(self.api, self.bus, self.metrics).routes)
        wire_normalizer(self.bus, self.objects, models.normalizer)
        wire_liveness(self.bus, self.objects, LivenessSettings())
        settings_of_matcher = models.matcher_settings
        given = settings_of_matcher.key_file is not None or settings_of_matcher.keys is not None
        keys = load_key_ring(settings_of_matcher) if given else KeyRing.generate()
        self.references = open_reference_store(self.objects, keys, models.reader.model_sha256, clock=self.clock)
        self.matcher = wire_matcher(
            self.bus, self.objects, self.references, models.reader, settings_of_matcher, self.clock
        )
        self.retention = wire_retention(self.bus, files, masters, rules.rules(), self.clock, self.metrics)
        history = MemoryHistory(lambda: self.bus.log, TOPICS)
        self.decision = wire_decision(self.bus, self.joins, history, DecisionSettings(), self.clock, self.metrics)

    async def __aenter__(self) -> "EmbeddedStack":
        await self.decision.catch_up()
        await self.retention.ensure_buckets()
        await self.bus.start()
        self._sweeping = asyncio.create_task(self._sweep())
        return self

    async def _sweep(self) -> None:
        while True:
            await self.retention.sweep()
            await asyncio.sleep(RetentionServiceSettings().sweep_every_s)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._sweeping.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._sweeping
        await self.bus.stop()
        if self._temporary is not None:
            self._temporary.cleanup()
