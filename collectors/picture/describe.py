"""RTSP DESCRIBE: does a stream answer, does it want a login, and has it video (RFC 2326; RFC 7616 for Digest).

The worker's FFmpeg gets a URL only after this has gone well, so a refused login is counted once, and what goes wrong
has a name. Some servers answer 404 instead of 401 to whom they do not know. Where such a 404 says how to log in, that
is done, and the picture is fetched by way of `relay`. Where it does not (GStreamer's server with a default token),
there is no nonce, so no Digest can be made, and Basic would give the password to whoever answers: it is said that the
path may be hidden, no fault is shown, and the picture is not known.
"""

from __future__ import annotations

import asyncio
import base64
import re
import ssl
from typing import NamedTuple

from collectors.deep import Secret
from collectors.digest import choose_challenge, digest_header
from collectors.urls import Url

MAX_REPLY_BYTES = 64 * 1024
_STATUS = re.compile(rb"RTSP/1\.[01] (\d{3})[^\r\n]*")
_LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*(\d{1,7})[ \t]*\r\n", re.IGNORECASE)
_CHALLENGE = re.compile(rb"\r\nwww-authenticate:[ \t]*([^\r\n]+)", re.IGNORECASE)


class Described(NamedTuple):
    """What came of it.

    Attributes:
        outcome: "stream", or a word of `PictureResult.outcome`.
        detail: one line for people.
        login: "not_asked", "accepted", "refused", "no_credential" or "untried".
        refusals: logins that were refused.
        beyond_ffmpeg: FFmpeg cannot log in to it by itself.
    """

    outcome: str
    detail: str = ""
    login: str = "untried"
    refusals: int = 0
    beyond_ffmpeg: bool = False


class _Reply(NamedTuple):
    status: int
    challenges: list[str]
    body: bytes


class _NotRtspError(Exception):
    """What answered does not speak RTSP."""


async def describe(url: Url, *, secret: Secret | None, timeout_s: float) -> Described:
    """Ask for a stream's description.

    Args:
        url: an rtsp or rtsps URL without userinfo; its host has been checked.
        secret: what to log in with; None where there is nothing, or no login is allowed now.
        timeout_s: how long all of it may take.
    """
    writer: asyncio.StreamWriter | None = None
    try:
        async with asyncio.timeout(timeout_s):
            context = tls_context() if url.scheme == "rtsps" else None
            reader, writer = await asyncio.open_connection(url.host, url.port, ssl=context, limit=MAX_REPLY_BYTES)
            return await _describe(url, secret, reader, writer)
    except TimeoutError:
        return Described("no_stream", "the RTSP server accepted and said nothing" if writer else "no connection")
    except _NotRtspError as error:
        return Described("no_stream", str(error))
    except (OSError, EOFError, asyncio.LimitOverrunError) as error:
        return Described("no_stream", f"RTSP: {type(error).__name__}")
    finally:
        if writer is not None:
            writer.transport.abort()


async def _describe(
    url: Url, secret: Secret | None, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> Described:
    authorization, refusals, hidden, md5 = "", 0, False, True
    for sequence in range(1, 5):
        reply = await _ask(url, authorization, sequence, reader, writer)
        if reply.status == 401 or (reply.status == 404 and reply.challenges and (hidden or not authorization)):
            hidden = hidden or reply.status == 404
            challenge = choose_challenge(reply.challenges)
            basic = any(each.lower().startswith("basic") for each in reply.challenges)
            if authorization:
                refusals += 1
                if challenge is None or not challenge.stale or refusals > 1:
                    return Described("refused", "the stream's login was refused", "refused", refusals)
            if secret is None:
                return Described("refused", "the stream asks for a login", "no_credential")
            if challenge is not None:
                md5 = challenge.algorithm.upper() in ("", "MD5")
                authorization = digest_header(challenge, secret, method="DESCRIBE", path=url.text, count=1)
            elif basic:
                authorization = _basic(secret)
            else:
                return Described("refused", "the stream asks for a login of an unknown kind")
            continue
        login = "accepted" if authorization else "not_asked"
        if reply.status == 403:
            return Described("refused", "RTSP 403", "refused" if authorization else "untried", int(bool(authorization)))
        if reply.status == 404 and not authorization:
            return Described("unsupported", "RTSP 404: no such path, or one that is hidden without a login", login)
        if reply.status != 200:
            return Described("unsupported", f"RTSP {reply.status}", login, refusals)
        if b"m=video" not in reply.body:
            return Described("no_stream", "the stream's description has no video", login, refusals)
        return Described("stream", "", login, refusals, beyond_ffmpeg=hidden or not md5)
    return Described("refused", "the stream's login was refused again and again", "refused", refusals)


async def _ask(
    url: Url, authorization: str, sequence: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> _Reply:
    head = f"DESCRIBE {url.text} RTSP/1.0\r\nCSeq: {sequence}\r\nAccept: application/sdp\r\nUser-Agent: vidnet\r\n"
    if authorization:
        head += f"Authorization: {authorization}\r\n"
    writer.write(head.encode() + b"\r\n")
    await writer.drain()
    start = await reader.read(5)
    if not start:
        raise EOFError
    if not b"RTSP/".startswith(start[:5]):
        raise _NotRtspError("what answers does not speak RTSP")
    text = start + await reader.readuntil(b"\r\n\r\n")
    status = _STATUS.match(text)
    if status is None:
        raise _NotRtspError("what answers does not speak RTSP")
    length = _LENGTH.search(text)
    size = int(length[1]) if length else 0
    if size > MAX_REPLY_BYTES:
        raise _NotRtspError("the description is too long")
    body = await reader.readexactly(size)
    challenges = [each.decode("latin-1").strip() for each in _CHALLENGE.findall(text)]
    return _Reply(int(status[1]), challenges, body)


def _basic(secret: Secret) -> str:
    return "Basic " + base64.b64encode(f"{secret.user}:{secret.password}".encode()).decode()


def tls_context() -> ssl.SSLContext:
    """Give what a camera's TLS is met with: a certificate that nobody signed is its normal state."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    return context
