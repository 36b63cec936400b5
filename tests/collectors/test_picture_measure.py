"""Measuring and judging together, on a few rendered scenes; how good they are on many is `make bench`'s to say."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.pictures import degrade
from bench.pictures.scenes import render, through_a_camera
from collectors.picture.decode import NotDecodedError, decode, size_of
from collectors.picture.measure import measure, small_of
from collectors.picture.signature import signature
from monitor.domain.baseline import light_of
from monitor.domain.picture import Limits, judge
from tests.collectors.pictures import clean, faulty, jpeg


def codes(data: bytes) -> list[str]:
    return [fault.code for fault in judge(measure(decode(data)), Limits()).faults]


@pytest.mark.parametrize("family", ["street", "crossing", "snowed", "backlight", "wall", "gate", "corridor"])
def test_a_clean_picture_is_intact_by_day(family: str) -> None:
    assert codes(jpeg(clean(family))) == []


@pytest.mark.parametrize("light", ["fog", "dusk", "lamps", "infrared"])
def test_a_clean_picture_is_intact_in_any_light(light: str) -> None:
    assert codes(jpeg(clean("street", light=light))) == []


@pytest.mark.parametrize("name", degrade.TOTAL)
@pytest.mark.parametrize("seed", [4, 5])
def test_each_fault_is_named_although_a_sharp_clock_is_burnt_in(name: str, seed: int) -> None:
    assert codes(jpeg(faulty(name, seed=seed), seed)) == [degrade.TOTAL[name][1]]


def test_the_lights_are_told_apart() -> None:
    found = [light_of(measure(decode(jpeg(clean(light=light))))).value for light in ("day", "lamps", "infrared")]

    assert found == ["day", "dim", "infrared"]


def test_every_resolution_gives_about_the_same_scores() -> None:
    large = clean()
    small = cv2.resize(large, (480, 270), interpolation=cv2.INTER_AREA)
    a, b = measure(large), measure(small)

    assert abs(a["mean"] - b["mean"]) < 2
    assert abs(a["contrast"] - b["contrast"]) < 8
    assert abs(a["sharp1"] - b["sharp1"]) < 0.35


def test_a_signature_holds_no_brightness_and_no_colour() -> None:
    image = clean()
    darker = (image * 0.5).astype(np.uint8)
    negative = 255 - image

    assert len(signature(small_of(image))) == 768
    strengths = [np.frombuffer(signature(small_of(each))[:384], np.uint8).astype(int) for each in (image, darker)]
    assert np.median(strengths[0] - strengths[1]) == pytest.approx(24, abs=2)  # one doubling, everywhere
    turned = np.frombuffer(signature(small_of(negative)), np.uint8).astype(int)
    assert np.abs(turned[:384] - strengths[0]).max() <= 2


@given(st.binary(max_size=400))
@settings(max_examples=300, deadline=None)
def test_any_bytes_are_a_picture_or_a_named_ending(data: bytes) -> None:
    for start in (b"", b"\xff\xd8", b"\xff\xd8\xff\xc0\x00\x11\x08", b"\x89PNG\r\n\x1a\n"):
        with pytest.raises(NotDecodedError) as raised:
            decode(start + data)
        assert raised.value.ending in {"not_a_picture", "corrupt", "too_large"}


def encoded(width: int, height: int) -> bytes:
    ok, data = cv2.imencode(".jpg", np.full((height, width, 3), 90, np.uint8))
    assert ok
    return data.tobytes()


@pytest.mark.parametrize("size", [(64, 64), (512, 64), (64, 512), (352, 288), (3_840, 1_080)])
def test_every_shape_that_cameras_have_is_measured(size: tuple[int, int]) -> None:
    image = decode(encoded(*size))

    assert all(np.isfinite(value) for value in measure(image).values())
    assert len(signature(small_of(image))) == 768


@pytest.mark.parametrize("size", [(20, 20), (5_000, 70), (70, 5_000)])
def test_other_shapes_are_refused(size: tuple[int, int]) -> None:
    with pytest.raises(NotDecodedError) as raised:
        decode(encoded(*size))

    assert raised.value.ending == "not_a_picture"


def test_a_huge_picture_is_refused_by_its_header_alone() -> None:
    header = (
        b"\xff\xd8\xff\xc0\x00\x11\x08\x4e\x20\x4e\x20\x03\x01\x22\x00\x02\x11\x01\x03\x11\x01\xff\xda\x00\x08"
        + bytes(6)
    )

    assert size_of(header)[:2] == (20_000, 20_000)
    with pytest.raises(NotDecodedError, match="20000 × 20000"):
        decode(header)


@pytest.mark.parametrize("part", [0.02, 0.3, 0.7, 0.98])
def test_a_picture_that_is_cut_off_is_corrupt(part: float) -> None:
    whole = jpeg(clean())

    with pytest.raises(NotDecodedError) as raised:
        decode(whole[: int(len(whole) * part)])

    assert raised.value.ending == "corrupt"


def test_an_end_within_a_preview_is_not_the_picture_s_end() -> None:
    whole = jpeg(clean())
    preview = b"\xff\xe1\x00\x0aExif\xff\xd9\xff\xd9"
    with_preview = whole[:2] + preview + whole[2:]

    assert decode(with_preview) is not None
    with pytest.raises(NotDecodedError):
        decode(with_preview[:-200])


@pytest.mark.parametrize("seed", [7, 19])
def test_a_house_front_s_regular_windows_are_no_stripes(seed: int) -> None:
    rng = np.random.default_rng([seed, 7])
    front = through_a_camera(render("facade", 30_000 + seed, light="day", size=(704, 576)), rng, night=False)
    assert codes(jpeg(front)) == []

    over_all = 30 * np.sin(2 * np.pi * np.arange(576) / 14)[:, None, None]
    striped = (front + over_all).clip(0, 255).astype(np.uint8)
    assert codes(jpeg(striped)) == ["picture_stripes"]


def test_joints_of_a_pavement_are_no_torn_lines_and_lines_over_all_are() -> None:
    image = clean("street").copy()
    for y in range(300, 460, 12):
        image[y : y + 3] = 20
    assert measure(image)["torn"] < Limits().torn

    for y in range(80, 290, 12):
        image[y : y + 3] = 20
    assert measure(image)["torn"] >= Limits().torn
