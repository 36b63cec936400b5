"""Rows: how well pictures are judged, on rendered scenes degraded at random, and what a picture look costs."""

from __future__ import annotations

import asyncio
import itertools
import os
from collections import Counter
from collections.abc import Callable
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from bench.pictures import degrade
from bench.pictures.scenes import FAMILIES, HELD_OUT, LIGHTS, NIGHT, Image, render, through_a_camera
from bench.report import Row
from bench.sizes import Sizes
from collectors.picture.decode import decode
from collectors.picture.look import PictureRequest
from collectors.picture.measure import measure, small_of
from collectors.picture.signature import signature
from collectors.picture.taker import PictureTaker
from monitor.demo.rtsp import RtspServer, Stream, encode
from monitor.domain.baseline import Baseline, learn
from monitor.domain.picture import Limits, judge

Say = Callable[[str], None]
LIMITS = Limits()
LOOKS = 2
_MOVES = ("zoom", "pan", "other")
_NOT_AT_NIGHT = ("cast", "over")


def picture_rows(folder: Path, sizes: Sizes, say: Say) -> tuple[list[Row], dict[str, Any]]:
    """Judge many scenes of every family in every light, held-out families counted apart; then measure the cost."""
    del folder
    jobs = [
        (family, seed, LIGHTS[(seed + place) % len(LIGHTS)])
        for seed in range(sizes.picture_scenes)
        for place, family in enumerate((*FAMILIES, *HELD_OUT))
    ]
    counts: Counter[str] = Counter()
    with get_context("spawn").Pool(os.cpu_count()) as pool:
        for number, found in enumerate(pool.imap_unordered(_scene, jobs, chunksize=4)):
            counts.update(found)
            if number % 200 == 199:
                say(f"{number + 1} of {len(jobs)} scenes")
    rows = _rows(counts, "tuned") + _rows(counts, "held")
    costs = asyncio.run(_costs(sizes.picture_looks))
    rows += [
        Row("CPU of a 1080p JPEG look", "ms", costs["still_ms"], 12, 9, "decoded, measured, signed, in a worker"),
        Row("CPU of a 1080p RTSP look", "ms", costs["stream_ms"], 50, None, "open, one key frame, measured"),
        Row("a picture worker at most", "MB", costs["peak_mb"], 80, None, "VmHWM after stills and streams of 1080p"),
    ]
    return rows, {"picture": dict(counts) | costs}


def _rows(counts: Counter[str], group: str) -> list[Row]:
    where = "families never tuned on" if group == "held" else "families it was set on"

    def share(part: str, whole: str) -> float | None:
        total = counts[f"{group} {whole}"]
        return round(100 * counts[f"{group} {part}"] / total, 3) if total else None

    def note(whole: str) -> str:
        return f"{counts[f'{group} {whole}']:,}, {where}"

    return [
        Row("total faults not found, two looks", "%", share("missed", "faults"), 2, None, note("faults")),
        Row("total faults not rightly named", "%", share("misnamed", "faults"), 4, None, note("faults")),
        Row("covers from 30 % missed, with a baseline", "%", share("cover missed", "covers"), 5, None, note("covers")),
        Row("moved views missed, with a baseline", "%", share("moved missed", "moves"), 5, None, note("moves")),
        Row("false alarms, one look", "%", share("false", "clean"), 0.5, None, note("clean")),
        Row("false alarms, confirmed", "%", share("false twice", "pairs"), 0.1, None, note("pairs")),
        Row("false alarms at night", "", counts[f"{group} false at night"], 0, None, note("clean at night")),
    ]


