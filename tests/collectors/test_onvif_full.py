"""The full lane: names, IPv6 and TLS, and the pieces it reads answers with."""

from __future__ import annotations

import asyncio
import shutil
import socket
import ssl
import subprocess
import time
from pathlib import Path

import pytest
import uvloop

from collectors.base import Outcome
from collectors.detail import one_line
from collectors.onvif.soap import may_become_soap
from tests.collectors.servers import CLEAN_BODY, UTC_S, Step, Then, device, http, look_at

CLEAN = http(CLEAN_BODY)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A key and a certificate of the camera's own, 1,024 bits like those of old firmware."""
    openssl = shutil.which("openssl")
    assert openssl is not None
    pem = tmp_path_factory.mktemp("tls") / "camera.pem"
    subprocess.run(
        [openssl, "req", "-x509", "-newkey", "rsa:1024", "-nodes", "-keyout", pem, "-out", f"{pem}.crt", "-days", "1",
         "-subj", "/CN=camera"],
        check=True, capture_output=True,
    )  # fmt: skip
    pem.write_bytes(pem.read_bytes() + Path(f"{pem}.crt").read_bytes())
    return pem


@pytest.fixture
def tls(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    context.load_cert_chain(certificate)
    return context


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
async def test_a_certificate_nobody_signed_is_no_obstacle(tls: ssl.SSLContext, host: str) -> None:
    async with device(CLEAN, tls=tls) as camera:
        result = await look_at(camera.url(host, "https"))
    assert (result.outcome, result.lane) == (Outcome.CLEAN, "full")
    assert result.clock is not None
    assert result.clock.utc_s == UTC_S


def test_tls_on_uvloop(tls: ssl.SSLContext) -> None:
    async def look() -> None:
        async with device(CLEAN, tls=tls) as camera:
            assert (await look_at(camera.url(scheme="https"))).outcome is Outcome.CLEAN

    uvloop.run(look())


async def test_an_old_protocol_version_is_spoken(tls: ssl.SSLContext) -> None:
    tls.maximum_version = ssl.TLSVersion.TLSv1_2
    async with device(CLEAN, tls=tls) as camera:
        assert (await look_at(camera.url(scheme="https"))).outcome is Outcome.CLEAN
    async with device(tls=tls) as camera:
        assert (await look_at(camera.url(scheme="https"))).outcome is Outcome.BROKEN


@pytest.mark.parametrize(
    ("steps", "outcome"),
    [
        ((CLEAN[:-100],), Outcome.BROKEN),
        ((), Outcome.TLS),
        ((Then.RESET,), Outcome.TLS),
        ((Then.HANG,), Outcome.STALLED),
        ((CLEAN[:-100], Then.HANG), Outcome.STALLED),
        ((http(CLEAN_BODY + b" " * 100_000),), Outcome.TOO_LARGE),
        ((http(b"<html>"),), Outcome.FOREIGN),
        ((http(b"", status="401 No"),), Outcome.AUTH),
    ],
)
async def test_what_comes_inside_tls_is_judged_alike_and_tls_itself_is_an_answer(
    tls: ssl.SSLContext, steps: tuple[Step, ...], outcome: Outcome
) -> None:
    async with device(*steps, tls=tls) as camera:
        result = await look_at(camera.url(scheme="https"), timeout_s=0.3)
    assert result.outcome is outcome


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
async def test_a_server_that_wants_a_certificate_of_ours_is_a_tls_failure(
    tls: ssl.SSLContext, certificate: Path, version: ssl.TLSVersion
) -> None:
    tls.verify_mode = ssl.CERT_REQUIRED
    tls.load_verify_locations(certificate)
    tls.minimum_version = tls.maximum_version = version
    async with device(CLEAN, tls=tls) as camera:
        result = await look_at(camera.url(scheme="https"))
    assert (result.outcome, result.detail[:5]) == (Outcome.TLS, "TLS: ")


async def raw_server(answer: bytes, *, hang: bool = False) -> tuple[asyncio.Server, str]:
    """Serve bytes to whatever is said first, outside any protocol."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(answer)
        if hang:
            await reader.read()
        writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    return server, f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}/"


SERVER_HELLO_START = b"\x16\x03\x03\x00\x7a\x02\x00"


@pytest.mark.parametrize(
    ("answer", "hang", "outcome"),
    [
        (CLEAN, False, Outcome.TLS),  # plain HTTP where TLS was expected
        (b"\x15\x03\x01\x00\x02\x02\x28", False, Outcome.TLS),  # alert: handshake failure
        (SERVER_HELLO_START, False, Outcome.TLS),
        (SERVER_HELLO_START, True, Outcome.STALLED),
        (b"SSH-2.0-OpenSSH_9.2\r\n", True, Outcome.FOREIGN),
        (b"\x00" * 4000, True, Outcome.FOREIGN),
        (b"", False, Outcome.RESET),
        (b"", True, Outcome.TIMEOUT),
    ],
)
async def test_a_handshake_that_fails_is_told_from_silence(answer: bytes, hang: bool, outcome: Outcome) -> None:
    server, url = await raw_server(answer, hang=hang)
    result = await look_at(url, timeout_s=0.3)
    server.close()
    await asyncio.sleep(0.02)
    assert result.outcome is outcome


async def test_ipv6() -> None:
    if not socket.has_ipv6:
        pytest.skip("this machine has no IPv6")
    try:
        async with device(CLEAN, host="::1") as camera:
            result = await look_at(camera.url("[::1]"))
            assert b"Host: [::1]:%d\r\n" % camera.port in camera.requests[0]
    except OSError:
        pytest.skip("this machine's loopback has no IPv6")
    assert (result.outcome, result.lane) == (Outcome.CLEAN, "full")


@pytest.mark.parametrize("host", ["no-such-camera.invalid", "300.1.1.1", "1.2.3.4.5"])
async def test_a_name_that_does_not_resolve(host: str) -> None:
    result = await look_at(f"http://{host}/", timeout_s=5)
    assert result.outcome is Outcome.UNRESOLVED
    assert result.detail


async def test_a_redirect_is_not_followed() -> None:
    async with device(CLEAN) as elsewhere:
        moved = http(b"", status="302 Found", headers=(b"Location: " + elsewhere.url().encode(),))
        async with device(moved) as camera:
            result = await look_at(camera.url("localhost"))
        assert (result.outcome, elsewhere.connections) == (Outcome.FOREIGN, 0)


async def test_entities_are_not_expanded_and_nothing_is_fetched() -> None:
    laughs = b'<!DOCTYPE a [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;"><!ENTITY c SYSTEM "file:///etc/passwd">]>'
    body = CLEAN_BODY.replace(b"?>", b"?>" + laughs, 1).replace(b"CST-8:00:00", b"&b;&c;")
    async with device(http(body)) as camera:
        result = await look_at(camera.url())
    assert (result.outcome, result.detail) == (Outcome.ODD, "HTTP 200, SOAP with a document type declaration")


async def test_deep_xml_costs_no_more_than_its_cap() -> None:
    body = CLEAN_BODY.replace(b"<s:Body>", b"<s:Body>" + b"<a>" * 15_000)
    async with device(http(body)) as camera:
        started = time.process_time()
        result = await look_at(camera.url())
        assert time.process_time() - started < 1
    assert result.outcome is Outcome.ODD


@pytest.mark.parametrize(
    ("body", "may"),
    [
        (b"", True), (b"\xef\xbb", True), (b"\xef\xbb\xbf", True), (b" \r\n", True), (b"<", True), (b"<?xml ver", True),
        (b"<?xml version='1.0'?>", True), (b"<!-- a", True), (b"<!-- a --> <s:En", True), (b"<SOAP-EN", True),
        (b"<s:", True), (b"<Envelope", True), (b"<s:Envelope xm", True), (b"<html", False), (b"<!DOCTYPE", False),
        (b"<html>", False), (b"hello", False), (b"{", False), (b"<rss>", False), (b"<a:b>", False), (b"<1", False),
        (b"<s:Envelopes ", False), (b"\x1f\x8b", False), (b"<?xml version='1.0'?><html><s:Envelope>", False),
    ],
)  # fmt: skip
def test_the_beginning_of_a_body_tells_whether_it_may_become_soap(body: bytes, may: bool) -> None:
    assert may_become_soap(body) is may


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a\r\n b\tc", "a b c"),
        ("\x1b[31mred\u202e", "[31mred"),
        ("see http://u:p@h/x", "see http://h/x"),
        ("\udcff!", "!"),
        ("x" * 300, "x" * 199 + "…"),
    ],
)
def test_a_detail_is_one_printable_line(text: str, line: str) -> None:
    assert one_line(text) == line
