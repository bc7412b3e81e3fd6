"""`borderlight documents duplicates`: the same face under different references, for stewards to look into."""

import csv
import sys
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from rich.console import Console

from borderlight_cli.commands.documents.options import StoreFolder, model_sha256, run
from borderlight_cli.duplicate_search import Pair, find_duplicates
from borderlight_cli.importing.stores import open_store
from matcher.app import limits_in_force
from matcher.settings import MatcherSettings


async def _collect(store: Path | None, min_score: float | None) -> tuple[float, list[str], list[str], np.ndarray]:
    limit = limits_in_force(MatcherSettings()).min_match_score if min_score is None else min_score
    opened = await open_store(store, model_sha256())
    travellers: list[str] = []
    documents: list[str] = []
    vectors: list[tuple[float, ...]] = []
    async for stored in opened.references.walk():
        if stored.embedding is not None and stored.embedding.embedding is not None:
            travellers.append(stored.record.traveller_ref)
            documents.append(stored.record.document_id)
            vectors.append(stored.embedding.embedding)
    await opened.close()
    return limit, travellers, documents, np.asarray(vectors, dtype=np.float32)


def duplicates(
    min_score: Annotated[float | None, typer.Option(help="least score of a pair; default: the match limit")] = None,
    out: Annotated[Path | None, typer.Option(help="CSV file; default: the terminal")] = None,
    store: StoreFolder = None,
) -> None:
    """List pairs of documents of different travellers that look like one face. It decides nothing by itself."""
    limit, travellers, documents, vectors = run(_collect(store, min_score))
    pairs: list[Pair] = find_duplicates(travellers, vectors, limit)
    stream = sys.stdout if out is None else out.open("w", newline="")
    try:
        writer = csv.writer(stream)
        writer.writerow(["score", "traveller_a", "document_a", "traveller_b", "document_b"])
        for pair in pairs:
            a, b = pair.first, pair.second
            writer.writerow([f"{pair.score:.4f}", travellers[a], documents[a], travellers[b], documents[b]])
    finally:
        if out is not None:
            stream.close()
    Console(stderr=True).print(f"{len(pairs)} pairs among {len(travellers)} photographs")


def register(app: typer.Typer) -> None:
    app.command()(duplicates)
