"""Where a look goes: the address of an ONVIF device service, and the ready bytes that ask it for its time.

A plain-HTTP address with a numeric IPv4 host, the common case, is taken apart by one regular
expression and no cache: 250,000 remembered addresses would cost 100 MB, a match costs 1 µs.
"""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import quote, urlsplit

ACTION = "http://www.onvif.org/ver10/device/wsdl/GetSystemDateAndTime"

# ONVIF Core Specification, 5.1.1: the device service's entry point, for an address that names no path.
_ENTRY_POINT = "/onvif/device_service"

_ENVELOPE = (
    b'<?xml version="1.0" encoding="UTF-8"?>'
    b'<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body>'
    b'<GetSystemDateAndTime xmlns="http://www.onvif.org/ver10/device/wsdl"/>'
    b"</s:Body></s:Envelope>"
)
_REQUEST_REST = (
    f'Content-Type: application/soap+xml; charset=utf-8; action="{ACTION}"\r\n'
    f"Content-Length: {len(_ENVELOPE)}\r\nConnection: close\r\n\r\n"
).encode() + _ENVELOPE

# Octets beyond 255 and with leading zeros are left to the resolver: to the lean lane's socket they would be names.
_OCTET = r"(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)"
_NUMERIC_HTTP = re.compile(rf"http://(({_OCTET}(?:\.{_OCTET}){{3}})(?::([1-9]\d{{0,4}}))?)(/[!\"$-~]*)?", re.ASCII)
_MAX_PORT = 65_535
_DEFAULT_PORTS = {"http": 80, "https": 443}
_SAFE_IN_PATH = "/%:@!$&'()*+,;=-._~?"


class BadAddress(ValueError):
    """The address is no URL of a device service; says why, without repeating it (it may hold a password)."""


class Address(NamedTuple):
    """A device service's address, taken apart.

    Attributes:
        host: numeric address or name, ASCII, without brackets.
        port: 1 … 65,535.
        tls: whether it is https.
        numeric: whether it is plain HTTP to a numeric IPv4 address, so that the lean lane may take it.
        request: the whole request, ready to send.
    """

    host: str
    port: int
    tls: bool
    numeric: bool
    request: bytes


def read_address(text: str) -> Address:
    """Take an address apart.

    Args:
        text: an http or https URL; userinfo and fragment are ignored (the health look is unsigned).

    Raises:
        BadAddress: it is not such a URL.
    """
    match = _NUMERIC_HTTP.fullmatch(text)
    if match is not None:
        where, host, port, path = match.groups()
        if port is None or int(port) <= _MAX_PORT:
            return Address(host, int(port or 80), False, True, _request(path or _ENTRY_POINT, where))
    return _read_unusual(text)


def _read_unusual(text: str) -> Address:
    # urlsplit drops line breaks silently; a request line must not be made of what is left.
    if not text.isprintable() or " " in text:
        raise BadAddress("holds blanks or control characters")
    try:
        parts = urlsplit(text)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise BadAddress("host or port is malformed") from None
    default_port = _DEFAULT_PORTS.get(parts.scheme)
    if default_port is None:
        raise BadAddress("scheme is neither http nor https")
    if not host:
        raise BadAddress("names no host")
    if port == 0:
        raise BadAddress("port 0")
    if ":" in host:
        named = f"[{host.partition('%')[0]}]"
    else:
        host = named = _ascii_name(host)
    path = quote(parts.path or _ENTRY_POINT, safe=_SAFE_IN_PATH)
    if parts.query:
        path += "?" + quote(parts.query, safe=_SAFE_IN_PATH)
    where = named if port in (None, default_port) else f"{named}:{port}"
    return Address(host, port or default_port, parts.scheme == "https", False, _request(path, where))


def _request(path: str, where: str) -> bytes:
    return f"POST {path} HTTP/1.1\r\nHost: {where}\r\n".encode("ascii") + _REQUEST_REST


def _ascii_name(host: str) -> str:
    try:
        name = host.encode("idna").decode("ascii")
    except UnicodeError:
        raise BadAddress("host name is malformed") from None
    if not re.fullmatch(r"[A-Za-z0-9._-]+", name):
        raise BadAddress("host name is malformed")
    return name
