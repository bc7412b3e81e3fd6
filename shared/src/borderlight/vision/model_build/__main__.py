"""`python -m borderlight.vision.model_build FOLDER`: build the models where the command line is not installed."""

import sys
from pathlib import Path

from borderlight.errors import BorderlightError
from borderlight.vision.model_build.build import build_models


def main() -> None:
    if len(sys.argv) != 2:
        sys.exit("usage: python -m borderlight.vision.model_build FOLDER")
    try:
        build_models(Path(sys.argv[1]), report=lambda line: print(line, file=sys.stderr))
    except BorderlightError as error:
        sys.exit(f"borderlight: {error}")


if __name__ == "__main__":
    main()
