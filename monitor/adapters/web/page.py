"""The page: its files read once, named by what is in them, and sent with a strict content security policy."""

from __future__ import annotations

import gzip
import hashlib
import mimetypes
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

from monitor.adapters.web.asker import Front
from monitor.adapters.web.problem import Problem
from monitor.adapters.web.server import Mount

FOLDER = Path(__file__).parent / "static"
CHARTS = "charts.js"
"""Built from npm's echarts at set-up; without it the page shows tables where charts would be."""

MAP_PATH = "/map.geojson"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "font-src 'self'; manifest-src 'self'; media-src 'self' data:; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}
_MOST_MAP_BYTES = 8_000_000


@dataclass(frozen=True, slots=True)
class _File:
    kind: str
    plain: bytes
    packed: bytes


class Page:
    """The page's files.

    Args:
        front: what stands before the service.
        map_file: the site's own map, GeoJSON, or None.
        folder: where the files are.
    """

    def __init__(self, front: Front, *, map_file: Path | None, folder: Path = FOLDER) -> None:
        self._front = front
        self._files = {
            path.relative_to(folder).as_posix(): _read(path) for path in sorted(folder.rglob("*")) if path.is_file()
        }
        self._map = None if map_file is None else _read(map_file)
        digest = hashlib.sha256()
        for name, file in self._files.items():
            digest.update(name.encode() + b"\0" + file.plain)
        self.version = digest.hexdigest()[:12]
        index = self._files.pop("index.html").plain.decode()
        marks = {
            "{{assets}}": f"/assets/{self.version}",
            "{{charts}}": "1" if CHARTS in self._files else "",
            "{{map}}": MAP_PATH if self._map is not None else "",
        }
        for mark, value in marks.items():
            index = index.replace(mark, value)
        self._index = _packed("text/html; charset=utf-8", index.encode())

    @property
    def mount(self) -> Mount:
        """What adds the page to the server."""

        def mount(application: web.Application) -> None:
            application.router.add_get("/", self._front_page)
            application.router.add_get("/assets/{version}/{name:[a-z0-9_./-]+}", self._asset)
            application.router.add_get("/favicon.ico", self._icon)
            application.router.add_get(MAP_PATH, self._own_map)

        return mount

    async def _front_page(self, request: web.Request) -> web.Response:
        return self._send(request, self._index, cache="no-cache")

    async def _asset(self, request: web.Request) -> web.Response:
        file = self._files.get(request.match_info["name"])
        if file is None or request.match_info["version"] != self.version:
            return web.Response(status=404, headers={**HEADERS, "Cache-Control": "no-store"})
        return self._send(request, file, cache="public, max-age=31536000, immutable")

    async def _icon(self, request: web.Request) -> web.Response:
        return self._send(request, self._files["icon.svg"], cache="public, max-age=86400")

    async def _own_map(self, request: web.Request) -> web.Response:
        if self._map is None:
            return web.Response(status=404, headers=HEADERS)
        return self._send(request, self._map, cache="no-cache")

    def _send(self, request: web.Request, file: _File, *, cache: str) -> web.Response:
        try:
            self._front.check_host(request)
        except Problem as problem:
            return problem.response()
        headers = {**HEADERS, "Content-Type": file.kind, "Cache-Control": cache, "Vary": "Accept-Encoding"}
        if self._front.is_secure(request):
            headers["Strict-Transport-Security"] = "max-age=31536000"
        if "gzip" in request.headers.get("Accept-Encoding", ""):
            return web.Response(body=file.packed, headers={**headers, "Content-Encoding": "gzip"})
        return web.Response(body=file.plain, headers=headers)


def _read(path: Path) -> _File:
    plain = path.read_bytes()
    if len(plain) > _MOST_MAP_BYTES:
        raise ValueError(f"{path}: larger than {_MOST_MAP_BYTES} bytes")
    kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    if path.suffix == ".js":
        kind = "text/javascript"
    if path.suffix == ".geojson":
        kind = "application/geo+json"
    text = kind.startswith("text/") or kind.endswith(("json", "+xml"))
    return _packed(f"{kind}; charset=utf-8" if text else kind, plain)


def _packed(kind: str, plain: bytes) -> _File:
    return _File(kind, plain, gzip.compress(plain, 9, mtime=0))
