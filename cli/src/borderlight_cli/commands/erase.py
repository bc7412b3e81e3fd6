"""`borderlight erase session | traveller | audit | hold | holds`: what sessions left, before its time or beyond it."""

import asyncio
from collections.abc import Coroutine
from datetime import timedelta
from typing import Annotated, Any

import typer

from borderlight.errors import BorderlightError
from borderlight.runtime.bus.kafka import KafkaBus, KafkaSettings
from borderlight.runtime.clock import SystemClock
from borderlight.runtime.metrics import Metrics
from borderlight.runtime.objects.s3 import S3ObjectStore, S3Settings
from retention.adapters.kafka_verdicts import KafkaLatestVerdicts
from retention.app import Retention, wire_retention
from retention.settings import RetentionServiceSettings
from retention.use_cases.audit import Audit
from retention.use_cases.erase_session import Erased

erase = typer.Typer(help="Erase what sessions left; find what outlived its time.", no_args_is_help=True)
_LONGEST_HOLD_DAYS = 90


def _run(work: Coroutine[Any, Any, int]) -> None:
    try:
        status = asyncio.run(work)
    except BorderlightError as error:
        typer.echo(f"borderlight: {error}", err=True)
        raise typer.Exit(1) from error
    raise typer.Exit(status)


class _Opened:
    """Retention over the stores of the environment, with a bus that publishes and consumes nothing."""

    async def __aenter__(self) -> Retention:
        settings, clock, metrics = RetentionServiceSettings(), SystemClock(), Metrics()
        publisher = KafkaBus(KafkaSettings(), "erase", clock, metrics)
        consumer = KafkaBus(KafkaSettings(), "erase", clock, metrics)  # takes the subscription, and is never started
        objects = S3ObjectStore(S3Settings())
        opened = wire_retention(consumer, objects, settings.masters(), settings.rules(), clock, metrics, publisher)
        await opened.ensure_buckets()
        await publisher.start()
        self._publisher = publisher
        return opened

    async def __aexit__(self, *_: object) -> None:
        await self._publisher.stop()


def _say(session_id: str, erased: Erased) -> None:
    typer.echo(f"{session_id}: {erased.keys} keys and {erased.objects} objects erased")


@erase.command()
def session(session_id: Annotated[str, typer.Argument(help="the session")]) -> None:
    """Erase one session now: its keys, its objects, its entry in the compacted verdict topic."""

    async def work() -> int:
        async with _Opened() as opened:
            _say(session_id, await opened.erase(session_id))
        return 0

    _run(work())


@erase.command()
def traveller(
    traveller_ref: Annotated[str, typer.Argument(help="the agency's reference of the traveller")],
) -> None:
    """Erase every session of a traveller. Document photographs: `borderlight documents erase`."""

    async def work() -> int:
        async with _Opened() as opened:
            sessions = await opened.files.sessions_of(traveller_ref)
            for session_id in sessions:
                _say(session_id, await opened.erase(session_id))
        if not sessions:
            typer.echo("no session of this traveller is kept")
        return 0

    _run(work())


@erase.command()
def audit() -> None:
    """Walk every store and the compacted topic. Exit status 1 when anything outlived its clock or lies in clear."""

    async def work() -> int:
        settings, objects, clock = RetentionServiceSettings(), S3ObjectStore(S3Settings()), SystemClock()
        async with _Opened() as opened:
            latest = KafkaLatestVerdicts(KafkaSettings())
            problems = [line async for line in Audit(objects, opened.files, settings.rules(), clock, latest)()]
        for line in problems:
            typer.echo(line)
        typer.echo(f"{len(problems)} problems" if problems else "nothing outlived its clock, nothing lies in clear")
        return 1 if problems else 0

    _run(work())


@erase.command()
def hold(
    session_id: Annotated[str, typer.Argument(help="the session")],
    case: Annotated[str, typer.Option(help="reference of the legal case")],
    by: Annotated[tuple[str, str], typer.Option(help="two people who decided it")],
    days: Annotated[int, typer.Option(help="how long", min=1, max=_LONGEST_HOLD_DAYS)] = 30,
) -> None:
    """Keep a session beyond its clock, for a legal case. Holding it again moves the end."""
    if by[0].strip().casefold() == by[1].strip().casefold():
        typer.echo("borderlight: a hold needs two different people", err=True)
        raise typer.Exit(2)

    async def work() -> int:
        async with _Opened() as opened:
            until = SystemClock().now() + timedelta(days=days)
            await opened.files.hold(session_id, case, until, by)
        typer.echo(f"{session_id} is kept until {until:%Y-%m-%d %H:%M} UTC")
        return 0

    _run(work())


@erase.command()
def holds() -> None:
    """List the sessions that are held."""

    async def work() -> int:
        async with _Opened() as opened:
            for session_id, held in sorted((await opened.files.holds()).items()):
                typer.echo(f"{session_id}  case {held['case']}  until {held['until']}  by {', '.join(held['by'])}")
        return 0

    _run(work())


def register(app: typer.Typer) -> None:
    app.add_typer(erase, name="erase")
