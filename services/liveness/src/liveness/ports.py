"""What liveness needs from the world."""

from typing import Protocol

from borderlight.contracts.normalized_capture import NormalizedCapture
from liveness.domain.assessment import Assessment


class Explainer(Protocol):
    """Draws the page that explains an assessment."""

    def explain(self, capture: NormalizedCapture, assessment: Assessment) -> bytes:
        """A self-contained HTML page."""
        ...
