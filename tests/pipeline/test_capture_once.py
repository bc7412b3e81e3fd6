"""One capture per session, on sessions in memory."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from fakes.capture_service import Service
from suites.capture_once_suite import CaptureOnceSuite


class TestCaptureOnceInMemory(CaptureOnceSuite):
    @pytest.fixture
    async def service(self, tmp_path: Path) -> AsyncIterator[Service]:
        made = Service(tmp_path, rate_per_session="")
        yield made
        await made.http.aclose()
