"""`borderlight agency-key NAME`: a key for an agency, and the line of settings that accepts it."""

import json
import secrets
from typing import Annotated

import typer

from capture_ingest.domain.agency import Scope, key_digest


def agency_key(
    name: Annotated[str, typer.Argument(help="name of the agency, as logs and quotas show it")],
    scope: Annotated[list[Scope] | None, typer.Option(help="repeat for several; both by default")] = None,
) -> None:
    """Print a new key on the first line (it is shown once), then the setting that accepts it."""
    if not name.strip() or len(name) > 64:
        raise typer.BadParameter("give a name of 1 to 64 characters")
    key = secrets.token_urlsafe(32)
    entry = {"key_sha256": key_digest(key), "scopes": [*(scope or Scope)]}
    typer.echo(key)
    typer.echo(f"CAPTURE_INGEST_AGENCIES={json.dumps({name: entry})}")
    typer.echo(
        "The agency keeps the first line; add the second to the API's settings (merge with what is there).", err=True
    )


def register(app: typer.Typer) -> None:
    app.command("agency-key")(agency_key)
