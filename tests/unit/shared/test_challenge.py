"""What every schedule must be, whatever the random bytes; and the chance of a blind guess."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from borderlight.contracts.challenge.chance import blind_chance
from borderlight.contracts.challenge.generators import CALM_SLOTS, COLOUR_SLOTS, GENERATORS, RANDOM_BYTES, SlotGenerator
from borderlight.contracts.challenge.photosensitivity import (
    general_flashes_per_second,
    red_flashes_per_second,
    satisfies_flash_rule,
)
from borderlight.contracts.challenge.schedule import ColourSchedule, Slot
from borderlight.errors import CaptureRejected

BYTES = st.binary(min_size=RANDOM_BYTES, max_size=RANDOM_BYTES)


@given(BYTES)
@settings(max_examples=300, deadline=None)
def test_every_colour_schedule_keeps_its_promises(random: bytes) -> None:
    schedule = COLOUR_SLOTS.draw(random)
    assert schedule.start_ms()[-1] + schedule.duration_ms()[-1] <= 3_500
    assert satisfies_flash_rule(schedule)
    on = schedule.linear_colours() > 0.2
    assert all(3 <= int(channel.sum()) <= len(on) - 3 for channel in on.T)
    assert (16, 16, 16) in {slot.srgb for slot in schedule.slots}
    assert all(a.srgb != b.srgb for a, b in itertools.pairwise(schedule.slots))
    assert COLOUR_SLOTS.draw(random) == schedule
    assert ColourSchedule.from_json(schedule.to_json()) == schedule


@given(BYTES)
@settings(max_examples=300, deadline=None)
def test_a_calm_schedule_holds_no_flash_at_all(random: bytes) -> None:
    schedule = CALM_SLOTS.draw(random)
    assert general_flashes_per_second(schedule) == 0
    assert red_flashes_per_second(schedule) == 0


def test_no_schedule_of_the_whole_space_breaks_the_flash_rule() -> None:
    """By construction: slots of at least 330 ms allow four changes in a second, which is two pairs; three are allowed.
    The calm palette has no pair of colours that differ enough to be a flash."""
    assert all(generator.shortest_ms * 3 < 1_000 <= generator.shortest_ms * 4 for generator in (COLOUR_SLOTS,))
    luminance = ColourSchedule(tuple(Slot(c, 0.0, 1.0) for c in CALM_SLOTS.palette)).linear_colours() @ [
        0.2126, 0.7152, 0.0722,
    ]  # fmt: skip
    assert float(np.ptp(luminance)) < 0.10


def test_the_flash_rule_finds_what_it_forbids() -> None:
    black, white, red = (0, 0, 0), (255, 255, 255), (255, 0, 0)

    def blinking(first: tuple[int, int, int], second: tuple[int, int, int], every_ms: float) -> ColourSchedule:
        return ColourSchedule(tuple(Slot((first, second)[k % 2], k * every_ms, every_ms) for k in range(20)))

    assert general_flashes_per_second(blinking(black, white, 100.0)) >= 4
    assert not satisfies_flash_rule(blinking(black, white, 100.0))
    assert not satisfies_flash_rule(blinking(red, (0, 0, 120), 110.0))
    assert satisfies_flash_rule(blinking(black, white, 400.0))
    assert general_flashes_per_second(blinking((120, 120, 120), (125, 125, 125), 50.0)) <= 1


def test_colour_orders_are_counted_as_they_are_drawn() -> None:
    small = SlotGenerator("test", ((255, 0, 0), (0, 255, 0), (0, 0, 255), (0, 0, 0)), 5, 100, 101, dark=3)
    orders = [
        order
        for order in itertools.product(range(4), repeat=5)
        if all(a != b for a, b in itertools.pairwise(order)) and small.accepts(list(order))
    ]
    assert small.colour_orders() == len(orders)
    assert COLOUR_SLOTS.colour_orders() > 10**8


def test_colours_are_drawn_evenly() -> None:
    first = [COLOUR_SLOTS.draw(np.random.default_rng(k).bytes(RANDOM_BYTES)).slots[0].srgb for k in range(4_000)]
    counts = np.array([first.count(colour) for colour in COLOUR_SLOTS.palette])
    assert counts.min() > 0.7 * counts.mean() and counts.max() < 1.4 * counts.mean()


@pytest.mark.parametrize("name", sorted(GENERATORS))
def test_a_blind_video_passes_by_luck_at_most_once_in_ten_thousand(name: str) -> None:
    """40,000 pairs: at 1e-4 four are expected; more than eleven would be a chance of one in a thousand."""
    chance = blind_chance(GENERATORS[name], min_correlation=0.78, pairs=40_000, seed=11)
    assert chance.hits <= 11, chance
    assert blind_chance(GENERATORS[name], min_correlation=0.3, pairs=1_000, seed=11).probability > 0.05


@pytest.mark.parametrize(
    "challenge",
    [
        {},
        {"steps": []},
        {"steps": [{"srgb": [0, 0, 0], "start_ms": 0, "duration_ms": 10}] * 2},
        {"steps": [{"srgb": [0, 0, 300], "start_ms": k * 10, "duration_ms": 10} for k in range(4)]},
        {"steps": [{"srgb": [0, 0, 0], "start_ms": -k * 10, "duration_ms": 10} for k in range(4)]},
        {"steps": [{"srgb": [0, 0], "start_ms": k * 10, "duration_ms": 10} for k in range(4)]},
        {"steps": [{"srgb": [0, 0, 0], "start_ms": k * 9_000, "duration_ms": 10} for k in range(4)]},
        {"steps": "all of them"},
    ],
)
def test_what_is_no_challenge_is_refused_with_a_reason(challenge: dict[str, object]) -> None:
    with pytest.raises(CaptureRejected) as caught:
        ColourSchedule.from_json(challenge)
    assert caught.value.code == "input.challenge_unreadable"
