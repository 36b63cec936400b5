"""Proving who we are inside the envelope: WS-UsernameToken (WS-Security UsernameToken Profile 1.0)."""

from __future__ import annotations

import hashlib
import os
import time
from base64 import b64encode
from xml.sax.saxutils import escape

from collectors.deep import Secret

_WSSE = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
_WSU = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"
_PROFILE = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0"
_BASE64 = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-soap-message-security-1.0#Base64Binary"


def token_header(secret: Secret, *, at: float) -> str:
    """Give the SOAP header of a WS-UsernameToken.

    Args:
        secret: who we are.
        at: the *device's* present time, epoch seconds: devices refuse a `Created` a few seconds off.
    """
    # In Zulu time without a fraction: Hikvision refuses +00:00, others refuse milliseconds.
    created = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at))
    if secret.plain_text:
        password = f'<w:Password Type="{_PROFILE}#PasswordText">{escape(secret.password)}</w:Password>'
        rest = ""
    else:
        nonce = os.urandom(16)
        digest = hashlib.sha1(nonce + created.encode() + secret.password.encode(), usedforsecurity=False).digest()
        password = f'<w:Password Type="{_PROFILE}#PasswordDigest">{b64encode(digest).decode()}</w:Password>'
        rest = f'<w:Nonce EncodingType="{_BASE64}">{b64encode(nonce).decode()}</w:Nonce>'
    return (
        f'<w:Security xmlns:w="{_WSSE}" xmlns:u="{_WSU}" s:mustUnderstand="1"><w:UsernameToken>'
        f"<w:Username>{escape(secret.user)}</w:Username>{password}{rest}<u:Created>{created}</u:Created>"
        "</w:UsernameToken></w:Security>"
    )
