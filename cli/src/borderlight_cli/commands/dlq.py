"""`borderlight dlq list | show | redrive`: dead letters, looked at and sent again."""

import asyncio
import json
from typing import Annotated

import typer

from borderlight.contracts.topics import registry
from borderlight.errors import BorderlightError
from borderlight_cli.dead_letters import DeadLetterSeen, read_dead_letters, redrive_topic

dlq = typer.Typer(help="Dead letters.", no_args_is_help=True)


def _read(topic: str) -> list[DeadLetterSeen]:
    try:
        return asyncio.run(read_dead_letters(topic))
    except BorderlightError as error:
        typer.echo(f"borderlight: {error}", err=True)
        raise typer.Exit(1) from error


@dlq.command("list")
def list_() -> None:
    """Dead letters per topic that were not sent again, by error class."""
    for topic in registry():
        if topic.has_dead_letter:
            counts: dict[str, int] = {}
            for letter in _read(topic.name):
                if not letter.is_redriven:
                    counts[letter.error_class] = counts.get(letter.error_class, 0) + 1
            typer.echo(f"{topic.name}: {sum(counts.values())} {counts or ''}".rstrip())


@dlq.command()
def show(topic: str, limit: Annotated[int, typer.Option(help="at most so many")] = 20) -> None:
    """Headers and value of dead letters of TOPIC."""
    for letter in _read(topic)[:limit]:
        value = letter.value.decode("utf-8", "replace")[:2000]
        line = {
            "partition": letter.partition, "offset": letter.offset, "redriven": letter.is_redriven,
            "headers": letter.headers, "value": value,
        }  # fmt: skip
        typer.echo(json.dumps(line))


@dlq.command()
def redrive(
    topic: str,
    error_class: Annotated[str | None, typer.Option("--where", help="only this error class")] = None,
    limit: Annotated[int, typer.Option(help="at most so many")] = 100,
    rate: Annotated[float, typer.Option(help="records a second")] = 5.0,
    dry_run: Annotated[bool, typer.Option(help="only count")] = False,
) -> None:
    """Send dead letters of TOPIC to it again, each once; what fails again comes back as another, three times."""
    try:
        done = asyncio.run(redrive_topic(topic, error_class, limit, rate, dry_run))
    except BorderlightError as error:
        typer.echo(f"borderlight: {error}", err=True)
        raise typer.Exit(1) from error
    typer.echo(f"{'would redrive' if dry_run else 'redriven'}: {done.sent}")
    if done.lost:
        typer.echo(f"not in their topic any more: {done.lost}", err=True)


def register(app: typer.Typer) -> None:
    app.add_typer(dlq, name="dlq")
