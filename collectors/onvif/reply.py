"""The bytes of one answer as they come in: when is enough there, and what are they."""

from __future__ import annotations

from collectors.onvif.lean import CLEAN_HEAD
from collectors.onvif.message import HEAD_END, HttpMessage, starts_like_http


class Reply:
    """Collects an answer up to its cap, once, for whichever lane then reads it.

    A clean head tells where the answer ends, so that nothing else is done until the bytes are there.
    Any other head makes an `HttpMessage`, fed from the first byte on.

    Attributes:
        raw: every byte so far, at most `max_bytes`.
        too_long: more than `max_bytes` came, or would have come.
    """

    __slots__ = ("_body_at", "_end_at", "_max_bytes", "_message", "_searched", "raw", "too_long")

    def __init__(self, max_bytes: int) -> None:
        self.raw: bytes | bytearray = b""
        self.too_long = False
        self._max_bytes = max_bytes
        self._body_at = 0  # 0: no clean head (yet)
        self._end_at = 0  # 0: ends with the connection
        self._searched = 0
        self._message: HttpMessage | None = None

    def feed(self, data: bytes) -> bool:
        """Take the next bytes; say whether nothing more is to be read."""
        if not self.raw:
            self.raw = data
        else:
            if isinstance(self.raw, bytes):
                self.raw = bytearray(self.raw)
            self.raw += data
        if self._message is not None:
            return self._feed_message(data)
        if not self._body_at:
            head = CLEAN_HEAD.match(self.raw)
            if head is not None:
                self._body_at = head.end()
                length = head[1]
                self._end_at = head.end() + int(length) if length is not None else 0
            elif not starts_like_http(self.raw):
                return True
            elif HEAD_END.search(self.raw, self._searched):
                self._message = HttpMessage(max_bytes=self._max_bytes)
                return self._feed_message(self.raw)
            else:
                self._searched = max(0, len(self.raw) - 2)
        if 0 < self._end_at <= min(len(self.raw), self._max_bytes):
            return True
        return self._cap()

    def clean_body(self, *, ended: bool) -> bytes | None:
        """Give the body under a clean head if all of it is there; None otherwise.

        Args:
            ended: the device ended the connection, which ends an answer without a length.
        """
        if not self._body_at or self.too_long:
            return None
        if self._end_at:
            return bytes(self.raw[self._body_at : self._end_at]) if len(self.raw) >= self._end_at else None
        return bytes(self.raw[self._body_at :]) if ended else None

    def message(self) -> HttpMessage:
        """Give the answer as the full lane sees it, as far as it has come."""
        if self._message is None:
            self._message = HttpMessage(max_bytes=self._max_bytes)
            self._message.feed(bytes(self.raw))
        return self._message

    def _feed_message(self, data: bytes | bytearray) -> bool:
        message = self._message
        assert message is not None  # noqa: S101 - the callers made it
        beyond = len(self.raw) - self._max_bytes
        message.feed(bytes(data[: len(data) - beyond] if beyond > 0 else data))
        return message.whole or bool(message.error) or self._cap()

    def _cap(self) -> bool:
        if len(self.raw) <= self._max_bytes:
            return False
        self.raw = self.raw[: self._max_bytes]
        self.too_long = True
        return True
