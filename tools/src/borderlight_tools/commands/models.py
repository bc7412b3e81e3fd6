"""`borderlight models build | check`."""

from pathlib import Path
from typing import Annotated

import typer

from borderlight.errors import BorderlightError
from borderlight.vision.models import default_models_folder
from borderlight_tools.models.build import build_models, is_built

models = typer.Typer(help="Build and check the face models.", no_args_is_help=True)


@models.command()
def build(
    out: Annotated[Path | None, typer.Option(help="target folder")] = None,
    archives: Annotated[Path | None, typer.Option(help="folder that already holds the archives")] = None,
) -> None:
    """Fetch the pinned archives, convert the models, verify every hash."""
    try:
        build_models(out or default_models_folder(), archives, typer.echo)
    except BorderlightError as error:
        typer.echo(f"borderlight: {error}", err=True)
        raise typer.Exit(1) from error


@models.command()
def check(folder: Annotated[Path | None, typer.Option(help="models folder")] = None) -> None:
    """Exit 0 when all models are there with the right hashes."""
    target = folder or default_models_folder()
    good = is_built(target)
    typer.echo(f"{'complete' if good else 'incomplete'}: {target}")
    raise typer.Exit(0 if good else 1)


def register(app: typer.Typer) -> None:
    app.add_typer(models, name="models")
