"""Apprise: DingTalk, WeCom, Feishu, mail (SMTP), MQTT, SMS gateways over HTTP, and whatever else it knows.

It sends from a thread and says only yes or no; why is taken from what it logs, which names hosts and never tokens.
"""

from __future__ import annotations

import asyncio
import logging
import os
import threading
from typing import Any

from monitor.adapters.notify.plain import PlainNotifier
from monitor.domain.notification import Parcel
from monitor.ports import NotifyError

_LONGEST = 200
_TYPES = {"critical": "failure", "warning": "warning", "info": "info"}


class AppriseUrlError(ValueError):
    """An address that apprise does not know."""


class _Heard(logging.Handler):
    """What apprise logs in one thread."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._thread = threading.get_ident()
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if record.thread == self._thread:
            self.lines.append(record.getMessage())


class AppriseNotifier(PlainNotifier):
    """`ports.Notifier` through apprise.

    Args:
        url: an address as apprise has it, such as "dingtalk://TOKEN" or "mailto://USER:PASSWORD@HOST".
        language: "zh", "en" or "both".
        timeout_s: how long connecting and reading may take.

    Raises:
        AppriseUrlError: apprise does not know it; the text does not repeat it.
    """

    def __init__(self, url: str, *, language: str, timeout_s: float) -> None:
        import apprise  # 61 ms that a service without such a receiver need not pay

        logging.getLogger("apprise").propagate = False
        plugin: Any = apprise.Apprise.instantiate(url, suppress_exceptions=True)
        if plugin is None:
            raise AppriseUrlError("apprise knows no such address")
        plugin.socket_connect_timeout = plugin.socket_read_timeout = timeout_s
        plugin.request_rate_per_sec = 0.0  # each receiver's own cap holds; a thread need not sleep for it
        # Whoever answers in a receiver's place must not be able to send what is told elsewhere.
        plugin.redirects = False
        self._plugin = plugin
        self._takes_files = bool(plugin.attachment_support)
        self._language = language

    async def send(self, parcel: Parcel) -> None:
        """Send a parcel.

        Raises:
            NotifyError: it was not taken.
        """
        title, body = parcel.text(self._language)
        kind = "success" if parcel.is_recovery else _TYPES[parcel.severity.value]
        files = [path for message in parcel.messages for path in message.files] if self._takes_files else []
        failure = await asyncio.to_thread(self._notify, title, body, kind, files)
        if failure is not None:
            raise NotifyError(failure)

    def _notify(self, title: str, body: str, kind: str, files: list[str]) -> str | None:
        """Send, and give why it failed, None where it did not.

        Files that have been moved away meanwhile are named instead: the news must not wait for them for ever.
        """
        gone = [path for path in files if not os.path.isfile(path)]
        if gone:
            names = ", ".join(os.path.basename(path) for path in gone)
            body = f"{body}\n附件已不在 · no longer there to attach: {names}"
        heard = _Heard()
        logger = logging.getLogger("apprise")
        logger.addHandler(heard)
        try:
            attached = self._attachments([path for path in files if path not in gone])
            if self._plugin.notify(title=title, body=body, notify_type=kind, attach=attached):
                return None
        except Exception as error:
            # Its plug-ins are many and not all of them catch what the network throws.
            return f"apprise failed: {type(error).__name__}"
        finally:
            logger.removeHandler(heard)
        return " ".join((heard.lines or ["apprise did not deliver it"])[-1].split())[:_LONGEST]

    def _attachments(self, paths: list[str]) -> Any:
        """Give files as apprise takes them, None for none."""
        from apprise import AppriseAttachment
        from apprise.attachment.file import AttachFile

        file: Any = AttachFile
        return AppriseAttachment([file(path) for path in paths]) if paths else None
