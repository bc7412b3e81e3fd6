"""Cut the chip that an embedding model wants: a similarity of five points, straight from the source picture."""

from dataclasses import dataclass

import cv2
import numpy as np


@dataclass(frozen=True)
class ChipTemplate:
    """side: of the square chip [px]; points: [5, 2] where the chip wants the five points [px], (0, 0) top left.

    mesh: which mesh points are averaged for each of the five. eyes: [2, 2] middles of the eyes in the chip [px], the
    one further left in an upright picture first.
    """

    name: str
    side: int
    points: np.ndarray
    mesh: tuple[tuple[int, ...], ...]
    eyes: np.ndarray


_ARCFACE_POINTS = np.array(
    [(38.2946, 51.6963), (73.5318, 51.5014), (56.0252, 71.7366), (41.5493, 92.3655), (70.7299, 92.2041)]
)
ARCFACE = ChipTemplate(
    "arcface_112",
    112,
    _ARCFACE_POINTS,
    # Eye corners, nose tip, corners of the mouth.
    ((33, 133), (263, 362), (4,), (61,), (291,)),
    _ARCFACE_POINTS[:2],
)
"""The five-point alignment of ArcFace, which SFace was trained with."""

_DLIB_POINTS = np.array([(110.96, 46.35), (89.61, 47.90), (37.06, 46.37), (58.41, 47.91), (74.01, 87.78)])
DLIB = ChipTemplate(
    "dlib_150",
    150,
    _DLIB_POINTS,
    # Outer and inner eye corners (subject's left first) and the nose base.
    ((263, 249), (362, 382), (33, 7), (133, 155), (2, 2)),
    np.array([_DLIB_POINTS[2:4].mean(0), _DLIB_POINTS[0:2].mean(0)]),
)
"""The alignment of dlib's face descriptor."""

TEMPLATES = {template.name: template for template in (ARCFACE, DLIB)}


def similarity(source: np.ndarray, target: np.ndarray) -> np.ndarray:
    """[..., 2, 3] least-squares similarities that map `source` [..., n, 2] on `target` [n, 2] (Umeyama, no mirror)."""
    source_mean, target_mean = source.mean(-2), target.mean(-2)
    a, b = source - source_mean[..., None, :], target - target_mean
    norm = (a**2).sum((-2, -1))
    cos = (a * b).sum((-2, -1)) / norm
    sin = (a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0]).sum(-1) / norm
    rotation = np.stack([np.stack([cos, -sin], -1), np.stack([sin, cos], -1)], -2)
    return np.concatenate([rotation, (target_mean - (rotation @ source_mean[..., None])[..., 0])[..., None]], -1)


def with_eyes_at(eyes: np.ndarray, side: int) -> ChipTemplate:
    """The template of a model that states where it wants the middles of the eyes: ArcFace's, moved there."""
    moved = similarity(ARCFACE.eyes, eyes)
    points = ARCFACE.points @ moved[:, :2].T + moved[:, 2]
    return ChipTemplate(f"eyes_{side}", side, points, ARCFACE.mesh, eyes)


def _source(points: np.ndarray, template: ChipTemplate) -> np.ndarray:
    return np.array([points[list(group), :2].mean(0) for group in template.mesh])


def chip_bounds(points: np.ndarray, template: ChipTemplate = ARCFACE) -> tuple[int, int, int, int]:
    """(left, top, right, bottom) of the part of the picture that a chip is cut from; may reach beyond the picture."""
    back = similarity(template.points, _source(points, template))
    corners = np.array([(0, 0), (template.side, 0), (0, template.side), (template.side, template.side)])
    places = corners @ back[:, :2].T + back[:, 2]
    # Bilinear sampling and the halving before it look at a few pixels around.
    margin = 2.0 + 2.0 * float(np.hypot(back[0, 0], back[1, 0]))
    (left, top), (right, bottom) = np.floor(places.min(0) - margin), np.ceil(places.max(0) + margin)
    return int(left), int(top), int(right), int(bottom)


def align_chip(rgb: np.ndarray, points: np.ndarray, template: ChipTemplate = ARCFACE) -> np.ndarray:
    """[side, side, 3] chip of the face whose mesh `points` [468, 2 or 3] lie in `rgb` [height, width, 3]."""
    left, top, right, bottom = chip_bounds(points, template)
    left, top = max(0, left), max(0, top)
    rgb = rgb[top : max(top + 1, bottom), left : max(left + 1, right)]
    if not rgb.size:  # the face lies outside the picture
        return np.zeros((template.side, template.side, 3), np.uint8)
    source = _source(points, template) - (left, top)
    matrix = similarity(source, template.points)
    scale = float(np.hypot(matrix[0, 0], matrix[1, 0]))
    while scale <= 0.5 and min(rgb.shape[:2]) > 2:  # halve first, so that bilinear sampling does not alias
        rgb = rgb[: rgb.shape[0] // 2 * 2, : rgb.shape[1] // 2 * 2]
        rgb = cv2.resize(rgb, (rgb.shape[1] // 2, rgb.shape[0] // 2), interpolation=cv2.INTER_AREA)
        source = (source + 0.5) / 2 - 0.5
        matrix = similarity(source, template.points)
        scale *= 2
    return cv2.warpAffine(rgb, matrix, (template.side, template.side), flags=cv2.INTER_LINEAR)


def rewarp_chip(chip: np.ndarray, template: ChipTemplate, wanted: ChipTemplate) -> np.ndarray:
    """A chip of `template` as one of `wanted`. Costs sharpness and margins: for captures that were made for another
    embedding model, not for daily use."""
    if template.side == wanted.side and np.abs(template.eyes - wanted.eyes).max() < 0.5:
        return chip
    matrix = similarity(template.eyes, wanted.eyes)
    size = (wanted.side, wanted.side)
    return cv2.warpAffine(chip, matrix, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
