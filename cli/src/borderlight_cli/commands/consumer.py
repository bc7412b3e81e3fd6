"""`borderlight consumer list | resume`: stages that consume, and letting one go on after a pause."""

import asyncio
from typing import Annotated

import typer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from borderlight.contracts.events import ConsumerControl, to_json_bytes
from borderlight.contracts.topics import registry
from borderlight.errors import BorderlightError, Unavailable
from borderlight.runtime.bus.event_router import group_of
from borderlight.runtime.bus.kafka import KafkaBus
from borderlight.runtime.bus.kafka_settings import KafkaSettings
from borderlight.runtime.bus.progress import Progress
from borderlight.runtime.clock import SystemClock
from borderlight.runtime.metrics import Metrics

consumer = typer.Typer(help="Stages that consume.", no_args_is_help=True)
SERVICES = ("api", "normalizer", "liveness", "matcher", "decision", "retention")


def stages() -> dict[str, tuple[str, str]]:
    """Stage as metrics and logs name it → (service, topic)."""
    return {
        f"{service}:{topic.name}": (service, topic.name)
        for topic in registry()
        for service in topic.consumers
        if service in SERVICES
    }


async def paused_partitions(settings: KafkaSettings) -> dict[str, list[int]]:
    """Stage → its partitions that wait, from what their offsets remember; raises Unavailable."""
    client = AIOKafkaAdminClient(**settings.client())
    found: dict[str, list[int]] = {}
    try:
        await client.start()
        try:
            for stage, (service, topic) in stages().items():
                group = settings.topic_prefix + group_of(service, topic)
                kept = await client.list_consumer_group_offsets(group)
                found[stage] = sorted(
                    tp.partition for tp, at in kept.items() if Progress.from_text(at.metadata).paused_at_ms is not None
                )
        finally:
            await client.close()
    except (KafkaError, OSError) as error:
        raise Unavailable(f"Kafka's administration is away: {error!r}") from error
    return found


async def resume_stage(stage: str, settings: KafkaSettings) -> None:
    """Ask every process of the stage to go on; raises Unavailable."""
    clock = SystemClock()
    bus = KafkaBus(settings, "operator", clock, Metrics())
    request = ConsumerControl(stage=stage, action="resume", requested_at=clock.now())
    await bus.start()
    try:
        await bus.publish_raw(ConsumerControl.topic, stage.encode(), to_json_bytes(request), {})
    finally:
        await bus.stop()


@consumer.command("list")
def list_() -> None:
    """Every stage, with the partitions that are paused."""
    try:
        for stage, partitions in asyncio.run(paused_partitions(KafkaSettings())).items():
            typer.echo(f"{stage}\t{'paused: ' + ', '.join(map(str, partitions)) if partitions else 'going'}")
    except BorderlightError as error:
        typer.echo(f"borderlight: {error}", err=True)
        raise typer.Exit(1) from error


@consumer.command()
def resume(stage: Annotated[str, typer.Argument(help="as `consumer list` and the metrics name it")]) -> None:
    """Let STAGE go on after too many dead letters paused it. Mend the cause first: it counts anew."""
    if stage not in stages():
        typer.echo(f"borderlight: there is no stage {stage}; one of {', '.join(stages())}", err=True)
        raise typer.Exit(2)
    try:
        asyncio.run(resume_stage(stage, KafkaSettings()))
    except BorderlightError as error:
        typer.echo(f"borderlight: {error}", err=True)
        raise typer.Exit(1) from error
    typer.echo(f"asked {stage} to go on; its processes see it within seconds")


def register(app: typer.Typer) -> None:
    app.add_typer(consumer, name="consumer")
