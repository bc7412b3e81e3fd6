"""Screenshots side by side, for people to look at."""

from collections.abc import Mapping
from pathlib import Path

import cv2
import numpy as np

_WIDTH, _HEIGHT, _LABEL, _GAP, _COLUMNS = 260, 563, 34, 14, 7
_PAPER, _INK = (236, 232, 228), (60, 50, 40)


def write_contact_sheet(path: Path, pictures: Mapping[str, bytes]) -> None:
    """pictures: caption → PNG; rows of seven."""
    tiles = [_tile(name, png) for name, png in pictures.items()]
    blank = np.full_like(tiles[0], _PAPER)
    tiles += [blank] * (-len(tiles) % _COLUMNS)
    rows = [np.hstack(tiles[at : at + _COLUMNS]) for at in range(0, len(tiles), _COLUMNS)]
    if not cv2.imwrite(str(path), np.vstack(rows), [cv2.IMWRITE_JPEG_QUALITY, 86]):
        raise RuntimeError(f"could not write {path}")


def _tile(name: str, png: bytes) -> np.ndarray:
    picture = cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_COLOR)
    if picture is None:
        raise ValueError(f"{name} is no picture")
    height = round(picture.shape[0] * _WIDTH / picture.shape[1])
    small = cv2.resize(picture, (_WIDTH, height), interpolation=cv2.INTER_AREA)[:_HEIGHT]
    below = _HEIGHT - small.shape[0]
    tile = cv2.copyMakeBorder(small, _LABEL, below + _GAP, _GAP // 2, _GAP // 2, cv2.BORDER_CONSTANT, value=_PAPER)
    cv2.putText(tile, name, (_GAP // 2, 23), cv2.FONT_HERSHEY_SIMPLEX, 0.52, _INK, 1, cv2.LINE_AA)
    return tile
