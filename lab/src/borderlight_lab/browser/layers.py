"""Light layers of a simulated scene, for composing a live camera picture inside a browser.

radiance = room + screen × displayed linear colour, per channel, exposure included; then the camera's tone curve.
"""

import base64
from dataclasses import dataclass

import cv2
import numpy as np

from borderlight_lab.simulator.camera import CROSSTALK
from borderlight_lab.simulator.head import HEIGHT, WIDTH, Head, make_head
from borderlight_lab.simulator.light import Lighting, Scene, compose

_FULL_SCALE = 2.0
_TYPICAL_SHOWN = 0.35
_MIDDLE = 0.23


@dataclass(frozen=True)
class Layers:
    """PNG pictures as base64, square-root encoded; value = (code / 255)² × full_scale."""

    room: str
    screen: str
    width: int
    height: int
    full_scale: float


def _png(layer: np.ndarray) -> str:
    code = np.round(255 * np.sqrt(np.clip(layer / _FULL_SCALE, 0.0, 1.0))).astype(np.uint8)
    done, content = cv2.imencode(".png", code[:, :, ::-1])
    if not done:
        raise RuntimeError("OpenCV could not encode a PNG")
    return base64.b64encode(content.tobytes()).decode()


def _encode(scene: Scene) -> Layers:
    room, screen = scene.room @ CROSSTALK.T, scene.screen @ CROSSTALK.T
    gain = _MIDDLE / float((room + _TYPICAL_SHOWN * screen)[150:450, 120:360].mean())
    return Layers(_png(room * gain), _png(screen * gain), WIDTH, HEIGHT, _FULL_SCALE)


def head_layers(person: int, room_lx: float, melanin: float = 0.3, seed: int = 3) -> Layers:
    """A live head of the simulator before a wall."""
    return _encode(compose(make_head(person, melanin), Lighting(room_lx=room_lx), seed))


def two_head_layers(person: int, other: int, room_lx: float) -> Layers:
    """Two people cheek by cheek: each takes half of the picture."""
    scenes = [compose(make_head(who, 0.3), Lighting(room_lx=room_lx), 3) for who in (person, other)]

    def side_by_side(name: str) -> np.ndarray:
        halves = [cv2.resize(getattr(scene, name), (WIDTH // 2, HEIGHT // 2)) for scene in scenes]
        full = np.full((HEIGHT, WIDTH, 3), float(np.median(halves[0])), np.float32)
        full[HEIGHT // 4 : HEIGHT // 4 + HEIGHT // 2] = np.hstack(halves)
        return full

    return _encode(Scene(side_by_side("room"), side_by_side("screen")))


def empty_layers(room_lx: float) -> Layers:
    """A wall without anybody."""
    nobody = make_head(1, 0.3)
    empty = Head(nobody.albedo, nobody.height * 0.0, nobody.person * 0.0)
    return _encode(compose(empty, Lighting(room_lx=room_lx), 3))
