"""What an attacker behind the lens works from: steady footage of the target, and what he makes of it.

The attacker never has the target's shape or reflectance. Shape: a face mesh as landmark programs give it, smooth at
about a hundredth of the frame. Reflectance: the footage divided by an assumed or estimated shading.
"""

from dataclasses import replace

import cv2
import numpy as np

from borderlight_lab.simulator.head import HEIGHT, WIDTH, Head
from borderlight_lab.simulator.light import Lighting, Scene, compose, normals, room_irradiance, screen_irradiance
from borderlight_lab.simulator.setup import Setup

_MESH_PX = 6.0
_OVERHEAD = Lighting(from_above=0.9, from_side=0.0)
_EYES = ((182, 258), (289, 262))


def footage(setup: Setup) -> np.ndarray:
    """[H, W, 3] luminance of the target in a room of its own, before a screen that does not change."""
    lit = compose(setup.head, setup.lighting, setup.seed + 13)
    return lit.room + 0.1 * lit.screen


def mesh_height(head: Head) -> np.ndarray:
    """[H, W] relief of a fitted face mesh: without its finest forms."""
    return cv2.GaussianBlur(head.height, (0, 0), _MESH_PX)


def guessed_screen(setup: Setup) -> np.ndarray:
    """[H, W] illuminance of the phone's white screen on the fitted mesh, relative, mean 1 over the face."""
    height = mesh_height(setup.head)
    light = screen_irradiance(height, normals(height), setup.lighting)
    return light / float(light[150:450, 120:360].mean())


def assumed_room(setup: Setup) -> np.ndarray:
    """[H, W] light of an assumed overhead room, with the shadows that the fitted mesh casts on itself, mean 1."""
    return room_irradiance(mesh_height(setup.head), _OVERHEAD, setup.seed + 29)


def retinex_shading(picture: np.ndarray, sigma_px: float = 28.0) -> np.ndarray:
    """[H, W] shading of a picture as its smooth part: low-passed logarithm of its luminance, mean 1 over the face."""
    level = np.log(np.maximum(picture @ np.array([0.2126, 0.7152, 0.0722], np.float32), 1e-4))
    shading = np.exp(cv2.GaussianBlur(level.astype(np.float32), (0, 0), sigma_px))
    return shading / float(shading[150:450, 120:360].mean())


def relit(setup: Setup, base: np.ndarray, shading: np.ndarray) -> Scene:
    """The footage answering the screen as if `shading` were what lit it, with a little answer of the wall and a spot on
    each cornea; as strong as the light of this phone in this room would be."""
    answer = base / np.maximum(shading, 0.15)[..., None] * guessed_screen(setup)[..., None]
    strength = np.float32(setup.lighting.screen_lx() / setup.lighting.room_lx)
    person = cv2.GaussianBlur(setup.head.person, (0, 0), 1.5)[..., None]
    answer = strength * (person * answer + (1 - person) * 0.03 * base)
    return Scene(base.astype(np.float32), (answer + _glints(setup, base)).astype(np.float32))


def _glints(setup: Setup, base: np.ndarray) -> np.ndarray:
    """[H, W, 1] bright spots on both corneas, a little below their middle as a phone held low makes them."""
    spots = np.zeros((HEIGHT, WIDTH), np.float32)
    for x, y in _EYES:
        cv2.circle(spots, (x, y + 3), 2, 1.0, -1)
    strength = float(base[150:450, 120:360].mean()) * setup.lighting.screen_lx() / setup.lighting.room_lx
    return 2.0 * strength * cv2.GaussianBlur(spots, (0, 0), 0.8)[..., None]


def delayed(setup: Setup, low_ms: float, high_ms: float) -> Setup:
    """The same with the time the attacker's program takes added to the lag."""
    more = float(np.random.default_rng(setup.seed + 41).uniform(low_ms, high_ms))
    return replace(setup, camera=replace(setup.camera, lag_ms=setup.camera.lag_ms + more))
