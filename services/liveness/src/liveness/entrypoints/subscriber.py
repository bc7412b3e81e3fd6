"""What liveness consumes."""

from borderlight.contracts.events import CaptureNormalized
from borderlight.runtime.bus.port import Bus, Subscription
from liveness.use_cases.assess_capture import AssessCapture


def subscribe_liveness(bus: Bus, assess: AssessCapture) -> None:
    bus.subscribe(Subscription(CaptureNormalized.topic, "liveness", CaptureNormalized, assess))
