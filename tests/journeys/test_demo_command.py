"""`vidnet demo` as people type it: what they see, and how it ends."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.request import urlopen

from tests.servers import free_port

DEVICES = 300


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "monitor", "demo", "--web-port", "0", *arguments]


@contextmanager
def demo(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        command(*arguments), stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def told(process: subprocess.Popen[str], words: str) -> str:
    """Read what it says up to a line with the words."""
    said = ""
    assert process.stdout is not None
    for line in process.stdout:
        said += line
        if words in line:
            return said
    raise AssertionError(f"it never said {words!r}, but {said} {process.stderr and process.stderr.read()}")


def test_a_demo_from_the_first_table_to_ctrl_c_and_again(tmp_path: Path) -> None:
    folder, port = tmp_path / "demo", free_port()
    own = ("--dir", str(folder), "--fleet-port", str(port))
    with demo("--devices", str(DEVICES), *own) as process:
        address = re.search(r"http://\S+/metrics", told(process, "/metrics"))
        assert address is not None
        with urlopen(address[0], timeout=5) as answer:
            assert b"vidnet_devices{" in answer.read()

        taken = subprocess.run(
            command("--devices", "50", "--dir", str(tmp_path / "other"), "--fleet-port", str(port)),
            capture_output=True,
            text=True,
            check=False,
        )
        assert taken.returncode == 1
        assert f"port {port} is in use" in taken.stderr
        assert "Traceback" not in taken.stderr

        table = told(process, "潍坊市") + told(process, "looks")
        for words in ("在线率", "online", "联网", "1st class", "Weicheng", f"{DEVICES} 台模拟设备 simulated devices"):
            assert words in table, table
        assert re.search(r"\d\d\.\d\d ?%", table), table
        process.send_signal(signal.SIGINT)
        said, errors = process.communicate(timeout=20)
        assert process.returncode == 0
        assert "已停止，状态已保存 · stopped, the state is kept" in said
        assert errors == ""

    other_size = subprocess.run(command("--devices", "77", *own), capture_output=True, text=True, check=False)
    assert other_size.returncode == 2
    assert f"holds a city of {DEVICES} devices: choose another folder" in other_size.stderr
    assert "Traceback" not in other_size.stderr

    again = subprocess.run(command("--seconds", "2", *own), capture_output=True, text=True, check=False, timeout=30)
    assert again.returncode == 0, again.stderr
    assert again.stderr == ""
    assert "stopped, the state is kept" in again.stdout


def test_ctrl_c_while_it_is_being_prepared(tmp_path: Path) -> None:
    with demo("--devices", "20000", "--dir", str(tmp_path), "--fleet-port", str(free_port())) as process:
        told(process, "preparing")
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=20)
        assert "Traceback" not in errors
