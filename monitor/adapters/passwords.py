"""Secrets of people and programs: argon2id hashes, random secrets, time-based codes (`ports.Secrets`).

A second factor's secret has to be read again to check a code, so it is encrypted where it is kept, not hashed.
"""

from __future__ import annotations

import secrets

import pyotp
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from monitor.ports import CredentialsError, Sealer

# OWASP's second choice: 19 MiB and two passes, about 20 ms; logins come in threads beside the looks.
_HASHER = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
_NOBODY = _HASHER.hash(secrets.token_urlsafe(16))

STEP_S = 30
ISSUER = "vidnet"


class Argon2Secrets:
    """`ports.Secrets` by argon2id and RFC 6238.

    Args:
        sealer: encrypts the secrets of second factors.
    """

    def __init__(self, sealer: Sealer) -> None:
        self._sealer = sealer

    def hashed(self, password: str) -> str:
        """Give a password's argon2id hash."""
        return _HASHER.hash(password)

    def matches(self, password: str, hashed: str) -> bool:
        """Tell whether a password is the hashed one; a missing hash takes as long as a wrong one."""
        try:
            return _HASHER.verify(hashed or _NOBODY, password) and bool(hashed)
        except (VerificationError, InvalidHashError):
            return False

    def make(self) -> str:
        """Give a new secret of 256 bits, safe in headers and cookies."""
        return secrets.token_urlsafe(32)

    def new_totp(self) -> str:
        """Give a new secret of a second factor, base32."""
        return pyotp.random_base32()

    def sealed(self, name: str, secret: str) -> str:
        """Give an account's second factor encrypted; the name binds it, so that no account can be given another's."""
        return self._sealer.seal(f"{secret} {name}")

    def opened(self, name: str, kept: str) -> str:
        """Give an account's second factor as an authenticator knows it; one that an older program kept plain is given.

        Raises:
            CredentialsError: the keys cannot be read, don't open it, or it is another account's.
        """
        if not is_sealed(kept):
            return kept
        secret, _, owner = self._sealer.unseal(kept).partition(" ")
        if owner != name:
            raise CredentialsError(
                f"{name}: 第二因素属于另一账号，请重设 · the second factor is another account's: set it anew"
            )
        return secret

    def totp_step(self, secret: str, code: str, *, at: int) -> int | None:
        """Give the time step that a code is of, now or one step off, or None."""
        totp = pyotp.TOTP(secret, interval=STEP_S)
        for step in (at // STEP_S + off for off in (0, -1, 1)):
            if secrets.compare_digest(totp.generate_otp(step), code):
                return step
        return None


def totp_uri(name: str, secret: str) -> str:
    """Give the `otpauth://` address that an authenticator takes in."""
    return pyotp.TOTP(secret, interval=STEP_S).provisioning_uri(name=name, issuer_name=ISSUER)


def is_sealed(kept: str) -> bool:
    """Tell an encrypted second factor from a plain one: base32 has no small letters, a Fernet token begins with one."""
    return kept[:1].islower()
