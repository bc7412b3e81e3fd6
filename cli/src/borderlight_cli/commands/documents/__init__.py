"""`borderlight documents ...`: the document-photo store, one command per file."""

import typer

from borderlight_cli.commands.documents import duplicates, ingest, keys, maintenance, records

documents = typer.Typer(help="The document-photo store.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    for module in (ingest, records, maintenance, keys, duplicates):
        module.register(documents)
    app.add_typer(documents, name="documents")
