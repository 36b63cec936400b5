"""From a request to a handler and back: who asks, may they, is it well formed, was it answered before, what is told."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import msgspec
import structlog
from aiohttp import web

from monitor.adapters.web.asker import COOKIE, Front, asker, check_csrf, check_origin
from monitor.adapters.web.parts import JobRefusedError, JobsBusyError, Parts
from monitor.adapters.web.problem import Problem, forbidden, invalid
from monitor.adapters.web.route import Call, Reply, Route
from monitor.domain.account import GUEST, Caller
from monitor.domain.audit import AuditEntry
from monitor.domain.exempting import NotAllowedError
from monitor.ports import CredentialsError, StoreBusyError, StoreChangedError, StoreError
from monitor.services.account_desk import AccountError, LoginRefusedError, ThrottledError
from monitor.services.order_desk import OrderError

log = structlog.get_logger()

BODY_WITHIN_S = 20.0
"""A body that takes longer is a slow client's."""

GZIP_FROM = 1_024
LONGEST_KEY = 128
_TOLD_AT_MOST = 4_000
_STRANGE = [b"\\u0000", b"\\ud8", b"\\ud9", b"\\uda", b"\\udb", b"\\udc", b"\\udd", b"\\ude", b"\\udf"]

_encoder = msgspec.json.Encoder()


