"""What `measure-looks` makes of captures judged at several moments."""

from borderlight_lab.benchmark.look_moments import LookMoments, look_rows


def test_spread_and_outcomes_are_counted_per_label() -> None:
    steady = LookMoments("a", "bona_fide", (0.3, 0.3, 0.3), 0.01, ("bona_fide",) * 3)
    wandering = LookMoments("b", "bona_fide", (0.1, 0.2, 0.3), 0.03, ("inconclusive", "bona_fide", "bona_fide"))
    worst = LookMoments("c", "attack", (0.0, 0.1, 0.2), 0.02, ("attack", "attack", "bona_fide"))
    attack, honest = look_rows([steady, wandering, worst])
    assert (honest["label"], honest["captures"], honest["outcome_differs"]) == ("bona_fide", 2, 1)
    assert (honest["median_spread"], honest["median_stated_error"], honest["bona_fide_and_attack"]) == (0.05, 0.02, 0)
    assert (attack["median_spread"], attack["outcome_differs"], attack["bona_fide_and_attack"]) == (0.1, 1, 1)
