"""HTTP Digest, the asking side: reading what a device challenges with, and answering it.

RFC 7616 (SHA-256 and MD5, also -sess), RFC 2617 for devices without qop.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any

from collectors.deep import Secret

# Either name = value, or the word that begins the next challenge.
_PART = re.compile(
    r'([A-Za-z0-9_*-]+)[ \t]*=[ \t]*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))'
    r"|([A-Za-z][A-Za-z0-9_-]*)(?=[ \t]+\S|[ \t]*(?:,|$))"
)
_LONGEST = 4_096
_HASHES: dict[str, Callable[[bytes], Any]] = {
    "MD5": partial(hashlib.md5, usedforsecurity=False),
    "SHA-256": hashlib.sha256,
}


@dataclass(frozen=True, slots=True)
class Challenge:
    """One Digest challenge that we can meet; `algorithm` as written, "" where it names none."""

    realm: str
    nonce: str
    algorithm: str = ""
    opaque: str | None = None
    qop: bool = False
    stale: bool = False


def choose_challenge(headers: Iterable[str]) -> Challenge | None:
    """Give the first Digest challenge that we can meet: the device writes what it likes best first (RFC 7616, 3.7).

    Args:
        headers: the values of WWW-Authenticate, each with one challenge or several.
    """
    for header in headers:
        for scheme, fields in _challenges(header[:_LONGEST]):
            found = _challenge(fields) if scheme == "digest" else None
            if found is not None:
                return found
    return None


def digest_header(challenge: Challenge, secret: Secret, *, method: str, path: str, count: int) -> str:
    """Give the value of the Authorization header.

    Args:
        challenge: what the device asked.
        secret: who we are.
        method: of the request, such as POST.
        path: of the request, as it stands in its first line.
        count: how often this nonce has been used, this time included.
    """
    algorithm = challenge.algorithm.upper()
    kind = algorithm.removesuffix("-SESS") or "MD5"

    def hashed(text: str) -> str:
        return str(_HASHES[kind](text.encode()).hexdigest())

    cnonce = os.urandom(8).hex()
    who = hashed(f"{secret.user}:{challenge.realm}:{secret.password}")
    if algorithm.endswith("-SESS"):
        who = hashed(f"{who}:{challenge.nonce}:{cnonce}")
    what = hashed(f"{method}:{path}")
    fields = [
        f'username="{_quoted(secret.user)}"',
        f'realm="{_quoted(challenge.realm)}"',
        f'nonce="{_quoted(challenge.nonce)}"',
        f'uri="{path}"',
    ]
    if challenge.qop:
        response = hashed(f"{who}:{challenge.nonce}:{count:08x}:{cnonce}:auth:{what}")
        fields += [f'response="{response}"', "qop=auth", f"nc={count:08x}", f'cnonce="{cnonce}"']
    else:
        fields.append(f'response="{hashed(f"{who}:{challenge.nonce}:{what}")}"')
    if challenge.algorithm:
        fields.append(f"algorithm={challenge.algorithm}")
    if challenge.opaque is not None:
        fields.append(f'opaque="{_quoted(challenge.opaque)}"')
    return "Digest " + ", ".join(fields)


def _challenges(header: str) -> list[tuple[str, dict[str, str]]]:
    found: list[tuple[str, dict[str, str]]] = []
    for match in _PART.finditer(header):
        name, quoted, token, scheme = match.groups()
        if scheme is not None:
            found.append((scheme.lower(), {}))
        elif found:
            value = token if quoted is None else re.sub(r"\\(.)", r"\1", quoted)
            found[-1][1].setdefault(name.lower(), value)
    return found


def _challenge(fields: dict[str, str]) -> Challenge | None:
    algorithm = fields.get("algorithm", "")
    kind = algorithm.upper().removesuffix("-SESS")
    qop = fields.get("qop")
    offered = [] if qop is None else [each.strip().lower() for each in qop.split(",")]
    if kind not in ("", *_HASHES) or "nonce" not in fields or (qop and "auth" not in offered):
        return None
    if any(not fields.get(name, "").isprintable() for name in ("realm", "nonce", "opaque")):
        return None
    return Challenge(
        realm=fields.get("realm", ""),
        nonce=fields["nonce"],
        algorithm=algorithm,
        opaque=fields.get("opaque"),
        qop="auth" in offered,
        stale=fields.get("stale", "").lower() == "true",
    )


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')
