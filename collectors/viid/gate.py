"""HTTP Digest, the asked side: who registers must know the password, and no answer is taken twice (RFC 7616)."""

from __future__ import annotations

import hashlib
import hmac
import os
import re
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from collectors.deep import Secret

REALM = "viid"
NONCE_LIVES_S = 300.0
_NONCES = 20_000
_FIELD = re.compile(r'([A-Za-z]+)[ \t]*=[ \t]*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))')
_LONGEST = 2_048
_ALGORITHMS = ("", "MD5")


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether an Authorization header is in order; `stale` says that only its nonce is not."""

    ok: bool
    stale: bool = False


class Gate:
    """Gives challenges and checks what answers them; remembers the nonces that it gave, and how often each was used.

    Args:
        clock: monotonic seconds.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._nonces: OrderedDict[str, tuple[float, int]] = OrderedDict()

    def challenge(self, *, stale: bool = False) -> str:
        """Give a value of WWW-Authenticate with a new nonce; of too many, the oldest is forgotten."""
        nonce = os.urandom(16).hex()
        self._nonces[nonce] = (self._clock(), 0)
        if len(self._nonces) > _NONCES:
            self._nonces.popitem(last=False)
        end = ", stale=true" if stale else ""
        return (
            f'Digest realm="{REALM}", qop="auth", nonce="{nonce}", opaque="{os.urandom(4).hex()}", algorithm=MD5{end}'
        )

    def check(self, header: str, secret: Secret, *, method: str, path: str) -> Verdict:
        """Check an answer: a nonce of ours, not too old, not used before, and the right response."""
        scheme, _, rest = header[:_LONGEST].partition(" ")
        found = {name.lower(): quoted or bare for name, quoted, bare in _FIELD.findall(rest)}
        if scheme.lower() != "digest" or found.get("algorithm", "").upper() not in _ALGORITHMS:
            return Verdict(ok=False)
        nonce, counted = found.get("nonce", ""), found.get("nc", "")
        right = found.get("username") == secret.user and found.get("realm") == REALM and found.get("uri") == path
        if not right or not hmac.compare_digest(found.get("response", ""), _response(found, secret, method=method)):
            return Verdict(ok=False)
        made_at, used = self._nonces.get(nonce, (0.0, 0))
        if nonce not in self._nonces or self._clock() - made_at > NONCE_LIVES_S:
            return Verdict(ok=False, stale=True)
        # Without a count (RFC 2617 before qop) a nonce is good for one request.
        count = int(counted, 16) if re.fullmatch(r"[0-9a-fA-F]{8}", counted) else 1
        if count <= used or (not found.get("qop") and used):
            return Verdict(ok=False, stale=True)
        self._nonces[nonce] = (made_at, count)
        return Verdict(ok=True)


def _response(found: dict[str, str], secret: Secret, *, method: str) -> str:
    who = _md5(f"{secret.user}:{REALM}:{secret.password}")
    what = _md5(f"{method}:{found.get('uri', '')}")
    nonce = found.get("nonce", "")
    if found.get("qop"):
        return _md5(f"{who}:{nonce}:{found.get('nc', '')}:{found.get('cnonce', '')}:{found['qop']}:{what}")
    return _md5(f"{who}:{nonce}:{what}")


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