class Dispatch:
    """Makes aiohttp handlers of routes.

    Args:
        parts: what handlers work on.
        front: what stands before the service.
    """

    def __init__(self, parts: Parts, front: Front) -> None:
        self._parts = parts
        self._front = front
        self._under_way: set[tuple[str, str]] = set()
        # What is stored of a body with a secret must not help to guess it: keyed by what dies with the process.
        self._blinding = secrets.token_bytes(32)

    def handler(self, route: Route) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        """Give the aiohttp handler of a route."""
        decoder = None if route.body in (None, bytes) else msgspec.json.Decoder(route.body)

        async def handle(request: web.Request) -> web.StreamResponse:
            call = None
            try:
                self._front.check_host(request)
                call, raw = await self._call(route, request, decoder)
                if not route.changes:
                    return await self._answer(route, call, await route.handler(call))
                return await self._change(route, call, raw)
            except Exception as error:
                problem = _problem_of(error)
                if problem is None:
                    raise
                self._parts.refused[problem.kind] += 1
                if call is not None and route.changes and problem.status in (403, 404, 409, 422):
                    await self._note(route, call, outcome=problem.kind)
                return problem.response()

        return handle

    async def _call(
        self, route: Route, request: web.Request, decoder: msgspec.json.Decoder[Any] | None
    ) -> tuple[Call, bytes]:
        caller, session = await asker(request, self._parts)
        if route.changes:
            check_origin(request)
            if session is not None and not (route.keyless and route.right is None):
                check_csrf(request, session)
        if route.right is not None and (caller is None or not caller.has(route.right)):
            raise self._unknown_or_forbidden(caller)
        if route.known and (caller is None or caller.via == "guest"):
            raise self._unknown_or_forbidden(None)
        if any(not character.isprintable() for value in request.match_info.values() for character in value):
            raise invalid(["地址中有控制字符 · the path holds control characters"], status=400)
        query = _query_of(route, request)
        raw = await _body_of(route, request)
        call = Call(
            parts=self._parts,
            caller=caller or GUEST,
            session=session,
            right=route.right,
            params=dict(request.match_info),
            query=query,
            body=raw if route.body is bytes else None if decoder is None else _decoded(decoder, raw),
            address=self._front.address(request),
            at=int(self._parts.now()),
            request=request,
        )
        return call, raw

    async def _change(self, route: Route, call: Call, raw: bytes) -> web.StreamResponse:
        """Make a change once, however often it is sent."""
        key = call.request.headers.get("Idempotency-Key", "")
        if route.keyless:
            answer = await self._answer(route, call, await route.handler(call))
            await self._note(route, call)
            return answer
        if not (0 < len(key) <= LONGEST_KEY and key.isascii() and key.isprintable()):
            raise invalid(
                [f"修改须带 Idempotency-Key（1-{LONGEST_KEY} 个字符）· a change needs an Idempotency-Key"], status=400
            )
        parts = [call.request.method.encode(), call.request.raw_path.encode(), raw]
        fingerprint = hashlib.blake2b(b"\n".join(parts), key=self._blinding if route.secret else b"", digest_size=32)
        known = (call.caller.name, key)
        if known in self._under_way:
            raise Problem(409, "under-way", "同一请求正在处理 · the same request is under way", retry_after_s=1)
        self._under_way.add(known)
        try:
            before = await self._parts.remembered.answered(*known)
            if before is not None:
                if before[0] != fingerprint.hexdigest():
                    raise invalid(["Idempotency-Key 已用于另一请求 · the key was used for another request"])
                headers = {"Content-Type": route.produces, "Idempotent-Replay": "true"}
                return web.Response(status=before[1], body=before[2], headers=headers)
            answer = await self._answer(route, call, await route.handler(call))
            body = answer.body if isinstance(answer, web.Response) and isinstance(answer.body, bytes) else b""
            remembered = (fingerprint.hexdigest(), answer.status, b"" if route.own_audit else body)
            await self._parts.remembered.remember(*known, answer=remembered, at=call.at)
            await self._note(route, call)
        finally:
            self._under_way.discard(known)
        return answer

    async def _answer(self, route: Route, call: Call, value: Any) -> web.StreamResponse:
        reply = value if isinstance(value, Reply) else Reply(value)
        headers = {"Content-Type": route.produces, "Cache-Control": "no-store", **reply.headers}
        status = reply.status or route.status
        if isinstance(reply.value, AsyncIterator):
            return await _stream(call.request, reply.value, status, headers)
        body = b"" if reply.value is None else reply.value
        if not isinstance(body, bytes):
            body = _encoder.encode(body)
        if not route.changes and status == 200:
            etag = f'"{hashlib.blake2b(body, digest_size=12).hexdigest()}"'
            headers |= {"ETag": etag, "Cache-Control": "private, no-cache"}
            if etag in call.request.headers.get("If-None-Match", ""):
                return web.Response(status=304, headers={"ETag": etag})
            headers["Vary"] = "Accept-Encoding, Cookie, Authorization"
            if len(body) >= GZIP_FROM and "gzip" in call.request.headers.get("Accept-Encoding", ""):
                headers["Content-Encoding"] = "gzip"
                body = gzip.compress(body, 5, mtime=0)
        response = web.Response(status=status, body=body, headers=headers)
        if reply.cookie is not None:
            self._set_cookie(call, response, reply.cookie)
        return response

    def _set_cookie(self, call: Call, response: web.Response, value: str) -> None:
        if value:
            secure = self._front.is_secure(call.request)
            response.set_cookie(COOKIE, value, httponly=True, samesite="Strict", path="/", secure=secure)
        else:
            response.del_cookie(COOKIE, path="/")

    async def _note(self, route: Route, call: Call, *, outcome: str = "done") -> None:
        if not route.action or (route.own_audit and outcome == "done"):
            return
        entry = AuditEntry(
            at=call.at,
            who=call.caller.name,
            via=f"{call.caller.via} {call.caller.reference}".strip(),
            address=call.address,
            action=route.action,
            target=(call.target or " ".join(call.params.values()))[:200],
            outcome=outcome,
            before=_told(call.before),
            after=_told(
                _body_told(call) if call.after is None and not (route.own_audit or route.secret) else call.after
            ),
        )
        await self._parts.audit.append(entry)

    def _unknown_or_forbidden(self, caller: Caller | None) -> Problem:
        if caller is None or caller.via == "guest":
            return Problem(401, "login", "请先登录 · log in first")
        return forbidden()


