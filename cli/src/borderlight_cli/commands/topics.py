"""`borderlight topics apply | list`."""

import asyncio
import dataclasses
from typing import Annotated

import typer

from borderlight.contracts.topics import registry, with_dead_letters
from borderlight.errors import BorderlightError
from borderlight.runtime.bus.kafka import KafkaSettings
from borderlight.runtime.bus.kafka_topics import apply_topics

topics = typer.Typer(help="Create and reconcile Kafka topics from the registry.", no_args_is_help=True)


@topics.command("apply")
def apply_(
    replicas: Annotated[int | None, typer.Option(help="cap on the replication factor")] = None,
    partitions: Annotated[int | None, typer.Option(help="cap on partitions, for small machines")] = None,
) -> None:
    """Create what is missing, grow partitions, reconcile configuration."""
    wanted = with_dead_letters(registry())
    if partitions is not None:
        wanted = [dataclasses.replace(t, partitions=min(t.partitions, partitions)) for t in wanted]
    try:
        for change in asyncio.run(apply_topics(wanted, KafkaSettings(), replicas)):
            typer.echo(f"{change.topic}: {change.action}")
    except BorderlightError as error:
        typer.echo(f"borderlight: {error}", err=True)
        raise typer.Exit(1) from error


@topics.command("list")
def list_() -> None:
    """What the registry states."""
    for topic in with_dead_letters(registry()):
        typer.echo(
            f"{topic.name}\t{topic.partitions} partitions\t{topic.config['cleanup.policy']}\t{topic.description}"
        )


def register(app: typer.Typer) -> None:
    app.add_typer(topics, name="topics")
