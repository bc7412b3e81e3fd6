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
    "face_embedding_sface": (1, 3, 112, 112),
    "face_embedding_dlib": (1, 3, 150, 150),
    "face_detection_yunet": (1, 3, 544, 416),
}


class ModelClock:
    """Takes the time of one model's calls again and again: a shared machine is not as fast now as a minute ago."""

    def __init__(self, name: str) -> None:
        self._model = OnnxModel(name, default_models_folder())
        self._batch = np.random.default_rng(0).random(SHAPES[name], dtype=np.float32)
        self._model.run(self._batch)

    def median_ms(self, calls: int = 60) -> float:
        """CPU time of one call on one thread [ms]."""
        taken: list[float] = []
        for _ in range(calls):
            begun = time.thread_time()
            self._model.run(self._batch)
            taken.append((time.thread_time() - begun) * 1000.0)
        return float(np.median(taken))

    def scale(self) -> float:
        """Milliseconds on the reference machine per millisecond here and now, if this is the landmark model."""
        return REFERENCE_LANDMARK_MS / self.median_ms(15)


def landmark_clock() -> ModelClock:
    return ModelClock("face_landmark")
