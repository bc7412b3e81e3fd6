"""`borderlight documents trust` and `borderlight documents authenticate`: passive authentication, looked at by hand."""

import json
from pathlib import Path
from typing import Annotated

import typer

from borderlight.runtime.clock import SystemClock
from borderlight.runtime.logs import configure_logs
from matcher.adapters.chip_codec import chip_to_json
from matcher.adapters.passive_authentication.reading import readable_name
from matcher.adapters.passive_authentication.trust_folder import open_trust_folder
from matcher.app import make_authenticator
from matcher.domain.authenticity import Authenticity
from matcher.settings import MatcherSettings

TrustFolder = Annotated[Path | None, typer.Option("--trust", help="instead of MATCHER_TRUST_FOLDER")]


def trust(folder: TrustFolder = None) -> None:
    """Whose chips are believed: authorities, revocation lists, and what in the trust folder does not count."""
    place, now = folder or MatcherSettings().trust_folder, SystemClock().now()
    if place is None or not place.is_dir():
        typer.echo("borderlight: set MATCHER_TRUST_FOLDER or --trust to a folder of certificates", err=True)
        raise typer.Exit(1)
    opened = open_trust_folder(place, now)
    for name, same in sorted(opened.store.authorities.items()):
        lists = opened.store.revocations.get(name, [])
        state = "current" if any(item.is_current(now) for item in lists) else "ended" if lists else "none"
        for authority in same:
            certificate = authority.certificate
            ended = "" if certificate.is_valid_at(now) else "\tnot valid now"
            kind = "link" if authority.issuer else "root"
            end = f"{certificate.not_after:%Y-%m-%d}"
            typer.echo(f"{certificate.country}\t{readable_name(name)}\t{kind}\tuntil {end}\tlist: {state}{ended}")
    for problem in opened.problems:
        typer.echo(f"does not count: {problem.file}: {problem.detail}", err=True)
    if not opened.store.authorities:
        typer.echo("borderlight: nobody is trusted; docs/passive-authentication.md says what to put there", err=True)
        raise typer.Exit(1)


def authenticate(
    photo: Annotated[Path, typer.Argument(help="EF.DG2 as read from the chip")],
    security_object: Annotated[Path, typer.Argument(help="EF.SOD of the same chip")],
    state: Annotated[str | None, typer.Option(help="issuing state, as in the machine readable zone")] = None,
    folder: TrustFolder = None,
) -> None:
    """Check one chip's files without keeping anything; exit status 1 unless it is authentic."""
    configure_logs("documents", "CRITICAL")
    settings = MatcherSettings()
    if folder is not None:
        settings = settings.model_copy(update={"trust_folder": folder})
    try:
        contents = photo.read_bytes(), security_object.read_bytes()
    except OSError as error:
        typer.echo(f"borderlight: {error}", err=True)
        raise typer.Exit(1) from error
    found = make_authenticator(settings).check(*contents, state, SystemClock().now())
    typer.echo(json.dumps(chip_to_json(found), indent=1))
    if found.outcome is not Authenticity.AUTHENTIC:
        raise typer.Exit(1)


def register(app: typer.Typer) -> None:
    app.command()(trust)
    app.command()(authenticate)
