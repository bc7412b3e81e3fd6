"""`borderlight calibrate liveness|comparison`: limits from labelled captures and pairs of the operator's own."""

import csv
import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress

from borderlight.errors import BorderlightError
from borderlight_lab.calibration.comparison import (
    Pair,
    calibrate_comparison,
    embed_pictures,
    read_pairs,
    score_pairs,
    statement,
)
from borderlight_lab.calibration.comparison import thresholds_text as comparison_text
from borderlight_lab.calibration.comparison_page import calibration_json, write_calibration_page
from borderlight_lab.calibration.liveness import (
    Calibration,
    TooFewCaptures,
    calibrate_for_apcer,
    calibrate_liveness,
    thresholds_text,
    worst_species,
)
from borderlight_lab.calibration.people_table import is_people_table
from borderlight_lab.commands.calibrate_groups import calibrate_people
from borderlight_lab.commands.evaluate import judge_folder
from borderlight_lab.evaluation.page import percent
from matcher.app import LimitsUnusable, embedding_model, limits_in_force
from matcher.settings import MatcherSettings

calibrate = typer.Typer(help="Set limits from recordings and photographs of your own.", no_args_is_help=True)


def _print(found: Calibration, console: Console) -> None:
    for (section, name), value in found.limits.items():
        console.print(f"{section}.{name} = {value:.3g}, lowest honest capture {found.lowest[section, name]:.3g}")
    console.print(f"honest captures lost, one identity left out at a time: {percent(found.honest)}")
    for species, accepted in found.attacks.items():
        console.print(f"{species} accepted: {percent(accepted)}")


@calibrate.command()
def liveness(
    folder: Annotated[Path, typer.Argument(help="folder of labelled capture bundles")],
    out: Annotated[Path, typer.Option(help="thresholds file to write")] = Path("thresholds.toml"),
    loss: Annotated[float, typer.Option(help="share of honest captures that may not be called bona fide")] = 0.05,
    apcer: Annotated[
        float | None, typer.Option(help="instead: the mildest limits at which no species passes more often")
    ] = None,
    margin: Annotated[float, typer.Option(help="the limit lies at this share of the honest quantile")] = 0.75,
    brightest: Annotated[float, typer.Option(help="honest captures in more light [lx] are not used")] = 500.0,
    run: Annotated[str | None, typer.Option(help="name of this run; default: date and folder")] = None,
    workers: Annotated[int | None, typer.Option(help="processes; default: one per core")] = None,
) -> None:
    """Write a thresholds file with provenance; the rates beside it were measured on identities that were left out."""
    items = judge_folder(folder, workers)
    now = datetime.now(UTC)  # noqa: TID251 - a stamp on a file made by hand
    name = run or f"{folder.resolve().name}-{now:%Y-%m-%d}"
    try:
        if apcer is None:
            found = calibrate_liveness(items, loss, margin, brightest)
        else:
            found = calibrate_for_apcer(items, apcer, margin, brightest)
    except (TooFewCaptures, ValueError, LookupError) as error:
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
        **{key: value for key, value in asdict(found).items() if key not in ("limits", "lowest")},
        "lowest": {f"{section}.{key}": value for (section, key), value in found.lowest.items()},
        "limits": {f"{section}.{key}": value for (section, key), value in found.limits.items()},
    }
    out.with_suffix(".provenance.json").write_text(json.dumps(provenance, indent=1) + "\n")
    console = Console()
    _print(found, console)
    worst = worst_species(found)
    if apcer is not None and worst is not None and worst[1]["upper"] > apcer:
        console.print(
            f"requested: APCER at most {100 * apcer:g} %. Observed so, but with these attempts the true rate of "
            f"{worst[0]} may be as high as {100 * worst[1]['high']:.1f} %."
        )
    console.print(f"written: {out.resolve()} and {out.with_suffix('.provenance.json').name}", soft_wrap=True)


def _limit_in_force(settings: MatcherSettings) -> float:
    """-1 where the embedding model has none yet: every limit is stricter."""
    try:
        return limits_in_force(settings).min_match_score
    except LimitsUnusable:
        return -1.0


