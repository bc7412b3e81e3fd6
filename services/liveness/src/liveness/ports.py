"""What liveness needs from the world."""

from typing import Protocol

from borderlight.contracts.normalized_capture import NormalizedCapture
from liveness.domain.assessment import Assessment
from liveness.domain.series import CaptureSeries


class SeriesReader(Protocol):
    """Makes arrays of a normalized capture."""

    def __call__(self, capture: NormalizedCapture, /) -> CaptureSeries:
        """Raises CaptureRejected when the challenge in it is unreadable."""
        ...


class Explainer(Protocol):
    """Draws the page that explains an assessment."""

    def explain(self, capture: NormalizedCapture, assessment: Assessment) -> bytes:
        """A self-contained HTML page."""
        ...
