"""The full lane's judgement of what came: every end of a look, whole or not, has one named outcome (RULES §1)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum

from collectors.base import Outcome
from collectors.onvif.clock import Reading
from collectors.onvif.message import HttpMessage, starts_like_http, undo_coding
from collectors.onvif.reply import Reply
from collectors.onvif.soap import SoapKind, looks_like_soap, may_become_soap, read_soap

_OK = 200
_UNAUTHORIZED = 401
_GATEWAY_STATUSES = (502, 503, 504)
# SOAP 1.2 part 2, 7.5.1.2: the statuses under which a SOAP body may come.
_SOAP_STATUSES = (100, 200, 202, 400, 401, 405, 415, 500)
_REALM = re.compile(r'\brealm\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))', re.IGNORECASE)
_DIGEST = re.compile(r"\bdigest\s", re.IGNORECASE)
_SHOWN_START = 40


class Ending(Enum):
    """Why reading stopped: enough had come, the device ended the connection, or the time was up."""

    ENOUGH = "enough"
    ENDED = "ended"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one look's bytes come to; the fields are those of `PollResult`."""

    outcome: Outcome
    detail: str = ""
    reading: Reading | None = None
    realm: str = ""
    shaped_body: bool = False


def judge(reply: Reply, ending: Ending, *, max_bytes: int) -> Verdict:
    """Judge what came.

    Args:
        reply: the bytes.
        ending: why there are no more.
        max_bytes: the cap that the reply was read with; it holds for an uncompressed body too.
    """
    if not reply.raw:
        if ending is Ending.EXPIRED:
            return Verdict(Outcome.TIMEOUT, "no byte until the timeout")
        return Verdict(Outcome.RESET, "connection ended before a byte")
    if not starts_like_http(reply.raw):
        return Verdict(Outcome.FOREIGN, f"not HTTP: {bytes(reply.raw[:_SHOWN_START])!r}")
    message = reply.message()
    if ending is Ending.ENDED:
        message.end()
    body = undo_coding(bytes(message.body), message.headers.get("Content-Encoding", ""), max_bytes=max_bytes)
    if message.error:
        return _malformed(message, shaped=looks_like_soap(bytes(reply.raw)))
    if reply.too_long or (body is not None and len(body) > max_bytes):
        return _too_long(message, body or b"", max_bytes=max_bytes)
    if not message.whole:
        return _partial(message, body, ending)
    if not message.framed and body is not None and looks_like_soap(body) and not body.rstrip().endswith(b"Envelope>"):
        return Verdict(Outcome.BROKEN, "connection ended within the answer", shaped_body=True)
    return _whole(message, body)


def _whole(message: HttpMessage, body: bytes | None) -> Verdict:
    status = message.status
    soap = read_soap(body or b"")
    if soap.kind is SoapKind.NOT_SOAP:
        return _without_soap(message, body)
    if soap.kind is SoapKind.REFUSAL or status == _UNAUTHORIZED:
        words = soap.words or "a password is demanded"
        return Verdict(Outcome.AUTH, f"HTTP {status}, {words}", realm=_realm(message), shaped_body=True)
    if soap.kind is SoapKind.FAULT:
        return Verdict(Outcome.FAULT, f"HTTP {status}, {soap.words}", shaped_body=True)
    if soap.kind is SoapKind.TIME and status == _OK:
        return Verdict(Outcome.CLEAN, reading=soap.reading, shaped_body=True)
    return Verdict(Outcome.ODD, f"HTTP {status}, {soap.words or 'with the answer asked for'}", shaped_body=True)


def _without_soap(message: HttpMessage, body: bytes | None) -> Verdict:
    status = message.status
    if status == _UNAUTHORIZED:
        return Verdict(Outcome.AUTH, "HTTP 401, a password is demanded", realm=_realm(message))
    if status in _GATEWAY_STATUSES:
        return Verdict(Outcome.GATEWAY, f"HTTP {status} of a gateway")
    if body is None:
        what = f"content coding {message.headers.get('Content-Encoding', '')} can't be undone"
    elif not body.strip():
        what = "empty body"
    elif message.says_html:
        what = "a web page"
    else:
        what = f"no SOAP body: {body[:_SHOWN_START]!r}"
    return Verdict(Outcome.FOREIGN, f"HTTP {status}, {what}")


def _malformed(message: HttpMessage, *, shaped: bool) -> Verdict:
    if shaped:
        return Verdict(Outcome.ODD, message.error, shaped_body=True)
    return _early(message) or Verdict(Outcome.FOREIGN, message.error)


def _too_long(message: HttpMessage, body: bytes, *, max_bytes: int) -> Verdict:
    words = f"longer than {max_bytes} bytes"
    if looks_like_soap(body):
        return Verdict(Outcome.TOO_LARGE, words, shaped_body=True)
    early = _early(message)
    if early is not None:
        return early
    if _is_good_start(message, body):
        return Verdict(Outcome.TOO_LARGE, words)
    return Verdict(Outcome.FOREIGN, f"no SOAP body, {words}")


def _partial(message: HttpMessage, body: bytes | None, ending: Ending) -> Verdict:
    shaped = body is not None and looks_like_soap(body)
    if not shaped:
        early = _early(message)
        if early is not None:
            return early
    if not shaped and (body is None or not _is_good_start(message, body)):
        status = message.status_so_far
        return Verdict(Outcome.FOREIGN, "not the protocol's" if status is None else f"HTTP {status}, no SOAP body")
    if ending is Ending.EXPIRED:
        return Verdict(Outcome.STALLED, "answer began, then the time was up", shaped_body=shaped)
    return Verdict(Outcome.BROKEN, "connection ended within the answer", shaped_body=shaped)


def _early(message: HttpMessage) -> Verdict | None:
    """Give what a complete 401 or the status of a gateway says, whatever became of the body."""
    if message.status == _UNAUTHORIZED:
        return Verdict(Outcome.AUTH, "HTTP 401, a password is demanded", realm=_realm(message))
    if message.status_so_far in _GATEWAY_STATUSES:
        return Verdict(Outcome.GATEWAY, f"HTTP {message.status_so_far} of a gateway")
    return None


def _is_good_start(message: HttpMessage, body: bytes) -> bool:
    status = message.status_so_far
    if message.says_html or not message.head_is_plausible or (status is not None and status not in _SOAP_STATUSES):
        return False
    return may_become_soap(body)


def _realm(message: HttpMessage) -> str:
    # Where both are offered, Digest's realm: a camera's Basic challenge often names another.
    challenges = [value for name, value in message.headers.items() if name.lower() == "www-authenticate"]
    challenges.sort(key=lambda value: _DIGEST.search(value) is None)
    for challenge in challenges:
        start = _DIGEST.search(challenge)
        match = _REALM.search(challenge, start.start() if start else 0)
        if match is not None:
            return match[1].replace("\\", "") if match[1] is not None else match[2]
    return ""