def _problem_of(error: Exception) -> Problem | None:
    """Give what is answered for an error that is no mistake of ours; None for one that is."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, NotAllowedError):
        return Problem(409, "not-allowed", "规则不允许 · the rules do not allow it", error.problems)
    if isinstance(error, JobRefusedError):
        return Problem(422, "refused", "不能完成 · it cannot be done", error.problems)
    if isinstance(error, JobsBusyError):
        return Problem(409, "busy", "另一导入或报表正在进行 · another import or report is under way", retry_after_s=10)
    if isinstance(error, OrderError):
        return invalid(str(error).splitlines())
    if isinstance(error, AccountError):
        return invalid(error.problems)
    if isinstance(error, LoginRefusedError):
        return Problem(401, "login", str(error), code_wanted=error.code_wanted)
    if isinstance(error, ThrottledError):
        return Problem(429, "throttled", str(error), retry_after_s=error.after_s)
    if isinstance(error, CredentialsError):
        return Problem(409, "vault", "凭据库不可用 · the vault cannot be used", str(error).splitlines())
    if isinstance(error, StoreChangedError):
        return Problem(409, "changed", "清单刚被修改，请重试 · the inventory has just changed, try again")
    if isinstance(error, StoreBusyError):
        return Problem(503, "busy", "数据库暂时不可用 · the store cannot be used now", retry_after_s=5)
    if isinstance(error, StoreError):
        return Problem(503, "store", "数据库不可用 · the store cannot be used")
    return None


def _query_of(route: Route, request: web.Request) -> Any:
    if len(set(request.query)) != len(request.query):
        raise invalid(["参数重复 · a parameter stands twice"], status=400)
    if any(not character.isprintable() for value in request.query.values() for character in value):
        raise invalid(["参数中有控制字符 · a parameter holds control characters"], status=400)
    try:
        return msgspec.convert(dict(request.query), route.query, strict=False)
    except (msgspec.ValidationError, OverflowError) as error:
        raise invalid([str(error)], status=400) from error


async def _body_of(route: Route, request: web.Request) -> bytes:
    length = request.content_length
    if route.body is None:
        if length:
            raise invalid(["此处不收正文 · no body is taken here"], status=400)
        return b""
    if route.body is not bytes and request.content_type != "application/json":
        raise Problem(415, "media-type", "正文须为 application/json · the body must be application/json")
    too_large = Problem(413, "too-large", f"正文超过 {route.most_bytes} 字节 · the body is larger than that")
    if length is not None and length > route.most_bytes:
        raise too_large
    parts = bytearray()
    try:
        async with asyncio.timeout(BODY_WITHIN_S):
            async for part in request.content.iter_chunked(65_536):
                parts += part
                if len(parts) > route.most_bytes:
                    raise too_large
    except TimeoutError:
        raise Problem(408, "slow", "正文来得太慢 · the body took too long") from None
    return bytes(parts)


def _decoded(decoder: msgspec.json.Decoder[Any], raw: bytes) -> Any:
    lower = raw.lower()
    if any(strange in lower for strange in _STRANGE):
        raise invalid(["正文中有不成字的编码 · the body holds codes that are no characters"], status=400)
    try:
        return decoder.decode(raw)
    except msgspec.ValidationError as error:
        raise invalid([str(error)]) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise invalid([f"不是 JSON · not JSON: {error}"], status=400) from error


async def _stream(
    request: web.Request, parts: AsyncIterator[bytes], status: int, headers: dict[str, str]
) -> web.StreamResponse:
    response = web.StreamResponse(status=status, headers=headers)
    response.enable_compression()
    await response.prepare(request)
    async for part in parts:
        await response.write(part)
    await response.write_eof()
    return response


def _body_told(call: Call) -> object:
    """Give the body for the audit log; of a sheet only how long it is."""
    return {"bytes": len(call.body)} if isinstance(call.body, bytes) else call.body


def _told(value: object) -> str:
    if value is None:
        return ""
    return msgspec.json.encode(value).decode()[:_TOLD_AT_MOST]
