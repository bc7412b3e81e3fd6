"""Commands that the lab adds to `borderlight`."""

import typer

from borderlight_lab.commands import bench, demo, evaluate, load, simulate, soak


def register(app: typer.Typer) -> None:
    """Entry point of group borderlight.commands."""
    for module in (bench, demo, evaluate, load, simulate, soak):
        module.register(app)
