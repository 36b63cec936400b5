"""GStreamer's RTSP server as a test uses it: a real server, encoder and Digest, none of them written by us."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from collectors.deep import Secret

SYSTEM_PYTHON = "/usr/bin/python3"
SCRIPT = Path(__file__).with_name("gst_rtsp_server.py")
SECRET = Secret("operator", "p@ss:w/rd")
_NEEDS = "import gi; gi.require_version('GstRtspServer', '1.0')"


class Foreign(NamedTuple):
    """Where it serves: `closed` wants a login for everything, `hiding` shows what one may not see as missing."""

    closed: str
    hiding: str


def is_there() -> bool:
    """Tell whether the server is installed."""
    if not Path(SYSTEM_PYTHON).exists():
        return False
    return subprocess.run([SYSTEM_PYTHON, "-c", _NEEDS], capture_output=True, check=False).returncode == 0


@contextmanager
def foreign_rtsp(picture: Path) -> Iterator[Foreign]:
    """Serve a JPEG as a live stream."""
    command = [SYSTEM_PYTHON, str(SCRIPT), str(picture), SECRET.user, SECRET.password]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        try:
            assert process.stdout is not None
            closed, hiding = process.stdout.readline().split()
            yield Foreign(*(f"rtsp://127.0.0.1:{int(port)}" for port in (closed, hiding)))
        finally:
            process.kill()
