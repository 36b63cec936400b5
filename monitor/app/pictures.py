"""`vidnet picture`: one picture judged, with every number that it was judged by."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from collectors.picture.taker import PictureResult, PictureTaker
from monitor.domain.picture import CORRUPT_FAULT, Limits, PictureFault, PictureVerdict, judge


@dataclass(frozen=True, slots=True)
class Explained:
    """One picture look, judged.

    Attributes:
        name: the file or the device.
        result: what was measured, or why nothing was.
        verdict: what it shows; None where there is no picture to judge.
    """

    name: str
    result: PictureResult
    verdict: PictureVerdict | None

    @property
    def faults(self) -> tuple[PictureFault, ...]:
        """What is wrong with the picture."""
        return () if self.verdict is None else self.verdict.faults


async def explain_file(path: Path) -> Explained:
    """Judge a picture in a file; nothing of it is kept.

    Raises:
        OSError: the file cannot be read.
    """
    data = path.read_bytes()  # noqa: ASYNC240 - nothing else runs
    taker = PictureTaker(workers=1)
    try:
        result = await taker.judge_still(data)
    finally:
        await taker.close()
    return Explained(path.name, result, verdict_of(result))


def verdict_of(result: PictureResult) -> PictureVerdict | None:
    """Judge what a look measured, without a baseline; None where there is nothing to judge."""
    if result.outcome == "corrupt" or result.damaged:
        return PictureVerdict((CORRUPT_FAULT,), frozenset({CORRUPT_FAULT.code}))
    return judge(result.scores, Limits()) if result.outcome == "picture" else None
