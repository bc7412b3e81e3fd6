"""Choosing the match limit: the request is kept on the pairs, and what they cannot support is said."""

from pathlib import Path

import numpy as np
import pytest
from scipy.stats import beta

from borderlight_lab.calibration.comparison import (
    Pair,
    PairsInvalid,
    TooFewPairs,
    calibrate_comparison,
    read_pairs,
    score_pairs,
    statement,
    thresholds_text,
)
from matcher.domain.thresholds import parse_thresholds
from matcher.settings import MatcherSettings


def pairs(mated: int, non_mated: int, seed: int = 1) -> list[Pair]:
    rng = np.random.default_rng(seed)
    same = [Pair(f"a{k}", f"b{k}", True, "g1", float(s)) for k, s in enumerate(rng.normal(0.62, 0.07, mated))]
    other = [Pair(f"c{k}", f"d{k}", False, "g2", float(s)) for k, s in enumerate(rng.normal(0.2, 0.08, non_mated))]
    return same + other


def test_the_requested_rate_is_kept_and_the_limit_is_no_higher_than_needed() -> None:
    found = calibrate_comparison(pairs(500, 20_000), 0.001, 0.0)
    fmr = found.chosen.fmr
    assert found.is_supported and found.claimable_fmr <= 0.001
    assert fmr is not None and 0 < fmr.count < 20
    impostors = [p.score for p in pairs(500, 20_000) if not p.same and p.score is not None]
    next_one = max(score for score in impostors if score < found.chosen.threshold)
    assert beta.ppf(0.95, fmr.count + 2, 20_000 - fmr.count - 1) > 0.001, "one more false match would break it"
    assert found.chosen.threshold - next_one < 0.01
    assert found.groups["g1"].fmr is None and found.groups["g2"].fnmr is None, "no comparisons, no rate"


def test_enough_clean_pairs_support_the_claim() -> None:
    found = calibrate_comparison(pairs(200, 4_000), 0.01, 0.0)
    assert found.is_supported and found.chosen.fmr is not None
    assert found.chosen.fmr.value <= found.claimable_fmr <= 0.01


def test_few_pairs_claim_little_and_never_lower_the_limit() -> None:
    found = calibrate_comparison(pairs(20, 50), 0.001, 0.45)
    assert not found.is_supported
    assert found.chosen.threshold >= 0.45
    assert found.claimable_fmr == pytest.approx(1 - 0.05 ** (1 / 50), rel=1e-6)
    assert found.pairs_needed == 2995
    assert "cannot be claimed" in statement(found)


def test_one_kind_of_pair_alone_is_not_enough() -> None:
    with pytest.raises(TooFewPairs, match="0 non-mated"):
        calibrate_comparison(pairs(20, 0), 0.001, 0.45)
    with pytest.raises(ValueError, match="between 0 and 1"):
        calibrate_comparison(pairs(20, 20), 0.0, 0.45)


def test_a_picture_that_was_refused_is_in_no_rate() -> None:
    one = np.ones(128)
    read: dict[str, tuple[np.ndarray | None, tuple[str, ...]]] = {
        "a": (one, ()),
        "b": (one, ()),
        "c": (None, ("comparison.reference_no_face",)),
    }
    scored = score_pairs([Pair("a", "b", True, ""), Pair("a", "c", False, "")], read)
    assert scored[0].score == pytest.approx(1.0) and scored[1].score is None
    assert scored[1].reasons == ("comparison.reference_no_face",)


def test_the_written_file_is_read_by_the_matcher() -> None:
    found = calibrate_comparison(pairs(200, 4_000), 0.01, 0.0)
    old = MatcherSettings().thresholds_file.read_text()
    new = thresholds_text(old, found, "own-2026", "e" * 64)
    assert parse_thresholds(new).model_sha256 == "e" * 64
    assert parse_thresholds(new).min_match_score == pytest.approx(found.chosen.threshold)
    assert parse_thresholds(new).min_probe_eye_distance_px == parse_thresholds(old).min_probe_eye_distance_px
    assert 'run = "own-2026"' in new and "FNMR" in new


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("image_a,image_b\nx.jpg,x.jpg\n", "no column same"),
        ("image_a,image_b,same\nx.jpg,x.jpg,perhaps\n", "row 2: same is 1 or 0, not 'perhaps'"),
        ("image_a,image_b,same\nx.jpg,,1\n", "row 2: image_a and image_b"),
        ("image_a,image_b,same\nx.jpg,y.jpg,1\n", "no file y.jpg"),
    ],
)
def test_a_bad_table_says_where(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "x.jpg").write_bytes(b"1")
    (tmp_path / "pairs.csv").write_text(text)
    with pytest.raises(PairsInvalid, match=words):
        read_pairs(tmp_path / "pairs.csv")
