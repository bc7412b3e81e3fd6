"""`borderlight dlq list | show | redrive`: dead letters, looked at and sent again."""

import asyncio
import json
from typing import Annotated, Any

import typer

from borderlight.contracts.topics import registry
from borderlight.runtime.bus.kafka import KafkaBus, KafkaSettings
from borderlight.runtime.bus.kafka_reader import read_topic
from borderlight.runtime.clock import SystemClock
from borderlight.runtime.metrics import Metrics

dlq = typer.Typer(help="Dead letters.", no_args_is_help=True)
_MAX_REDRIVES = 3


async def _read(topic: str) -> list[Any]:
    return [record async for record in read_topic(KafkaSettings(), f"{topic}.dlq")]


def _headers(record: Any) -> dict[str, str]:
    return {name: (value or b"").decode("utf-8", "replace") for name, value in record.headers}


@dlq.command("list")
def list_() -> None:
    """Dead letters per topic, by error class."""
    for topic in registry():
        if topic.has_dead_letter:
            counts: dict[str, int] = {}
            for record in asyncio.run(_read(topic.name)):
                kind = _headers(record).get("x-dlq-error-class", "?")
                counts[kind] = counts.get(kind, 0) + 1
            typer.echo(f"{topic.name}: {sum(counts.values())} {counts or ''}".rstrip())


@dlq.command()
def show(topic: str, limit: Annotated[int, typer.Option(help="at most so many")] = 20) -> None:
    """Headers and value of dead letters of TOPIC."""
    for record in asyncio.run(_read(topic))[:limit]:
        value = (record.value or b"").decode("utf-8", "replace")
        typer.echo(json.dumps({"offset": record.offset, "headers": _headers(record), "value": value[:2000]}))


async def _redrive(topic: str, error_class: str | None, limit: int, rate: float, dry_run: bool) -> int:
    bus = KafkaBus(KafkaSettings(), "redrive", SystemClock(), Metrics())
    await bus.start()
    sent = 0
    try:
        for record in await _read(topic):
            headers = _headers(record)
            count = int(headers.get("x-redrive-count", "0"))
            chosen = error_class is None or headers.get("x-dlq-error-class") == error_class
            if not chosen or count >= _MAX_REDRIVES or sent >= limit:
                continue
            sent += 1
            if not dry_run:
                kept = {k: v for k, v in headers.items() if not k.startswith("x-dlq-")}
                kept["x-redrive-count"] = str(count + 1)
                await bus.publish_raw(topic, record.key, record.value, kept)
                await asyncio.sleep(1.0 / rate)
    finally:
        await bus.stop()
    return sent


@dlq.command()
def redrive(
    topic: str,
    error_class: Annotated[str | None, typer.Option("--where", help="only this error class")] = None,
    limit: Annotated[int, typer.Option(help="at most so many")] = 100,
    rate: Annotated[float, typer.Option(help="records a second")] = 5.0,
    dry_run: Annotated[bool, typer.Option(help="only count")] = False,
) -> None:
    """Send dead letters of TOPIC to it again, each at most three times."""
    sent = asyncio.run(_redrive(topic, error_class, limit, rate, dry_run))
    typer.echo(f"{'would redrive' if dry_run else 'redriven'}: {sent}")


def register(app: typer.Typer) -> None:
    app.add_typer(dlq, name="dlq")
