"""How the eyes answered: a cornea mirrors the screen as a small spot over the dark iris.

Crops of both eyes are aligned by their corners. Every pixel is divided by the face mean of its frame and fitted with
the share of the face's light that comes from the screen, as the response map does for skin; the spot is where the
response stands out from its surroundings while the baseline does not.
"""

import numpy as np
from jaxtyping import Float
from scipy.ndimage import maximum_filter, uniform_filter

_MARGIN_X, _MARGIN_Y = 8, 4
_DARK = 0.75
"""An iris pixel is darker than this share of the face mean without the screen."""


def glint_strength(
    eyes: Float[np.ndarray, "tracked eyes rows columns 3"],
    face: Float[np.ndarray, "tracked 3"],
    screen_share: Float[np.ndarray, "tracked 3"],
) -> float | None:
    """Response of the strongest spot over the dark iris, in units of the face's response; the better eye counts.

    eyes: linear radiance; face: mean linear radiance of the face; screen_share: share of it that the screen gave.
    None when there are too few frames or no dark pixels.
    """
    if len(eyes) < 12 or float(np.ptp(screen_share)) < 0.02:
        return None
    relative = eyes / np.maximum(face, 1e-5)[:, None, None, None, :]
    share = screen_share - screen_share.mean(0)
    energy = np.maximum((share**2).sum(0), 1e-9)
    slope = np.einsum("kc,keyxc->eyxc", share, relative) / energy
    baseline = relative.mean(0) - slope * screen_share.mean(0)
    weight = energy / energy.sum()
    response = ((baseline + slope) * weight).sum(-1)
    dark = (baseline * weight).sum(-1)
    found: list[float] = []
    for eye in range(response.shape[0]):
        spot = uniform_filter(response[eye], 2) - uniform_filter(response[eye], 9)
        usable = maximum_filter(dark[eye], 2) < _DARK
        inner = spot[_MARGIN_Y:-_MARGIN_Y, _MARGIN_X:-_MARGIN_X][usable[_MARGIN_Y:-_MARGIN_Y, _MARGIN_X:-_MARGIN_X]]
        if inner.size >= 12:
            found.append(float(inner.max()))
    return max(found) if found else None
