"""What a device does → the outcome it gets, in both lanes (RULES §1, facts/real-counterparts.md)."""

from __future__ import annotations

import asyncio
import gzip

import pytest

from collectors.base import Outcome, PollResult
from tests.collectors.servers import (
    CLEAN_BODY,
    LOCAL_S,
    UTC_S,
    Step,
    Then,
    chunked,
    device,
    envelope,
    fault,
    http,
    look_at,
    moment,
    time_answer,
)

HTML = b"<!DOCTYPE html><html><head><title>login</title></head><body>hello</body></html>"
SOAP_TYPE = b"Content-Type: application/soap+xml; charset=utf-8"
HTML_TYPE = b"Content-Type: text/html"
CLEAN = http(CLEAN_BODY, headers=(SOAP_TYPE,))
HALF = CLEAN[: len(CLEAN) - 200]


def claiming(length: int) -> bytes:
    return CLEAN.replace(b"Content-Length: %d" % len(CLEAN_BODY), b"Content-Length: %d" % length)


DIGEST_SHA = b'WWW-Authenticate: Digest realm="IP Camera(C1234)", qop="auth", nonce="n1", algorithm=SHA-256'
DIGEST_MD5 = b'WWW-Authenticate: Digest realm="IP Camera(C1234)", qop="auth", nonce="n2", algorithm=MD5'
BASIC = b'WWW-Authenticate: Basic realm="web"'
UNPREFIXED_FAULT = (
    b'<Envelope xmlns="http://www.w3.org/2003/05/soap-envelope"><Body><Fault xmlns="">'
    b"<Code><Value>Receiver</Value></Code><Reason><Text/></Reason></Fault></Body></Envelope>"
)
SOAP11 = CLEAN_BODY.replace(b"http://www.w3.org/2003/05/soap-envelope", b"http://schemas.xmlsoap.org/soap/envelope/")
DRIP: tuple[Step, ...] = tuple(step for at in range(60) for step in (CLEAN[at : at + 1], 0.02))
UTC_ONLY = moment("UTCDateTime")
BAD_LOCAL = moment("LocalDateTime", at=(2026, 13, 1, 1, 1, 1))
OK_LINE = b"HTTP/1.1 200 OK\r\n"
SWITCHING = b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n"


def with_utc(text: str) -> bytes:
    return http(time_answer(text))


def field(name: str, value: str, number: int) -> str:
    return UTC_ONLY.replace(f"<tt:{name}>{number}<", f"<tt:{name}>{value}<")


