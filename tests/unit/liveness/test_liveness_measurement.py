"""The measurement on known light: lags, albedo, drift, relief under every explanation that must not count."""

from dataclasses import replace

import numpy as np
import pytest
import scenes
from scipy.ndimage import shift

from liveness.domain.measurement import measure
from liveness.domain.null_schedules import permuted_schedules, without_issued


def test_the_lag_is_recovered_within_one_frame() -> None:
    for lag in (40.0, 120.0, 230.0):
        measured = measure(scenes.film(scenes.live_face(lag_ms=lag), scenes.schedule()))
        assert abs(measured.challenge.lag_ms - lag) < 33.0


def test_the_issued_challenge_stands_out_from_others() -> None:
    fit = measure(scenes.film(scenes.live_face(), scenes.schedule())).challenge
    assert fit.correlation > 0.97 and fit.z > 6.0 and fit.p_value < 0.01


def test_another_sessions_video_does_not() -> None:
    for seed in range(2, 8):
        fit = measure(scenes.film(scenes.live_face(), scenes.schedule(seed), scenes.schedule(1))).challenge
        assert fit.correlation < 0.78


def test_what_is_on_the_screen_outside_the_light_does_not_matter() -> None:
    shown = scenes.schedule()
    longer = replace(shown, slots=(*shown.slots[:-1], replace(shown.slots[-1], duration_ms=900.0)))
    fit = measure(scenes.film(scenes.live_face(), longer, shown)).challenge
    assert fit.correlation > 0.97


def test_exposure_that_wanders_does_not_hide_the_answer() -> None:
    steady = measure(scenes.film(scenes.live_face(), scenes.schedule()))
    wandering = measure(scenes.film(scenes.live_face(drift=0.15), scenes.schedule()))
    assert wandering.challenge.correlation > 0.95
    assert steady.relief is not None and wandering.relief is not None
    assert wandering.relief.amplitude == pytest.approx(steady.relief.amplitude, abs=0.15)


def test_the_ratio_does_not_depend_on_albedo() -> None:
    pale = scenes.live_face(noise=0.0)
    painted = replace(pale, albedo=pale.albedo * np.random.default_rng(1).uniform(0.3, 1.0, (30, 24, 1)))
    one, other = (measure(scenes.film(scene, scenes.schedule())).response for scene in (pale, painted))
    assert one is not None and other is not None
    ratio_of_ratios = (one.ratio / other.ratio)[one.usable & other.usable]
    assert float(ratio_of_ratios.std() / ratio_of_ratios.mean()) < 0.02


def test_constant_ambient_light_lowers_the_answer_but_not_its_shape() -> None:
    dim, bright = (measure(scenes.film(scenes.live_face(s, noise=0.0), scenes.schedule())) for s in (0.8, 0.1))
    assert dim.response is not None and bright.response is not None
    assert dim.challenge.modulation > 3 * bright.challenge.modulation
    inside = dim.response.usable & bright.response.usable
    assert np.corrcoef(np.log(dim.response.ratio[inside]), np.log(bright.response.ratio[inside]))[0, 1] > 0.98


def relief_of(scene: scenes.Scene) -> tuple[float, float, float]:
    fit = measure(scenes.film(scene, scenes.schedule())).relief
    assert fit is not None
    return fit.amplitude, fit.flat_amplitude, fit.error


def test_a_live_face_shows_relief() -> None:
    amplitude, flat, error = relief_of(scenes.live_face())
    assert amplitude - 2 * error > 0.12 and flat > 0.2


@pytest.mark.parametrize(
    "scene",
    [scenes.flat_print(), scenes.flat_print(gloss=0.15), scenes.bent_print(), scenes.tinted_video()],
    ids=["flat", "glossy", "bent", "tint"],
)
def test_pictures_show_none(scene: scenes.Scene) -> None:
    amplitude, _, _ = relief_of(scene)
    live, _, _ = relief_of(scenes.live_face())
    assert abs(amplitude) < 0.08 and amplitude < 0.3 * live


def test_a_relit_video_lacks_the_rooms_shadows() -> None:
    amplitude, _, _ = relief_of(scenes.relit_video())
    assert amplitude < 0.08


def test_the_error_of_the_relief_grows_with_noise() -> None:
    errors = [relief_of(scenes.live_face(0.1, noise=noise))[2] for noise in (0.001, 0.004, 0.016)]
    assert errors[0] < errors[1] < errors[2]
    assert errors[2] / errors[1] == pytest.approx(4.0, rel=0.4)


@pytest.mark.parametrize("scene", [scenes.live_face(), scenes.flat_print()], ids=["live", "flat"])
@pytest.mark.parametrize("slip", [(0.08, 0.0), (0.0, 0.08), (-0.08, 0.05)], ids=["down", "right", "up right"])
def test_a_grid_that_slips_in_step_with_the_light_changes_nothing(
    scene: scenes.Scene, slip: tuple[float, float]
) -> None:
    """Colours pull landmarks a little, and their trembling keeps step with the light by chance."""
    steady = scenes.film(replace(scene, noise=0.0), scenes.schedule())
    light = steady.radiance.mean((1, 2, 3))
    step = (light - light.mean()) / np.ptp(light)
    slipping = np.stack([
        shift(frame, (slip[0] * share, slip[1] * share, 0.0), order=1, mode="nearest")
        for frame, share in zip(steady.radiance, step.tolist(), strict=True)
    ])  # fmt: skip
    one, other = measure(steady).relief, measure(replace(steady, radiance=slipping)).relief
    assert one is not None and other is not None
    assert other.amplitude == pytest.approx(one.amplitude, abs=0.02)
    assert other.flat_amplitude == pytest.approx(one.flat_amplitude, abs=0.02)


def test_rows_read_one_after_another_are_told_from_a_tint() -> None:
    sensor = measure(scenes.film(scenes.live_face(readout_ms=18.0), scenes.schedule())).rows
    program = measure(scenes.film(scenes.live_face(readout_ms=0.0), scenes.schedule())).rows
    assert sensor is not None and program is not None
    assert abs(sensor.readout_ms - 18.0) < 4.0
    assert abs(program.readout_ms) < 2.0


def test_the_share_of_the_background_is_recovered() -> None:
    for behind in (0.02, 0.5, 1.0):
        measured = measure(scenes.film(scenes.live_face(behind=behind), scenes.schedule()))
        assert float(np.median(measured.surroundings.share)) == pytest.approx(behind, abs=0.12 + 0.15 * behind)


def test_orders_that_show_the_issued_colours_are_no_null() -> None:
    colours = np.array([[1.0, 0, 0], [1.0, 0, 0], [0, 1.0, 0], [0, 0, 1.0]])
    others = without_issued(permuted_schedules(colours, 400, 2), colours)
    assert 0 < len(others) < 400
    assert not any(np.array_equal(other, colours) for other in others)
