"""A head: a licensed portrait as albedo, with a parametric relief. Variants of it stand for other people.

Lengths are pixels of the 480×640 frame; z points towards the camera. Nothing here is shared with the detector.
"""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np

WIDTH, HEIGHT = 480, 640
_PORTRAIT = Path(__file__).parent / "portraits" / "eileen_collins_nasa.png"
_SCALE = 2.5  # portrait pixels to frame pixels
_SHIFT = (-88.0, 0.0)
# Features in the portrait, found by hand [px of the 256-pixel picture times 3].
_POINTS = {
    "eye_right": (324, 309), "eye_left": (453, 315), "nose_tip": (384, 382), "nose_base": (383, 403),
    "bridge": (389, 303), "mouth_right": (316, 418), "mouth_left": (451, 425), "lip_top": (382, 422),
    "lip_bottom": (380, 465), "chin": (376, 529), "forehead": (395, 212), "cheek_right": (282, 362),
    "cheek_left": (489, 372), "brow_right": (305, 260), "brow_left": (478, 266),
}  # fmt: skip


@dataclass(frozen=True)
class Head:
    """albedo: [H, W, 3] linear reflectance; height: [H, W] relief [px]; skin, person: [H, W] masks 0..1."""

    albedo: np.ndarray
    height: np.ndarray
    person: np.ndarray


def _linear(code: np.ndarray) -> np.ndarray:
    x = code.astype(np.float32) / 255.0
    return np.where(x <= 0.04045, x / 12.92, ((x + 0.055) / 1.055) ** 2.4).astype(np.float32)


def _frame_point(name: str) -> np.ndarray:
    x, y = _POINTS[name]
    return np.array([x / 3 * _SCALE + _SHIFT[0], y / 3 * _SCALE + _SHIFT[1]])


@lru_cache(maxsize=1)
def _portrait() -> np.ndarray:
    picture = cv2.imread(str(_PORTRAIT))
    if picture is None:
        raise FileNotFoundError(_PORTRAIT)
    matrix = np.array([[_SCALE, 0, _SHIFT[0]], [0, _SCALE, _SHIFT[1]]])
    frame = cv2.warpAffine(picture, matrix, (WIDTH, HEIGHT), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT_101)
    return _linear(frame[:, :, ::-1])


def _bump(at: np.ndarray, sigma_x: float, sigma_y: float) -> np.ndarray:
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
    return np.exp(-0.5 * (((x - at[0]) / sigma_x) ** 2 + ((y - at[1]) / sigma_y) ** 2))


def _relief(random: np.random.Generator) -> np.ndarray:
    """Ellipsoid with nose, brow, eye hollows, lips and chin; proportions vary from person to person."""
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
    centre = (_frame_point("nose_tip") + _frame_point("bridge")) / 2

    def vary() -> float:
        return float(random.uniform(0.85, 1.15))

    dome = np.clip(1.0 - ((x - centre[0]) / 150) ** 2 - ((y - centre[1]) / 215) ** 2, 0.0, None)
    height = 120.0 * vary() * np.sqrt(dome)
    bridge, tip, base = (_frame_point(n) for n in ("bridge", "nose_tip", "nose_base"))
    nose = vary()
    for share in np.linspace(0.0, 1.0, 9):
        at = bridge * (1 - share) + tip * share
        height += (2.0 + 6.5 * share) * nose * _bump(at, 9 + 6 * share, 16)
    height += 9.0 * nose * _bump(tip, 15, 11)
    for side in (-1, 1):
        height += 9.0 * nose * _bump(base + np.array([side * 20.0, -8.0]), 10, 9)
    hollow, brow = vary(), vary()
    for eye in ("eye_right", "eye_left"):
        height -= 15.0 * hollow * _bump(_frame_point(eye), 24, 13)
    for name in ("brow_right", "brow_left"):
        height += 7.0 * brow * _bump(_frame_point(name), 34, 11)
    for name in ("cheek_right", "cheek_left"):
        height += 8.0 * vary() * _bump(_frame_point(name), 28, 24)
    middle = (_frame_point("mouth_right") + _frame_point("mouth_left")) / 2
    below = np.array([0.0, 1.0])
    height += 7.0 * vary() * _bump(middle - 4.0 * below, 36, 9) + 6.0 * _bump(middle + 16.0 * below, 28, 9)
    height -= 7.0 * _bump(middle + 34.0 * below, 30, 8)
    height += 10.0 * vary() * _bump(_frame_point("chin") - 14.0 * below, 28, 20)
    return cv2.GaussianBlur(height.astype(np.float32), (0, 0), 2.0)


