"""How fast this machine is, in one number, so that figures of different machines can be set side by side.

The landmark model takes 0.62 ms a call on the machine for which the CPU budget was made. `scale` is that over what it
takes here and now: milliseconds here times `scale` are milliseconds there.
"""

import time

import numpy as np

from borderlight.vision.models import OnnxModel, default_models_folder

REFERENCE_LANDMARK_MS = 0.62
SHAPES = {
    "face_detection": (1, 3, 128, 128),
    "face_landmark": (1, 3, 192, 192),
    "iris_landmark": (1, 3, 64, 64),
    "selfie_segmentation": (1, 3, 256, 256),
    "face_embedding": (1, 3, 150, 150),
}


def model_ms(name: str, calls: int = 60) -> float:
    """Median time of one call on one thread [ms]."""
    model = OnnxModel(name, default_models_folder())
    batch = np.random.default_rng(0).random(SHAPES[name], dtype=np.float32)
    model.run(batch)
    taken: list[float] = []
    for _ in range(calls):
        begun = time.perf_counter()
        model.run(batch)
        taken.append((time.perf_counter() - begun) * 1000.0)
    return float(np.median(taken))


def scale() -> float:
    """Milliseconds on the reference machine per millisecond here."""
    return REFERENCE_LANDMARK_MS / model_ms("face_landmark")
