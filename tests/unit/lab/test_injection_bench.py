"""What the bench counts: admitted per instrument, honest false alarms in the control's row, never a rate of nothing."""

from borderlight_lab.benchmark.injection import CONTROL, INSTRUMENTS, Attempt, cells
from borderlight_lab.simulator.species import SPECIES


def test_every_instrument_is_a_species_and_the_control_is_honest() -> None:
    assert set(INSTRUMENTS) <= set(SPECIES)
    assert INSTRUMENTS[0] == CONTROL == "bona_fide"


def test_cells_count_admitted_and_false_alarms_apart() -> None:
    attempts = [
        Attempt(CONTROL, "admit", "bona_fide", (), 4.0),
        Attempt(CONTROL, "refer", "attack", ("liveness.attack",), 6.0),
        Attempt("inject_replay", "refer", "attack", ("liveness.attack",), 3.0),
    ]
    control, replay = cells(attempts)
    assert control["is_control"] and control["admitted"]["count"] == 1 and control["called_attack"]["count"] == 1
    assert control["answered_after_s"] == {"least": 4.0, "median": 6.0}
    assert replay["admitted"]["count"] == 0 and replay["admitted"]["upper"] > 0.9, "one attempt proves little"
    assert len(cells([])) == 0
