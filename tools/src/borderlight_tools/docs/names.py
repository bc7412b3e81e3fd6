"""What the pages name must exist: links, paths, commands, settings and symbols.

A name is what stands in backticks. Only forms that cannot be anything else are checked: a path with a known ending, a
command that begins with `./dev` or `borderlight`, a name in CamelCase, a call `name()`, a name in
CAPITALS_WITH_LINES. Commands are checked with their options, in blocks of shell as well.
"""

import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from borderlight_tools.docs.references import settings_names

ENDINGS = "py|ts|toml|md|yaml|yml|json|js|css|j2|html|txt|sh|mjs|jpg|png|svg"
_CODE = re.compile(r"`([^`\n]+)`")
_LINK = re.compile(r"\[[^\]]*\]\(([^)#\s]+)(#[^)\s]*)?\)")
_FENCE = re.compile(r"^```.*?^```", re.M | re.S)
_PATH = re.compile(rf"^[\w.-]+(?:/[\w.-]+)*\.(?:{ENDINGS})$|^(?:[\w.-]+/)+$")
_SHELL = re.compile(r"^```sh\n(?P<lines>.*?)^```", re.M | re.S)
_COMMAND = re.compile(r"(?:^|(?<=[\s(]))(?P<program>\./dev|borderlight) (?P<name>[a-z][a-z-]*)(?P<rest>[^#|;&]*)")
_SYMBOL = re.compile(r"^(?:[A-Z][a-z0-9]+(?:[A-Z][a-z0-9]*)+|[a-z_][a-z0-9_]*(?=\(\))|[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)")
# Words of other projects and of standards that look like ours.
FOREIGN = frozenset({"astronaut.png", "MediaRecorder", "CloudEvents", "AsyncAPI", "OpenAPI", "BlazeFace", "SeaweedFS"})


@dataclass(frozen=True)
class Checkout:
    """Tracked files of the checkout."""

    root: Path

    @cached_property
    def files(self) -> tuple[str, ...]:
        listed = subprocess.run(
            ["git", "ls-files", "-co", "--exclude-standard"], cwd=self.root, capture_output=True, text=True, check=True
        ).stdout.splitlines()
        return tuple(name for name in listed if (self.root / name).is_file())

    @cached_property
    def code(self) -> str:
        """Text of everything that is not a page."""
        kept = (".py", ".ts", ".toml", ".yaml", ".yml", ".sh", ".mjs", ".js", "dev")
        return "\n".join((self.root / name).read_text() for name in self.files if name.endswith(kept))

    @cached_property
    def pages(self) -> tuple[str, ...]:
        """Every page but those that are made from the code."""
        return tuple(name for name in self.files if name.endswith(".md") and "/reference/" not in name)

    def has(self, path: str, page: str) -> bool:
        """Whether a tracked file or folder ends in `path`, or `path` lies beside the page."""
        wanted = path.removeprefix("./").strip("/")
        if (self.root / page).parent.joinpath(path).exists() or (self.root / wanted).exists():
            return True
        return any(f"/{name}".endswith(f"/{wanted}") or f"/{wanted}/" in f"/{name}" for name in self.files)

    def names(self, symbol: str) -> bool:
        return re.search(rf"\b{re.escape(symbol)}\b", self.code) is not None

    def writes(self, name: str) -> bool:
        """Whether the code names a file or folder that is made while it runs."""
        return re.search(rf"[\"'/]{re.escape(name.rstrip('/'))}[\"'/]", self.code) is not None


def _dev_commands() -> set[str]:
    listed = (Path(__file__).parents[1] / "dev" / "commands.txt").read_text().splitlines()
    return {line.split()[0] for line in listed if line.startswith("  ")} | {"help"}


def _wrong_command(text: str) -> str | None:
    """What is wrong with the first command in `text`: its name, a subcommand or an option."""
    from borderlight_cli.main import build
    from borderlight_tools.dev.__main__ import OWN

    found = _COMMAND.search(text)
    if found is None:
        return None
    said = f"{found['program']} {found['name']}"
    words = found["rest"].split()
    if found["program"] == "./dev" and found["name"] in OWN:
        allowed = OWN[found["name"]][1]
        return next((f"{said} has no {word}" for word in _options(words) if allowed and word not in allowed), None)
    command = build().get_command(None, found["name"])
    if command is None:
        is_listed = found["program"] == "./dev" and found["name"] in _dev_commands()
        return None if is_listed else f"no such command: {said}"
    while (subcommands := getattr(command, "commands", None)) and words and re.fullmatch(r"[a-z][a-z-]*", words[0]):
        if words[0] not in subcommands:
            return f"no such command: {said} {words[0]}"
        said, command = f"{said} {words[0]}", subcommands[words.pop(0)]
    if getattr(command, "commands", None):
        return None
    known = {"--help", *(name for one in command.params for name in one.opts)}
    return next((f"{said} has no {word}" for word in _options(words) if word not in known), None)


def _options(words: list[str]) -> Iterator[str]:
    """The long options among the words, without what follows an equals sign."""
    return (word.split("=")[0] for word in words if re.match(r"--[a-z]", word))


def _wrong_name(text: str, page: str, checkout: Checkout) -> str | None:
    if _COMMAND.match(text) and (wrong := _wrong_command(text)) is not None:
        return wrong
    if _PATH.match(text) and text not in FOREIGN and not (checkout.has(text, page) or checkout.writes(text)):
        return f"no such file: {text}"
    symbol = _SYMBOL.match(text)
    if symbol and symbol[0] not in FOREIGN | settings_names() and not checkout.names(symbol[0]):
        return f"no such name in the code: {symbol[0]}"
    return None


def _leads_nowhere(target: str, page: str, checkout: Checkout) -> bool:
    if "://" in target or target.startswith("mailto:"):
        return False
    return not (checkout.root / page).parent.joinpath(target).exists()


def wrong_names(checkout: Checkout) -> Iterator[str]:
    """`page:line: what is wrong` for every page."""
    for page in checkout.pages:
        whole = (checkout.root / page).read_text()
        for block in _SHELL.finditer(whole):
            for command in block["lines"].replace("\\\n", " ").splitlines():
                if (wrong := _wrong_command(command)) is not None:
                    yield f"{page}: {wrong}"
        text = _FENCE.sub(lambda fence: "\n" * fence[0].count("\n"), whole)
        for number, line in enumerate(text.splitlines(), 1):
            for code in _CODE.finditer(line):
                if (wrong := _wrong_name(code[1].strip(), page, checkout)) is not None:
                    yield f"{page}:{number}: {wrong}"
            for link in _LINK.finditer(line):
                if _leads_nowhere(link[1], page, checkout):
                    yield f"{page}:{number}: the link leads nowhere: {link[1]}"
