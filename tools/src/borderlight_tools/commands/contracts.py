"""`borderlight contracts generate | check`: schemas, AsyncAPI and OpenAPI from the code, in the checkout."""

import json
import tempfile
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError

from borderlight.contracts.events import CONTRACTS
from borderlight.contracts.topics import registry, with_dead_letters
from borderlight.runtime.bus.memory import MemoryBus
from borderlight.runtime.clock import SystemClock
from borderlight.runtime.metrics import Metrics
from borderlight.runtime.objects.file import FileObjectStore
from borderlight_cli.state_pages import state_pages
from borderlight_tools.schemas.compatibility import breaking_changes
from borderlight_tools.schemas.generation import asyncapi, json_schemas, schema_file
from capture_ingest.adapters.memory_session_store import MemorySessionStore
from capture_ingest.app import wire_api
from capture_ingest.settings import CaptureIngestSettings

contracts = typer.Typer(help="Generate and check the event contracts.", no_args_is_help=True)
Root = Annotated[Path, typer.Option(help="shared/ of the checkout")]
SHARED = Path("shared")


def openapi() -> str:
    """The HTTP API's description, of the application as it is wired."""
    clock, metrics = SystemClock(), Metrics()
    with tempfile.TemporaryDirectory() as folder:
        bus = MemoryBus("openapi", clock, metrics)
        objects = FileObjectStore(Path(folder))
        app = wire_api(bus, MemorySessionStore(), objects, CaptureIngestSettings(), clock, metrics)
        return json.dumps(app.openapi(), indent=2, ensure_ascii=False) + "\n"


def generated() -> dict[str, str]:
    """File below schemas/ → text."""
    return {**json_schemas(), "asyncapi.json": asyncapi(with_dead_letters(registry())), "openapi.json": openapi()}


def examples_of(shared: Path, topic: str) -> tuple[list[Path], list[Path]]:
    """(good, bad) example files of a contract's topic: examples/<name>/<version>/*.json and .../bad/*.json."""
    name, _, version = topic.rpartition(".")
    folder = shared / "examples" / name / version
    return sorted(folder.glob("*.json")), sorted((folder / "bad").glob("*.json"))


def problems(shared: Path) -> list[str]:
    """Everything that is wrong with the committed schemas and examples."""
    found: list[str] = []
    for name, text in generated().items():
        path = shared / "schemas" / name
        if not path.is_file() or path.read_text() != text:
            found.append(f"{path} is not what the models say; run ./dev schemas")
    for name, text in state_pages().items():
        path = shared.parent / "docs" / name
        if not path.is_file() or path.read_text() != text:
            found.append(f"{path} does not show the table; run ./dev schemas")
    for path in (shared / "schemas").glob("*.json"):
        if path.name not in generated():
            found.append(f"{path} belongs to no contract")
    for topic, contract in CONTRACTS.items():
        good, bad = examples_of(shared, topic)
        if not good or not bad:
            found.append(f"{topic} needs a good and a bad example")
        for path in good:
            try:
                contract.model_validate_json(path.read_text())
            except ValidationError as error:
                found.append(f"{path} does not validate: {error.errors()[0]['msg']}")
        for path in bad:
            try:
                contract.model_validate_json(path.read_text())
                found.append(f"{path} validates, but must not")
            except ValidationError:
                pass
        released = shared / "schemas" / "released" / schema_file(topic)
        if released.is_file():
            new = json.loads(generated()[schema_file(topic)])
            found += [f"{topic}: {change}" for change in breaking_changes(json.loads(released.read_text()), new)]
    return found


@contracts.command()
def generate(shared: Root = SHARED) -> None:
    """Write schemas/ anew."""
    folder = shared / "schemas"
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in generated().items():
        (folder / name).write_text(text)
    for name, text in state_pages().items():
        (shared.parent / "docs" / name).write_text(text)
    typer.echo(f"{len(generated())} files in {folder}, {len(state_pages())} in docs/")


@contracts.command()
def check(shared: Root = SHARED) -> None:
    """Exit 1 when schemas drift, an example is wrong, or a change breaks readers of a released version."""
    found = problems(shared)
    for line in found:
        typer.echo(line, err=True)
    typer.echo(f"{len(CONTRACTS)} contracts checked" if not found else f"{len(found)} problems")
    raise typer.Exit(1 if found else 0)


def register(app: typer.Typer) -> None:
    app.add_typer(contracts, name="contracts")
