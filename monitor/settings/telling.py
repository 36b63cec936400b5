"""Who is told of what: alerts, receivers, reports."""

from __future__ import annotations

from ipaddress import ip_network
from typing import Literal

from pydantic import Field, field_validator, model_validator

from monitor.settings.forms import Seconds, Section, seconds_of_day


class AlertingSettings(Section):
    """Alerts and incidents: the rules file, the pace, how messages are put together, and where links lead."""

    enabled: bool = True
    rules: str = Field(default="alerts.toml", min_length=1)
    every_s: float = Field(default=15.0, ge=0.1, le=300)
    group_wait_s: int = Field(default=60, ge=0, le=3_600)
    urgent_wait_s: int = Field(default=10, ge=0, le=3_600)
    hold_down_s: int = Field(default=90, ge=0, le=3_600)
    window_s: Seconds = 300
    settle_s: Seconds = 600
    carriers: dict[str, list[str]] = Field(default={})
    good_looks: int = Field(default=3, ge=1, le=1_000)
    orders_to: list[str] = Field(default=[])
    page: str = ""
    handbook: str = ""

    @field_validator("carriers")
    @classmethod
    def _are_networks(cls, carriers: dict[str, list[str]]) -> dict[str, list[str]]:
        for network in (each for networks in carriers.values() for each in networks):
            try:
                ip_network(network)
            except ValueError as error:
                raise ValueError(f'networks such as "10.1.0.0/16"; not {network}') from error
        return carriers


_SCHEMES = {
    "webhook": ("http://", "https://"),
    "alertmanager": ("http://", "https://"),
    "syslog": ("udp://", "tcp://", "/"),
}


class ReceiverSettings(Section):
    """One receiver of notifications; which keys count depends on its kind."""

    kind: Literal["apprise", "webhook", "alertmanager", "syslog", "spool"]
    url: str = Field(default="", repr=False)  # it may hold a token
    folder: str = ""
    secret: str = Field(default="", repr=False)
    language: Literal["zh", "en", "both"] = "both"
    counties: list[str] = Field(default=[])
    least: Literal["critical", "warning", "info"] = "info"
    default: bool = True
    per_minute: int = Field(default=15, ge=1, le=10_000)
    timeout_s: float = Field(default=10.0, ge=0.1, le=120)
    resend_s: Seconds = 60
    result_within_s: Seconds = 3_600

    @model_validator(mode="after")
    def _has_what_its_kind_needs(self) -> ReceiverSettings:
        needed = "folder" if self.kind == "spool" else "url"
        if not getattr(self, needed):
            raise ValueError(f"{needed} is missing: a receiver of kind {self.kind} needs one")
        schemes = _SCHEMES.get(self.kind)
        if schemes and not self.url.startswith(schemes):
            raise ValueError(f"url begins with {' or '.join(schemes)}")
        if self.kind == "spool" and not self.secret:
            raise ValueError("secret is missing: what is spooled is signed with it")
        return self


PLAIN_OF_RECEIVERS = frozenset(ReceiverSettings.model_fields) - {"url", "secret", "folder"}


class ReportSettings(Section):
    """Reports: where they go, when they are made, and what they list."""

    folder: str = Field(default="reports", min_length=1)
    weekly: bool = True
    weekly_at: str = "08:00"
    objections_within_s: Seconds = 259_200
    snapshot_times: list[str] = Field(default=["02:00", "08:00", "14:00", "20:00"], min_length=1, max_length=96)
    small_sample: int = Field(default=20, ge=0, le=100_000)
    repair_from_s: Seconds = 14_400
    listed: int = Field(default=10, ge=1, le=1_000)
    attach: list[str] = Field(default=["report.xlsx", "summary.csv"], max_length=20)
    attach_most_mb: int = Field(default=10, ge=0, le=1_000)

    @field_validator("weekly_at")
    @classmethod
    def _is_a_time(cls, text: str) -> str:
        seconds_of_day(text)
        return text

    @field_validator("attach")
    @classmethod
    def _are_names(cls, names: list[str]) -> list[str]:
        for name in names:
            if "/" in name or "\\" in name:
                raise ValueError(f'names of files in a report, such as "report.xlsx"; not {name}')
        return names

    @field_validator("snapshot_times")
    @classmethod
    def _are_times(cls, texts: list[str]) -> list[str]:
        for text in texts:
            seconds_of_day(text)
        return texts

    def snapshot_seconds(self) -> tuple[int, ...]:
        """Give the snapshot times as seconds after midnight, in order."""
        return tuple(sorted({seconds_of_day(text) for text in self.snapshot_times}))
