"""`python -m borderlight_tools.docs build | check | generate`."""

import subprocess
import sys
from pathlib import Path

from borderlight_tools.docs.names import Checkout, wrong_names
from borderlight_tools.docs.references import generated_pages
from borderlight_tools.docs.site import build_site

ROOT = Path.cwd()


def generate() -> int:
    """Write the generated pages."""
    for path, text in generated_pages(ROOT).items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return 0


def check() -> int:
    """1 when a page names what does not exist, or a generated page is out of date, or the site does not build."""
    problems = list(wrong_names(Checkout(ROOT)))
    for path, text in generated_pages(ROOT).items():
        if not path.is_file() or path.read_text() != text:
            problems.append(f"{path.relative_to(ROOT)} is out of date; run ./dev schemas")
    print("\n".join(problems))
    return 1 if problems else build_site(ROOT)


def main() -> int:
    commands = {"build": lambda: build_site(ROOT), "check": check, "generate": generate}
    if len(sys.argv) != 2 or sys.argv[1] not in commands:
        sys.exit("usage: python -m borderlight_tools.docs build|check|generate")
    return commands[sys.argv[1]]()


if __name__ == "__main__":
    try:
        sys.exit(main())
    except subprocess.CalledProcessError as error:
        sys.exit(f"borderlight: {error}")
