"""The city's 视图库 platform: GA/T 1400 over HTTP, for the checkpoints that it tells of."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

from monitor.demo.told import PLATFORM_DOWN_S, ToldPlan, is_online, local_time

_REQUEST_LINE = re.compile(rb"GET (\S+) HTTP/1\.[01]\r\n")
_MOST_A_PAGE = 500
_PASS = (1, 2)
_ONLINE_AS = ({True: "1", False: "2"}, {True: 1, False: 2}, {True: "1", False: "0"})
"""Makers write it differently, some a 0 for offline."""


class DemoPlatform:
    """Answers what a platform is asked; records and pictures it has none.

    Args:
        plan: its checkpoints.
        now: gives epoch seconds.
        elapsed: gives seconds since the fleet's start.
    """

    def __init__(self, plan: ToldPlan, *, now: Callable[[], float], elapsed: Callable[[], float]) -> None:
        self._plan = plan
        self._now = now
        self._elapsed = elapsed

    @property
    def is_down(self) -> bool:
        """Whether it is gone for now."""
        start, end = PLATFORM_DOWN_S
        return start <= self._elapsed() < end

    def answer(self, request: bytes) -> bytes:
        """Give the bytes that it answers with; the connection ends after them."""
        line = _REQUEST_LINE.match(request)
        target = urlsplit(line[1].decode("ascii", "replace")) if line else urlsplit("")
        content = self._content(target.path, parse_qs(target.query))
        body = json.dumps(content, ensure_ascii=False).encode()
        status = b"404 Not Found" if "ResponseStatusObject" in content else b"200 OK"
        head = b"HTTP/1.1 %b\r\nContent-Type: application/VIID+JSON\r\nContent-Length: %d\r\nConnection: close\r\n\r\n"
        return head % (status, len(body)) + body

    def _content(self, path: str, query: dict[str, list[str]]) -> dict[str, object]:
        if path == "/VIID/System/Time":
            said = {"VIIDServerID": self._plan.platform, "TimeMode": "1", "LocalTime": local_time(self._now())}
            return {"SystemTimeObject": said}
        if path == "/VIID/APEs":
            return _page("APE", self._apes(), query)
        if path == "/VIID/Tollgates":
            return _page("Tollgate", self._tollgates(), query)
        if path == "/VIID/Lanes":
            return _page("Lane", self._lanes(), query)
        return {"ResponseStatusObject": {"RequestURL": path, "StatusCode": "4", "StatusString": "Invalid Operation"}}

    def _apes(self) -> list[dict[str, object]]:
        second = int(self._now())
        return [
            {
                "ApeID": unit.id,
                "Name": unit.name,
                "IPAddr": "127.0.0.1",
                "Port": 80,
                "PlaceCode": unit.town[:6],
                "IsOnline": _ONLINE_AS[number % len(_ONLINE_AS)][is_online(unit.id, second=second)],
                "UserId": "admin",
                "Password": "not-for-anybody",
                "FunctionType": "1",
            }
            for number, gate in enumerate(self._plan.gates)
            for unit in gate.units
        ]

    def _tollgates(self) -> list[dict[str, object]]:
        return [
            {
                "TollgateID": gate.id,
                "Name": gate.name,
                "Status": "1",
                "TollgateCat": gate.category,
                "TollgateUsage": gate.usage,
                "PlaceCode": gate.place_code,
                "LaneNum": len(gate.units) + (number % 9 == 8),  # some have a lane that nobody serves
            }
            for number, gate in enumerate(self._plan.gates)
        ]

    def _lanes(self) -> list[dict[str, object]]:
        return [
            {
                "TollgateID": gate.id,
                "LaneNo": lane + 1,
                "Direction": str(1 + lane % 2),
                "CityPass": _PASS[lane % 2],
                "ApeID": unit.id,
            }
            for gate in self._plan.gates
            for lane, unit in enumerate(gate.units)
        ]


def _page(kind: str, items: list[dict[str, object]], query: dict[str, list[str]]) -> dict[str, object]:
    start = _number(query, "RecordStartNo", 1) - 1
    size = min(_MOST_A_PAGE, _number(query, "PageRecordNum", _MOST_A_PAGE))
    return {f"{kind}ListObject": {"TotalNum": len(items), f"{kind}Object": items[start : start + size]}}


def _number(query: dict[str, list[str]], name: str, default: int) -> int:
    text = query.get(name, [""])[0]
    return max(1, int(text)) if text.isdigit() else default
