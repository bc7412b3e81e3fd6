"""What `calibrate comparison PEOPLE.csv` prints and writes: error rates per group at one limit."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress
from rich.table import Table

from borderlight_lab.calibration.groups import BoundedRate, GroupReport, report_groups
from borderlight_lab.calibration.people_table import EmbeddingCache, photographs_of, read_people
from matcher.app import embedding_model
from matcher.settings import MatcherSettings


def _rate(found: BoundedRate) -> str:
    if found.value is None or found.lower is None or found.upper is None:
        return "–"
    return f"{found.value:.2e} ({found.count} of {found.trials:,}; {found.lower:.1e}-{found.upper:.1e})"


def _tables(found: GroupReport) -> list[Table]:
    rates = Table(title=f"At the one limit {found.limit:.4f}", title_justify="left")
    for name in ("group", "people", "photographs", "FMR within it (95 %)", "FNMR (95 %)"):
        rates.add_column(name, no_wrap=name == "group")
    for row in (found.overall, *found.groups):
        rates.add_row(row.name, str(row.people), str(row.photographs), _rate(row.fmr), _rate(row.fnmr))
    highest = Table(title="Highest impostor pairs: look for wrong labels first", title_justify="left")
    for name in ("score", "image", "subject", "image", "subject"):
        highest.add_column(name)
    for pair in found.highest:
        highest.add_row(f"{pair.score:.3f}", pair.image_a, pair.subject_a, pair.image_b, pair.subject_b)
    return [rates, highest]


def sentences(found: GroupReport) -> list[str]:
    """What may be said of the differences, and what may not."""
    said: list[str] = []
    if found.worst is not None:
        times = "" if found.ratio is None else f", {found.ratio:.1f} times the geometric mean of the groups"
        said.append(f"Highest FMR: {found.worst}{times}.")
    if found.refused:
        needed = round(3 / found.requested_fmr)
        said.append(
            f"No claim for {', '.join(found.refused)}: an FMR of {found.requested_fmr:g} needs at least {needed:,} "
            "non-mated pairs within the group."
        )
    if found.safe_limit is not None and found.safe_fnmr is not None:
        said.append(
            f"From {found.safe_limit:.4f} on every group's upper bound keeps {found.requested_fmr:g}; "
            f"FNMR there {_rate(found.safe_fnmr)}, at {found.limit:.4f} {_rate(found.overall.fnmr)}."
        )
    return said


def calibrate_people(
    table: Path, fmr: float, limit: float | None, workers: int | None, report: Path | None, console: Console
) -> GroupReport:
    """All photographs of `table` against all. Raises PairsInvalid, TooFewPairs, ValueError."""
    people = read_people(table)
    cache = EmbeddingCache(table.with_suffix(".embeddings.npz"), embedding_model(MatcherSettings())[0])
    with Progress(*Progress.get_default_columns(), MofNCompleteColumn(), console=Console(stderr=True)) as bar:
        task = bar.add_task("reading", total=len(people))
        made = cache.read([table.parent / one.image for one in people], workers, lambda: bar.advance(task))
    found = report_groups(photographs_of(people, made), fmr, limit)
    for one in _tables(found):
        console.print(one)
    for line in sentences(found):
        console.print(line, soft_wrap=True)
    if report is not None:
        report.mkdir(parents=True, exist_ok=True)
        content: dict[str, Any] = {
            "schema": "borderlight.comparison-groups/1",
            "not_enrolled": sum(one is None for one in made),
            "sentences": sentences(found),
            **asdict(found),
        }
        (report / "groups.json").write_text(json.dumps(content, indent=1) + "\n")
        console.print(f"report: {(report / 'groups.json').resolve()}", soft_wrap=True)
    return found
