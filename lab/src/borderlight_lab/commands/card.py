"""`borderlight card`: write docs/performance-card.md anew."""

import tempfile
import tomllib
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from typing import Annotated

import typer

from borderlight import VERSION
from borderlight_lab.calibration.liveness import calibrate_liveness
from borderlight_lab.commands.evaluate import judge_folder, thresholds_of
from borderlight_lab.evaluation.card import CardSet, card
from borderlight_lab.simulated_limits import SIMULATED_LIMITS
from borderlight_lab.simulator.red_team import make_red_team

_CORPUS = (
    "Bundles rendered by a path tracer from three-dimensional heads with a modelled screen, room and camera. They are "
    "independent of this project's simulator. The limits were chosen on this set, so its plain figures are in-sample; "
    "the cross-validated ones are not."
)
_SIMULATOR = (
    "Made by `borderlight simulate` (seed {seed}, {count} per species; the command makes them anew): a licensed "
    "portrait with a parametric relief, persons that differ in proportion, skin tone, room, phone and codec."
)
_CALM = (
    "The same sessions under the calm schedule (seed {seed}, {count} per species), which changes slowly and never "
    "flashes. Its error rates are its own: smaller steps, more frames, more time for movement."
)


def write_card(
    corpus: Annotated[Path | None, typer.Option(help="folder of labelled bundles from elsewhere")] = None,
    count: Annotated[int, typer.Option(help="simulated sessions per species", min=1)] = 12,
    seed: Annotated[int, typer.Option(help="fixes the simulated sessions")] = 2026,
    out: Annotated[Path, typer.Option(help="page to write")] = Path("docs/performance-card.md"),
) -> None:
    """Evaluate, cross-validate and write the card."""
    sets: list[CardSet] = []
    versions: set[str] = set()
    if corpus is not None:
        items = judge_folder(corpus, None, comparison_limits=SIMULATED_LIMITS)
        versions.add(thresholds_of(items))
        sets.append(CardSet("dev-corpus-2026-11", _CORPUS, items, calibrate_liveness(items, 0.05)))
    for name, about, calm in ((f"simulator-{seed}", _SIMULATOR, False), (f"simulator-{seed}-calm", _CALM, True)):
        with tempfile.TemporaryDirectory(prefix="borderlight-card-") as folder:
            typer.echo(f"simulating {name} ...", err=True)
            make_red_team(Path(folder), count, seed, calm)
            items = judge_folder(Path(folder), None, comparison_limits=SIMULATED_LIMITS)
        versions.add(thresholds_of(items))
        sets.append(CardSet(name, about.format(seed=seed, count=count), items))
    limits = tomllib.loads(files("liveness").joinpath("thresholds.toml").read_text())
    date = f"{datetime.now(UTC):%Y-%m-%d}"  # noqa: TID251 - a stamp on a page made by hand
    minimum = float(limits["challenge_match"]["min_correlation"]["value"])
    out.write_text(card(sets, VERSION, ", ".join(sorted(versions)), minimum, date))
    typer.echo(f"written: {out.resolve()}")


def register(app: typer.Typer) -> None:
    app.command("card")(write_card)
