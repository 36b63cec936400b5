"""A picture look: the snapshot first, which costs least, else one key frame of the stream; what is left is numbers."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from urllib.parse import quote

from collectors.deep import Secret
from collectors.detail import one_line
from collectors.picture.describe import describe, tls_context
from collectors.picture.job import Job, Measured
from collectors.picture.look import PictureRequest, PictureResult
from collectors.picture.pool import WorkerPool
from collectors.picture.relay import relayed
from collectors.picture.snapshot import SnapshotFetcher
from collectors.urls import BadUrl, Url, checked, read_url

STILL_DEADLINE_S = 10.0
_GRACE_S = 2.0
_TRY_THE_STREAM = frozenset({"unsupported", "not_a_picture", "silent", "elsewhere"})


class PictureTaker:
    """Takes picture looks, as many at a time as it is asked to; `workers` of them are judged at once.

    A stream keeps its worker waiting for a key frame, up to a look's whole time where none comes; so streams leave one
    worker to still pictures, which take milliseconds.

    Args:
        workers: processes that judge pictures.
        jobs_each: pictures after which a worker is replaced.
    """

    def __init__(self, *, workers: int = 2, jobs_each: int = 500) -> None:
        self.pool = WorkerPool(workers, jobs_each=jobs_each)
        self._stills = SnapshotFetcher()
        self._streams = asyncio.Semaphore(max(1, workers - 1))

    async def look(self, request: PictureRequest) -> PictureResult:
        """Look once; whatever the device sends becomes a result, never an exception."""
        started = time.perf_counter()
        try:
            own = read_url(request.address)
        except BadUrl as error:
            return PictureResult("no_uri", f"bad address: {error}")
        try:
            result = await self._look(request, own, started)
        except Exception as error:  # the edge: a fault of ours must neither stop a worker nor judge a device
            result = PictureResult("ours", one_line(f"our own fault: {type(error).__name__}: {error}"))
        return replace(result, duration_s=time.perf_counter() - started)

    async def judge_still(self, data: bytes) -> PictureResult:
        """Judge a still picture that is there already."""
        found = await self.pool.judge(Job(still=data), deadline_s=STILL_DEADLINE_S)
        return _result(found, way="", login="untried", refusals=0)

    async def close(self) -> None:
        """End every worker and let go of every connection."""
        await self.pool.close()
        await self._stills.close()

    async def _look(self, request: PictureRequest, own: Url, started: float) -> PictureResult:
        result = PictureResult("no_uri", "the device named neither a snapshot nor a stream")
        if request.snapshot_uri:
            result = await self._snapshot(request, own)
            if result.outcome not in _TRY_THE_STREAM or not request.stream_uri:
                return result
        if request.stream_uri:
            left_s = max(2.0, request.total_s - (time.perf_counter() - started))
            result = await self._stream(request, own, left_s)
        return result

    async def _snapshot(self, request: PictureRequest, own: Url) -> PictureResult:
        url, problem = _allowed(request.snapshot_uri, own, ("http", "https"), request.other_hosts)
        if url is None:
            return PictureResult("elsewhere", problem, "snapshot")
        still = await self._stills.fetch(
            url, secret=request.secret, timeout_s=request.timeout_s, other_hosts=request.other_hosts
        )
        if still.outcome != "picture":
            return PictureResult(still.outcome, one_line(still.detail), "snapshot", still.login, still.refusals)
        found = await self.pool.judge(Job(still=still.data), deadline_s=STILL_DEADLINE_S)
        return _result(found, way="snapshot", login=still.login, refusals=still.refusals)

    async def _stream(self, request: PictureRequest, own: Url, left_s: float) -> PictureResult:
        url, problem = _allowed(request.stream_uri, own, ("rtsp", "rtsps"), request.other_hosts)
        if url is None:
            return PictureResult("elsewhere", problem, "stream")
        asked = await describe(url, secret=request.secret, timeout_s=min(request.timeout_s, left_s))
        if asked.outcome != "stream":
            return PictureResult(asked.outcome, one_line(asked.detail), "stream", asked.login, asked.refusals)
        secret = request.secret if asked.login == "accepted" else None
        if asked.beyond_ffmpeg and secret is not None:
            context = tls_context() if url.scheme == "rtsps" else None
            async with relayed(url, secret, context=context) as here:
                found = await self._key_frame(here, request, left_s)
        else:
            found = await self._key_frame(_with_login(url, secret), request, left_s)
        return _result(found, way="stream", login=asked.login, refusals=asked.refusals)

    async def _key_frame(self, stream: str, request: PictureRequest, left_s: float) -> Measured:
        job = Job(stream=stream, timeout_s=request.timeout_s, total_s=left_s)
        async with self._streams:
            return await self.pool.judge(job, deadline_s=left_s + _GRACE_S)


def _allowed(uri: str, own: Url, schemes: tuple[str, ...], other_hosts: str) -> tuple[Url | None, str]:
    found, problem = checked(uri, own, schemes=schemes, other_hosts=other_hosts)
    return (None, one_line(problem)) if problem else (read_url(found), "")


def _with_login(url: Url, secret: Secret | None) -> str:
    if secret is None:
        return url.text
    who = f"{quote(secret.user, safe='')}:{quote(secret.password, safe='')}"
    return f"{url.scheme}://{who}@{url.where}{url.path}"


def _result(found: Measured, *, way: str, login: str, refusals: int) -> PictureResult:
    return PictureResult(
        outcome=found.outcome,
        detail=one_line(found.detail),
        way=way,
        login=login,
        refusals=refusals,
        scores=found.scores,
        signature=found.signature,
        width=found.width,
        height=found.height,
        payload=found.payload,
        damaged=found.damaged,
        transport=found.transport,
        cpu_ms=found.cpu_ms,
    )
