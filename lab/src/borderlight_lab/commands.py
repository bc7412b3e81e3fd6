"""Commands that the lab adds to `borderlight`."""

import typer


def register(app: typer.Typer) -> None:
    """Entry point of group borderlight.commands."""
