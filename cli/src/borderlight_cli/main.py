"""The `borderlight` command. Subcommands live in commands/, one file each; other packages add theirs by entry point."""

import importlib.metadata

import typer

from borderlight import VERSION
from borderlight_cli.commands import contracts, dlq, documents, explain, models, serve, submit, topics, verdicts, verify

app = typer.Typer(
    no_args_is_help=True, add_completion=False, help="Border-grade face verification by coloured light.",
    pretty_exceptions_enable=False,
)  # fmt: skip


@app.command()
def version() -> None:
    """Print the version."""
    typer.echo(VERSION)


def build() -> typer.Typer:
    """The command with every subcommand that is installed."""
    for module in (contracts, dlq, documents, explain, models, serve, submit, topics, verdicts, verify):
        module.register(app)
    for entry in importlib.metadata.entry_points(group="borderlight.commands"):
        entry.load()(app)
    return app


def run() -> None:
    """Console entry point."""
    build()()
