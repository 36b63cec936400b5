"""One SOAP channel for all devices: connections, time limits, caps and everything about logging in live here.

Per device it keeps nothing but the `Session` that the caller holds. A question goes out unsigned first, while it is not
known what the device wants: 401 with a Digest challenge means HTTP Digest, 400 or a fault `NotAuthorized` without one
means WS-UsernameToken (ONVIF Core, 5.9). Never both at once, and never Basic, which would give the password away.
"""

from __future__ import annotations

import asyncio
import errno
import socket
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from enum import StrEnum

from lxml import etree  # type: ignore[import-untyped]

from collectors.base import Outcome
from collectors.deep import DeepRequest
from collectors.detail import one_line
from collectors.digest import choose_challenge, digest_header
from collectors.onvif.answer import Ending
from collectors.onvif.deadlines import Deadlines
from collectors.onvif.exchange import Exchange
from collectors.onvif.full import StreamExchange, TlsExchange, lenient_context
from collectors.onvif.message import starts_like_http, undo_coding
from collectors.onvif.security import token_header
from collectors.onvif.soap import Soap, SoapKind, open_soap
from collectors.onvif.typed import Typed
from collectors.urls import Url

MAX_DEEP_BYTES = 512 * 1024
"""A dome's hundred profiles take 100 kB; nothing honest takes more than this."""

_UNAUTHORIZED = 401
_UNSUPPORTED = ("ActionNotSupported", "NoSuchService", "OptionalActionNotImplemented", "UnknownAction", "Action Not")


class Heard(StrEnum):
    """How one question ended."""

    OK = "ok"
    REFUSED = "refused"
    UNSUPPORTED = "unsupported"
    FAULT = "fault"
    ODD = "odd"
    TOO_LARGE = "too_large"
    SILENT = "silent"
    FOREIGN = "foreign"


@dataclass(slots=True)
class Answer:
    """What came of one question.

    Attributes:
        heard: how it ended.
        detail: one line for people.
        content: what stood in the envelope's body, where it ended well.
        outcome: the same in the words of a health look.
        read_at: our wall clock half-way between question and answer, epoch seconds.
        dated_at: what the HTTP answer's Date header says, epoch seconds; None for none.
        challenges: the values of its WWW-Authenticate headers.
    """

    heard: Heard
    detail: str = ""
    content: etree._Element | None = None
    outcome: Outcome = Outcome.CLEAN
    read_at: float = 0.0
    dated_at: float | None = None
    challenges: tuple[str, ...] = ()
    status: int | None = None


class Sitting:
    """One deep look's conversation with one device: its questions, and the one login that it may try.

    Attributes:
        login: "untried", "accepted", "refused", "not_asked" or "no_credential".
        refusals: logins that it refused before `login` became "refused": one, or two where the scheme or nonce was old.
        skew_s: the device's clock minus ours, as far as known.
        requests: requests sent so far.
        peer: the numeric address that was reached.
    """

    def __init__(self, channel: Channel, own: Url, request: DeepRequest, *, ends_at: float) -> None:
        self.login = "untried"
        self.refusals = 0
        self.skew_s = 0.0
        self.skew_known = False
        self.requests = 0
        self.peer = ""
        self._channel = channel
        self._own = own
        self._request = request
        self._session = request.session
        self._ends_at = ends_at

    @property
    def is_over(self) -> bool:
        """Whether the time for all questions is up."""
        return time.perf_counter() >= self._ends_at

    async def ask(
        self, service: str, operation: str, *, url: Url | None = None, signed: bool = True, **values: object
    ) -> Answer:
        """Ask one question, signed where the device wants that and we may.

        Args:
            service: whose question it is, "device", "media" or "search".
            operation: its name in the WSDL.
            url: the service's address; None for the device service.
            signed: False never signs.
            values: the question's parameters.
        """
        action, content = self._channel.typed.question(service, operation, **values)
        url = url or self._own
        session, secret = self._session, self._request.secret
        may_sign = signed and secret is not None and self.login != "refused"
        just_learnt = False
        if not may_sign or session.scheme in ("", "none"):
            answer = await self._send(url, action, content)
            if answer.heard is not Heard.REFUSED:
                if answer.heard is Heard.OK and signed and self.login == "untried":
                    self.login, session.scheme = "not_asked", session.scheme or "none"
                return answer
            self._learn_skew(answer)
            self._learn_scheme(answer)
            if not may_sign:
                if signed and self.login in ("untried", "not_asked"):
                    self.login = "no_credential"
                return answer
            just_learnt = True
        return await self._ask_signed(url, action, content, just_learnt=just_learnt)

    async def _ask_signed(self, url: Url, action: str, content: str, *, just_learnt: bool) -> Answer:
        """Ask with our login: once, and once more only where the refusal was not about user or password."""
        session = self._session
        used = choose_challenge(session.challenge.split("\n")) if session.scheme == "digest" else None
        was_kept = session.count > 0 and not just_learnt
        answer = await self._send(url, action, content, signed=True)
        refusals = 0
        if answer.heard is Heard.REFUSED:
            fresh = choose_challenge(answer.challenges)
            if fresh is not None and (used is None or (fresh.nonce != used.nonce and (was_kept or fresh.stale))):
                # Another scheme is wanted, or the nonce kept from earlier is no longer good.
                refusals += not fresh.stale
                self._learn_scheme(answer)
                answer = await self._send(url, action, content, signed=True)
        if answer.heard is Heard.REFUSED:
            if self.login != "accepted":
                self.login = "refused"
                self.refusals = refusals + 1
                # What was learnt may have misled us: the next look finds out anew. A nonce that comes again then still
                # knows how often it was used.
                session.scheme = ""
        elif answer.heard is Heard.OK:
            self.login = "accepted"
        return answer

    def _learn_scheme(self, answer: Answer) -> None:
        session = self._session
        fresh = choose_challenge(answer.challenges)
        if fresh is not None:
            before = choose_challenge(session.challenge.split("\n"))
            count = session.count if before is not None and before.nonce == fresh.nonce else 0
            session.scheme, session.challenge, session.count = "digest", "\n".join(answer.challenges), count
        else:
            session.scheme, session.challenge, session.count = "token", "", 0

    def _learn_skew(self, answer: Answer) -> None:
        """Take the time of a device that does not tell it unsigned from the Date of its refusal."""
        if not self.skew_known and answer.dated_at is not None:
            self.skew_s = answer.dated_at - answer.read_at

    async def _send(self, url: Url, action: str, content: str, *, signed: bool = False) -> Answer:
        session, secret = self._session, self._request.secret
        header = authorization = ""
        if signed and secret is not None:
            if session.scheme == "digest":
                challenge = choose_challenge(session.challenge.split("\n"))
                if challenge is not None:
                    session.count += 1
                    authorization = digest_header(challenge, secret, method="POST", path=url.path, count=session.count)
            else:
                header = token_header(secret, at=self._channel.now() + self.skew_s)
        self.requests += 1
        left_s = max(0.1, min(self._request.timeout_s, self._ends_at - time.perf_counter()))
        answer, peer = await self._channel.send(
            url, envelope(content, header), action=action, authorization=authorization, timeout_s=left_s
        )
        self.peer = self.peer or peer
        return answer


