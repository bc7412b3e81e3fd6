"""The match limit for a requested false match rate, and what the pairs at hand really support.

Rates and words follow ISO/IEC 19795-1: FMR over non-mated comparisons, FNMR over mated ones, failures to enrol apart.
The intervals are exact for independent comparisons; comparisons that share a picture are not, so the page says how many
pictures there were.
"""

import csv
import math
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import beta

from borderlight.errors import BorderlightError
from borderlight_lab.evaluation.statistics import Rate, rate
from matcher.app import make_uncalibrated_face_reader
from matcher.domain.comparison import comparison_score
from matcher.settings import MatcherSettings

REQUIRED = ("image_a", "image_b", "same")
_TRUE, _FALSE = {"1", "true", "yes", "y", "same", "mated"}, {"0", "false", "no", "n", "different", "non_mated"}
_CONFIDENCE = 0.95
_state: dict[str, Any] = {}


class PairsInvalid(BorderlightError):
    """The table of pairs cannot be used; says where."""


class TooFewPairs(BorderlightError):
    """There is nothing to calibrate on."""


@dataclass(frozen=True)
class Pair:
    """score: None when one of the pictures could not be enrolled, `reasons` says why."""

    image_a: str
    image_b: str
    same: bool
    group: str
    score: float | None = None
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True)
class OperatingPoint:
    """What a limit does to the pairs at hand; None where there were no comparisons."""

    threshold: float
    fmr: Rate | None
    fnmr: Rate | None


@dataclass(frozen=True)
class ComparisonCalibration:
    """chosen: the lowest limit whose upper FMR bound keeps the request; is_supported: whether there was one.

    claimable_fmr: the one-sided 95 % upper bound at the chosen limit; pairs_needed: impostor comparisons without a
    false match from which the requested FMR could be claimed.
    """

    requested_fmr: float
    chosen: OperatingPoint
    claimable_fmr: float
    is_supported: bool
    pairs_needed: int
    equal_error: float
    images: int
    not_enrolled: int
    excluded: int
    groups: dict[str, OperatingPoint]
    table: tuple[OperatingPoint, ...]


def read_pairs(path: Path) -> list[Pair]:
    """The rows of PAIRS.csv; raises PairsInvalid with the row's number."""
    try:
        with path.open(newline="", encoding="utf-8-sig") as stream:
            rows = csv.DictReader(stream)
            missing = [name for name in REQUIRED if name not in (rows.fieldnames or ())]
            if missing:
                raise PairsInvalid(f"{path}: no column {', '.join(missing)}; needs {', '.join(REQUIRED)}")
            pairs = [_pair(number, row) for number, row in enumerate(rows, start=2)]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise PairsInvalid(f"{path}: {error}") from error
    absent = next((n for p in pairs for n in (p.image_a, p.image_b) if not (path.parent / n).is_file()), None)
    if absent is not None:
        raise PairsInvalid(f"{path}: there is no file {absent} beside it")
    return pairs


def _pair(number: int, row: dict[str, str | None]) -> Pair:
    image_a, image_b, same = ((row.get(name) or "").strip() for name in REQUIRED)
    if not image_a or not image_b:
        raise PairsInvalid(f"row {number}: image_a and image_b name two pictures")
    if same.lower() not in _TRUE | _FALSE:
        raise PairsInvalid(f"row {number}: same is 1 or 0, not {same!r}")
    return Pair(image_a, image_b, same.lower() in _TRUE, (row.get("group") or "").strip())


def _start() -> None:
    _state["reader"] = make_uncalibrated_face_reader(MatcherSettings())


def _embed(path: Path) -> tuple[np.ndarray | None, tuple[str, ...]]:
    reading = _state["reader"].read_photo(path.read_bytes())
    return reading.embedding, reading.reasons


def embed_pictures(
    paths: Sequence[Path], workers: int | None, advance: Callable[[], None]
) -> Iterator[tuple[np.ndarray | None, tuple[str, ...]]]:
    """(embedding or None, reasons) in the order of `paths`."""
    with ProcessPoolExecutor(workers, get_context("spawn"), _start) as pool:
        for found in pool.map(_embed, paths, chunksize=8):
            advance()
            yield found


def score_pairs(pairs: Sequence[Pair], read: dict[str, tuple[np.ndarray | None, tuple[str, ...]]]) -> list[Pair]:
    """Every pair with its score, or why there is none."""
    scored: list[Pair] = []
    for pair in pairs:
        (a, why_a), (b, why_b) = read[pair.image_a], read[pair.image_b]
        if a is None or b is None:
            scored.append(replace(pair, reasons=tuple(dict.fromkeys(why_a + why_b))))
        else:
            scored.append(replace(pair, score=comparison_score(a, b)))
    return scored


def _at(threshold: float, mated: np.ndarray, non_mated: np.ndarray) -> OperatingPoint:
    return OperatingPoint(
        threshold,
        rate(int((non_mated >= threshold).sum()), len(non_mated)),
        rate(int((mated < threshold).sum()), len(mated)),
    )


