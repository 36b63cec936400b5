"""The fleet: nginx as cameras that answer on every address of 127.0.0.0/8, and a listener that never answers.

nginx gets its socket from us, bound to the loopback *device* (it inherits it through its variable NGINX), so that every
127.x.y.z is a camera and no packet from outside reaches one. Its clock is right: the answer carries nginx's own time.
"""

from __future__ import annotations

import http.client
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.children import BenchError, child, wait_until
from monitor.demo.server import open_listener

READY_WITHIN_S = 10.0
PHASES = 60
"""The changing cameras go down in so many groups, a group a minute."""

DOWN_MINUTES = 30
_BODY = (
    '<?xml version="1.0" encoding="UTF-8"?>'
    '<SOAP-ENV:Envelope xmlns:SOAP-ENV="http://www.w3.org/2003/05/soap-envelope"'
    ' xmlns:SOAP-ENC="http://www.w3.org/2003/05/soap-encoding" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
    ' xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:wsa5="http://www.w3.org/2005/08/addressing"'
    ' xmlns:tt="http://www.onvif.org/ver10/schema" xmlns:tds="http://www.onvif.org/ver10/device/wsdl"'
    ' xmlns:trt="http://www.onvif.org/ver10/media/wsdl" xmlns:tev="http://www.onvif.org/ver10/events/wsdl"'
    ' xmlns:timg="http://www.onvif.org/ver20/imaging/wsdl" xmlns:tptz="http://www.onvif.org/ver20/ptz/wsdl"'
    ' xmlns:tan="http://www.onvif.org/ver20/analytics/wsdl"><SOAP-ENV:Body><tds:GetSystemDateAndTimeResponse>'
    "<tds:SystemDateAndTime><tt:DateTimeType>NTP</tt:DateTimeType><tt:DaylightSavings>false</tt:DaylightSavings>"
    "<tt:TimeZone><tt:TZ>CST-8:00:00</tt:TZ></tt:TimeZone><tt:UTCDateTime>"
    "<tt:Time><tt:Hour>$4</tt:Hour><tt:Minute>$5</tt:Minute><tt:Second>$6</tt:Second></tt:Time>"
    "<tt:Date><tt:Year>$1</tt:Year><tt:Month>$2</tt:Month><tt:Day>$3</tt:Day></tt:Date></tt:UTCDateTime>"
    "</tds:SystemDateAndTime></tds:GetSystemDateAndTimeResponse></SOAP-ENV:Body></SOAP-ENV:Envelope>"
)
_TIME = r"^(\d+)-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)"


class Fleet:
    """A running fleet.

    Attributes:
        port: the port that all its cameras listen on.
    """

    def __init__(self, port: int, counter_port: int) -> None:
        self.port = port
        self._counter_port = counter_port
        self._asked = 0

    def requests(self) -> int:
        """Give how many requests the cameras have had so far, by nginx's own count without those that ask for it.

        Raises:
            OSError: nginx does not answer.
        """
        connection = http.client.HTTPConnection("127.0.0.1", self._counter_port, timeout=5)
        try:
            connection.request("GET", "/")
            status = connection.getresponse().read().decode()
        finally:
            connection.close()
        self._asked += 1
        _accepted, _handled, requests = status.splitlines()[2].split()
        return int(requests) - self._asked


@contextmanager
def cameras(folder: Path, *, changing_share: float = 0.0) -> Iterator[Fleet]:
    """Run nginx as the cameras.

    Args:
        folder: where its configuration and its logs go.
        changing_share: the part of the cameras that go down and come back once an hour, spread over its minutes.

    Raises:
        BenchError: nginx is missing or does not start.
    """
    program = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if program is None:
        raise BenchError("nginx is missing: apt-get install nginx")
    folder.mkdir(parents=True, exist_ok=True)
    listener, counter = open_listener(0), open_listener(0)
    port, counter_port = listener.getsockname()[1], counter.getsockname()[1]
    fleet = Fleet(port, counter_port)
    configuration = folder / "nginx.conf"
    configuration.write_text(_configuration(folder, port, counter_port, changing_share), encoding="utf-8")
    inherited = [listener.fileno(), counter.fileno()]
    environment = {**os.environ, "NGINX": "".join(f"{number};" for number in inherited), "TZ": "UTC"}
    log = folder / "start.log"
    with log.open("wb") as messages:
        command = [program, "-c", str(configuration), "-e", str(folder / "error.log")]
        running = child(command, pass_fds=inherited, env=environment, stderr=messages, stdout=messages)
        with running as process:
            # From here on only nginx holds the sockets: what it does not accept is refused, not left waiting.
            listener.close()
            counter.close()
            wait_until(lambda: _answers(fleet, process, log), within_s=READY_WITHIN_S, what="nginx")
            yield fleet


@contextmanager
def silence() -> Iterator[int]:
    """Run a process whose every address accepts and says nothing; gives its port."""
    with child([sys.executable, "-m", "bench.silent"], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None  # noqa: S101 - asked for as a pipe
        line = process.stdout.readline()
        if not line.strip():
            raise BenchError("the silent listener did not start")
        yield int(line)


def _answers(fleet: Fleet, process: subprocess.Popen[bytes], log: Path) -> bool:
    if process.poll() is not None:
        raise BenchError(f"nginx ended: {log.read_text(encoding='utf-8', errors='replace')[-500:]}")
    try:
        fleet.requests()
    except OSError:
        return False
    return True


def _configuration(folder: Path, port: int, counter_port: int, changing_share: float) -> str:
    temporary = "\n".join(
        f"    {kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    return f"""daemon off;
worker_processes 1;
worker_rlimit_nofile 20000;
pid {folder}/nginx.pid;
pcre_jit on;
events {{
    worker_connections 16384;
    multi_accept on;
}}
http {{
    access_log off;
{temporary}
{_changes(changing_share) if changing_share else ""}
    server {{
        listen 0.0.0.0:{port};
        default_type application/soap+xml;
        location / {{
            {"if ($down) { return 444; }" if changing_share else ""}
            if ($time_iso8601 ~ "{_TIME}") {{
                return 200 '{_BODY}';
            }}
        }}
    }}
    server {{
        listen 0.0.0.0:{counter_port};
        location / {{
            stub_status;
        }}
    }}
}}
"""


def _changes(share: float) -> str:
    """Write the maps by which some cameras are down for a part of each hour: their connections end without a byte."""
    groups = "\n".join(f"        {100 / PHASES:.2f}% {phase:02d};" for phase in range(PHASES - 1))
    times = "\n".join(
        f"        c{phase:02d}{(phase + minute) % 60:02d} 1;"
        for phase in range(PHASES)
        for minute in range(DOWN_MINUTES)
    )
    return f"""    map_hash_max_size 8192;
    split_clients "$server_addr" $changing {{
        {share:.2%} c;
        * "";
    }}
    split_clients "phase of $server_addr" $phase {{
{groups}
        * {PHASES - 1};
    }}
    map $time_iso8601 $minute {{
        "~T\\d\\d:(?<now>\\d\\d)" $now;
    }}
    map "$changing$phase$minute" $down {{
        default "";
{times}
    }}
"""
