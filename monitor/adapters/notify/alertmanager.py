"""Alertmanager: alerts posted to `/api/v2/alerts`, and said again well within its resolve_timeout while they last.

It groups, silences and tells people by its own configuration; an alert that is not said again resolves there by itself.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import msgspec

from monitor.adapters.notify.http import JsonPost
from monitor.adapters.notify.plain import PlainNotifier
from monitor.domain.alert import Telling
from monitor.domain.notification import Message, Parcel

LASTS = 4
"""An alert that is not said again ends after so many pauses."""


class AlertmanagerNotifier(PlainNotifier):
    """`ports.Notifier` on an Alertmanager.

    Args:
        url: its address, without a path.
        resend_s: how often what is raised is said again, seconds.
        timeout_s: how long one post may take.
        now: our time, epoch seconds.
    """

    def __init__(self, url: str, *, resend_s: int, timeout_s: float, now: Callable[[], float] = time.time) -> None:
        self._now = now
        self.refresh_every_s = resend_s
        self._post = JsonPost(url.rstrip("/") + "/api/v2/alerts", timeout_s=timeout_s)

    async def send(self, parcel: Parcel) -> None:
        """Post what changed.

        Raises:
            NotifyError: it was not taken.
        """
        newest = {message.alert: message for message in parcel.messages}
        await self._say(list(newest.values()))

    async def refresh(self, raised: Sequence[Message]) -> None:
        """Say again what is raised.

        Raises:
            NotifyError: it was not taken.
        """
        await self._say(raised)

    async def close(self) -> None:
        """Let go of connections."""
        await self._post.close()

    async def _say(self, messages: Sequence[Message]) -> None:
        await self._post.post(msgspec.json.encode([self._alert(message) for message in messages]))

    def _alert(self, message: Message) -> dict[str, object]:
        words = "".join(part.capitalize() for part in message.rule.split("-"))
        labels = {
            "alertname": f"Vidnet{words}",
            "severity": message.severity.value,
            "county": message.county,
            "subject": message.subject,
            "incident": message.incident,
            "alert": message.alert,
        }
        ends_at = message.at
        if message.telling is not Telling.CLEARED:
            # Counted from now: a message that waited for hours must not seem to have ended meanwhile.
            ends_at = max(ends_at, int(self._now())) + LASTS * (self.refresh_every_s or 0)
        annotations = {
            "summary": message.title_zh,
            "description": message.body_zh,
            "summary_en": message.title_en,
            "description_en": message.body_en,
            "link": message.link,
        }
        return {
            # A label that is empty is to Alertmanager the same as none, and two that lack it would be equal.
            "labels": {name: value for name, value in labels.items() if value},
            "annotations": {name: value for name, value in annotations.items() if value},
            "startsAt": _written(message.raised_at),
            "endsAt": _written(ends_at),
        }


def _written(at: int) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
