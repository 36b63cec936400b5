"""A month of the simulated city in Prometheus' blocks: the series are real, their values move as a city's do.

The series come from a Prometheus that scrapes the running demo and evaluates the shipped rules: names, labels and
the recorded series are exactly a site's. Their month is then written as OpenMetrics text, one block's time at a time:
all numbers of a series have one width, so that a block's text is a few arrays of bytes and costs little beside what
promtool makes of it.
"""

from __future__ import annotations

import json
import math
import shutil
import subprocess
import urllib.parse
import urllib.request
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from bench.children import PROJECT, BenchError, child, free_port, wait_until

SCRAPE_S = 30
DAY_S = 86_400
LONG_BLOCK_S, SHORT_BLOCK_S = 18 * 3_600, 2 * 3_600
"""Prometheus' own block lengths: it begins with two hours and joins three and three; a month is forty of 18 hours."""

WITHIN_S = 120.0
CITY = 250_000
"""Counts of a smaller simulated city are scaled to those of the whole one."""

LARGEST = 1e12
"""Values have 18 digits, six of them decimals."""

_COUNTER = ("_total", "_bucket", "_count", "_sum")
_STILL = ("_info", "_up", "_ratio", "_trusted", "_broken", "_readable")
_COUNTS = (
    "vidnet_device",
    "vidnet_connected",
    "vidnet_offline",
    "vidnet_points",
    "vidnet_ring",
    "vidnet_site",
    "vidnet_archive",
)

Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Series:
    """One series: its name with its labels as text, its metric's name, and the value it had in the running demo."""

    text: str
    name: str
    value: float
    bucket: float = 1.0
    """The share of all observations in a bucket of a histogram and below."""


def series_of(address: str, *, scale: float) -> list[Series]:
    """Give every series that a Prometheus has now.

    Args:
        address: of the Prometheus.
        scale: what counts of the city are multiplied by.
    """
    found = [
        (result["metric"], float(result["value"][1]))
        for result in ask(address, "query", query='{__name__!=""}')["result"]
    ]
    bounds: dict[str, list[float]] = {}
    for labels, _ in found:
        if "le" in labels:
            bounds.setdefault(_text({**labels, "le": ""}), []).append(float(labels["le"]))
    made = []
    for labels, value in found:
        name = labels["__name__"]
        share = 1.0
        if "le" in labels:
            others = sorted(bounds[_text({**labels, "le": ""})])
            share = (others.index(float(labels["le"])) + 1) / len(others)
        if math.isfinite(value) and abs(value) < LARGEST:
            large = name.startswith(_COUNTS) or name.endswith(":sum")
            made.append(Series(_text(labels), name, value * scale if large else value, share))
    return sorted(made, key=lambda each: each.text)


