"""`python -m borderlight_tools.models FOLDER`: build the models where the command line is not installed."""

import sys
from pathlib import Path

from borderlight.errors import BorderlightError
from borderlight_tools.models.build import build_models


def main() -> None:
    if len(sys.argv) != 2:
        sys.exit("usage: python -m borderlight_tools.models FOLDER")
    try:
        build_models(Path(sys.argv[1]), report=lambda line: print(line, file=sys.stderr))
    except BorderlightError as error:
        sys.exit(f"borderlight: {error}")


if __name__ == "__main__":
    main()
