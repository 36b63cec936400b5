"""The simulated devices' gate: who is let in, by WS-UsernameToken or HTTP Digest, and what the others are told.

Written apart from the collectors: a simulator that shared their code would prove only that the code agrees with itself.
"""

from __future__ import annotations

import base64
import hashlib
import re
from datetime import datetime

from monitor.demo.answers import NOT_AUTHORIZED, nonce_of, unauthorized
from monitor.demo.persona import DEMO_PASSWORD, DEMO_USER, Oddity, Persona, Scheme

TOLERANCE_S = 5
"""How far a token's `Created` may be from the device's own clock: home-made and Axis-like firmware take no more."""

NONCE_LIVES_S = 60

_CREATED = re.compile(r"Created[^>]*>([0-9T:-]{19}Z)<")  # +00:00 and fractions are refused, as by real devices
_USER = re.compile(r"Username>([^<]*)<")
_PASSWORD = re.compile(r"Password Type=\"[^\"]*#(\w+)\"[^>]*>([^<]*)<")
_NONCE = re.compile(r"Nonce[^>]*>([^<]*)<")
_AUTHORIZATION = re.compile(r"^authorization: *digest (.*?)\r?$", re.IGNORECASE | re.MULTILINE)
_FIELD = re.compile(r'(\w+) *= *(?:"([^"]*)"|([^,\s"]+))')


def lets_in(request: str, persona: Persona, *, index: int, now: int, turned: bool) -> bool:
    """Whether a request carries a login that the device accepts.

    Args:
        request: head and body.
        persona: what the device is like.
        index: the device's.
        now: its own clock, epoch seconds.
        turned: whether the time for what turns has come.
    """
    if persona.scheme is Scheme.NONE:
        return True
    if persona.oddity is Oddity.WRONG_PASSWORD or (turned and persona.oddity is Oddity.TURNS_AWAY):
        return False
    if persona.scheme in (Scheme.TOKEN, Scheme.TEXT):
        return _token(request, plain=persona.scheme is Scheme.TEXT, now=now)
    return _digest(request, index=index, now=now)


def sent_away(persona: Persona, *, index: int, now: int) -> bytes:
    """Give what somebody without a good login is told."""
    if persona.scheme in (Scheme.MD5, Scheme.BOTH):
        algorithms = ("SHA-256", "MD5") if persona.scheme is Scheme.BOTH else ("MD5",)
        return unauthorized(index, second=now // NONCE_LIVES_S, algorithms=algorithms)
    return NOT_AUTHORIZED


def _token(request: str, *, plain: bool, now: int) -> bool:
    user, password, created = _USER.search(request), _PASSWORD.search(request), _CREATED.search(request)
    if user is None or password is None or user[1] != DEMO_USER:
        return False
    if plain:
        return password[1] == "PasswordText" and password[2] == DEMO_PASSWORD
    nonce = _NONCE.search(request)
    if created is None or nonce is None or password[1] != "PasswordDigest":
        return False
    at = datetime.fromisoformat(created[1].replace("Z", "+00:00")).timestamp()
    if abs(at - now) > TOLERANCE_S:
        return False
    material = base64.b64decode(nonce[1]) + created[1].encode() + DEMO_PASSWORD.encode()
    return password[2] == base64.b64encode(hashlib.sha1(material, usedforsecurity=False).digest()).decode()


def _digest(request: str, *, index: int, now: int) -> bool:
    line = _AUTHORIZATION.search(request)
    if line is None:
        return False
    fields = {name: quoted or token for name, quoted, token in _FIELD.findall(line[1])}
    period = now // NONCE_LIVES_S
    nonces = {nonce_of(index, second=second) for second in (period, period - 1)}
    if fields.get("username") != DEMO_USER or fields.get("nonce") not in nonces:
        return False
    algorithm = fields.get("algorithm", "MD5")
    if algorithm not in ("MD5", "SHA-256"):
        return False

    def hashed(text: str) -> str:
        if algorithm == "SHA-256":
            return hashlib.sha256(text.encode()).hexdigest()
        return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()

    method, path = request.split(" ", 2)[:2]
    who = hashed(f"{DEMO_USER}:{fields.get('realm')}:{DEMO_PASSWORD}")
    middle = f"{fields.get('nc')}:{fields.get('cnonce')}:{fields.get('qop')}"
    expected = hashed(f"{who}:{fields['nonce']}:{middle}:{hashed(f'{method}:{path}')}")
    return fields.get("response") == expected
