"""An HTTP answer taken apart as its bytes come in, by aiohttp's parser; nothing in it raises.

aiohttp's client is not used for the look itself: it tells a timeout, but not whether a byte had come
before it, and that is what decides between a device that is silent and one that answers (RULES §1).
"""

from __future__ import annotations

import asyncio
import re
import zlib
from collections.abc import Mapping
from typing import TYPE_CHECKING

from aiohttp.base_protocol import BaseProtocol
from aiohttp.http import HttpProcessingError, HttpResponseParser

if TYPE_CHECKING:
    from aiohttp.streams import StreamReader

HEAD_END = re.compile(rb"\n\r?\n")
_STATUS = re.compile(rb"HTTP/1\.[01] +(\d{3})(?![^\s])")
_STATUS_SO_FAR = re.compile(rb"(?:H|HT|HTT|HTTP|HTTP/|HTTP/1|HTTP/1\.|HTTP/1\.[01](?: +\d{0,3})?)\r?")
_HTML_TYPE = re.compile(rb"\ncontent-type:[ \t]*(?:text/html|application/xhtml)", re.IGNORECASE)
_SWITCHING = 101
_START = b"HTTP/1."


def starts_like_http(raw: bytes | bytearray) -> bool:
    """Whether bytes are the beginning of an HTTP/1 answer, be it only its first letter."""
    return raw[: len(_START)] == _START[: len(raw)]


class HttpMessage:
    """One HTTP answer, fed piece by piece; interim answers (1xx) are passed over.

    Attributes:
        status: of the final answer, None until its head is complete.
        headers: of the final answer, names in any case.
        body: as far as it has come, chunks joined, content coding not undone.
        whole: whether the answer is complete.
        framed: whether the answer itself said where it ends, rather than the connection's end.
        error: what is malformed about it, "" for nothing; after an error nothing more is read.
    """

    def __init__(self, *, max_bytes: int) -> None:
        self.status: int | None = None
        self.headers: Mapping[str, str] = {}
        self.body = bytearray()
        self.whole = False
        self.framed = True
        self.error = ""
        self._head = bytearray()
        self._searched = 0
        self._payload: StreamReader | None = None
        loop = asyncio.get_running_loop()
        protocol = BaseProtocol(loop)
        # The parser pauses when a payload is longer than the limit, or in more pieces than a sixteenth of
        # it. We cap the answer ourselves and never want the pause.
        self._parser = HttpResponseParser(
            protocol,
            loop,
            limit=max_bytes * 16,
            max_line_size=max_bytes,
            max_field_size=max_bytes,
            max_headers=max_bytes,
            read_until_eof=True,
            auto_decompress=False,
        )

    def feed(self, data: bytes) -> None:
        """Take the next bytes."""
        while data and not self.whole and not self.error:
            data = self._feed_body(data) if self._payload is not None else self._feed_head(data)

    def end(self) -> None:
        """The connection ended: an answer that did not say where it ends is whole now."""
        if self._payload is not None and not self.framed and not self.error:
            self.whole = True

    @property
    def status_so_far(self) -> int | None:
        """The status, also of an answer whose head is not complete."""
        if self.status is not None:
            return self.status
        match = _STATUS.match(self._head)
        return None if match is None else int(match[1])

    @property
    def says_html(self) -> bool:
        """Whether the head, complete or not, announces a web page."""
        kind = self.headers.get("Content-Type", "").lower()
        return kind.startswith(("text/html", "application/xhtml")) or _HTML_TYPE.search(self._head) is not None

    @property
    def head_is_plausible(self) -> bool:
        """Whether the head is that of an HTTP/1 answer as far as it has come."""
        if self.status is not None or _STATUS.match(self._head) is not None or not self._head:
            return True
        return _STATUS_SO_FAR.fullmatch(self._head) is not None

    def _feed_head(self, data: bytes) -> bytes:
        # Whole heads only, one by one: when a parser raises it forgets the message before the error.
        self._head += data
        match = HEAD_END.search(self._head, self._searched)
        if match is None:
            self._searched = max(0, len(self._head) - 2)
            return b""
        head, rest = bytes(self._head[: match.end()]), bytes(self._head[match.end() :])
        self._head.clear()
        self._searched = 0
        try:
            messages, _, _ = self._parser.feed_data(head)
        except HttpProcessingError as error:
            self._head += head
            self._fail(error)
            return b""
        if not messages:
            self.error = "no HTTP answer in its head"
            return b""
        message, payload = messages[-1]
        if message.code < 200 and message.code != _SWITCHING:
            return rest
        self.status, self.headers, self._payload = message.code, message.headers, payload
        self.framed = message.chunked or "Content-Length" in message.headers or payload.is_eof()
        self.whole = payload.is_eof()
        return rest

    def _feed_body(self, data: bytes) -> bytes:
        assert self._payload is not None  # noqa: S101 - the caller looked
        try:
            self._parser.feed_data(data)
        except HttpProcessingError as error:
            # After a whole answer, more bytes are an error of the device that does not concern us.
            if not self._payload.is_eof():
                self._fail(error)
        if self._payload.exception() is None:
            self.body += self._payload.read_nowait()
            self.whole = self._payload.is_eof()
        return b""

    def _fail(self, error: HttpProcessingError) -> None:
        self.error = f"malformed HTTP: {(error.message or type(error).__name__).splitlines()[0]}"


def undo_coding(body: bytes, coding: str, *, max_bytes: int) -> bytes | None:
    """Undo a body's content coding as far as it has come, to at most `max_bytes` + 1; None where it can't be undone.

    Args:
        body: all or the beginning of it.
        coding: the Content-Encoding header, "" for none.
        max_bytes: the cap; a longer result says that the cap was passed.
    """
    coding = coding.strip().lower()
    if coding in ("", "identity"):
        return body
    if coding not in ("gzip", "x-gzip", "deflate"):
        return None
    try:
        return zlib.decompressobj(wbits=zlib.MAX_WBITS | 32).decompress(body, max_bytes + 1)
    except zlib.error:
        return None
