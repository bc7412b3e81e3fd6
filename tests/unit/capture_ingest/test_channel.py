"""What a track says of its origin: one closed fact, and the signs behind it."""

from dataclasses import replace

import pytest

from capture_ingest.domain.channel import Channel, ChannelFacts, classify

CHROMIUM_CAMERA = ChannelFacts(
    track_class="MediaStreamTrack", device_listed=True, capabilities=16, probe_height=1080, probe_refused=False,
    frame_interval_ms=33.3, frame_interval_spread_ms=1.2, has_capture_time=True,
)  # fmt: skip
FIREFOX_CAMERA = ChannelFacts(
    track_class="MediaStreamTrack", device_listed=True, capabilities=7, probe_height=1080, frame_interval_ms=33.0,
    frame_interval_spread_ms=6.0, has_capture_time=False,
)  # fmt: skip
CANVAS = ChannelFacts(
    track_class="CanvasCaptureMediaStreamTrack", device_listed=None, capabilities=6, probe_height=640,
    frame_interval_ms=41.7, frame_interval_spread_ms=3.0, has_capture_time=False, automation=["webdriver"],
)  # fmt: skip


@pytest.mark.parametrize("facts", [CHROMIUM_CAMERA, FIREFOX_CAMERA])
def test_a_camera_is_a_device(facts: ChannelFacts) -> None:
    assert classify(facts).channel is Channel.DEVICE


@pytest.mark.parametrize(
    "facts",
    [
        CANVAS,
        replace(CHROMIUM_CAMERA, track_class="MediaStreamTrackGenerator"),
        replace(CHROMIUM_CAMERA, device_listed=False),
        replace(FIREFOX_CAMERA, capabilities=0),
    ],
    ids=["a canvas", "a generator", "a device that nobody lists", "a made track in Firefox"],
)
def test_what_no_camera_shows_is_made(facts: ChannelFacts) -> None:
    finding = classify(facts)
    assert finding.channel is Channel.MADE and finding.signs


@pytest.mark.parametrize(
    "facts",
    [
        None,
        ChannelFacts(),
        replace(CHROMIUM_CAMERA, automation=["webdriver"]),
        replace(CHROMIUM_CAMERA, frame_interval_spread_ms=0.0),
        replace(CHROMIUM_CAMERA, hidden_ms=20.0),
        replace(CHROMIUM_CAMERA, device_listed=None),
        replace(CHROMIUM_CAMERA, track_class="Proxy"),
        ChannelFacts(track_class="MediaStreamTrack", device_listed=True),
    ],
    ids=["told nothing", "empty", "driven", "too even", "hidden", "no list", "a strange class", "one sign alone"],
)
def test_what_leaves_a_doubt_is_unknown_and_nothing_missing_makes_a_device(facts: ChannelFacts | None) -> None:
    finding = classify(facts)
    assert finding.channel is Channel.UNKNOWN and finding.signs


def test_more_doubt_never_makes_it_better() -> None:
    order = [Channel.DEVICE, Channel.UNKNOWN, Channel.MADE]
    worse = [
        {"automation": ["webdriver"]}, {"hidden_ms": 1.0}, {"capabilities": None}, {"capabilities": 0},
        {"device_listed": None}, {"device_listed": False}, {"track_class": "CanvasCaptureMediaStreamTrack"},
        {"frame_interval_spread_ms": 0.0},
    ]  # fmt: skip
    for facts in (CHROMIUM_CAMERA, FIREFOX_CAMERA, CANVAS):
        for change in worse:
            before, after = classify(facts).channel, classify(replace(facts, **change)).channel
            assert order.index(after) >= order.index(before)
