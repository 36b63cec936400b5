"""The command line in a process of its own, kept for many commands: `python -m tests.journeys.commands`.

Imports are paid once; a line of standard input is a JSON list of arguments, a line of output [exit code, stdout,
stderr] of that command.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

Command = Callable[..., Awaitable[Any]]


@asynccontextmanager
async def command_line() -> AsyncIterator[Command]:
    """Give what runs a command beside this process and gives what it prints as JSON."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.journeys.commands"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=2**22,
    )
    stdin, stdout = process.stdin, process.stdout
    assert stdin is not None
    assert stdout is not None

    async def vidnet(*arguments: str) -> Any:
        stdin.write(json.dumps([*arguments, "--json"]).encode() + b"\n")
        code, out, err = json.loads(await stdout.readline())
        assert code == 0, err
        return json.loads(out)

    try:
        yield vidnet
    finally:
        stdin.close()
        await process.wait()


def main() -> None:
    from typer.testing import CliRunner  # the parent needs none of it

    from monitor.cli import app

    for line in sys.stdin:
        result = CliRunner().invoke(app, json.loads(line))
        print(json.dumps([result.exit_code, result.stdout, result.stderr]), flush=True)


if __name__ == "__main__":
    main()
