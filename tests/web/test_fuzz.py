"""Schemathesis asks every operation of the OpenAPI document with odd input: no answer may be a server error."""

from __future__ import annotations

import asyncio
import sys

from monitor.domain.account import Grant, Role
from tests.web.site import API, Site

EXAMPLES = 6


async def test_no_input_makes_a_server_error(site: Site) -> None:
    token = await site.token_of("all", Grant(Role.OPERATOR), Grant(Role.APPROVER), Grant(Role.AUDITOR))
    command = [
        *(sys.executable, "-m", "schemathesis.cli", "run", f"{site.base}{API}/openapi.json"),
        *("--checks", "not_a_server_error", "--phases", "examples,fuzzing", "--max-examples", str(EXAMPLES)),
        *("--header", f"Authorization: Bearer {token}", "--seed", "7", "--workers", "2", "--warnings", "off"),
        *("--request-timeout", "60", "--suppress-health-check", "all", "--exclude-path-regex", "/(reports|session)$"),
    ]
    process = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT, cwd=site.folder
    )
    output, _ = await process.communicate()
    text = output.decode(errors="replace")
    assert process.returncode == 0, text[-6_000:]
    assert "Tested" in text or "passed" in text, text[-2_000:]
