"""Decode pictures in a worker that can reach nothing: beside the master keys no stranger's picture is decoded."""

from typing import Any

import numpy as np

from borderlight.errors import Unavailable
from borderlight.runtime.sandbox.client import (
    SandboxedWorker,
    SandboxPlan,
    WorkerBroken,
    WorkerNotStarted,
    WorkerSlow,
)
from matcher.adapters.photo_pixels import PixelsRefused

MAX_PIXELS = 40_000_000


class SandboxedPixels:
    """Callable as `decode_pixels`; a picture that breaks or holds up the worker is refused."""

    def __init__(self, memory_bytes: int = 450_000_000, is_required: bool = False) -> None:
        """memory_bytes: beyond the loaded libraries [bytes]; is_required: refuse to start where nothing confines."""
        self._worker = SandboxedWorker(
            SandboxPlan(
                "matcher.adapters.photo_pixels:make_task",
                memory_bytes=memory_bytes,
                cpu_s=10,
                wall_s=30.0,
                max_request=21_000_000,
                max_answer=3 * MAX_PIXELS,
                is_required=is_required,
            )
        )

    def start(self) -> None:
        """Raises Unavailable, SandboxLacking."""
        try:
            self._worker.start()
        except WorkerNotStarted as error:
            raise Unavailable(f"the photograph decoder's worker did not start ({error})") from error

    def __call__(self, picture: bytes, media_type: str, stated_long_side: int, long_side: int) -> np.ndarray:
        self.start()
        header = {"media_type": media_type, "stated_long_side": stated_long_side, "long_side": long_side}
        try:
            answer, content = self._worker.ask(header, picture)
        except (WorkerBroken, WorkerSlow) as error:
            raise PixelsRefused("decoding the picture broke the worker") from error
        return _pixels(answer, content, long_side)

    def close(self) -> None:
        """End the worker."""
        self._worker.close()


def _pixels(answer: dict[str, Any], content: bytes, long_side: int) -> np.ndarray:
    """What a worker says is a stranger's word: a picture of the stated size, or none."""
    height, width = answer.get("height"), answer.get("width")
    if not (isinstance(height, int) and isinstance(width, int)):
        raise PixelsRefused("the picture cannot be decoded")
    fits = 0 < height <= long_side and 0 < width <= long_side
    if not fits or len(content) != 3 * height * width:
        raise PixelsRefused("the picture cannot be decoded")
    return np.frombuffer(content, np.uint8).reshape(height, width, 3)
