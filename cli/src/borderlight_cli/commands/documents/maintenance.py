"""`borderlight documents verify | reembed | retention`."""

import json
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import Progress

from borderlight.runtime.clock import SystemClock
from borderlight_cli.commands.documents.options import StoreFolder, model_sha256, run
from borderlight_cli.importing.stores import open_store
from matcher.adapters.store_audit import audit_store
from matcher.app import make_face_reader
from matcher.domain.dossier import RetentionRule
from matcher.settings import MatcherSettings
from matcher.use_cases.erase_documents import EraseDocuments
from matcher.use_cases.reembed_documents import ReembedDocuments


async def _verify(store: Path | None) -> list[dict[str, Any]]:
    opened = await open_store(store, model_sha256())
    found = await audit_store(opened.objects, opened.keys, model_sha256())
    await opened.close()
    return [problem.__dict__ for problem in found]


def verify(
    as_json: Annotated[bool, typer.Option("--json", help="one JSON object per problem")] = False,
    store: StoreFolder = None,
) -> None:
    """Walk the store: missing, damaged and foreign objects. Exit status 1 when there is one."""
    problems = run(_verify(store))
    for problem in problems:
        typer.echo(json.dumps(problem) if as_json else f"{problem['kind']}: {problem['name']}: {problem['detail']}")
    if not as_json:
        counts = Counter(problem["kind"] for problem in problems)
        typer.echo("nothing is wrong" if not problems else f"{len(problems)} problems: {dict(counts)}")
    raise typer.Exit(1 if problems else 0)


async def _reembed(store: Path | None) -> int:
    reader = make_face_reader(MatcherSettings())
    opened = await open_store(store, reader.model_sha256)
    with Progress(console=Console(stderr=True)) as bar:
        task = bar.add_task("embedding anew", total=None)
        count = await ReembedDocuments(opened.references, reader)(lambda: bar.advance(task))
    await opened.close()
    return count


def reembed(store: StoreFolder = None) -> None:
    """Embed what the present model has not embedded yet. May be stopped and started; comparisons go on meanwhile."""
    typer.echo(f"{run(_reembed(store))} photographs embedded")


async def _retention(store: Path | None) -> tuple[int, int]:
    opened = await open_store(store, model_sha256())
    keep = MatcherSettings().keep_days
    rules = tuple(RetentionRule(kind, timedelta(days=days)) for kind, days in keep.items())
    erased = await EraseDocuments(opened.references, SystemClock()).due(rules)
    stones = await opened.references.drop_old_tombstones()
    await opened.close()
    return erased, stones


def retention(store: StoreFolder = None) -> None:
    """Erase documents whose class has run out (MATCHER_KEEP_DAYS), and tombstones nobody needs any more."""
    erased, stones = run(_retention(store))
    typer.echo(f"{erased} documents erased, {stones} old tombstones dropped")


def register(app: typer.Typer) -> None:
    app.command()(verify)
    app.command()(reembed)
    app.command()(retention)
