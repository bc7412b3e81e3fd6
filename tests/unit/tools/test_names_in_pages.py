"""The check of the pages finds what does not exist, in shell blocks as well."""

import subprocess
from pathlib import Path

import pytest

from borderlight_tools.docs.names import Checkout, wrong_names


def problems(folder: Path, page: str) -> list[str]:
    subprocess.run(["git", "init", "-q", str(folder)], check=True)
    (folder / "page.md").write_text(page)
    return list(wrong_names(Checkout(folder)))


@pytest.mark.parametrize(
    ("page", "words"),
    [
        ("`./dev nonsense`", "no such command: ./dev nonsense"),
        ("`borderlight dlq nonsense`", "no such command: borderlight dlq nonsense"),
        ("`borderlight topics apply --nonsense`", "borderlight topics apply has no --nonsense"),
        ("```sh\n./dev up --nonsense\n```\n", "./dev up has no --nonsense"),
        ("```sh\nKEY=1 ./dev verify a \\\n  --nonsense\n```\n", "./dev verify has no --nonsense"),
        ("`no/such/file.py`", "no such file"),
        ("`NoSuchName`", "no such name in the code"),
        ("[there](nowhere.md)", "the link leads nowhere"),
    ],
)
def test_what_does_not_exist_is_found(tmp_path: Path, page: str, words: str) -> None:
    found = problems(tmp_path, page)
    assert len(found) == 1 and words in found[0]


def test_what_exists_is_not_reported(tmp_path: Path) -> None:
    block = "```sh\n./dev up --docker   # or --anything\nX=1 ./dev simulate --count 2 --out o\n```\n"
    assert problems(tmp_path, block + "`borderlight topics apply --acls`\n") == []
