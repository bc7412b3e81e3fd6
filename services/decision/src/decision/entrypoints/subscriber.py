"""What decision consumes and publishes: the four sides of the join, and the verdict on two topics. It reads its own
verdicts as the log of what was already said."""

from borderlight.contracts.events import CaptureRejected, EntryVerdict, FaceCompared, LivenessAssessed, SessionCaptured
from borderlight.runtime.bus.event_router import EventRouter
from borderlight.runtime.bus.position import current_position
from decision.domain.session_join import Side
from decision.use_cases.join_session import LATEST_TOPIC, JoinSession

PUBLISHES = (EntryVerdict.topic, LATEST_TOPIC)


def subscribe_decision(router: EventRouter, join: JoinSession) -> None:
    @router.subscriber(SessionCaptured.topic)
    async def take_captured(event: SessionCaptured) -> None:
        """A session waits for its answers from now on."""
        await join.take(Side.CAPTURED, event, current_position())

    @router.subscriber(CaptureRejected.topic)
    async def take_rejected(event: CaptureRejected) -> None:
        """The capture cannot be judged."""
        await join.take(Side.REJECTED, event, current_position())

    @router.subscriber(LivenessAssessed.topic)
    async def take_liveness(event: LivenessAssessed) -> None:
        """The answer of liveness."""
        await join.take(Side.LIVENESS, event, current_position())

    @router.subscriber(FaceCompared.topic)
    async def take_comparison(event: FaceCompared) -> None:
        """The answer of the matcher."""
        await join.take(Side.COMPARISON, event, current_position())

    @router.subscriber(EntryVerdict.topic)
    async def hear_verdict(event: EntryVerdict) -> None:
        """A verdict is out: its session is decided for good."""
        await join.hear(event, current_position())
