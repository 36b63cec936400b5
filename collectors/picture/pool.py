"""The picture workers of one process: started when needed, killed at a deadline, replaced after a number of jobs."""

from __future__ import annotations

import asyncio
import contextlib
import os
import struct
import sys
from collections import deque

import msgspec

from collectors.picture.job import Job, Measured

MAX_ANSWER_BYTES = 64 * 1024
_START_WITHIN_S = 30.0
_ENVIRONMENT = {
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "MALLOC_ARENA_MAX": "1",
    "MALLOC_MMAP_THRESHOLD_": "16777216",
    "MALLOC_TRIM_THRESHOLD_": "16777216",
}


class WorkerPool:
    """Judges pictures in other processes, at most `size` at a time.

    Args:
        size: workers at once.
        jobs_each: a worker is replaced after so many pictures, whatever its libraries may have leaked.
    """

    def __init__(self, size: int = 2, *, jobs_each: int = 500) -> None:
        self.started = 0
        self.killed = 0
        self._jobs_each = jobs_each
        self._free = asyncio.Semaphore(size)
        self._idle: deque[_Worker] = deque()
        self._all: set[_Worker] = set()
        self._closed = False

    @property
    def pids(self) -> list[int]:
        """The processes that run now."""
        return [worker.pid for worker in self._all]

    async def judge(self, job: Job, *, deadline_s: float) -> Measured:
        """Let a worker judge one picture; one that is not done in time is killed.

        Args:
            job: the picture.
            deadline_s: how long it may take from the moment that a worker has it.

        Returns:
            What the worker found; "killed" where it was not done in time, "died" where it ended by itself, "ours"
            where no worker could be started.
        """
        async with self._free:
            if self._closed:
                return Measured("ours", "the picture workers are closed")
            try:
                worker = self._idle.popleft() if self._idle else await self._start()
            except (OSError, EOFError, TimeoutError) as error:
                return Measured("ours", f"no picture worker could be started: {type(error).__name__}")
            healthy = False
            try:
                async with asyncio.timeout(deadline_s):
                    found = await worker.ask(job)
                healthy = True
            except TimeoutError:
                self.killed += 1
                return Measured("killed", f"not done within {deadline_s:.0f} s: the worker was ended")
            except (EOFError, ConnectionError, msgspec.DecodeError):
                return Measured("died", "the worker ended over this picture")
            finally:
                if healthy and worker.jobs < self._jobs_each and not self._closed:
                    self._idle.append(worker)
                else:
                    await self._end(worker)
            return found

    async def close(self) -> None:
        """End every worker, also those at work."""
        self._closed = True
        for worker in list(self._all):
            await self._end(worker)
        self._idle.clear()

    async def _start(self) -> _Worker:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "collectors.picture.worker",
            str(os.getpid()),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env={**os.environ, **_ENVIRONMENT},
        )
        worker = _Worker(process)
        self._all.add(worker)
        self.started += 1
        try:
            async with asyncio.timeout(_START_WITHIN_S):
                await worker.answer()
        except BaseException:
            await self._end(worker)
            raise
        return worker

    async def _end(self, worker: _Worker) -> None:
        self._all.discard(worker)
        await asyncio.shield(worker.end())


class _Worker:
    """One process, and the conversation with it."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.jobs = 0
        self._process = process

    @property
    def pid(self) -> int:
        return self._process.pid

    async def ask(self, job: Job) -> Measured:
        """Give it a picture and wait for its answer.

        Raises:
            EOFError: it ended.
        """
        self.jobs += 1
        message = msgspec.msgpack.encode(job)
        pipe = self._process.stdin
        if pipe is None:
            raise EOFError
        pipe.write(struct.pack(">I", len(message)))
        pipe.write(message)
        await pipe.drain()
        return msgspec.msgpack.decode(await self.answer(), type=Measured)

    async def answer(self) -> bytes:
        """Give its next message."""
        pipe = self._process.stdout
        if pipe is None:
            raise EOFError
        (length,) = struct.unpack(">I", await pipe.readexactly(4))
        if length > MAX_ANSWER_BYTES:
            raise EOFError
        return await pipe.readexactly(length)

    async def end(self) -> None:
        """Kill it, and wait until it is gone."""
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()
        if self._process.stdin is not None:
            self._process.stdin.close()
        await self._process.wait()
