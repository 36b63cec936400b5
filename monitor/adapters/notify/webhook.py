"""A webhook of one's own: one JSON document a parcel, signed with HMAC-SHA256 where there is a secret."""

from __future__ import annotations

import hashlib
import hmac
from pathlib import PurePath

import msgspec

from monitor.adapters.notify.http import JsonPost
from monitor.adapters.notify.plain import PlainNotifier
from monitor.domain.notification import Message, Parcel

VERSION = 1


def document(parcel: Parcel, *, language: str) -> dict[str, object]:
    """Give a parcel as the document that webhooks and spools carry."""
    title, body = parcel.text(language)
    return {
        "version": VERSION,
        "title": title,
        "body": body,
        "severity": parcel.severity.value,
        "recovery": parcel.is_recovery,
        "held_back": parcel.held_back,
        "messages": [_values(message) for message in parcel.messages],
    }


def _values(message: Message) -> dict[str, object]:
    """Give a message without what is only for us: where its files are on this machine, and that it goes alone."""
    values: dict[str, object] = msgspec.to_builtins(message)
    del values["alone"]
    values["files"] = [PurePath(path).name for path in message.files]
    return values


def signature(body: bytes, secret: str) -> str:
    """Give the signature of a body: "sha256=" and the HMAC in hexadecimal."""
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


class WebhookNotifier(PlainNotifier):
    """`ports.Notifier` over HTTP.

    Args:
        url: where to post.
        secret: what to sign with, "" for no signature.
        language: "zh", "en" or "both".
        timeout_s: how long one post may take.
    """

    def __init__(self, url: str, *, secret: str, language: str, timeout_s: float) -> None:
        self._post = JsonPost(url, timeout_s=timeout_s)
        self._secret = secret
        self._language = language

    async def send(self, parcel: Parcel) -> None:
        """Post a parcel; `Idempotency-Key` is the same when it is sent again.

        Raises:
            NotifyError: it was not taken.
        """
        body = msgspec.json.encode(document(parcel, language=self._language))
        headers = {"Idempotency-Key": hashlib.sha256(" ".join(row.key for row in parcel.rows).encode()).hexdigest()}
        if self._secret:
            headers["X-Vidnet-Signature"] = signature(body, self._secret)
        await self._post.post(body, headers=headers)

    async def close(self) -> None:
        """Let go of connections."""
        await self._post.close()
