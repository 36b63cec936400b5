"""The full lane's reading of a body: is it SOAP at all, and what does it say (hardened lxml)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum

from lxml import etree  # type: ignore[import-untyped]

from collectors.onvif.clock import Reading, epoch_s

_SOAP_NAMESPACES = ("http://www.w3.org/2003/05/soap-envelope", "http://schemas.xmlsoap.org/soap/envelope/")
_TDS = "{http://www.onvif.org/ver10/device/wsdl}"
_TT = "{http://www.onvif.org/ver10/schema}"

_BLANK = b"\xef\xbb\xbf \t\r\n"
_ENVELOPE = re.compile(rb"<(?:[A-Za-z_][\w.-]*:)?Envelope[\s/>]")
_PROLOG = re.compile(rb"(?:\s|<\?[^>]*>|<!--.*?-->)*+", re.DOTALL)
_UNFINISHED = re.compile(rb"<(?:\?[^>]*|!(?:-(?:-.*)?)?)?", re.DOTALL)
_NAME_SO_FAR = re.compile(rb"<([A-Za-z_][\w.-]*)(?::([A-Za-z]*))?")

# ONVIF's own fault, WS-Security's, and what gSOAP-based firmware writes as the reason.
_NOT_AUTHORIZED = re.compile(r"NotAuthori[sz]ed|FailedAuthentication|not authori[sz]ed", re.IGNORECASE)
_NUMBER = re.compile(r"\s*(\d{1,4})\s*", re.ASCII)
_LONGEST_ZONE = 128


class SoapKind(Enum):
    """What a body is, to one who asked for the time."""

    NOT_SOAP = "not_soap"
    TIME = "time"
    FAULT = "fault"
    REFUSAL = "refusal"
    ODD = "odd"


@dataclass(frozen=True, slots=True)
class Soap:
    """A body that was read: its kind, a few words on it, and the clock where the kind is TIME."""

    kind: SoapKind
    words: str = ""
    reading: Reading | None = None


class _Odd(Exception):
    """The answer says something other than a time; the message says what."""


def looks_like_soap(body: bytes) -> bool:
    """Whether an Envelope begins somewhere in the body, however malformed the rest is."""
    return _ENVELOPE.search(body) is not None


def may_become_soap(body: bytes) -> bool:
    """Whether a body that is not all there, empty perhaps, is consistent with a SOAP envelope so far."""
    rest = body.lstrip(_BLANK)
    rest = rest[_PROLOG.match(rest).end() :]  # type: ignore[union-attr]
    if not rest or _UNFINISHED.fullmatch(rest):
        return True
    name = _NAME_SO_FAR.match(rest)
    if name is None:
        return False
    local = name[1] if name[2] is None else name[2]
    if name.end() == len(rest):  # still being written: an unprefixed name may yet turn out to be a prefix
        return b"Envelope".startswith(local) or (name[2] is None and local.lower() not in (b"html", b"head", b"body"))
    return local == b"Envelope"


def open_soap(body: bytes) -> Soap | etree._Element:
    """Give the content of a whole body's envelope, or what the body is instead: a fault, or nothing of use.

    Never raises: what is not well-formed but has an Envelope is ODD, what has none is NOT_SOAP.
    """
    if not looks_like_soap(body):
        return Soap(SoapKind.NOT_SOAP)
    if b"<!DOCTYPE" in body:  # SOAP 1.2 part 1, 5: a message must not hold a DTD; ours is never to meet one
        return Soap(SoapKind.ODD, "SOAP with a document type declaration")
    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False, load_dtd=False, recover=False)
    try:
        root = etree.fromstring(body.lstrip(_BLANK), parser)
    except (etree.XMLSyntaxError, ValueError, LookupError) as error:
        return Soap(SoapKind.ODD, f"XML is not well-formed: {error}")
    name = etree.QName(root)
    if name.localname != "Envelope":
        return Soap(SoapKind.NOT_SOAP)
    if name.namespace not in _SOAP_NAMESPACES:
        return Soap(SoapKind.ODD, f"Envelope of the namespace {name.namespace}")
    content = root.find(f"{{{name.namespace}}}Body/*")
    if content is None:
        return Soap(SoapKind.ODD, "Envelope without content")
    if etree.QName(content).localname == "Fault":
        return _read_fault(content)
    return content


def read_soap(body: bytes) -> Soap:
    """Read a whole body that should hold the time; never raises."""
    content = open_soap(body)
    return content if isinstance(content, Soap) else time_in(content)


def time_in(content: etree._Element) -> Soap:
    """Read the time in an envelope's content; never raises."""
    if content.tag != _TDS + "GetSystemDateAndTimeResponse":
        return Soap(SoapKind.ODD, f"another answer: {etree.QName(content).localname}")
    try:
        return Soap(SoapKind.TIME, reading=_read_time(content))
    except _Odd as odd:
        return Soap(SoapKind.ODD, str(odd))


def _read_fault(fault: etree._Element) -> Soap:
    words = " ".join(" ".join(fault.itertext("*")).split())
    kind = SoapKind.REFUSAL if _NOT_AUTHORIZED.search(words) else SoapKind.FAULT
    return Soap(kind, f"SOAP fault: {words}" if words else "SOAP fault without a reason")


def _read_time(response: etree._Element) -> Reading:
    facts = response.find(_TDS + "SystemDateAndTime")
    if facts is None:
        raise _Odd("no SystemDateAndTime")
    utc = facts.find(_TT + "UTCDateTime")
    if utc is None:
        raise _Odd("no UTCDateTime")
    local = facts.find(_TT + "LocalDateTime")
    zone = " ".join((facts.findtext(f"{_TT}TimeZone/{_TT}TZ") or "").split())
    if not zone.isprintable() or len(zone) > _LONGEST_ZONE:
        raise _Odd("time zone is no text")
    source = (facts.findtext(_TT + "DateTimeType") or "").strip()
    return Reading(
        utc_s=_read_moment(utc, "UTCDateTime"),
        local_s=None if local is None or len(local) == 0 else _read_moment(local, "LocalDateTime"),
        zone=zone,
        source=source if source in ("Manual", "NTP") else "",
    )


def _read_moment(moment: etree._Element, name: str) -> int:
    numbers = []
    for part in ("Time/Hour", "Time/Minute", "Time/Second", "Date/Year", "Date/Month", "Date/Day"):
        group, _, field = part.partition("/")
        match = _NUMBER.fullmatch(moment.findtext(f"{_TT}{group}/{_TT}{field}") or "")
        if match is None:
            raise _Odd(f"{name} without a number for {field}")
        numbers.append(int(match[1]))
    hour, minute, second, year, month, day = numbers
    try:
        return epoch_s(hour, minute, second, year, month, day)
    except ValueError as error:
        raise _Odd(f"{name}: {error}") from None
