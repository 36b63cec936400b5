"""What the monitor serves and writes about itself: page, accounts, audit log, metrics, log."""

from __future__ import annotations

import re
from typing import Literal

from pydantic import Field, ValidationInfo, field_validator

from monitor.settings.forms import Seconds, Section


class WebSettings(Section):
    """Where the page, the API, `/metrics`, `/healthz` and `/readyz` are served, and how."""

    host: str = "127.0.0.1"
    port: int = Field(default=9880, ge=0, le=65_535)
    certificate: str = ""
    key: str = ""
    proxied: bool = False
    proxies: list[str] = Field(default=["127.0.0.1", "::1"], max_length=50)
    hosts: list[str] = Field(default=[], max_length=50)
    map: str = ""
    trend_every_s: Seconds = 3_600
    trend_days: int = Field(default=400, ge=1, le=3_650)

    @field_validator("key")
    @classmethod
    def _comes_with_the_certificate(cls, key: str, others: ValidationInfo) -> str:
        if bool(key) != bool(others.data.get("certificate", key)):
            raise ValueError("web.certificate and web.key come together")
        return key


class AccountsSettings(Section):
    """How long logins last, and whether guests may look."""

    guest: bool = False
    idle_s: Seconds = 1_800
    session_s: Seconds = 43_200


class AuditSettings(Section):
    """Where the audit log is told, beside the database."""

    syslog: str = ""

    @field_validator("syslog")
    @classmethod
    def _is_a_place(cls, place: str) -> str:
        if (
            place
            and not place.startswith("/")
            and not re.fullmatch(r"udp://(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]+):[0-9]{1,5}", place)
        ):
            raise ValueError('"/dev/log" or "udp://HOST:PORT"')
        return place


class MetricsSettings(Section):
    """What `/metrics` shows beside the counts."""

    per_device: Literal["none", "first"] = "none"


class LogSettings(Section):
    """How much is logged, and in which form (auto: console on a terminal, else JSON)."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    form: Literal["auto", "console", "json"] = "auto"
