"""A frame gives the same picture from its planes, where it is cheap, as from its pixels."""

import cv2
import numpy as np
import pytest

from borderlight.vision.frame import Frame
from borderlight.vision.plane_colours import YuvColours
from borderlight.vision.reduced_frame import glance, glances_to_rgb, sample_areas
from capture_ingest.adapters.video.face_grid import look_at_scene, sample_scenes

WIDTH, HEIGHT = 480, 640


def gradient() -> np.ndarray:
    """[640, 480, 3] smooth in every channel, so that a wrong place shows as an offset."""
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    waves = (x * 200 / WIDTH + 20, y * 200 / HEIGHT + 20, 120 + 80 * np.sin(x / 40.0) * np.cos(y / 50.0))
    return np.stack(waves, -1).round().astype(np.uint8)


def from_planes(rgb: np.ndarray) -> Frame:
    """Colour is the mean of four pixels, as encoders make it; OpenCV's own conversion takes the first of them."""
    fours = cv2.resize(cv2.resize(rgb, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA), (WIDTH, HEIGHT),
                       interpolation=cv2.INTER_NEAREST)  # fmt: skip
    planes = cv2.cvtColor(fours, cv2.COLOR_RGB2YUV_I420)
    planes[:HEIGHT] = cv2.cvtColor(rgb, cv2.COLOR_RGB2YUV_I420)[:HEIGHT]
    u, v = planes[HEIGHT:].reshape(2, HEIGHT // 2, WIDTH // 2)
    return Frame((planes[:HEIGHT], u, v))


def sample(frame: Frame, to_frame: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """[height, width, 3] of one frame alone."""
    return sample_areas([frame.reduced()], to_frame[None], size)[0]


@pytest.fixture(scope="module")
def frame() -> Frame:
    return from_planes(gradient())


def test_a_crop_equals_the_whole_converted(frame: Frame) -> None:
    whole = frame.rgb()
    crop, left, top = frame.crop(101, 57, 300, 410)
    assert (left, top) == (100, 56)
    assert np.abs(crop.astype(int) - whole[top : top + crop.shape[0], left : left + crop.shape[1]]).max() <= 1
    assert frame.crop(-50, -50, 5_000, 5_000)[0].shape == whole.shape
    with pytest.raises(ValueError, match="outside"):
        frame.crop(600, 0, 700, 10)


def test_planes_and_pixels_look_alike_from_afar(frame: Frame) -> None:
    frames = [frame.reduced(), Frame(pixels=frame.rgb()).reduced()]
    of_planes, of_pixels = glances_to_rgb([glance(one, HEIGHT // 8, WIDTH // 8) for one in frames], frames).astype(int)
    assert of_planes.shape == (HEIGHT // 8, WIDTH // 8, 3)
    assert np.abs(of_planes - of_pixels).mean() < 1.0
    assert (
        np.abs(of_planes - cv2.resize(frame.rgb(), (WIDTH // 8, HEIGHT // 8), interpolation=cv2.INTER_AREA)).mean() < 4
    )


@pytest.mark.parametrize("scale", [0.8, 1.0, 2.0, 3.0, 5.0, 9.0])
def test_both_ways_to_look_agree_with_the_place_asked_for(scale: float) -> None:
    """A displacement shows as a difference in the shape of the slope."""
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    period = max(10.0 * scale, 30.0) / (2 * np.pi)
    grain = np.random.default_rng(2).normal(0.0, 2.0, (HEIGHT, WIDTH, 3))
    waves = np.stack([np.sin(x / period), np.sin(y / period), np.zeros(x.shape)], -1)
    rgb = np.clip(120 + 80 * waves + grain, 0, 255).round().astype(np.uint8)
    side = 40
    turned = np.array([[0.97, 0.2], [-0.2, 0.97]]) * scale
    centre = np.array([WIDTH / 2 - 0.5, HEIGHT / 2 - 0.5])
    to_frame = np.column_stack([turned, centre - turned @ ((side - 1) / 2, (side - 1) / 2)])
    y, x = np.mgrid[0:side, 0:side]
    places = np.stack([x, y], -1) @ turned.T + to_frame[:, 2]
    wave, slope = np.sin(places / period), np.cos(places / period)
    for one in (from_planes(rgb), Frame(pixels=rgb)):
        for picture in (one.warp(to_frame, (side, side)), sample(one, to_frame, (side, side))):
            seen = picture[..., :2].astype(float)
            for axis in (0, 1):
                design = np.stack([np.ones(wave[..., axis].size), wave[..., axis].ravel(), slope[..., axis].ravel()], 1)
                level, height, ahead = np.linalg.lstsq(design, seen[..., axis].ravel(), rcond=None)[0]
                assert abs(ahead / height * period) < 0.06, "displaced, in pixels"
                assert level == pytest.approx(120, abs=1.0) and 60 < height < 82


def test_a_sample_counts_every_pixel() -> None:
    """Noise falls by the number of pixels in a cell, not by the few that a bilinear look takes."""
    noise = np.random.default_rng(1).normal(0.0, 12.0, (HEIGHT, WIDTH, 1))
    frame = from_planes(np.clip(120 + np.repeat(noise, 3, 2), 0, 255).round().astype(np.uint8))
    to_frame = np.array([[5.0, 0.0, 40.0], [0.0, 5.0, 40.0]])
    looked, sampled = (
        picture[..., 1].astype(float).std()
        for picture in (frame.warp(to_frame, (48, 60)), sample(frame, to_frame, (48, 60)))
    )
    assert looked > 5.0 and sampled < 3.0


def test_beyond_the_frame_is_black_or_its_border(frame: Frame) -> None:
    beside = np.array([[1.0, 0.0, -100.0], [0.0, 1.0, 300.0]])
    for one in (frame, Frame(pixels=frame.rgb())):
        assert one.warp(beside, (64, 64)).max() == 0
        assert sample(one, beside, (64, 64)).max() == 0
        border = one.warp(beside, (64, 64), replicate=True).astype(int)
        assert np.abs(border - frame.rgb()[300:364, :1]).mean() < 6
    half = np.array([[4.0, 0.0, -128.0], [0.0, 4.0, 100.0]])
    for one in (frame, Frame(pixels=frame.rgb())):
        found = sample(one, half, (64, 64))
        assert found[:, :31].max() <= 1 and found[:, 34:].min() > 10


def test_a_capture_may_mix_kinds_of_frames(frame: Frame) -> None:
    """A camera may change range or size in the middle; every frame is converted by what it says of itself."""
    luma, u, v = (plane.astype(float) for plane in frame.planes or ())
    full = Frame(
        tuple(np.clip(plane, 0, 255).round().astype(np.uint8) for plane in (  # type: ignore[arg-type]
            (luma - 16) * 255 / 219, (u - 128) * 255 / 224 + 128, (v - 128) * 255 / 224 + 128
        )),
        colours=YuvColours(full=True),
    )  # fmt: skip
    odd = Frame(pixels=np.pad(frame.rgb(), ((0, 1), (0, 1), (0, 0)), mode="edge"))
    mixed = [frame, full, odd, frame, Frame(pixels=frame.rgb())]
    to_frame = np.array([[5.0, 0.0, 100.0], [0.0, 5.0, 150.0]])
    found = sample_areas([one.reduced() for one in mixed], np.stack([to_frame] * len(mixed)), (48, 60)).astype(int)
    assert found.shape == (5, 60, 48, 3)
    assert np.array_equal(found[0], found[3])
    for other in found[1:]:
        assert np.abs(other - found[0]).max() <= 3, "the same picture, however it was coded"


def test_a_face_that_comes_nearer_is_reduced_alike_throughout() -> None:
    """Two ways of reducing within one capture would look like a change of the face's light: grain would differ."""
    noise = np.random.default_rng(3).normal(0.0, 20.0, (HEIGHT, WIDTH, 1))
    grain = from_planes(np.clip(120 + np.repeat(noise, 3, 2), 0, 255).round().astype(np.uint8))
    nearer = np.array([[[s, 0.0, 120.0], [0.0, s, 160.0]] for s in (3.9, 3.99, 4.01, 4.1)])
    together = sample_areas([grain.reduced()] * 4, nearer, (48, 60))[..., 1].astype(float)
    alone = np.stack([sample(grain, one, (48, 60))[..., 1] for one in nearer]).astype(float)
    assert alone[:2].std() > 1.3 * alone[2:].std(), "each by itself: reduced by two, by four"
    assert together[:2].std() == pytest.approx(together[2:].std(), rel=0.1)


@pytest.mark.parametrize("size", [(144, 176), (640, 480), (480, 640), (481, 359)])
def test_the_scene_is_seen_whatever_the_size_and_no_frame_bleeds_into_the_next(size: tuple[int, int]) -> None:
    """[16, 12] cells of each frame, also when sizes change in the middle."""
    height, width = size
    pictures = [np.full((height, width, 3), level, np.uint8) for level in (20, 230, 20)]
    pictures[2] = np.full((640, 480, 3), 20, np.uint8)
    frames = [Frame(pixels=picture).reduced() for picture in pictures]
    scenes = sample_scenes([look_at_scene(frame) for frame in frames], frames)
    assert scenes.shape == (3, 16, 12, 3)
    assert np.ptp(scenes, axis=(1, 2)).max() < 1e-6
    assert scenes[1].min() > 0.7 and scenes[0].max() < 0.01 and np.allclose(scenes[0], scenes[2])
