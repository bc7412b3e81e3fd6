"""Commands that the lab adds to `borderlight`."""

import typer

from borderlight_lab.commands import evaluate


def register(app: typer.Typer) -> None:
    """Entry point of group borderlight.commands."""
    for module in (evaluate,):
        module.register(app)
