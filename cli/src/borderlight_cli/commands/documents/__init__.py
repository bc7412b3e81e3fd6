"""`borderlight documents ...`: the document-photo store, one command per file."""

import typer

from borderlight_cli.commands.documents import care, chips, duplicates, ingest, keys, look

documents = typer.Typer(help="The document-photo store.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    for module in (ingest, look, care, chips, keys, duplicates):
        module.register(documents)
    app.add_typer(documents, name="documents")
