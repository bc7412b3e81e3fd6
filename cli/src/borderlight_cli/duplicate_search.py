"""Find near neighbours among many embeddings with faiss: inverted lists, so that 100,000 faces take seconds."""

from collections.abc import Sequence
from dataclasses import dataclass

import faiss
import numpy as np

_EXACT_UP_TO = 20_000
_PROBES = 24


@dataclass(frozen=True)
class Pair:
    """Indices of two photographs of different travellers, and their comparison score."""

    first: int
    second: int
    score: float


def _index(vectors: np.ndarray) -> faiss.Index:
    dimensions = vectors.shape[1]
    if len(vectors) <= _EXACT_UP_TO:
        index: faiss.Index = faiss.IndexFlatL2(dimensions)
    else:
        quantizer = faiss.IndexFlatL2(dimensions)
        index = faiss.IndexIVFFlat(quantizer, dimensions, round(4 * len(vectors) ** 0.5))
        index.train(vectors)
        index.nprobe = _PROBES
    index.add(vectors)
    return index


def find_duplicates(travellers: Sequence[str], vectors: np.ndarray, min_score: float) -> list[Pair]:
    """Pairs with at least `min_score` under different references, best first; vectors: [n, k] float32."""
    if len(vectors) < 2:
        return []
    vectors = np.ascontiguousarray(vectors, dtype=np.float32)
    radius = float((1.0 - min_score) ** 2)
    limits, distances, neighbours = _index(vectors).range_search(vectors, radius)
    owner = np.repeat(np.arange(len(vectors)), np.diff(limits.astype(np.int64)))
    later = neighbours > owner
    pairs = [
        Pair(int(a), int(b), 1.0 - float(np.sqrt(max(float(d), 0.0))))
        for a, b, d in zip(owner[later], neighbours[later], distances[later], strict=True)
        if travellers[int(a)] != travellers[int(b)]
    ]
    return sorted(pairs, key=lambda pair: -pair.score)