class Channel:
    """What all sittings share: the typed bodies, the deadlines, the TLS context.

    Args:
        wall_clock: gives our own time, epoch seconds.
        max_bytes: how much of an answer is read at most.
    """

    def __init__(self, *, wall_clock: Callable[[], float], max_bytes: int = MAX_DEEP_BYTES) -> None:
        self.now = wall_clock
        self.typed = Typed()
        self._max_bytes = max_bytes
        self._deadlines = Deadlines()
        self._tls_context: ssl.SSLContext | None = None
        self._closed = False

    async def send(
        self, url: Url, body: bytes, *, action: str, authorization: str, timeout_s: float
    ) -> tuple[Answer, str]:
        """Send one request on a connection of its own and give its answer with the numeric address reached.

        Raises:
            asyncio.CancelledError: the caller cancelled it; its connection is gone.
        """
        if self._closed:
            return Answer(Heard.SILENT, "the poller is closed", outcome=Outcome.OURS), ""
        head = (
            f"POST {url.path} HTTP/1.1\r\nHost: {url.where}\r\n"
            f'Content-Type: application/soap+xml; charset=utf-8; action="{action}"\r\n'
            f"Content-Length: {len(body)}\r\nConnection: close\r\n"
        )
        if authorization:
            head += f"Authorization: {authorization}\r\n"
        return await self._converse(url, head.encode() + b"\r\n" + body, timeout_s)

    async def close(self) -> None:
        """End what is in flight and take no more."""
        self._closed = True
        while self._deadlines.stop():  # noqa: ASYNC110 - each ends in its own next step
            await asyncio.sleep(0)

    async def _converse(self, url: Url, request: bytes, timeout_s: float) -> tuple[Answer, str]:
        loop = asyncio.get_running_loop()
        exchange = self._exchange(url, request, loop)
        connecting = loop.create_task(_connect(exchange, url))
        tick = self._deadlines.add(exchange, started=time.perf_counter(), timeout_s=timeout_s)
        try:
            await exchange.over
        finally:
            self._deadlines.remove(exchange, tick)
            exchange.finish(Ending.ENDED)  # where the caller cancelled the look
            connecting.cancel()
        if exchange.stopped:
            return Answer(Heard.SILENT, "the poller was closed", outcome=Outcome.OURS), ""
        if exchange.error is not None:
            raise exchange.error
        if exchange.failure is not None:
            words = exchange.failure.strerror or type(exchange.failure).__name__
            return Answer(Heard.SILENT, one_line(words), outcome=_unconnected(exchange.failure)), ""
        answer = read_answer(exchange, max_bytes=self._max_bytes)
        answer.read_at = exchange.read_at
        return answer, connecting.result() if connecting.done() and not connecting.cancelled() else ""

    def _exchange(self, url: Url, request: bytes, loop: asyncio.AbstractEventLoop) -> StreamExchange:
        if url.scheme != "https":
            return StreamExchange(request, loop=loop, max_bytes=self._max_bytes, wall_clock=self.now)
        if self._tls_context is None:
            self._tls_context = lenient_context()
        return TlsExchange(
            request,
            loop=loop,
            max_bytes=self._max_bytes,
            wall_clock=self.now,
            context=self._tls_context,
            host=url.host,
        )


