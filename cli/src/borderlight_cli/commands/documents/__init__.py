"""`borderlight documents ...`: the document-photo store, one command per file."""

import typer

from borderlight_cli.commands.documents import chips, duplicates, ingest, keys, maintenance, records

documents = typer.Typer(help="The document-photo store.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    for module in (ingest, records, maintenance, chips, keys, duplicates):
        module.register(documents)
    app.add_typer(documents, name="documents")
