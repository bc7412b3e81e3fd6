"""What every schedule must be, whatever the random bytes; and the chance of a blind guess."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from borderlight.contracts.challenge.chance import blind_chance
from borderlight.contracts.challenge.generators import (
    CALM_PALETTE,
    CALM_SLOTS,
    COLOUR_PALETTE,
    COLOUR_SLOTS,
    GENERATORS,
    RANDOM_BYTES,
)
from borderlight.contracts.challenge.palette import PaletteGenerator
from borderlight.contracts.challenge.photosensitivity import (
    general_flashes_per_second,
    red_flashes_per_second,
    satisfies_flash_rule,
)
from borderlight.contracts.challenge.schedule import ColourSchedule, Slot
from borderlight.errors import CaptureRejected

BYTES = st.binary(min_size=RANDOM_BYTES, max_size=RANDOM_BYTES)


LUMINANCE = np.array([0.2126, 0.7152, 0.0722])


def flashes_by_definition(schedule: ColourSchedule, window_ms: float = 1_000.0) -> int:
    """Most general flashes within one second, by search: the longest chain of moments whose luminances differ by 10 %
    of full white or more in turn upwards and downwards, the darker below 0.80; two such changes are one flash."""
    level = [0.0, *(schedule.linear_colours() @ LUMINANCE).tolist(), 0.0]
    end = schedule.start_ms()[-1] + schedule.duration_ms()[-1]
    changes_at = [*schedule.start_ms().tolist(), float(end)]
    most = 0
    for first in range(len(changes_at)):
        inside = [k for k in range(first, len(changes_at)) if changes_at[k] - changes_at[first] <= window_ms]
        # longest[k, up]: changes of the best chain that ends in level k + 1 with a rise (up) or a fall.
        longest = {(first - 1, True): 0, (first - 1, False): 0}
        for k in inside:
            for up in (True, False):
                longest[k, up] = 0
                for j in range(first - 1, k):
                    rise = level[k + 1] - level[j + 1]
                    if (rise if up else -rise) >= 0.10 and min(level[k + 1], level[j + 1]) < 0.80:
                        longest[k, up] = max(longest[k, up], longest[j, not up] + 1)
        most = max(most, *(count // 2 for count in longest.values()))
    return most


@given(BYTES)
@settings(max_examples=300, deadline=None)
def test_every_colour_schedule_keeps_its_promises(random: bytes) -> None:
    schedule = COLOUR_SLOTS.draw(random)
    light = schedule.linear_colours()
    assert schedule.start_ms()[-1] + schedule.duration_ms()[-1] <= 3_500
    assert satisfies_flash_rule(schedule)
    assert flashes_by_definition(schedule) <= 3
    assert red_flashes_per_second(schedule) == 0
    assert ((np.abs(np.diff(light, axis=0)) >= 0.25).sum(1) >= 2).all(), "a step is large in two channels"
    assert (light.std(0) >= 0.30).all(), "each channel varies"
    assert np.abs(np.corrcoef(light.T)[np.triu_indices(3, 1)]).max() <= 0.6, "the channels are independent"
    assert np.ptp(light @ LUMINANCE) >= 0.3, "several luminances"
    assert (light.max(1) < 0.05).any(), "a dark blank"
    assert COLOUR_SLOTS.draw(random) == schedule
    assert ColourSchedule.from_json(schedule.to_json()) == schedule


@given(BYTES)
@settings(max_examples=200, deadline=None)
def test_a_calm_schedule_holds_no_flash_at_all(random: bytes) -> None:
    for generator in (CALM_SLOTS, CALM_PALETTE):
        schedule = generator.draw(random)
        inside = schedule.linear_colours() @ LUMINANCE
        assert np.ptp(inside) < 0.10
        assert flashes_by_definition(schedule) <= 1, "the screen comes on once and goes off once"
        assert general_flashes_per_second(schedule) == 0
        assert red_flashes_per_second(schedule) == 0


@given(BYTES)
@settings(max_examples=100, deadline=None)
def test_old_palette_schedules_are_drawn_as_before(random: bytes) -> None:
    schedule = COLOUR_PALETTE.draw(random)
    assert satisfies_flash_rule(schedule) and flashes_by_definition(schedule) <= 3
    on = schedule.linear_colours() > 0.2
    assert all(3 <= int(channel.sum()) <= len(on) - 3 for channel in on.T)
    assert (16, 16, 16) in {slot.srgb for slot in schedule.slots}
    assert all(a.srgb != b.srgb for a, b in itertools.pairwise(schedule.slots))


def test_a_schedule_of_version_1_is_still_the_one_that_was_drawn() -> None:
    """The null of old captures is drawn by name: it must not change with the code."""
    drawn = COLOUR_PALETTE.draw(bytes(RANDOM_BYTES))
    assert [(slot.srgb, slot.duration_ms) for slot in drawn.slots[:3]] == [
        ((40, 240, 240), 339.0),
        ((255, 40, 40), 343.0),
        ((255, 255, 255), 339.0),
    ]
    assert CALM_PALETTE.draw(bytes(RANDOM_BYTES)).generator == "calm-slots/1"


@given(st.lists(st.tuples(*[st.integers(0, 255)] * 3), min_size=3, max_size=12), st.integers(60, 400))
@settings(max_examples=300, deadline=None)
def test_flashes_are_counted_by_the_definition(colours: list[tuple[int, int, int]], every_ms: int) -> None:
    """Small changes in one direction add up to one large change; only opposing ones make a flash."""
    shown = ColourSchedule(tuple(Slot(c, float(k * every_ms), float(every_ms)) for k, c in enumerate(colours)))
    assert general_flashes_per_second(shown) == flashes_by_definition(shown)


def test_no_schedule_of_the_whole_space_breaks_the_flash_rule() -> None:
    """By construction: slots of at least 330 ms allow four changes in a second, which is two pairs; three are allowed.
    The calm palette has no pair of colours that differ enough to be a flash."""
    fast = (COLOUR_SLOTS, COLOUR_PALETTE)
    assert all(generator.shortest_ms * 3 < 1_000 <= generator.shortest_ms * 4 for generator in fast)
    luminance = ColourSchedule(tuple(Slot(c, 0.0, 1.0) for c in CALM_PALETTE.palette)).linear_colours() @ LUMINANCE
    assert float(np.ptp(luminance)) < 0.10
    low, high = CALM_SLOTS.luminance
    assert high - low < 0.10


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
    small = PaletteGenerator("test", ((255, 0, 0), (0, 255, 0), (0, 0, 255), (0, 0, 0)), 5, 100, 101, dark=3)
    orders = [
        order
        for order in itertools.product(range(4), repeat=5)
        if all(a != b for a, b in itertools.pairwise(order)) and small.accepts(list(order))
    ]
    assert small.colour_orders() == len(orders)
    assert COLOUR_PALETTE.colour_orders() > 10**8


def test_palette_colours_are_drawn_evenly() -> None:
    first = [COLOUR_PALETTE.draw(np.random.default_rng(k).bytes(RANDOM_BYTES)).slots[0].srgb for k in range(4_000)]
    counts = np.array([first.count(colour) for colour in COLOUR_PALETTE.palette])
    assert counts.min() > 0.7 * counts.mean() and counts.max() < 1.4 * counts.mean()


def test_gamut_colours_fill_the_gamut_and_do_not_come_back() -> None:
    drawn = [COLOUR_SLOTS.draw(np.random.default_rng(k).bytes(RANDOM_BYTES)) for k in range(400)]
    colours = [slot.srgb for schedule in drawn for slot in schedule.slots]
    assert len(set(colours)) > 0.99 * len(colours), "a colour that came back could be in a library"
    octant = np.array(colours)[:, 0] // 128 * 4 + np.array(colours)[:, 1] // 128 * 2 + np.array(colours)[:, 2] // 128
    assert (np.bincount(octant, minlength=8) > 0.01 * len(colours)).all()


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