async def _connect(exchange: StreamExchange, url: Url) -> str:
    """Connect, and give the numeric address that was reached; a failure ends the exchange and gives ""."""
    loop = asyncio.get_running_loop()
    try:
        transport, _ = await loop.create_connection(lambda: exchange, url.host, url.port)
    except OSError as error:
        exchange.failure = error
        exchange.finish(Ending.ENDED)
    except Exception as error:
        exchange.fail(error)
    else:
        name = transport.get_extra_info("peername")
        return str(name[0]) if name else ""
    return ""


def envelope(content: str, header: str = "") -> bytes:
    """Give a SOAP 1.2 envelope around a body's content."""
    head = f"<s:Header>{header}</s:Header>" if header else ""
    return (
        '<?xml version="1.0" encoding="UTF-8"?><s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope">'
        f"{head}<s:Body>{content}</s:Body></s:Envelope>"
    ).encode()


def read_answer(exchange: Exchange, *, max_bytes: int) -> Answer:
    """Give what an exchange that is over comes to; never raises, whatever the device sent."""
    reply, ending = exchange.reply, exchange.ending or Ending.EXPIRED
    if not reply.raw:
        verdict = exchange.verdict() if isinstance(exchange, TlsExchange) else None
        if verdict is not None:
            return Answer(Heard.SILENT, one_line(verdict.detail), outcome=verdict.outcome)
        if ending is Ending.EXPIRED:
            return Answer(Heard.SILENT, "no byte until the timeout", outcome=Outcome.TIMEOUT)
        return Answer(Heard.SILENT, "connection ended before a byte", outcome=Outcome.RESET)
    if not starts_like_http(reply.raw):
        return Answer(Heard.FOREIGN, "not HTTP", outcome=Outcome.FOREIGN)
    message = reply.message()
    if ending is Ending.ENDED:
        message.end()
    headers = message.headers
    challenges = tuple(value for name, value in headers.items() if name.lower() == "www-authenticate")
    found = Answer(
        Heard.OK, dated_at=_date(headers.get("Date", "")), challenges=challenges, status=message.status_so_far
    )
    body = undo_coding(bytes(message.body), headers.get("Content-Encoding", ""), max_bytes=max_bytes)
    if message.status != _UNAUTHORIZED:
        if message.error:
            return _as(found, Heard.ODD, message.error, Outcome.ODD)
        if reply.too_long or (body is not None and len(body) > max_bytes):
            return _as(found, Heard.TOO_LARGE, f"longer than {max_bytes} bytes", Outcome.TOO_LARGE)
        if not message.whole:
            stalled = ending is Ending.EXPIRED
            words = "answer began, then the time was up" if stalled else "connection ended within the answer"
            return _as(found, Heard.SILENT, words, Outcome.STALLED if stalled else Outcome.BROKEN)
    return _read_body(found, body or b"")


def _read_body(found: Answer, body: bytes) -> Answer:
    content = open_soap(body)
    if not isinstance(content, Soap):
        if found.status == _UNAUTHORIZED:
            return _as(found, Heard.REFUSED, "HTTP 401", Outcome.AUTH)
        found.content = content
        return found
    words = f"HTTP {found.status}, {content.words}"
    if found.status == _UNAUTHORIZED or content.kind is SoapKind.REFUSAL:
        return _as(found, Heard.REFUSED, words if content.words else "HTTP 401", Outcome.AUTH)
    if content.kind is SoapKind.FAULT:
        unsupported = any(word in content.words for word in _UNSUPPORTED)
        return _as(found, Heard.UNSUPPORTED if unsupported else Heard.FAULT, words, Outcome.FAULT)
    if content.kind is SoapKind.NOT_SOAP:
        return _as(found, Heard.FOREIGN, f"HTTP {found.status}, no SOAP body", Outcome.FOREIGN)
    return _as(found, Heard.ODD, words, Outcome.ODD)


def _as(answer: Answer, heard: Heard, detail: str, outcome: Outcome) -> Answer:
    answer.heard, answer.detail, answer.outcome = heard, one_line(detail), outcome
    return answer


def _date(text: str) -> float | None:
    try:
        return parsedate_to_datetime(text).timestamp() if text else None
    except (ValueError, OverflowError):
        return None


def _unconnected(error: OSError) -> Outcome:
    if isinstance(error, socket.gaierror):
        return Outcome.UNRESOLVED
    if error.errno in (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM, errno.EADDRNOTAVAIL):
        return Outcome.OURS  # something of this machine, not of the device
    if isinstance(error, ConnectionRefusedError):
        return Outcome.REFUSED
    if isinstance(error, TimeoutError):
        return Outcome.TIMEOUT
    if isinstance(error, ConnectionError):
        return Outcome.RESET
    return Outcome.UNREACHABLE