def write_block(data: Path, series: Sequence[Series], *, begin: int, length_s: int) -> None:
    """Make one block of all series.

    Args:
        data: Prometheus' folder of data.
        series: what is in the block.
        begin: epoch seconds, a multiple of the length.
        length_s: one of Prometheus' own block lengths.

    Raises:
        BenchError: promtool refused.
    """
    data.mkdir(exist_ok=True)
    file = data.parent / f"{data.name}-block.txt"
    instants = np.arange(begin, begin + length_s, SCRAPE_S, dtype=np.int64)
    stamps = _digits(instants, 10)
    with file.open("wb") as out:
        for each in series:
            out.write(_lines(each, instants, stamps))
        out.write(b"# EOF\n")
    command = [program("promtool"), "tsdb", "create-blocks-from", "openmetrics", "-q"]
    command += [f"--max-block-duration={length_s}s", str(file), str(data)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    file.unlink()
    if done.returncode:
        raise BenchError(f"promtool: {done.stderr[-2_000:]}")


@contextmanager
def prometheus(folder: Path, *, config: str, data: Path, block_s: int) -> Iterator[tuple[str, int]]:
    """Run Prometheus on a folder of data for as long as the context lasts; give its address and its process id."""
    file = folder / f"{data.name}.yml"
    file.write_text(config, encoding="utf-8")
    address = f"http://127.0.0.1:{free_port()}"
    command = [program("prometheus"), f"--config.file={file}", f"--storage.tsdb.path={data}"]
    command += [f"--web.listen-address={address.removeprefix('http://')}", "--storage.tsdb.retention.time=400d"]
    command += [f"--storage.tsdb.max-block-duration={max(block_s, SHORT_BLOCK_S)}s", "--log.level=error"]
    with child(command) as process:
        wait_until(lambda: _answers(f"{address}/-/ready"), within_s=WITHIN_S, what="Prometheus")
        yield address, process.pid


def rules_every_second(folder: Path) -> list[str]:
    """Copy the shipped rules, evaluated every second and raised at once, so that all they give is there soon."""
    paths = []
    for name in ("recording", "alerts"):
        text = (PROJECT / f"config/prometheus/rules/{name}.yml").read_text(encoding="utf-8")
        path = folder / f"{name}.yml"
        path.write_text(text.replace("interval: 30s", "interval: 1s"), encoding="utf-8")
        paths.append(str(path))
    return paths


def ask(address: str, path: str, **arguments: str) -> Any:
    """Ask Prometheus' API and give the data of its answer."""
    url = f"{address}/api/v1/{path}?{urllib.parse.urlencode(arguments)}"
    with urllib.request.urlopen(url, timeout=WITHIN_S) as answer:  # noqa: S310 - our own Prometheus
        return json.load(answer)["data"]


def program(name: str) -> str:
    """Find a program of Debian's package prometheus.

    Raises:
        BenchError: it is not installed.
    """
    found = shutil.which(name)
    if found is None:
        raise BenchError(f"{name} is not installed (apt-get install prometheus)")
    return found


def _text(labels: Mapping[str, str]) -> str:
    pairs = ",".join(f"{name}={json.dumps(value, ensure_ascii=False)}" for name, value in sorted(labels.items())[1:])
    return f"{labels['__name__']}{{{pairs}}}"


def _lines(series: Series, instants: Numbers, stamps: npt.NDArray[np.uint8]) -> bytes:
    """Give the lines of one series: `name{labels} value stamp`, all of one width."""
    whole, decimals = _values(series, instants)
    head = np.frombuffer(f"{series.text} ".encode(), np.uint8)
    value = _digits(whole, 18)
    point = 18 - decimals
    width = len(head) + 19 + 12
    lines = np.full((len(instants), width), ord(" "), np.uint8)
    lines[:, : len(head)] = head
    lines[:, len(head) : len(head) + point] = value[:, :point]
    lines[:, len(head) + point] = ord(".")
    lines[:, len(head) + point + 1 : len(head) + 19] = value[:, point:]
    lines[:, -11:-1] = stamps
    lines[:, -1] = ord("\n")
    return lines.tobytes()


def _values(series: Series, instants: Numbers) -> tuple[Numbers, int]:
    """Give a series' values as whole numbers, and how many of their digits are decimals.

    Everything is a function of the instant alone, so that blocks fit together; what differs between series comes from
    their names. Sums of three waves (a day, some hours, some minutes) move by two hundredths, and counts are whole:
    they rest, then step, as those of a city do.
    """
    name = series.name
    seed = zlib.crc32(series.text.encode())
    if name.endswith(_COUNTER):
        family = zlib.crc32(series.text.partition(",le=")[0].replace("_sum", "_count").encode())
        pace = 0.02 + family % 97
        waves = _waves(instants, family)
        seconds = instants - 1_700_000_000
        return ((seconds * pace + waves * pace * 300) * series.bucket).astype(np.int64), 3 if name.endswith(
            "_sum"
        ) else 0
    if name.endswith("_timestamp_seconds"):
        return instants - seed % 5, 0
    if name.startswith(("ALERTS", "up")) or (name.endswith(_STILL) and ":" not in name):
        return np.full(len(instants), round(series.value * 1e6), np.int64), 6
    if name.endswith(":ratio"):
        of = 300 + seed % 20_000
        counted = np.clip(np.rint((series.value + 0.02 * _waves(instants, seed)) * of), 0, of)
        return np.rint(counted / of * 1e16).astype(np.int64), 16
    if name.endswith("_seconds"):
        noise = np.random.default_rng(seed ^ int(instants[0])).random(len(instants))
        return ((abs(series.value) + 0.001) * (1 + noise) * 1e9).astype(np.int64), 9
    return np.maximum(np.rint(series.value * (1 + 0.02 * _waves(instants, seed))), 0).astype(np.int64), 0


def _waves(instants: Numbers, seed: int) -> npt.NDArray[np.float64]:
    """Give a smooth course between -1 and 1."""
    phase = seed % 1_000 / 159
    parts = ((DAY_S, 0.5), (3_600 * (3 + seed % 5), 0.3), (60 * (20 + seed % 40), 0.2))
    total = np.zeros(len(instants))
    for period, share in parts:
        total += share * np.sin(instants * (2 * np.pi / period) + phase)
    return total


_POWERS = 10 ** np.arange(17, -1, -1, dtype=np.int64)


def _digits(numbers: Numbers, width: int) -> npt.NDArray[np.uint8]:
    return (numbers[:, None] // _POWERS[-width:] % 10 + ord("0")).astype(np.uint8)


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=1) as answer:  # noqa: S310 - our own Prometheus
            return bool(answer.status == 200)
    except OSError:
        return False
