"""What injections begin with: footage of the target under a screen that stays dark."""

import numpy as np

from borderlight.contracts.challenge.schedule import ColourSchedule
from borderlight_lab.simulator.light import Scene, compose
from borderlight_lab.simulator.setup import Setup


def unlit(setup: Setup) -> Scene:
    """The target's footage with a little steady screen light and no answer to any challenge."""
    lit = compose(setup.head, setup.lighting, setup.seed)
    return Scene(lit.room + 0.2 * lit.screen, np.zeros_like(lit.screen))


def course_at(schedule: ColourSchedule, at_ms: float, lag_ms: float) -> np.ndarray:
    """[3] linear colour that the attacker's program has read off the page `lag_ms` ago."""
    starts = schedule.start_ms()
    slot = int(np.searchsorted(starts, at_ms - lag_ms, side="right")) - 1
    over = at_ms - lag_ms > starts[-1] + schedule.duration_ms()[-1]
    return np.zeros(3) if slot < 0 or over else schedule.linear_colours()[slot]