CASES: dict[str, tuple[Outcome, str, tuple[Step, ...]]] = {
    # the answer asked for, in many dresses
    "clean": (Outcome.CLEAN, "", (CLEAN,)),
    "clean without a length": (Outcome.CLEAN, "", (http(CLEAN_BODY, length=False),)),
    "clean, connection kept open": (Outcome.CLEAN, "", (CLEAN, Then.HANG)),
    "clean, chunked, connection kept open": (Outcome.CLEAN, "", (chunked(CLEAN_BODY), Then.HANG)),
    "clean, chunked with extensions": (Outcome.CLEAN, "", (chunked(CLEAN_BODY).replace(b"64\r\n", b"64;a=b\r\n"),)),
    "clean, HTTP/1.0": (Outcome.CLEAN, "", (CLEAN.replace(b"HTTP/1.1", b"HTTP/1.0"),)),
    "clean, no reason phrase": (Outcome.CLEAN, "", (CLEAN.replace(b"200 OK", b"200"),)),
    "clean after 100 Continue": (Outcome.CLEAN, "", (b"HTTP/1.1 100 Continue\r\n\r\n" + CLEAN,)),
    "clean after 100, apart": (Outcome.CLEAN, "", (b"HTTP/1.1 100 Continue\r\n\r\n", 0.01, CLEAN)),
    "lower-case headers": (Outcome.CLEAN, "", (CLEAN.replace(b"Content-", b"content-"),)),
    "bare line feeds in the head": (Outcome.CLEAN, "", (CLEAN.replace(b"\r\n", b"\n"),)),
    "gzip": (Outcome.CLEAN, "", (http(gzip.compress(CLEAN_BODY), headers=(b"Content-Encoding: gzip",)),)),
    "byte order mark": (Outcome.CLEAN, "", (http(b"\xef\xbb\xbf" + CLEAN_BODY),)),
    "blank lines before the XML": (Outcome.CLEAN, "", (http(b"\r\n  \r\n" + CLEAN_BODY),)),
    "blank lines after the XML": (Outcome.CLEAN, "", (http(CLEAN_BODY + b"\r\n\r\n"),)),
    "other encoding declared": (Outcome.CLEAN, "", (http(CLEAN_BODY.replace(b"UTF-8", b"GB2312")),)),
    "SOAP under text/html": (Outcome.CLEAN, "", (http(CLEAN_BODY, headers=(HTML_TYPE,)),)),
    "SOAP 1.1": (Outcome.CLEAN, "", (http(SOAP11),)),
    "more bytes than the length says": (Outcome.CLEAN, "", (CLEAN + b"HTTP/1.1 500 no\r\n\r\ngarbage",)),
    "a hundred and fifty headers": (
        Outcome.CLEAN, "", (http(CLEAN_BODY, headers=tuple(b"X-%d: y" % number for number in range(150))),),
    ),
    "leap second": (Outcome.CLEAN, "", (with_utc(field("Second", "60", 10)),)),
    # a password demanded
    "401 without a body": (Outcome.AUTH, "401", (http(b"", status="401 Unauthorized", headers=(DIGEST_MD5,)),)),
    "401 with two challenges and a page": (
        Outcome.AUTH, "401", (http(HTML, status="401 No", headers=(BASIC, DIGEST_SHA, DIGEST_MD5)),),
    ),
    "401 that breaks off": (Outcome.AUTH, "401", (http(HTML, status="401 No", headers=(DIGEST_MD5,))[:-9],)),
    "401 with a fault": (Outcome.AUTH, "NotAuthorized", (http(fault("ter:NotAuthorized"), status="401 No"),)),
    "400 NotAuthorized": (Outcome.AUTH, "NotAuthorized", (http(fault("ter:NotAuthorized"), status="400 Bad"),)),
    "500 sender not authorized": (
        Outcome.AUTH, "not Authorized", (http(fault("ter:X", "Sender not Authorized"), status="500 No"),),
    ),
    "200 NotAuthorized": (Outcome.AUTH, "NotAuthorized", (http(fault("ter:NotAuthorized")),)),
    # faults
    "400 fault": (Outcome.FAULT, "ActionNotSupported", (http(fault("ter:ActionNotSupported"), status="400 Bad"),)),
    "500 fault, empty reason": (Outcome.FAULT, "HTTP 500", (http(fault("ter:Action"), status="500 Error"),)),
    "500 fault, chunked": (Outcome.FAULT, "HTTP 500", (chunked(fault("ter:Action"), status="500 Error"),)),
    "200 fault, unprefixed": (Outcome.FAULT, "Receiver", (http(UNPREFIXED_FAULT),)),
    "502 with a fault": (Outcome.FAULT, "HTTP 502", (http(fault("ter:Action"), status="502 Bad"),)),
    # the protocol's shape, but odd
    "another answer": (Outcome.ODD, "GetScopesResponse", (http(envelope("<tds:GetScopesResponse/>")),)),
    "empty Body": (Outcome.ODD, "without content", (http(envelope("")),)),
    "another SOAP": (Outcome.ODD, "namespace", (http(CLEAN_BODY.replace(b"soap-envelope", b"soup-envelope")),)),
    "clean body under 500": (Outcome.ODD, "HTTP 500", (http(CLEAN_BODY, status="500 Error"),)),
    "undeclared prefix": (Outcome.ODD, "not well-formed", (http(CLEAN_BODY.replace(b"xmlns:tt=", b"xmlns:xx=")),)),
    "curly quotes": (Outcome.ODD, "not well-formed", (http(CLEAN_BODY.replace(b'"1.0"', "“1.0”".encode())),)),
    "NUL in the XML": (Outcome.ODD, "not well-formed", (http(CLEAN_BODY.replace(b"NTP", b"N\0P")),)),
    "broken character": (Outcome.ODD, "not well-formed", (http(CLEAN_BODY.replace(b"NTP", b"N\xffP")),)),
    "unknown encoding": (Outcome.ODD, "not well-formed", (http(CLEAN_BODY.replace(b"UTF-8", b"X-CAM")),)),
    "document type": (Outcome.ODD, "document type", (http(CLEAN_BODY.replace(b"?>", b"?><!DOCTYPE a []>", 1)),)),
    "no UTC, only local": (Outcome.ODD, "no UTCDateTime", (with_utc(moment("LocalDateTime")),)),
    "30 February": (Outcome.ODD, "UTCDateTime", (with_utc(moment("UTCDateTime", at=(2026, 2, 30, 1, 1, 1))),)),
    "hour 24": (Outcome.ODD, "no such time", (with_utc(field("Hour", "24", 8)),)),
    "minute 60": (Outcome.ODD, "no such time", (with_utc(field("Minute", "60", 9)),)),
    "second 61": (Outcome.ODD, "no such time", (with_utc(field("Second", "61", 10)),)),
    "year 0": (Outcome.ODD, "UTCDateTime", (with_utc(field("Year", "0", 2026)),)),
    "negative month": (Outcome.ODD, "Month", (with_utc(field("Month", "-1", 11)),)),
    "empty day": (Outcome.ODD, "Day", (with_utc(field("Day", "", 23)),)),
    "bad local time": (Outcome.ODD, "LocalDateTime", (with_utc(UTC_ONLY + BAD_LOCAL),)),
    "malformed chunk size": (Outcome.ODD, "malformed HTTP", (chunked(CLEAN_BODY).replace(b"64\r\n<", b"zz\r\n<"),)),
    "malformed second chunk": (
        Outcome.ODD, "malformed HTTP", (chunked(CLEAN_BODY, size=400).replace(b"\r\n190\r\n", b"\r\n-1\r\n", 2),),
    ),
    "length too short": (Outcome.ODD, "not well-formed", (claiming(len(CLEAN_BODY) - 30),)),
    # too long
    "many megabytes": (Outcome.TOO_LARGE, "longer", (http(CLEAN_BODY + b" " * 3_000_000), Then.HANG)),
    "many megabytes, chunked": (Outcome.TOO_LARGE, "longer", (chunked(CLEAN_BODY + b" " * 300_000, size=9999),)),
    "endless page": (Outcome.FOREIGN, "", (http(HTML * 3000, length=False), Then.HANG)),
    "endless garbage": (Outcome.FOREIGN, "not HTTP", (b"\x00\x01\x02" * 100_000, Then.HANG)),
    "compressed bomb": (
        Outcome.TOO_LARGE, "longer",
        (http(gzip.compress(CLEAN_BODY + b" " * 9_000_000), headers=(b"Content-Encoding: gzip",)),),
    ),
    "header flood": (Outcome.TOO_LARGE, "longer", (OK_LINE + b"X-A: bbbbbbbbb\r\n" * 9000, Then.HANG)),
    "one endless header": (Outcome.TOO_LARGE, "longer", (OK_LINE + b"X: " + b"x" * 200_000, Then.HANG)),
    # a good start that ended
    "first byte, then end": (Outcome.BROKEN, "ended", (b"H",)),
    "half the head, then end": (Outcome.BROKEN, "ended", (CLEAN[:40],)),
    "head, then end": (Outcome.BROKEN, "ended", (CLEAN[: CLEAN.index(b"<")],)),
    "half the body, then end": (Outcome.BROKEN, "ended", (HALF,)),
    "half the body, then reset": (Outcome.BROKEN, "ended", (HALF, 0.05, Then.RESET)),
    "half of a chunked body, then end": (Outcome.BROKEN, "ended", (chunked(CLEAN_BODY)[:-90],)),
    "half of an unframed body, then end": (Outcome.BROKEN, "ended", (http(CLEAN_BODY, length=False)[:-90],)),
    "length too long, then end": (Outcome.BROKEN, "ended", (claiming(len(CLEAN_BODY) + 30),)),
    "500 head, then end": (Outcome.BROKEN, "ended", (b"HTTP/1.1 500 Error\r\nContent-Length: 50\r\n\r\n",)),
    # a good start, then silence
    "first byte, then silence": (Outcome.STALLED, "time was up", (b"H", Then.HANG)),
    "head, then silence": (Outcome.STALLED, "time was up", (CLEAN[: CLEAN.index(b"<")], Then.HANG)),
    "half the body, then silence": (Outcome.STALLED, "time was up", (HALF, Then.HANG)),
    "huge length, then silence": (Outcome.STALLED, "time was up", (claiming(9_999_999), Then.HANG)),
    "100 Continue, then silence": (Outcome.STALLED, "time was up", (b"HTTP/1.1 100 Continue\r\n\r\n", Then.HANG)),
    "endless slow drip": (Outcome.STALLED, "time was up", DRIP),
    # something else answers
    "a web page": (Outcome.FOREIGN, "web page", (http(HTML, headers=(HTML_TYPE,)),)),
    "a web page, half": (Outcome.FOREIGN, "no SOAP", (http(HTML, headers=(HTML_TYPE,))[:-20], Then.HANG)),
    "a web page, half, untyped": (Outcome.FOREIGN, "no SOAP", (http(HTML)[:-20], Then.HANG)),
    "a web page's head": (Outcome.FOREIGN, "", (OK_LINE + b"Content-Type: text/html\r\nX", Then.HANG)),
    "empty 200": (Outcome.FOREIGN, "empty body", (http(b""),)),
    "204": (Outcome.FOREIGN, "empty body", (b"HTTP/1.1 204 No Content\r\n\r\n", Then.HANG)),
    "200 and nothing": (Outcome.FOREIGN, "empty body", (OK_LINE + b"\r\n",)),
    "redirect": (Outcome.FOREIGN, "302", (http(b"", status="302 Found", headers=(b"Location: /login",)),)),
    "redirect, then silence": (Outcome.FOREIGN, "302", (b"HTTP/1.1 302 Found\r\nLocation: /login\r\n", Then.HANG)),
    "404": (Outcome.FOREIGN, "404", (http(HTML, status="404 Not Found"),)),
    "403": (Outcome.FOREIGN, "403", (http(b"", status="403 Forbidden"),)),
    "101": (Outcome.FOREIGN, "101", (SWITCHING, Then.HANG)),
    "500 without XML": (Outcome.FOREIGN, "no SOAP", (http(b"Internal error", status="500 Error"),)),
    "other XML": (Outcome.FOREIGN, "no SOAP", (http(b"<?xml version='1.0'?><rss><channel/></rss>"),)),
    "an Envelope inside something else": (Outcome.FOREIGN, "", (http(b"<post><Envelope /></post>"),)),
    "JSON": (Outcome.FOREIGN, "no SOAP", (http(b'{"ok": true}'),)),
    "another protocol": (Outcome.FOREIGN, "not HTTP", (b"SSH-2.0-OpenSSH_9.2\r\n", Then.HANG)),
    "RTSP": (Outcome.FOREIGN, "not HTTP", (b"RTSP/1.0 400 Bad Request\r\n\r\n", Then.HANG)),
    "random bytes": (Outcome.FOREIGN, "not HTTP", (bytes(range(200, 256)), Then.HANG)),
    "HTTP/2": (Outcome.FOREIGN, "not HTTP", (b"HTTP/2 200\r\n\r\n", Then.HANG)),
    "status that is no number": (Outcome.FOREIGN, "", (b"HTTP/1.1 abc OK\r\n\r\n",)),
    "negative length": (Outcome.FOREIGN, "malformed", (OK_LINE + b"Content-Length: -5\r\n\r\n", Then.HANG)),
    "impossible length": (
        Outcome.FOREIGN, "malformed", (OK_LINE + b"Content-Length: 99999999999999999999999\r\n\r\n", Then.HANG),
    ),
    "NUL in a header": (Outcome.FOREIGN, "malformed", (OK_LINE + b"X: a\0b\r\nContent-Length: 0\r\n\r\n",)),
    "coding unknown": (Outcome.FOREIGN, "can't be undone", (http(b"zzz", headers=(b"Content-Encoding: br",)),)),
    "gzip that is none": (Outcome.FOREIGN, "can't be undone", (http(b"zzz", headers=(b"Content-Encoding: gzip",)),)),
    # nothing
    "accepts and says nothing": (Outcome.TIMEOUT, "no byte", (Then.HANG,)),
    "accepts and ends": (Outcome.RESET, "before a byte", ()),
    "accepts and resets": (Outcome.RESET, "before a byte", (Then.RESET,)),
    "502": (Outcome.GATEWAY, "502", (http(HTML, status="502 Bad Gateway", headers=(HTML_TYPE,)),)),
    "503 empty": (Outcome.GATEWAY, "503", (http(b"", status="503 Service Unavailable"),)),
    "504 half": (Outcome.GATEWAY, "504", (http(HTML, status="504 Gateway Timeout")[:-9],)),
    "502 and silence": (Outcome.GATEWAY, "502", (b"HTTP/1.1 502 Bad Gateway\r\nServer", Then.HANG)),
}  # fmt: skip

