"""GA/T 1400 platforms as real servers on loopback, with the Digest variants that real ones send."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

USER, PASSWORD, ME = "viid", "Zk-9", "37070000005030000001"
CHALLENGES = {
    "plain": 'Digest realm="viid",qop="auth",nonce="n{n}"',
    "opaque and spacing": 'Digest realm = "viid" , nonce = "n{n}" , opaque = "op" , qop = "auth"',
    "algorithm": 'Digest realm="viid", nonce="n{n}", algorithm=MD5, qop="auth", opaque=""',
    "without qop": 'Digest realm="viid", nonce="n{n}"',
    "SHA-256": 'Digest realm="viid", nonce="n{n}", algorithm=SHA-256, qop="auth"',
    "lower case": 'digest realm="viid",nonce="n{n}",qop="auth,auth-int",algorithm="md5"',
}


@dataclass
class Platform:
    """What it answers: bodies by path, in pages where a list is longer than `page_cap`."""

    apes: list[dict[str, Any]] = field(default_factory=list)
    tollgates: list[dict[str, Any]] = field(default_factory=list)
    lanes: list[dict[str, Any]] = field(default_factory=list)
    apss: list[dict[str, Any]] = field(default_factory=list)
    page_cap: int = 10_000
    honours_paging: bool = True
    says_total: bool = False
    challenge: str = ""
    time: object = field(default_factory=lambda: {"SystemTimeObject": {"TimeMode": "1", "LocalTime": "20261124080910"}})
    answers: dict[str, Callable[[web.Request], web.Response]] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)
    identities: set[str] = field(default_factory=set)
    refused: int = 0
    port: int = 0
    nonce: int = 1
    dead: bool = False

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def serve(self, request: web.Request) -> web.Response:
        name = request.path.removeprefix("/VIID/")
        if self.dead:
            assert request.transport is not None
            request.transport.abort()
        self.requests.append(request.path_qs)
        self.identities.add(request.headers.get("User-Identify", ""))
        if self.challenge and not self._lets_in(request):
            self.refused += "Authorization" in request.headers
            header = {"WWW-Authenticate": CHALLENGES[self.challenge].format(n=self.nonce)}
            return web.Response(status=401, headers=header, text="{}")
        if name in self.answers:
            return self.answers[name](request)
        if name == "System/Time":
            return self._json(self.time)
        kind = {"APEs": "APE", "APSs": "APS", "Tollgates": "Tollgate", "Lanes": "Lane"}[name]
        items = getattr(self, name.lower())
        start, size = int(request.query["RecordStartNo"]) - 1, int(request.query["PageRecordNum"])
        page = items[start : start + min(size, self.page_cap)] if self.honours_paging else items
        inner: dict[str, Any] = {f"{kind}Object": page}
        if self.says_total:
            inner["TotalNum"] = len(items)
        return self._json({f"{kind}ListObject": inner})

    def _lets_in(self, request: web.Request) -> bool:
        header = request.headers.get("Authorization", "")
        fields = {name: quoted or bare for name, quoted, bare in re.findall(r'(\w+)=(?:"([^"]*)"|([^\s,]+))', header)}
        if fields.get("nonce") != f"n{self.nonce}" or fields.get("username") != USER:
            return False
        make = hashlib.sha256 if "SHA-256" in self.challenge else hashlib.md5

        def hashed(text: str) -> str:
            return make(text.encode()).hexdigest()

        who, what = hashed(f"{USER}:viid:{PASSWORD}"), hashed(f"{request.method}:{request.path_qs}")
        middle = f"{fields['nc']}:{fields['cnonce']}:auth:" if "qop" in fields else ""
        return fields["uri"] == request.path_qs and fields["response"] == hashed(f"{who}:n{self.nonce}:{middle}{what}")

    @staticmethod
    def _json(body: object) -> web.Response:
        return web.Response(body=json.dumps(body).encode(), content_type="application/VIID+JSON")


@asynccontextmanager
async def running_platform(platform: Platform) -> AsyncIterator[Platform]:
    app = web.Application()
    app.router.add_route("*", "/VIID/{rest:.*}", platform.serve)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    platform.port = runner.addresses[0][1]
    try:
        yield platform
    finally:
        await runner.cleanup()
