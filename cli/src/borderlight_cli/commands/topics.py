"""`borderlight topics apply | list`."""

import asyncio
import dataclasses
from collections.abc import Callable
from typing import Annotated

import typer

from borderlight.contracts.topics import registry, with_dead_letters
from borderlight.errors import BorderlightError
from borderlight.runtime.bus.kafka import KafkaSettings
from borderlight.runtime.bus.kafka_acls import acls_of, apply_acls
from borderlight.runtime.bus.kafka_topics import apply_topics
from borderlight_cli.commands.consumer import SERVICES

topics = typer.Typer(help="Create and reconcile Kafka topics from the registry.", no_args_is_help=True)


def _called(pattern: str) -> Callable[[str], str]:
    def name_of(party: str) -> str:
        return pattern.format(name=party)

    return name_of


@topics.command("apply")
def apply_(
    replicas: Annotated[int | None, typer.Option(help="cap on the replication factor")] = None,
    partitions: Annotated[int | None, typer.Option(help="cap on partitions, for small machines")] = None,
    acls: Annotated[bool, typer.Option("--acls", help="also the permissions of owner, producers, consumers")] = False,
    principal: Annotated[str, typer.Option(help="how a party is called; {name} is its name")] = "User:{name}",
) -> None:
    """Create what is missing, grow partitions, reconcile configuration; with --acls grant what the files say."""
    wanted = with_dead_letters(registry())
    if partitions is not None:
        wanted = [dataclasses.replace(t, partitions=min(t.partitions, partitions)) for t in wanted]
    try:
        for change in asyncio.run(apply_topics(wanted, KafkaSettings(), replicas)):
            typer.echo(f"{change.topic}: {change.action}")
        if acls:
            settings = KafkaSettings()
            wanted_acls = acls_of(
                with_dead_letters(registry()), _called(principal), set(SERVICES), settings.topic_prefix
            )
            typer.echo(f"{asyncio.run(apply_acls(wanted_acls, settings))} permissions as stated")
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
