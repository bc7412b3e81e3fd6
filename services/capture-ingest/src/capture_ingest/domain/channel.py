"""Where the pictures came from, as far as a browser's own words can tell.

Whoever owns the page can say anything: these facts price an attack, they prove nothing. They become one closed fact for
the policy, `device`, `unknown` or `made`, and a list of signs for the officer. No sign ends a capture by itself.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

_MADE_CLASSES = frozenset({"CanvasCaptureMediaStreamTrack", "MediaStreamTrackGenerator", "VideoTrackGenerator"})
_PLAIN_CLASS = "MediaStreamTrack"
LEAST_CAPABILITIES = 8
"""Chromium lists 12 or more for a camera and 3 to 7 for a made track; Firefox lists 7 and none."""
NO_CAPABILITIES = 0
PROBED_HEIGHT = 1080
LEAST_INTERVAL_MS = 8.0
MOST_INTERVAL_MS = 150.0
LEAST_SPREAD_MS = 0.05
"""Frames of a camera jitter; those of a program that counts frames do not."""


class Channel(StrEnum):
    DEVICE = "device"
    UNKNOWN = "unknown"
    MADE = "made"


@dataclass(frozen=True)
class ChannelFacts:
    """What the page collected. None: this browser cannot tell.

    track_class: name of the track's class; device_listed: whether its device id is one of the browser's cameras;
    capabilities: how many the track has; probe_height, probe_refused: its height after 1080 was asked for, and whether
    that was refused; frame_interval_ms, frame_interval_spread_ms: median and interquartile range between frames;
    has_capture_time: whether frames carry the camera's time; hidden_ms: how long the page was hidden; automation: signs
    of a driven browser.
    """

    track_class: str = ""
    device_listed: bool | None = None
    capabilities: int | None = None
    probe_height: int | None = None
    probe_refused: bool | None = None
    frame_interval_ms: float | None = None
    frame_interval_spread_ms: float | None = None
    has_capture_time: bool | None = None
    hidden_ms: float = 0.0
    automation: Sequence[str] = field(default_factory=tuple)


@dataclass(frozen=True)
class ChannelFinding:
    """channel: the fact for the policy; signs: what it rests on, for the officer."""

    channel: Channel
    signs: tuple[str, ...]


def classify(facts: ChannelFacts | None) -> ChannelFinding:
    """`made` needs one sign that no camera gives; `device` needs several that agree; else `unknown`."""
    if facts is None:
        return ChannelFinding(Channel.UNKNOWN, ("channel.not_told",))
    made, doubts, device = _made_signs(facts), _doubts(facts), _device_signs(facts)
    signs = (*made, *doubts, *device)
    if made:
        return ChannelFinding(Channel.MADE, signs)
    if not doubts and facts.device_listed and len(device) >= 2:
        return ChannelFinding(Channel.DEVICE, signs)
    return ChannelFinding(Channel.UNKNOWN, signs)


def _made_signs(facts: ChannelFacts) -> tuple[str, ...]:
    """What a camera's own track never shows."""
    signs: list[str] = []
    if facts.track_class in _MADE_CLASSES:
        signs.append("channel.made_class")
    if facts.device_listed is False:
        signs.append("channel.device_not_listed")
    if facts.capabilities == NO_CAPABILITIES:
        signs.append("channel.no_capabilities")
    return tuple(signs)


def _doubts(facts: ChannelFacts) -> tuple[str, ...]:
    """What is unusual for a camera, and has honest causes as well."""
    signs: list[str] = []
    if facts.track_class not in (_PLAIN_CLASS, *_MADE_CLASSES):
        signs.append("channel.strange_class")
    if facts.automation:
        signs.append("channel.automation")
    if facts.hidden_ms > 0:
        signs.append("channel.page_was_hidden")
    interval, spread = facts.frame_interval_ms, facts.frame_interval_spread_ms
    if interval is not None and not LEAST_INTERVAL_MS <= interval <= MOST_INTERVAL_MS:
        signs.append("channel.frame_rate")
    if spread is not None and spread < LEAST_SPREAD_MS:
        signs.append("channel.frames_too_even")
    return tuple(signs)


def _device_signs(facts: ChannelFacts) -> tuple[str, ...]:
    """What a camera usually shows."""
    signs: list[str] = []
    if facts.device_listed:
        signs.append("channel.device_listed")
    if facts.capabilities is not None and facts.capabilities >= LEAST_CAPABILITIES:
        signs.append("channel.capabilities")
    if facts.probe_height is not None and facts.probe_height >= PROBED_HEIGHT:
        signs.append("channel.answers_constraints")
    if facts.has_capture_time:
        signs.append("channel.capture_time")
    return tuple(signs)
