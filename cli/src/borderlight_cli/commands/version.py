"""`borderlight version`."""

import typer

from borderlight import VERSION


def version() -> None:
    """Print the version."""
    typer.echo(VERSION)


def register(app: typer.Typer) -> None:
    app.command()(version)
