"""What liveness consumes and publishes."""

from borderlight.contracts.events import CaptureNormalized, LivenessAssessed
from borderlight.runtime.bus.event_router import EventRouter
from liveness.use_cases.assess_capture import AssessCapture

PUBLISHES = (LivenessAssessed.topic,)


def subscribe_liveness(router: EventRouter, assess: AssessCapture) -> None:
    @router.subscriber(CaptureNormalized.topic, skips_late=True)
    async def assess_capture(normalized: CaptureNormalized) -> None:
        """Judge whether the light fell on a real face just now."""
        await assess(normalized)