def _scene(job: tuple[str, int, str]) -> Counter[str]:
    """Judge everything of one scene: clean, with each fault, covered in part and moved."""
    cv2.setNumThreads(1)
    family, seed, light = job
    group, night = "held" if family in HELD_OUT else "tuned", light in NIGHT
    rng = np.random.default_rng([seed, LIGHTS.index(light), sum(map(ord, family))])
    scene = render(family, 10_000 + seed, light=light)
    found: Counter[str] = Counter()
    baseline: Baseline | None = None
    codes = []
    for _ in range(6):
        code, sign = _look(_live(scene, rng, night=night), rng, baseline)
        codes.append(code)
        if not code:
            baseline = learn(baseline, sign)
    found[f"{group} clean"] += len(codes)
    found[f"{group} false"] += sum(map(bool, codes))
    found[f"{group} pairs"] += len(codes) - 1
    found[f"{group} false twice"] += sum(bool(a) and a == b for a, b in itertools.pairwise(codes))
    if night:
        found[f"{group} clean at night"] += len(codes)
        found[f"{group} false at night"] += sum(map(bool, codes))
    for name, (make, wanted) in degrade.TOTAL.items():
        if night and name in _NOT_AT_NIGHT:
            continue
        state = rng.bit_generator.state
        looks = []
        for _ in range(LOOKS):
            rng.bit_generator.state = state  # the same fault, seen twice
            degraded = make(_live(scene, rng, night=night), rng)
            looks.append(_look(degraded, np.random.default_rng(rng.integers(2**32)), None)[0])
        found[f"{group} faults"] += 1
        found[f"{group} missed"] += not all(looks)
        found[f"{group} misnamed"] += any(each != wanted for each in looks)
        found[f"{group} {name} missed"] += not all(looks)
        found[f"{group} {name} misnamed"] += any(each != wanted for each in looks)
    if baseline is not None and baseline.is_ready:
        share = float(rng.uniform(0.3, 0.85))
        covered = degrade.covered_partly(_live(scene, rng, night=night), rng, share=share)
        found[f"{group} covers"] += 1
        found[f"{group} cover missed"] += not _look(covered, rng, baseline)[0]
        move = _MOVES[seed % len(_MOVES)]
        moved = _live(_moved(scene, rng, move, light), rng, night=night)
        found[f"{group} moves"] += 1
        found[f"{group} moved missed"] += not _look(moved, rng, baseline)[0]
    return found


def _look(image: Image, rng: np.random.Generator, baseline: Baseline | None) -> tuple[str, bytes]:
    """Burn the texts in, encode, decode, measure and judge as the product does; give the first fault's code."""
    picture = decode(degrade.as_jpeg(degrade.burn_in(image, rng), rng))
    small = small_of(picture)
    sign = signature(small)
    verdict = judge(measure(picture, small=small), LIMITS, baseline, sign)
    return (verdict.faults[0].code if verdict.faults else ""), sign


def _live(scene: Image, rng: np.random.Generator, *, night: bool) -> Image:
    """Give another moment: other exposure, a pixel or two of shake, the sensor's noise."""
    h, w = scene.shape[:2]
    shift = np.array([[1, 0, rng.uniform(-2, 2)], [0, 1, rng.uniform(-2, 2)]], np.float32) * [[1, 1, w / 1280]]
    moved: Any = cv2.warpAffine(scene, shift, (w, h), borderMode=cv2.BORDER_REFLECT)
    curve = (255 * (np.arange(256) / 255) ** rng.uniform(0.75, 1.35)).astype(np.uint8)
    return through_a_camera(curve[moved], rng, night=night)


def _moved(scene: Image, rng: np.random.Generator, move: str, light: str) -> Image:
    h, w = scene.shape[:2]
    if move == "other":
        families = [*FAMILIES, *HELD_OUT]
        return render(families[int(rng.integers(len(families)))], int(rng.integers(10**6)), light=light, size=(w, h))
    if move == "zoom":
        part = float(rng.uniform(0.45, 0.75))
        y, x = int(rng.uniform(0, 1 - part) * h), int(rng.uniform(0, 1 - part) * w)
        zoomed: Any = cv2.resize(scene[y : y + int(h * part), x : x + int(w * part)], (w, h))
        return zoomed
    across, down = float(rng.uniform(0.12, 0.5)) * w * float(rng.choice([-1, 1])), float(rng.uniform(-0.2, 0.2)) * h
    turned: Any = cv2.warpAffine(
        scene, np.array([[1, 0, across], [0, 1, down]], np.float32), (w, h), borderMode=cv2.BORDER_REFLECT
    )
    return turned


async def _costs(looks: int) -> dict[str, float]:
    """Measure looks at 1080p: the CPU of the worker, and the most memory that it ever held."""
    scene = through_a_camera(render("street", 3, light="day", size=(1920, 1080)), np.random.default_rng(1), night=False)
    still = degrade.as_jpeg(scene, np.random.default_rng(2))
    server = RtspServer(Stream(encode(scene)))
    uri = f"rtsp://127.0.0.1:{await server.start()}/live"
    taker = PictureTaker(workers=1)
    try:
        stills = [(await taker.judge_still(still)).cpu_ms for _ in range(looks + 3)][3:]
        request = PictureRequest("http://127.0.0.1", stream_uri=uri)
        streams = [(await taker.look(request)).cpu_ms for _ in range(looks // 4 + 2)][2:]
        status = Path(f"/proc/{taker.pool.pids[0]}/status").read_text(encoding="ascii")  # noqa: ASYNC240 - measured
        peak_kb = int(status.split("VmHWM:")[1].split()[0])
    finally:
        await taker.close()
        await server.close()
    return {
        "still_ms": round(float(np.median(stills)), 2),
        "stream_ms": round(float(np.median(streams)), 2),
        "peak_mb": round(peak_kb / 1024, 1),
    }