def _write_scores(path: Path, pairs: Sequence[Pair]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="") as stream:
        rows = csv.writer(stream)
        rows.writerow(["image_a", "image_b", "same", "group", "score", "reasons"])
        for pair in pairs:
            score = "" if pair.score is None else f"{pair.score:.6f}"
            rows.writerow([pair.image_a, pair.image_b, int(pair.same), pair.group, score, " ".join(pair.reasons)])


@calibrate.command()
def comparison(
    pairs_file: Annotated[
        Path,
        typer.Argument(
            metavar="PAIRS.csv|PEOPLE.csv", help="image_a,image_b,same[,group]; or image,subject[,sex,tone]"
        ),
    ],
    scores: Annotated[Path | None, typer.Option(help="write every pair's score here, as CSV")] = None,
    out: Annotated[Path, typer.Option(help="thresholds file to write")] = Path("comparison-thresholds.toml"),
    report: Annotated[Path | None, typer.Option(help="folder for report.html and report.json")] = None,
    fmr: Annotated[float, typer.Option(help="requested false match rate")] = 0.001,
    run: Annotated[str | None, typer.Option(help="name of this run; default: date and file")] = None,
    workers: Annotated[int | None, typer.Option(help="processes; default: one per core")] = None,
    limit: Annotated[float | None, typer.Option(help="PEOPLE.csv: report the groups at this limit")] = None,
) -> None:
    """Choose the match limit for a requested false match rate, and say what the pairs support.

    With PEOPLE.csv: all photographs against all, error rates per group with intervals over people, at one limit.
    """
    settings = MatcherSettings()
    try:
        if is_people_table(pairs_file):
            calibrate_people(pairs_file, fmr, limit, workers, report, Console())
            return
        pairs = read_pairs(pairs_file)
        names = sorted({name for pair in pairs for name in (pair.image_a, pair.image_b)})
        with Progress(*Progress.get_default_columns(), MofNCompleteColumn(), console=Console(stderr=True)) as bar:
            task = bar.add_task("reading", total=len(names))
            paths = [pairs_file.parent / name for name in names]
            read = dict(zip(names, embed_pictures(paths, workers, lambda: bar.advance(task)), strict=True))
        scored = score_pairs(pairs, read)
        if scores is not None:
            _write_scores(scores, scored)
        old = settings.thresholds_file.read_text()
        found = calibrate_comparison(scored, fmr, _limit_in_force(settings))
    except (BorderlightError, ValueError) as error:
        typer.echo(f"borderlight: {error}", err=True)
        raise typer.Exit(2) from error
    now = datetime.now(UTC)  # noqa: TID251 - a stamp on a file made by hand
    name = run or f"{pairs_file.stem}-{now:%Y-%m-%d}"
    about = {
        "run": name,
        "made_at": now.isoformat(timespec="seconds"),
        "model": embedding_model(settings)[0],
        "source": f"{pairs_file.name}, SHA-256 {hashlib.sha256(pairs_file.read_bytes()).hexdigest()[:12]}…",
    }
    out.write_text(comparison_text(old, found, name, embedding_model(settings)[0]))
    provenance = json.dumps(calibration_json(found, about), indent=1)
    out.with_suffix(".provenance.json").write_text(provenance + "\n")
    console = Console()
    fnmr = found.chosen.fnmr
    console.print(f"match from {found.chosen.threshold:.4f}; {statement(found)}", soft_wrap=True)
    console.print(f"FNMR {percent(None if fnmr is None else fnmr.to_json())}; {found.not_enrolled} not enrolled")
    console.print(f"written: {out.resolve()}; use it as MATCHER_THRESHOLDS_FILE", soft_wrap=True)
    if report is not None:
        page = write_calibration_page(report, found, scored, about)
        console.print(f"report: {page.resolve()}", soft_wrap=True)


def register(app: typer.Typer) -> None:
    app.add_typer(calibrate, name="calibrate")
