"""The `borderlight` command. Subcommands live in commands/, one file each; other packages add theirs by entry point.

A subcommand's module is imported when it is called: nobody waits for video decoders to read the help.
"""

import importlib
import importlib.metadata
from typing import Any, NamedTuple

import typer
import typer.main
from typer.core import TyperGroup


class Subcommand(NamedTuple):
    """module: has `register(app)`; help: one line."""

    module: str
    help: str


COMMANDS: dict[str, Subcommand] = {
    "verify": Subcommand("borderlight_cli.commands.verify", "Judge capture bundles with the embedded flow."),
    "explain": Subcommand("borderlight_cli.commands.explain", "Write the page that explains a bundle's liveness."),
    "serve": Subcommand("borderlight_cli.commands.serve", "Serve page and API on the embedded default."),
    "agency-key": Subcommand("borderlight_cli.commands.agency_key", "A key with which an agency opens sessions."),
    "submit": Subcommand("borderlight_cli.commands.submit", "Put capture bundles through a running stack."),
    "verdicts": Subcommand("borderlight_cli.commands.verdicts", "Read entry verdicts as a consumer does."),
    "documents": Subcommand("borderlight_cli.commands.documents", "The document-photo store."),
    "compare": Subcommand("borderlight_cli.commands.compare", "Compare two pictures as the matcher does."),
    "dlq": Subcommand("borderlight_cli.commands.dlq", "Dead letters: list, show, redrive."),
    "erase": Subcommand("borderlight_cli.commands.erase", "Erase what sessions left; find what outlived its time."),
    "consumer": Subcommand("borderlight_cli.commands.consumer", "Stages that consume: list, resume after a pause."),
    "topics": Subcommand("borderlight_cli.commands.topics", "Create and reconcile Kafka topics."),
    "version": Subcommand("borderlight_cli.commands.version", "Print the version."),
}


class LazyGroup(TyperGroup):
    """Loads a subcommand when it is called."""

    def __init__(self, table: dict[str, Subcommand]) -> None:
        super().__init__(
            name="borderlight", help="Border-grade face verification by coloured light.", no_args_is_help=True,
            rich_markup_mode=None,
        )  # fmt: skip
        self.table = table

    def list_commands(self, ctx: Any) -> list[str]:
        return list(self.table)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        entry = self.table.get(cmd_name)
        if entry is None:
            return None
        own = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
        own.callback()(lambda: None)  # keeps it a group even when it holds one command
        importlib.import_module(entry.module).register(own)
        return typer.main.get_group(own).get_command(ctx, cmd_name)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, entry.help) for name, entry in self.table.items()])


def build() -> LazyGroup:
    """The command with every subcommand that is installed."""
    table = dict(COMMANDS)
    for entry in importlib.metadata.entry_points(group="borderlight.commands"):
        added: dict[str, tuple[str, str]] = entry.load()
        table |= {name: Subcommand(*where) for name, where in added.items()}
    return LazyGroup(table)


def run() -> None:
    """Console entry point."""
    build()(prog_name="borderlight")
