"""Whole HTTP answers of the simulated devices, ready as bytes; those with a clock are written once a second."""

from __future__ import annotations

from monitor.demo.behaviour import Behaviour
from monitor.demo.shapes import SHAPES

HUGE_BYTES = 4 * 1024 * 1024
"""Length of the body of a device that answers with megabytes."""

_SOAP_TYPE = b"Content-Type: application/soap+xml; charset=utf-8\r\n"
_NONCE_BITS = (1 << 128) - 1
_CHUNK = 400

_NOT_AUTHORIZED = (
    b'<?xml version="1.0" encoding="UTF-8"?>\n<env:Envelope xmlns:env="http://www.w3.org/2003/05/soap-envelope"'
    b' xmlns:ter="http://www.onvif.org/ver10/error"><env:Body><env:Fault><env:Code><env:Value>env:Sender</env:Value>'
    b"<env:Subcode><env:Value>ter:NotAuthorized</env:Value></env:Subcode></env:Code><env:Reason>"
    b'<env:Text xml:lang="en">The action requested requires authorization and the sender is not authorized</env:Text>'
    b"</env:Reason></env:Fault></env:Body></env:Envelope>"
)
# Fault elements without a prefix, and an empty reason: both occur.
_FAULT = (
    b'<?xml version="1.0" encoding="UTF-8"?>\n<SOAP-ENV:Envelope xmlns:SOAP-ENV="http://www.w3.org/2003/05/soap-envelope"'
    b' xmlns:ter="http://www.onvif.org/ver10/error"><SOAP-ENV:Body><Fault xmlns="http://www.w3.org/2003/05/soap-envelope">'
    b"<Code><Value>SOAP-ENV:Receiver</Value><Subcode><Value>ter:Action</Value></Subcode></Code>"
    b'<Reason><Text xml:lang="en"></Text></Reason></Fault></SOAP-ENV:Body></SOAP-ENV:Envelope>'
)
_LOGIN_PAGE = (
    b"<!DOCTYPE html>\n<html><head><title>Router</title></head>"
    b"<body><form action=/login><input name=code></form></body></html>"
)
_REFUSED_PAGE = (
    b"<!DOCTYPE html>\n<html><head><title>Document Error: Unauthorized</title></head>"
    b"<body><h2>Access Error: 401 -- Unauthorized</h2></body></html>"
)


def http(status: bytes, body: bytes, *, head: bytes = _SOAP_TYPE, close: bool = True) -> bytes:
    """Give an HTTP/1.1 answer with its length."""
    connection = b"close" if close else b"keep-alive"
    return b"HTTP/1.1 %b\r\n%bContent-Length: %d\r\nConnection: %b\r\n\r\n%b" % (
        status,
        head,
        len(body),
        connection,
        body,
    )


NOT_AUTHORIZED: bytes = http(b"400 Bad Request", _NOT_AUTHORIZED)
"""HTTP 400 with `ter:NotAuthorized`: how many devices ask for a password."""

FIXED: dict[Behaviour, bytes] = {
    Behaviour.AUTH_400: NOT_AUTHORIZED,
    Behaviour.SOAP_FAULT: http(b"500 Internal Server Error", _FAULT),
    Behaviour.HTML: http(b"200 OK", _LOGIN_PAGE, head=b"Content-Type: text/html\r\n"),
    Behaviour.EMPTY: http(b"200 OK", b""),
}
"""Answers that are always the same."""


def nonce_of(index: int, *, second: int) -> str:
    """Give a device's nonce of a moment."""
    return f"{(second * 0x9E3779B97F4A7C15F39CC0605CEDC835 + index) & _NONCE_BITS:032x}"


def unauthorized(index: int, *, second: int, algorithms: tuple[str, ...] = ("SHA-256", "MD5")) -> bytes:
    """Give a 401 with Digest challenges, SHA-256 first; the realm is the device's own and stays."""
    nonce = nonce_of(index, second=second)
    challenge = 'WWW-Authenticate: Digest realm="IPC-%06d", qop="auth", nonce="%s", algorithm=%s\r\n'
    head = "".join(challenge % (index, nonce, algorithm) for algorithm in algorithms)
    return http(b"401 Unauthorized", _REFUSED_PAGE, head=head.encode() + b"Content-Type: text/html\r\n")


def huge() -> bytes:
    """Give an answer that begins like SOAP and goes on for megabytes."""
    start = b'<?xml version="1.0"?><env:Envelope xmlns:env="http://www.w3.org/2003/05/soap-envelope"><env:Body><Log>'
    return http(b"200 OK", start + b"0123456789abcdef" * (HUGE_BYTES // 16))


def clock_answer(shape: int, instant: int, *, utc_is_local: bool = False, close: bool) -> bytes:
    """Give the clean answer of a shape (an index of `SHAPES`) whose clock stands at `instant`."""
    body = SHAPES[shape].render(instant, utc_is_local=utc_is_local)
    return http(b"200 OK", body, head=SHAPES[shape].head.encode(), close=close)


def chunked_answer(shape: int, instant: int) -> bytes:
    """Give the same in chunks, without a length."""
    body = SHAPES[shape].render(instant)
    chunks = [body[start : start + _CHUNK] for start in range(0, len(body), _CHUNK)]
    framed = b"".join(b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in chunks)
    head = SHAPES[shape].head.encode()
    return b"HTTP/1.1 200 OK\r\n%bTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n%b0\r\n\r\n" % (head, framed)
