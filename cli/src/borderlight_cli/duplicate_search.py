"""Find near neighbours among many embeddings with faiss, exactly up to 200,000 faces, with inverted lists beyond.

Inverted lists miss pairs: faces fill the sphere evenly, a near pair often lies in two lists.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import faiss
import numpy as np

_EXACT_UP_TO = 200_000
_PROBES = 24


@dataclass(frozen=True)
class Pair:
    """Indices of two photographs of different travellers, and their comparison score [cosine]."""

    first: int
    second: int
    score: float


def _index(vectors: np.ndarray) -> faiss.Index:
    dimensions = vectors.shape[1]
    if len(vectors) <= _EXACT_UP_TO:
        index: faiss.Index = faiss.IndexFlatIP(dimensions)
    else:
        quantizer = faiss.IndexFlatIP(dimensions)
        lists = round(4 * len(vectors) ** 0.5)
        index = faiss.IndexIVFFlat(quantizer, dimensions, lists, faiss.METRIC_INNER_PRODUCT)
        index.train(vectors)
        index.nprobe = _PROBES
    index.add(vectors)
    return index


def find_duplicates(travellers: Sequence[str], vectors: np.ndarray, min_score: float) -> list[Pair]:
    """Pairs with at least `min_score` under different references, best first; vectors: [n, k], of any length."""
    if len(vectors) < 2:
        return []
    directions = np.ascontiguousarray(vectors, dtype=np.float32)
    directions = directions / np.linalg.norm(directions, axis=1, keepdims=True)
    # faiss returns what is above the radius; a pair at the limit counts.
    limits, scores, neighbours = _index(directions).range_search(directions, float(np.nextafter(min_score, -1)))
    owner = np.repeat(np.arange(len(vectors)), np.diff(limits.astype(np.int64)))
    later = neighbours > owner
    pairs = [
        Pair(int(a), int(b), float(score))
        for a, b, score in zip(owner[later], neighbours[later], scores[later], strict=True)
        if travellers[int(a)] != travellers[int(b)]
    ]
    return sorted(pairs, key=lambda pair: -pair.score)
