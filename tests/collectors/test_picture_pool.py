"""Picture workers: killed at a deadline, replaced, bounded, and none left behind."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from collectors.picture.job import Job
from collectors.picture.pool import WorkerPool
from tests.collectors.pictures import clean, jpeg


@pytest.fixture
async def pool() -> AsyncIterator[WorkerPool]:
    made = WorkerPool(1, jobs_each=3)
    yield made
    await made.close()


def alive(pid: int) -> bool:
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False


def proc(pid: int, name: str) -> list[str]:
    return Path(f"/proc/{pid}/{name}").read_text(encoding="ascii").splitlines()


async def gone(pid: int) -> bool:
    for _ in range(100):
        if not alive(pid):
            return True
        await asyncio.sleep(0.05)
    return False


async def test_a_picture_becomes_numbers(pool: WorkerPool) -> None:
    found = await pool.judge(Job(still=jpeg(clean())), deadline_s=20)

    assert (found.outcome, found.width, found.height) == ("picture", 960, 540)
    assert len(found.signature) == 768
    assert found.payload
    assert found.scores["mean"] > 50


async def test_a_worker_is_replaced_after_its_share_of_pictures(pool: WorkerPool) -> None:
    for _ in range(4):
        await pool.judge(Job(still=b"nothing"), deadline_s=20)

    assert pool.started == 2
    assert len(pool.pids) == 1


async def test_a_worker_that_is_not_done_in_time_is_killed_and_the_next_picture_judged(pool: WorkerPool) -> None:
    await pool.judge(Job(still=b"nothing"), deadline_s=20)
    (pid,) = pool.pids
    os.kill(pid, signal.SIGSTOP)

    found = await pool.judge(Job(still=jpeg(clean())), deadline_s=0.3)

    assert found.outcome == "killed"
    assert pool.killed == 1
    assert await gone(pid)
    assert (await pool.judge(Job(still=jpeg(clean())), deadline_s=20)).outcome == "picture"


async def test_a_worker_that_dies_over_a_picture_is_a_named_ending(pool: WorkerPool) -> None:
    await pool.judge(Job(still=b"nothing"), deadline_s=20)
    (pid,) = pool.pids
    os.kill(pid, signal.SIGKILL)

    found = await pool.judge(Job(still=jpeg(clean())), deadline_s=20)

    assert found.outcome == "died"
    assert (await pool.judge(Job(still=b"nothing"), deadline_s=20)).outcome == "not_a_picture"


async def test_cancelling_a_look_leaves_no_worker_behind(pool: WorkerPool) -> None:
    await pool.judge(Job(still=b"nothing"), deadline_s=20)
    (pid,) = pool.pids
    os.kill(pid, signal.SIGSTOP)
    look = asyncio.create_task(pool.judge(Job(still=jpeg(clean())), deadline_s=20))
    await asyncio.sleep(0.1)

    look.cancel()

    assert await gone(pid)


def test_a_worker_dies_with_its_parent() -> None:
    program = (
        "import asyncio, os\n"
        "from collectors.picture.job import Job\n"
        "from collectors.picture.pool import WorkerPool\n"
        "async def main():\n"
        "    pool = WorkerPool(1)\n"
        "    await pool.judge(Job(still=b'x'), deadline_s=20)\n"
        "    print(pool.pids[0], flush=True)\n"
        "    os.kill(os.getpid(), 9)\n"
        "asyncio.run(main())\n"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)

    assert ended.returncode == -signal.SIGKILL
    assert asyncio.run(gone(int(ended.stdout)))


async def test_a_worker_writes_no_file_and_holds_little(pool: WorkerPool) -> None:
    found = await pool.judge(Job(still=jpeg(clean())), deadline_s=20)
    (pid,) = pool.pids

    assert found.outcome == "picture"
    assert [line.split()[3] for line in proc(pid, "limits") if line.startswith("Max file size")] == ["0"]
    (peak,) = [line for line in proc(pid, "status") if line.startswith("VmHWM")]
    assert int(peak.split()[1]) < 80_000
