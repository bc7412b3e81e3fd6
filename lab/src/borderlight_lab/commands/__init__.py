"""Commands that the lab adds to `borderlight`."""

import typer

from borderlight_lab.commands import demo, evaluate, simulate


def register(app: typer.Typer) -> None:
    """Entry point of group borderlight.commands."""
    for module in (demo, evaluate, simulate):
        module.register(app)
