"""Prometheus and Alertmanager of the tests' own, on free loopback ports, in private folders."""

from __future__ import annotations

import json
import subprocess
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.programs import need_program
from tests.servers import free_port

READY_WITHIN_S = 30.0


@contextmanager
def running(command: list[str], *, ready_url: str, log: Path) -> Iterator[None]:
    """Run a server until left; it is ready when its address answers."""
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, cwd=log.parent)
    try:
        until = time.monotonic() + READY_WITHIN_S
        while not answers(ready_url):
            assert process.poll() is None, log.read_text(errors="replace")
            assert time.monotonic() < until, log.read_text(errors="replace")
            time.sleep(0.1)
        yield
    finally:
        process.terminate()
        process.wait(timeout=20)


@contextmanager
def prometheus(folder: Path, config: str) -> Iterator[str]:
    """Run Prometheus with a configuration; give its address."""
    program = need_program("prometheus")
    (folder / "prometheus.yml").write_text(config, encoding="utf-8")
    address = f"http://127.0.0.1:{free_port()}"
    command = [program, "--config.file=prometheus.yml", f"--storage.tsdb.path={folder / 'data'}"]
    command += [f"--web.listen-address={address.removeprefix('http://')}", "--log.level=warn"]
    with running(command, ready_url=f"{address}/-/ready", log=folder / "prometheus.log"):
        yield address


@contextmanager
def alertmanager(folder: Path, config: str) -> Iterator[str]:
    """Run Alertmanager with a configuration; give its address."""
    program = need_program("prometheus-alertmanager")
    (folder / "alertmanager.yml").write_text(config, encoding="utf-8")
    address = f"http://127.0.0.1:{free_port()}"
    command = [program, "--config.file=alertmanager.yml", f"--storage.path={folder / 'data'}"]
    command += [f"--web.listen-address={address.removeprefix('http://')}", "--cluster.listen-address="]
    with running(command, ready_url=f"{address}/-/ready", log=folder / "alertmanager.log"):
        yield address


def ask(address: str, path: str, **arguments: str) -> Any:
    """Ask a server and give its JSON."""
    url = f"{address}{path}?{urllib.parse.urlencode(arguments)}"
    with urllib.request.urlopen(url, timeout=10) as answer:
        return json.load(answer)


def tell(address: str, path: str, document: Any) -> None:
    """Post JSON to a server."""
    request = urllib.request.Request(
        address + path, data=json.dumps(document).encode(), headers={"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=10):
        pass


def answers(url: str) -> bool:
    """Tell whether an address answers with success."""
    try:
        with urllib.request.urlopen(url, timeout=1) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False
