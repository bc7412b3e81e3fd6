"""The face models, built when they are not there."""

from borderlight.vision.models import default_models_folder
from borderlight_tools.models.build import build_models, is_built


def ensure_models() -> None:
    """Build the pinned models into the user's cache; raises BorderlightError."""
    folder = default_models_folder()
    if not is_built(folder):
        build_models(folder, report=lambda line: print(line, flush=True))
