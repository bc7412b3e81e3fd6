"""Options and error handling that the document commands share."""

import asyncio
from collections.abc import Coroutine
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

from borderlight.errors import BorderlightError
from borderlight.runtime.logs import configure_logs
from matcher.app import embedding_model
from matcher.settings import MatcherSettings

StoreFolder = Annotated[Path | None, typer.Option("--store", help="a folder instead of the S3 server")]
Result = TypeVar("Result")


def model_sha256() -> str:
    """Digest of the embedding model that the matcher's settings name, without loading it."""
    return embedding_model(MatcherSettings())[0]


def run(work: Coroutine[Any, Any, Result]) -> Result:
    """Run to the end; an error of ours becomes one line and exit status 1."""
    configure_logs("documents", "CRITICAL")
    try:
        return asyncio.run(work)
    except BorderlightError as error:
        typer.echo(f"borderlight: {error}", err=True)
        raise typer.Exit(1) from error
