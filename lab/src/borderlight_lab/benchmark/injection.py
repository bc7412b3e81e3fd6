"""Attackers behind the camera against the real API, live: which instruments are admitted, and at what cost of time.

Method: a *forged client* that speaks the API without a browser. It opens a session, takes the challenge, makes the film
with its instrument while the server's clock runs, and hands it in. Instruments are the simulator's species. The time
from the challenge to the last byte is the attacker's own: it holds all his computing (of the simulator, that is; a good
attacker's program needs less). Other methods of the same standard (a
hooked camera in the page, a track transform, a fake device file) need a browser and are not here.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from borderlight_cli.embedded import EmbeddedStack
from borderlight_lab.demo.journey import travel
from borderlight_lab.evaluation.statistics import rate
from borderlight_lab.simulator.red_team import varied_wish

CONTROL = "bona_fide"
INSTRUMENTS: tuple[str, ...] = (
    CONTROL, "inject_replay", "inject_overlay", "inject_face_overlay", "inject_relit", "inject_splice_nearest_8",
    "inject_splice_nearest_27", "inject_splice_nearest_64", "inject_splice_mixed_8", "inject_splice_mixed_27",
    "inject_splice_mixed_64", "inject_rendered", "inject_relit_room", "inject_relit_adaptive", "inject_face_swap",
    "inject_swap_live",
)  # fmt: skip
"""The control is an honest traveller through the same method."""


@dataclass(frozen=True)
class Attempt:
    """One capture: what was sent, the verdict, and the seconds from the challenge to the last byte."""

    instrument: str
    outcome: str
    liveness: str
    reasons: tuple[str, ...]
    answered_after_s: float


async def attempt(stack: EmbeddedStack, instrument: str, number: int, seed: int, wait_s: float) -> Attempt:
    """One forged session; wait_s: added before the film is handed in, for what time alone costs an attacker.

    Rooms stay below 300 lx: beyond it honest light is faint, and the bench would count the room.
    """
    wish = varied_wish(instrument, number, seed)
    wish = replace(wish, lighting=replace(wish.lighting, room_lx=min(wish.lighting.room_lx, 300.0)))
    travelled = await travel(stack, f"{instrument}-{seed}-{number}", wish, wait_s)
    verdict = travelled.verdict
    liveness = verdict.liveness.outcome or "missing"
    return Attempt(instrument, verdict.outcome.value, str(liveness), tuple(verdict.reasons), travelled.answered_after_s)


async def run_bench(
    stack: EmbeddedStack,
    instruments: Sequence[str],
    count: int,
    seed: int,
    wait_s: float,
    advance: Callable[[], None],
) -> list[Attempt]:
    """`count` attempts with every instrument, one after the other; `advance` is called after each."""
    done: list[Attempt] = []
    for instrument in instruments:
        for number in range(count):
            done.append(await attempt(stack, instrument, number, seed, wait_s))
            advance()
    return done


def cells(attempts: Sequence[Attempt]) -> list[dict[str, Any]]:
    """One row per instrument: outcomes, share admitted with its 95 % interval, time to the last byte [s].

    The control's row carries false alarms: captures of honest people that liveness called an attack.
    """
    rows: list[dict[str, Any]] = []
    for instrument in dict.fromkeys(one.instrument for one in attempts):
        group = [one for one in attempts if one.instrument == instrument]
        admitted = rate(sum(one.outcome == "admit" for one in group), len(group))
        called = rate(sum(one.liveness == "attack" for one in group), len(group))
        times = sorted(one.answered_after_s for one in group)
        rows.append(
            {
                "method": "forged_client",
                "instrument": instrument,
                "is_control": instrument == CONTROL,
                "n": len(group),
                "outcomes": dict(Counter(one.outcome for one in group)),
                "admitted": None if admitted is None else admitted.to_json(),
                "called_attack": None if called is None else called.to_json(),
                "answered_after_s": {"least": round(times[0], 2), "median": round(times[len(times) // 2], 2)},
            }
        )
    return rows
