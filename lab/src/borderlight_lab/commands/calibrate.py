"""`borderlight calibrate liveness DIR`: limits from labelled captures of the operator's own."""

import hashlib
import json
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from borderlight_lab.calibration.liveness import Calibration, TooFewCaptures, calibrate_liveness, thresholds_text
from borderlight_lab.commands.evaluate import judge_folder
from borderlight_lab.evaluation.page import percent

calibrate = typer.Typer(help="Set limits from recordings and photographs of your own.", no_args_is_help=True)


def _print(found: Calibration, console: Console) -> None:
    for (section, name), value in found.limits.items():
        console.print(f"{section}.{name} = {value:.4g}")
    console.print(f"honest captures lost, one identity left out at a time: {percent(found.honest)}")
    for species, accepted in found.attacks.items():
        console.print(f"{species} accepted: {percent(accepted)}")


@calibrate.command()
def liveness(
    folder: Annotated[Path, typer.Argument(help="folder of labelled capture bundles")],
    out: Annotated[Path, typer.Option(help="thresholds file to write")] = Path("thresholds.toml"),
    loss: Annotated[float, typer.Option(help="share of honest captures that may not be called bona fide")] = 0.05,
    margin: Annotated[float, typer.Option(help="the limit lies at this share of the honest quantile")] = 0.9,
    brightest: Annotated[float, typer.Option(help="honest captures in more light [lx] are not used")] = 500.0,
    run: Annotated[str | None, typer.Option(help="name of this run; default: date and folder")] = None,
    workers: Annotated[int | None, typer.Option(help="processes; default: one per core")] = None,
) -> None:
    """Write a thresholds file with provenance; the rates beside it were measured on identities that were left out."""
    items = judge_folder(folder, workers)
    now = datetime.now(UTC)  # noqa: TID251 - a stamp on a file made by hand
    name = run or f"{folder.resolve().name}-{now:%Y-%m-%d}"
    try:
        found = calibrate_liveness(items, loss, margin, brightest)
    except (TooFewCaptures, ValueError) as error:
        typer.echo(f"borderlight: {error}", err=True)
        raise typer.Exit(2) from error
    old = files("liveness").joinpath("thresholds.toml").read_text()
    out.write_text(thresholds_text(old, found, name))
    provenance = {
        "schema": "borderlight.calibration/1",
        "run": name,
        "made_at": now.isoformat(timespec="seconds"),
        "bundles": len(items),
        "bundle_digest": hashlib.sha256("\n".join(sorted(i.bundle.name for i in items)).encode()).hexdigest(),
        **{key: value for key, value in asdict(found).items() if key != "limits"},
        "limits": {f"{section}.{key}": value for (section, key), value in found.limits.items()},
    }
    out.with_suffix(".provenance.json").write_text(json.dumps(provenance, indent=1) + "\n")
    console = Console()
    _print(found, console)
    console.print(f"written: {out.resolve()} and {out.with_suffix('.provenance.json').name}", soft_wrap=True)


def register(app: typer.Typer) -> None:
    app.add_typer(calibrate, name="calibrate")
