"""How the eyes answered: a cornea mirrors the screen as a small spot over the dark iris (eq. 13).

Crops of both eyes are aligned by their corners. Every pixel is divided by the face mean of its frame and fitted with
the share u(t) of the face's light that comes from the screen, as the response map does for skin (eq. 6); the spot is
where the response stands out from its surroundings while the baseline does not:

    glint = max over dark pixels of [mean of r over 2 x 2 pixels - mean of r over 9 x 9 pixels]        (eq. 13)
"""

import numpy as np
from jaxtyping import Float
from scipy.ndimage import maximum_filter, uniform_filter

from liveness.domain.display_timing import FrameLight
from liveness.domain.measure.challenge import ChallengeMatch
from liveness.domain.measure.face_light import FaceLight
from liveness.domain.measure.screen_light import ScreenLight
from liveness.domain.series import CaptureSeries

_MARGIN_X, _MARGIN_Y = 8, 4
"""Lids and corners at the border of a crop [px]."""
_DARK = 0.75
"""An iris pixel is darker than this share of the face mean without the screen."""
_MIN_FRAMES = 12
_MIN_SWING = 0.02
"""Swing of the screen's share below which no pixel can be fitted."""
_MIN_PIXELS = 12
_DARKEST, _DARKEST_RELATIVE = 1e-5, 0.05


def glint_strength(
    eyes: Float[np.ndarray, "tracked eyes rows columns 3"],
    face: Float[np.ndarray, "tracked 3"],
    screen_share: Float[np.ndarray, "tracked 3"],
) -> float | None:
    """Response of the strongest spot over the dark iris, in units of the face's response; the better eye counts.

    eyes: linear radiance; face: mean linear radiance of the face; screen_share: share of it that the screen gave.
    None when there are too few frames or no dark pixels.
    """
    if len(eyes) < _MIN_FRAMES or float(np.ptp(screen_share)) < _MIN_SWING:
        return None
    relative = eyes / np.maximum(face, _DARKEST)[:, None, None, None, :]
    share = screen_share - screen_share.mean(0)
    energy = np.maximum((share**2).sum(0), 1e-9)
    slope = np.einsum("kc,keyxc->eyxc", share, relative) / energy
    baseline = relative.mean(0) - slope * screen_share.mean(0)
    weight = energy / energy.sum()
    response = ((baseline + slope) * weight).sum(-1)
    dark = (baseline * weight).sum(-1)
    inner = (slice(_MARGIN_Y, -_MARGIN_Y), slice(_MARGIN_X, -_MARGIN_X))
    strongest: list[float] = []
    for eye in range(response.shape[0]):
        spot = uniform_filter(response[eye], 2) - uniform_filter(response[eye], 9)
        iris = spot[inner][maximum_filter(dark[eye], 2)[inner] < _DARK]
        if iris.size >= _MIN_PIXELS:
            strongest.append(float(iris.max()))
    return max(strongest) if strongest else None


def measure_glint(
    series: CaptureSeries, face: FaceLight, match: ChallengeMatch, screen: ScreenLight, light: FrameLight
) -> float | None:
    """Corneal spot from the tracked frames that saw one colour only [face responses]."""
    share = light.drive @ screen.gain / np.maximum(match.face_light, _DARKEST_RELATIVE)
    settled = light.settled[series.tracked_frame]
    frames = series.tracked_frame[settled]
    return glint_strength(series.eyes[settled], face.radiance[frames], share[frames])