def _person_mask() -> np.ndarray:
    mask = np.zeros((HEIGHT, WIDTH), np.float32)
    cv2.ellipse(mask, (238, 242), (186, 215), 0, 0, 360, 1.0, -1)
    body = np.array([[60, 410], [170, 370], [310, 370], [430, 440], [480, 560], [480, 640], [0, 640], [0, 530]])
    cv2.fillPoly(mask, [body.astype(np.int32)], 1.0)
    return cv2.GaussianBlur(mask, (0, 0), 2.5)


@dataclass(frozen=True)
class _Proportions:
    """How a face differs from the portrait, symmetric; each from -1 to 1."""

    values: np.ndarray
    NAMES = (
        "eyes_apart", "eyes_up", "eyes_tilt", "nose_length", "nose_width", "mouth_width", "mouth_up", "jaw", "chin",
        "brow", "cheek", "forehead", "wide", "long",
    )  # fmt: skip

    def __getitem__(self, name: str) -> float:
        return float(self.values[self.NAMES.index(name)])


def _proportions(person: int) -> _Proportions:
    """Drawn at random for `person`; -n is the counterpart of n, with every proportion the other way."""
    drawn = np.random.default_rng(77_000 + abs(person)).uniform(0.2, 0.5, len(_Proportions.NAMES))
    signs = np.random.default_rng(78_000 + abs(person)).choice((-1.0, 1.0), len(_Proportions.NAMES))
    return _Proportions(drawn * signs * (1.0 if person > 0 else -1.0))


def _reshape(face: _Proportions) -> tuple[np.ndarray, np.ndarray]:
    """Where each pixel of the person's picture comes from in the portrait's: a smooth, symmetric change of features."""
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
    along, down = np.zeros_like(x), np.zeros_like(y)

    def move(at: np.ndarray, by_x: float, by_y: float, sigma_x: float, sigma_y: float) -> None:
        weight = _bump(at, sigma_x, sigma_y)
        along[:] += by_x * weight
        down[:] += by_y * weight

    nose = 15.0 * face["nose_length"]
    for side, name in ((-1, "right"), (1, "left")):
        eye = _frame_point(f"eye_{name}")
        move(eye, side * 14.0 * face["eyes_apart"], 10.0 * face["eyes_up"], 34, 26)
        move(eye + np.array([side * 22.0, 0.0]), 0.0, 8.0 * face["eyes_tilt"], 22, 20)
        brow = 10.0 * face["eyes_up"] + 9.0 * face["brow"]
        move(_frame_point(f"brow_{name}"), side * 8.0 * face["eyes_apart"], brow, 40, 18)
        move(_frame_point("nose_base") + np.array([side * 20.0, -8.0]), side * 10.0 * face["nose_width"], 0.0, 18, 20)
        move(_frame_point(f"mouth_{name}"), side * 16.0 * face["mouth_width"], 0.0, 26, 24)
        move(_frame_point("chin") + np.array([side * 70.0, -55.0]), side * 24.0 * face["jaw"], 0.0, 50, 70)
        move(_frame_point(f"cheek_{name}"), side * 14.0 * face["cheek"], 0.0, 40, 45)
    move(_frame_point("nose_tip"), 0.0, nose, 30, 30)
    move(_frame_point("nose_base"), 0.0, nose, 34, 18)
    mouth = (_frame_point("mouth_right") + _frame_point("mouth_left")) / 2
    move(mouth, 0.0, 0.5 * nose + 10.0 * face["mouth_up"], 60, 30)
    move(_frame_point("chin"), 0.0, 22.0 * face["chin"], 70, 34)
    move(_frame_point("forehead"), 0.0, 12.0 * face["forehead"], 110, 40)
    centre = _frame_point("nose_tip")
    source_x = centre[0] + (x - centre[0]) * (1.0 - 0.14 * face["wide"]) - along
    source_y = centre[1] + (y - centre[1]) * (1.0 - 0.07 * face["long"]) - down
    return source_x.astype(np.float32), source_y.astype(np.float32)


def make_head(person: int, melanin: float | None = None) -> Head:
    """The head of person number `person` (0 is the portrait itself); melanin: 0 very light .. 1 dark."""
    random = np.random.default_rng(9_000 + (person if person >= 0 else 500_000 - person))
    tone = float(random.uniform(0.0, 1.0)) if melanin is None else melanin
    albedo = _portrait()
    height, mask = _relief(random), _person_mask()
    if person:
        x, y = _reshape(_proportions(person))
        albedo = cv2.remap(albedo, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101)
        height = cv2.remap(height, x, y, cv2.INTER_LINEAR)
        albedo = np.clip(albedo * random.uniform(0.9, 1.1, 3).astype(np.float32), 0.0, 1.0)
    # Melanin absorbs most in blue, least in red: reflectance falls and reddens together.
    if person or melanin is not None:
        absorb = np.array([0.75, 1.05, 1.25], np.float32) * 1.35 * tone
        albedo = albedo * np.exp(-absorb)
    return Head(np.clip(0.9 * albedo, 0.003, 0.95).astype(np.float32), height, mask)