HANGS = (Outcome.STALLED, Outcome.TIMEOUT)


@pytest.mark.parametrize("name", CASES)
async def test_each_behaviour_has_its_outcome_in_both_lanes(name: str) -> None:
    outcome, words, steps = CASES[name]
    waits = outcome in HANGS or any(word in name for word in ("silence", "half", "head"))

    async def look(host: str) -> PollResult:
        async with device(*steps) as camera:
            result = await look_at(camera.url(host), timeout_s=0.15 if waits else 3.0)
            assert camera.connections == 1
            return result

    for result in await asyncio.gather(look("127.0.0.1"), look("localhost")):
        assert result.outcome is outcome, result
        assert words in result.detail
        assert result.detail.isprintable()
        assert len(result.detail) <= 200
        assert (result.detail == "") == (result.clock is not None) == (outcome is Outcome.CLEAN)
        assert 0 < result.duration_s < 2.5


@pytest.mark.parametrize(
    ("name", "realm", "shaped"),
    [
        ("401 without a body", "IP Camera(C1234)", False),
        ("401 with two challenges and a page", "IP Camera(C1234)", False),
        ("401 with a fault", "", True),
        ("400 NotAuthorized", "", True),
        ("clean", "", True),
        ("half the body, then end", "", True),
        ("head, then end", "", False),
        ("a web page", "", False),
    ],
)
async def test_a_bare_401_names_its_realm_and_is_told_from_a_soap_body(name: str, realm: str, shaped: bool) -> None:
    async with device(*CASES[name][2]) as camera:
        result = await look_at(camera.url(), timeout_s=0.15)
    assert (result.realm, result.shaped_body) == (realm, shaped)


async def test_the_clock_is_read_with_zone_source_and_our_own_time() -> None:
    async with device(CLEAN) as camera:
        result = await look_at(camera.url())
    assert result.clock is not None
    assert (result.clock.utc_s, result.clock.local_s) == (UTC_S, LOCAL_S)
    assert (result.clock.zone, result.clock.source) == ("CST-8:00:00", "NTP")


async def test_what_a_device_writes_can_neither_break_the_line_nor_name_a_password() -> None:
    nasty = fault("ter:Action", "see\r\n\x1b[31m http://admin:secret@10.0.0.1/x " + "y" * 500).replace(
        b"\x1b", b"&#x9b;"
    )
    async with device(http(nasty)) as camera:
        result = await look_at(camera.url())
    assert result.outcome is Outcome.FAULT
    assert result.detail.isprintable()
    assert "secret" not in result.detail
    assert len(result.detail) == 200
