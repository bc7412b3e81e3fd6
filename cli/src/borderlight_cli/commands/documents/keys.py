"""`borderlight documents keys init | rotate | rewrap`: the master keys of the store."""

from pathlib import Path
from typing import Annotated

import typer

from borderlight.runtime.sealing import KeyFileUnreadable, KeyRing, write_key_file
from borderlight_cli.commands.documents.options import StoreFolder, model_sha256, run
from borderlight_cli.importing.stores import open_store

keys = typer.Typer(help="Master keys of the document store.", no_args_is_help=True)
KeyFile = Annotated[Path, typer.Argument(help="the key file (MATCHER_KEY_FILE)")]


@keys.command()
def init(path: KeyFile) -> None:
    """Make a key file. Keep it apart from the store and its backups: without it nothing can be read."""
    if path.exists():
        typer.echo(f"borderlight: {path} is there already", err=True)
        raise typer.Exit(1)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_key_file(path, KeyRing.generate())
    typer.echo(f"written: {path.resolve()}; set MATCHER_KEY_FILE to it")


@keys.command()
def rotate(path: KeyFile) -> None:
    """Put a new master key first; old ones stay until `rewrap` has run. Restart the matcher with the new file."""
    try:
        write_key_file(path, KeyRing.from_text(path.read_text()).rotated())
    except (OSError, KeyFileUnreadable) as error:
        typer.echo(f"borderlight: {path}: {error}", err=True)
        raise typer.Exit(1) from error
    typer.echo("a new master key is current; run `borderlight documents keys rewrap`")


async def _rewrap(store: Path | None) -> int:
    opened = await open_store(store, model_sha256())
    count = await opened.references.rewrap()
    await opened.close()
    return count


@keys.command()
def rewrap(store: StoreFolder = None) -> None:
    """Put every data key under the current master key; photographs are not touched. Then old masters may go."""
    typer.echo(f"{run(_rewrap(store))} data keys rewrapped")


def register(app: typer.Typer) -> None:
    app.add_typer(keys, name="keys")
