"""How devices are looked at: pace and limits of each kind of look, and the vault of what they log in with."""

from __future__ import annotations

import re
from typing import Literal

from pydantic import Field, ValidationInfo, field_validator

from monitor.settings.forms import Seconds, Section

_ADDRESS = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]+)(:[0-9]{1,5})?")


class CollectorSettings(Section):
    """The collector: its name, its pace and its limits."""

    name: str = Field(default="main", min_length=1, max_length=64)
    interval_s: Seconds = 300
    recheck_s: Seconds = 30
    slow_interval_s: Seconds = 1_800
    timeout_s: float = Field(default=3.0, ge=0.1, le=60)
    concurrency: int = Field(default=2_000, ge=1, le=50_000)
    per_subnet: int = Field(default=32, ge=1, le=50_000)
    own_clock: Literal["check", "trusted", "untrusted"] = "check"
    sentinels: list[str] = Field(default=[], max_length=20)
    sentinel_every_s: float = Field(default=10.0, ge=0.1, le=60)

    # A field sees those above it, unless they hold mistakes of their own.
    @field_validator("recheck_s")
    @classmethod
    def _is_at_most_the_interval(cls, recheck_s: int, others: ValidationInfo) -> int:
        if recheck_s > others.data.get("interval_s", recheck_s):
            raise ValueError("at most collector.interval_s")
        return recheck_s

    @field_validator("slow_interval_s")
    @classmethod
    def _is_at_least_the_interval(cls, slow_interval_s: int, others: ValidationInfo) -> int:
        if slow_interval_s < others.data.get("interval_s", slow_interval_s):
            raise ValueError("at least collector.interval_s")
        return slow_interval_s

    @field_validator("sentinels")
    @classmethod
    def _are_addresses(cls, addresses: list[str]) -> list[str]:
        strange = [address for address in addresses if _ADDRESS.fullmatch(address) is None]
        if strange:
            raise ValueError(
                f'addresses such as "10.0.0.1", "10.0.0.1:443" or "[fd00::1]:80"; not {", ".join(strange)}'
            )
        return addresses

    @field_validator("timeout_s")
    @classmethod
    def _is_less_than_the_recheck(cls, timeout_s: float, others: ValidationInfo) -> float:
        if timeout_s >= others.data.get("recheck_s", timeout_s + 1):
            raise ValueError("less than collector.recheck_s")
        return timeout_s


class CredentialsSettings(Section):
    """Where the collector's own vault and its key are; neither leaves the machine."""

    file: str = Field(default="credentials.json", min_length=1)
    key_file: str = Field(default="credentials.key", min_length=1)


class DeepSettings(Section):
    """Deep looks: whether, how often, how many at once, and what they require."""

    enabled: bool = True
    interval_s: Seconds = 21_600
    recheck_s: Seconds = 600
    faulty_s: Seconds = 3_600
    timeout_s: float = Field(default=5.0, ge=0.1, le=60)
    total_s: float = Field(default=30.0, ge=1, le=600)
    concurrency: int = Field(default=200, ge=1, le=10_000)
    per_subnet: int = Field(default=8, ge=1, le=10_000)
    other_hosts: Literal["refuse", "rewrite", "allow"] = "refuse"
    retention_days: int = Field(default=30, ge=1, le=3_650)


class PictureSettings(Section):
    """Picture looks: whether, how often, how many at once, and by how many workers."""

    enabled: bool = True
    interval_s: Seconds = 86_400
    recheck_s: Seconds = 600
    faulty_s: Seconds = 3_600
    timeout_s: float = Field(default=5.0, ge=0.1, le=60)
    total_s: float = Field(default=20.0, ge=1, le=600)
    concurrency: int = Field(default=60, ge=1, le=10_000)
    per_link: int = Field(default=4, ge=1, le=10_000)
    workers: int = Field(default=2, ge=1, le=256)
    jobs_each: int = Field(default=500, ge=1, le=1_000_000)
