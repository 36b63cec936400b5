"""URLs that devices write, taken apart without trust, and held against the host that we reached.

The monitor must not be made to call elsewhere: a service's address is always turned to the device itself, and a URI of
another host is refused unless a site allows it.
"""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import quote, urlsplit

DEFAULT_PORTS = {"http": 80, "https": 443, "rtsp": 554, "rtsps": 322}
LONGEST = 2_048
_SAFE = "/%:@!$&'()*+,;=-._~?[]"
_HOST = re.compile(r"[A-Za-z0-9._-]+")
# Some makers write user and password into the path: rtsp://…/user=admin_password=…_channel=1
_SECRET = re.compile(r"((?:pass(?:word|wd)?|pwd|psw|user(?:name)?|usr|auth|token|key)=)[^&;/_?]*", re.IGNORECASE)


class Url(NamedTuple):
    """A URL taken apart; userinfo and fragment are dropped.

    Attributes:
        scheme: in lower case.
        host: a name or a numeric address, without brackets.
        port: 1 … 65,535.
        path: path and query, printable ASCII, beginning with a slash.
    """

    scheme: str
    host: str
    port: int
    path: str

    @property
    def where(self) -> str:
        """Host and port as they stand in a URL."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == DEFAULT_PORTS.get(self.scheme) else f"{host}:{self.port}"

    @property
    def text(self) -> str:
        """The whole URL."""
        return f"{self.scheme}://{self.where}{self.path}"


class BadUrl(ValueError):
    """It is no URL of a known kind; says why, without repeating it (it may hold a password)."""


def read_url(text: str) -> Url:
    """Take a URL apart.

    Raises:
        BadUrl: it is not http, https, rtsp or rtsps, or it is malformed.
    """
    text = text.strip()
    if len(text) > LONGEST or not text.isprintable() or " " in text:
        raise BadUrl("holds blanks or control characters, or is too long")
    try:
        parts = urlsplit(text)
        host, port = parts.hostname, parts.port
        if host and ":" not in host:
            host = host.encode("idna").decode("ascii")
    except ValueError:  # UnicodeError is one
        raise BadUrl("host or port is malformed") from None
    default = DEFAULT_PORTS.get(parts.scheme)
    if default is None:
        raise BadUrl("scheme is none of http, https, rtsp")
    if not host or port == 0 or not (":" in host or _HOST.fullmatch(host)):
        raise BadUrl("host or port is malformed")
    path = quote(parts.path or "/", safe=_SAFE)
    if parts.query:
        path += "?" + quote(parts.query, safe=_SAFE)
    return Url(parts.scheme, host.partition("%")[0], port or default, path)


def turned_to(text: str, own: Url) -> Url:
    """Give a service's address on the device that we reached: its path, and its port where it names the same host.

    Args:
        text: the XAddr as the device wrote it, with or without host and path; what is no URL at all gives `own`.
        own: the address that we reached.
    """
    try:
        found = read_url(text)
    except BadUrl:
        if text.startswith("/"):
            return own._replace(path=quote(text[:LONGEST], safe=_SAFE))
        return own
    path = own.path if found.path == "/" else found.path
    if found.host == own.host and found.scheme in ("http", "https"):
        return found._replace(path=path)
    return own._replace(path=path)


def checked(text: str, own: Url, *, schemes: tuple[str, ...], other_hosts: str, also_own: str = "") -> tuple[str, str]:
    """Give a media URI that may be called, without userinfo, or "" and why not.

    Args:
        text: as the device wrote it.
        own: the address that we reached.
        schemes: those that are wanted.
        other_hosts: "refuse", "rewrite" or "allow".
        also_own: the numeric address that a name of ours stands for.
    """
    try:
        found = read_url(text)
    except BadUrl as error:
        return "", f"URI {error}"
    if found.scheme not in schemes:
        return "", f"URI of the scheme {found.scheme}"
    if found.host in (own.host, also_own) or other_hosts == "allow":
        return found.text, ""
    if other_hosts == "rewrite":
        return found._replace(host=own.host).text, ""
    return "", f"URI points at another host: {found.host}"


def without_secrets(text: str) -> str:
    """Give a URI as it may be stored and shown: what looks like a user, a password or a token in it becomes "*"."""
    return _SECRET.sub(r"\1*", text)
