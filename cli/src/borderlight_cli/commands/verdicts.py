"""`borderlight verdicts follow`: the verdict topic as a consumer sees it."""

import asyncio
import json
from typing import Annotated

import typer

from borderlight.contracts.events import EntryVerdict
from borderlight.errors import InvalidMessage, Unavailable
from borderlight.runtime.bus.kafka import KafkaSettings
from borderlight.runtime.bus.kafka_reader import read_topic
from borderlight.runtime.bus.port import parse_event

verdicts = typer.Typer(help="Read entry verdicts.", no_args_is_help=True)


async def _follow(topic: str, as_json: bool, count: int | None, from_beginning: bool, seconds: float | None) -> int:
    seen = 0
    records = read_topic(KafkaSettings(), topic, 0 if from_beginning else None, follow=True)
    try:
        async with asyncio.timeout(seconds):
            async for record in records:
                if record.value is None:
                    continue  # a tombstone: the verdict was erased
                if as_json:
                    typer.echo(json.dumps(json.loads(record.value), separators=(",", ":")))
                else:
                    _print(record.value)
                seen += 1
                if count is not None and seen >= count:
                    break
    except TimeoutError:
        return 0 if count is None else 3
    finally:
        await records.aclose()
    return 0


def _print(value: bytes) -> None:
    try:
        verdict = parse_event(EntryVerdict, value)
    except InvalidMessage as error:
        typer.echo(f"unreadable record: {error}", err=True)
        return
    assert isinstance(verdict, EntryVerdict)
    reasons = ", ".join(verdict.reasons) or "-"
    typer.echo(f"{verdict.decided_at:%H:%M:%S} {verdict.outcome.value:7s} {verdict.session_id} {reasons}")


@verdicts.command()
def follow(
    as_json: Annotated[bool, typer.Option("--json", help="one JSON object per line")] = False,
    count: Annotated[int | None, typer.Option(help="stop after so many")] = None,
    from_beginning: Annotated[bool, typer.Option(help="begin with the oldest")] = False,
    latest: Annotated[bool, typer.Option(help="read the compacted topic")] = False,
    seconds: Annotated[float | None, typer.Option(help="stop after so long")] = None,
) -> None:
    """Print verdicts as they come. Exit status 3 when --seconds passed before --count was reached."""
    topic = "entry.verdict.latest.v1" if latest else "entry.verdict.v1"
    try:
        status = asyncio.run(_follow(topic, as_json, count, from_beginning, seconds))
    except KeyboardInterrupt:
        status = 0
    except Unavailable as error:
        typer.echo(f"borderlight: {error}", err=True)
        status = 1
    raise typer.Exit(status)


def register(app: typer.Typer) -> None:
    app.add_typer(verdicts, name="verdicts")
