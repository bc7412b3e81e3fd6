"""`borderlight study …`: labelled captures of real people, by the real page, with consent and withdrawal."""

import asyncio
from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from borderlight.errors import BorderlightError
from borderlight.runtime.clock import SystemClock
from borderlight.runtime.logs import configure_logs
from borderlight_cli.serving.server import Address, embedded_server
from borderlight_lab.study.console import StudyConsole
from borderlight_lab.study.export import export_bundles
from borderlight_lab.study.recorder import Recorder
from borderlight_lab.study.register import CONSENT, Study

_CLOCK = SystemClock()
study = typer.Typer(help="Labelled captures of people who consented: collect, withdraw, export.", no_args_is_help=True)
Folder = Annotated[Path, typer.Argument(help="folder of the study")]


@contextmanager
def problems_told() -> Generator[None]:
    """Problems become one line and exit status 1."""
    try:
        yield
    except (BorderlightError, OSError) as error:
        typer.echo(f"borderlight: {error}", err=True)
        raise typer.Exit(1) from error


@study.command("init")
def init(
    folder: Folder,
    title: Annotated[str, typer.Option(help="what subjects read above the consent text")],
    contact: Annotated[str, typer.Option(help="whom subjects write to, also to withdraw")],
    consent: Annotated[Path, typer.Option(help="text file that subjects agree to", exists=True, dir_okay=False)],
    keep_days: Annotated[int, typer.Option(help="recordings older than this are deleted by `purge`")] = 365,
) -> None:
    """Begin a study."""
    with problems_told():
        Study.create(folder, title, contact, consent.read_text(), keep_days)
        typer.echo(f"study in {folder}; its consent text is fixed in {folder / CONSENT}")
        typer.echo(f"next: borderlight study serve {folder} --lan")


@study.command("serve")
def serve(
    folder: Folder,
    host: Annotated[str, typer.Option(help="address; without --lan")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="port")] = 8080,
    lan: Annotated[bool, typer.Option("--lan", help="https for phones in the local network")] = False,
) -> None:
    """Capture page and the operator's console; every finished capture becomes a labelled bundle."""
    configure_logs("study")
    with problems_told():
        asyncio.run(_serve(Study.open(folder), Address(host, port, lan)))


async def _serve(opened: Study, address: Address) -> None:
    async with embedded_server(address) as server:
        recorder = Recorder(opened, server.stack)
        console = StudyConsole(recorder, server.stack, server.base, server.settings.session_life_s)
        typer.echo(f"{opened.register.title}: recordings go to {opened.folder}")
        typer.echo(f"  console  {server.base}/study   (from this machine only)")
        async with asyncio.TaskGroup() as tasks:  # a recorder that fails ends the server: nobody records into nothing
            watching = tasks.create_task(recorder.watch())
            await server.listen(console.routes())
            watching.cancel()
        await recorder.collect()
        for problem in recorder.problems:
            typer.echo(f"borderlight: {problem}", err=True)


@study.command("list")
def show(folder: Folder) -> None:
    """Subjects, recordings by species, withdrawals, exports."""
    with problems_told():
        register = Study.open(folder).register
        species = sorted({capture.labels.species for capture in register.captures})
        counts = Counter((c.labels.subject, c.labels.species) for c in register.captures)
        table = Table(title=register.title, title_justify="left")
        for name in ("subject", "consent", "skin tone", "photograph", *species):
            table.add_column(name)
        for one in register.subjects:
            given = f"{one.consent.given_at:%Y-%m-%d}, {one.consent.recorded_by}"
            cells = [str(counts[one.pseudonym, name]) for name in species]
            table.add_row(one.pseudonym, given, one.skin_tone or "", "yes" if one.has_photo else "", *cells)
        console = Console()
        console.print(table)
        for gone in register.withdrawals:
            console.print(f"{gone.pseudonym} withdrew on {gone.at:%Y-%m-%d}, {gone.captures} recordings deleted")
        for export in register.exports:
            console.print(f"exported on {export.at:%Y-%m-%d}: {len(export.subjects)} subjects, {export.folder}")


@study.command("consent")
def consent_of(
    folder: Folder,
    pseudonym: Annotated[str, typer.Argument(help="letters and a number, like S-014; never a name")],
    by: Annotated[str, typer.Option(help="who took the consent")],
    skin_tone: Annotated[str | None, typer.Option(help="light, medium or dark, as the subject says")] = None,
    photo: Annotated[Path | None, typer.Option(help="document photograph", exists=True, dir_okay=False)] = None,
) -> None:
    """Take down that a subject has read the consent text and agrees."""
    with problems_told():
        opened = Study.open(folder)
        typer.echo(opened.consent_text)
        typer.confirm(f"{pseudonym} has read this and agrees", abort=True)
        opened.consent(pseudonym, by, _CLOCK.now(), skin_tone, photo.read_bytes() if photo else None)


@study.command("withdraw")
def withdraw(folder: Folder, pseudonym: Annotated[str, typer.Argument(help="whose recordings to delete")]) -> None:
    """Delete everything of a subject, here and in exports within reach; name the copies that are not."""
    with problems_told():
        deleted, out_of_reach = Study.open(folder).withdraw(pseudonym, _CLOCK.now())
        typer.echo(f"{pseudonym}: {deleted} recordings deleted; the pseudonym is not given again")
        for export in out_of_reach:
            typer.echo(
                f"not within reach: {export.folder} of {export.at:%Y-%m-%d}; delete {pseudonym} there too", err=True
            )
        if out_of_reach:
            raise typer.Exit(1)


@study.command("purge")
def purge(folder: Folder) -> None:
    """Delete recordings that are older than the study may keep them."""
    with problems_told():
        opened = Study.open(folder)
        typer.echo(f"{opened.purge(_CLOCK.now())} recordings older than {opened.register.keep_days} days deleted")


@study.command("export")
def export(
    folder: Folder,
    out: Annotated[Path, typer.Argument(help="new folder for the bundles")],
    species: Annotated[str | None, typer.Option(help="only these")] = None,
) -> None:
    """Write labelled bundles for `borderlight evaluate` and `borderlight calibrate liveness`."""
    with problems_told():
        chosen = export_bundles(Study.open(folder), out, _CLOCK.now(), species)
        typer.echo(f"{len(chosen)} bundles of {len({c.labels.subject for c in chosen})} subjects in {out}")
        typer.echo(f"next: borderlight evaluate {out} --report report   or   borderlight calibrate liveness {out}")


def register(app: typer.Typer) -> None:
    app.add_typer(study, name="study")