def _bound(false: int, count: int) -> float:
    """One-sided 95 % Clopper-Pearson bound of a rate."""
    return 1.0 if false == count else float(beta.ppf(_CONFIDENCE, false + 1, count - false))


def _limit_for(fmr: float, non_mated: np.ndarray) -> float:
    """The lowest limit at which the upper bound keeps `fmr`; above every impostor when no limit does."""
    count = len(non_mated)
    allowed = max((k for k in range(math.floor(fmr * count) + 1) if _bound(k, count) <= fmr), default=0)
    falling = np.sort(non_mated)[::-1]
    if allowed >= len(falling):
        return float(falling[-1])
    return float(np.nextafter(falling[allowed], np.inf))


def _upper_fmr(threshold: float, non_mated: np.ndarray) -> float:
    return _bound(int((non_mated >= threshold).sum()), len(non_mated))


def calibrate_comparison(pairs: Sequence[Pair], fmr: float, current: float) -> ComparisonCalibration:
    """Choose the limit. Raises TooFewPairs, ValueError.

    current: the limit in force. Pairs too few to support the request never lower it: that no impostor was seen is no
    proof that there is none.
    """
    if not 0.0 < fmr < 1.0:
        raise ValueError("the requested false match rate lies between 0 and 1")
    usable = [pair for pair in pairs if pair.score is not None]
    mated = np.array([p.score for p in usable if p.same], dtype=float)
    non_mated = np.array([p.score for p in usable if not p.same], dtype=float)
    if not len(mated) or not len(non_mated):
        raise TooFewPairs(f"{len(mated)} mated and {len(non_mated)} non-mated pairs have scores; both are needed")
    threshold = math.ceil(_limit_for(fmr, non_mated) * 1e4) / 1e4
    upper = _upper_fmr(threshold, non_mated)
    if upper > fmr and threshold < current:
        threshold = current
        upper = _upper_fmr(threshold, non_mated)
    chosen = _at(threshold, mated, non_mated)
    steps = np.unique(np.concatenate([mated, non_mated]))
    errors = [((non_mated >= t).mean(), (mated < t).mean()) for t in steps]
    equal = min(errors, key=lambda pair: abs(pair[0] - pair[1]))
    names = sorted({pair.group for pair in usable if pair.group})
    pictures = {name for pair in pairs for name in (pair.image_a, pair.image_b)}
    good = {name for pair in usable for name in (pair.image_a, pair.image_b)}
    return ComparisonCalibration(
        requested_fmr=fmr,
        chosen=chosen,
        claimable_fmr=upper,
        is_supported=upper <= fmr,
        pairs_needed=math.ceil(math.log(1 - _CONFIDENCE) / math.log1p(-fmr)),
        equal_error=float(sum(equal) / 2),
        images=len(pictures),
        not_enrolled=len(pictures - good),
        excluded=len(pairs) - len(usable),
        groups={name: _group(name, usable, threshold) for name in names},
        table=tuple(_at(round(t, 4), mated, non_mated) for t in np.arange(threshold - 0.1, threshold + 0.1001, 0.025)),
    )


def _group(name: str, usable: Sequence[Pair], threshold: float) -> OperatingPoint:
    members = [pair for pair in usable if pair.group == name]
    return _at(
        threshold,
        np.array([p.score for p in members if p.same], dtype=float),
        np.array([p.score for p in members if not p.same], dtype=float),
    )


def statement(found: ComparisonCalibration) -> str:
    """What may be said of the chosen limit, in one sentence that names what may not."""
    fmr = found.chosen.fmr
    assert fmr is not None
    bound = f"FMR at most {100 * found.claimable_fmr:.3g} % (95 %)."
    said = f"{fmr.count} false matches in {fmr.trials} non-mated pairs: {bound}"
    if found.is_supported:
        return said
    return (
        f"{said} The requested {100 * found.requested_fmr:.3g} % cannot be claimed from these pairs: it needs at least "
        f"{found.pairs_needed} independent non-mated pairs without a false match."
    )


def thresholds_text(old: str, found: ComparisonCalibration, run: str, model_sha256: str) -> str:
    """The thresholds file with the match limit and its embedding model put in, every other line as it was."""
    reason = statement(found).replace('"', "'")
    fnmr = found.chosen.fnmr
    assert fnmr is not None
    reason += f" FNMR {100 * fnmr.value:.2g} % ({100 * fnmr.lower:.2g}-{100 * fnmr.upper:.2g} %)."
    line = f'min_match_score = {{ value = {found.chosen.threshold:.4f}, run = "{run}", reason = "{reason}" }}'
    new = {"min_match_score": line, "model_sha256": f'model_sha256 = "{model_sha256}"'}
    lines = [new.get(text.split("=")[0].strip(), text) for text in old.splitlines()]
    return "\n".join(lines) + "\n"
