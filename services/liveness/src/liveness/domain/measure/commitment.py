"""How soon after each colour's release the frames that answer it were fixed, by the server's clock (eq. 19).

With R_k the moment at which slot k was released and C_k the moment at which the first frame that saw nothing but slot k
was fixed (its bytes were part of the hash chain), the response age

    A_k = C_k - R_k                                                                                    (eq. 19)

bounds the time that anybody had to make the answer. A negative A_k means that the frames existed before the colour was
known to anybody but the server.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from liveness.domain.display_timing import FrameLight
from liveness.domain.measure.screen_light import ScreenLight
from liveness.domain.series import Commitment

_WHOLLY = 0.98
"""Share of an exposure from which a frame saw nothing but the slot."""
_NEARER = 0.5
"""A slot is answered when its frames lie nearer to the fitted colour than this share of that colour's contrast."""


@dataclass(frozen=True)
class ResponseAges:
    """age_ms: A_k of each slot that was seen; early_answers: slots whose light is in frames fixed before R_k."""

    age_ms: Float[np.ndarray, "seen"]
    early_answers: int


def _is_answered(
    seen: Float[np.ndarray, "chosen 3"], fitted: Float[np.ndarray, "chosen 3"], typical: Float[np.ndarray, "3"]
) -> bool:
    """Whether these frames show the fitted colour rather than the typical one."""
    contrast = float(np.linalg.norm(fitted.mean(0) - typical))
    return float(np.linalg.norm((seen - fitted).mean(0))) < _NEARER * contrast


def measure_ages(
    commitment: Commitment,
    face_light: Float[np.ndarray, "frames 3"],
    screen: ScreenLight,
    light: FrameLight,
) -> ResponseAges:
    """Slots that no frame saw wholly have no age."""
    frames = np.nonzero(screen.frames)[0]
    typical = screen.fitted.mean(0)
    ages: list[float] = []
    early_answers = 0
    for slot, released_ms in enumerate(commitment.slot_released_ms.tolist()):
        chosen = light.exposure[frames, slot] > _WHOLLY
        if not chosen.any():
            continue
        fixed_ms = commitment.frame_committed_ms[frames[chosen]]
        ages.append(float(fixed_ms.min()) - released_ms)
        early = np.nonzero(chosen)[0][fixed_ms < released_ms]
        if len(early) and _is_answered(face_light[frames[early]], screen.fitted[early], typical):
            early_answers += 1
    return ResponseAges(np.array(ages), early_answers)
