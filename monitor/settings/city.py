"""The city: its zone, its store, its rules, and what its records must hold."""

from __future__ import annotations

from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, field_validator

from monitor.domain.archive import REQUIRABLE
from monitor.domain.fault import COUNTING_BY_DEFAULT, FAULTS
from monitor.domain.observation import LookKind
from monitor.settings.forms import Seconds, Section, Share


class CitySettings(Section):
    """The city: its zone, and where its targets and its inventory come from."""

    zone: str = "Asia/Shanghai"
    targets: str = "targets.toml"
    regions: str = ""
    devices: str = ""
    bounds: list[float] = Field(default=[118.1, 35.5, 120.1, 37.5])

    @field_validator("bounds")
    @classmethod
    def _is_a_box(cls, bounds: list[float]) -> list[float]:
        if bounds and not (len(bounds) == 4 and bounds[0] < bounds[2] and bounds[1] < bounds[3]):
            raise ValueError("[west, south, east, north] in degrees of WGS-84, or [] for anywhere")
        return bounds

    @field_validator("zone")
    @classmethod
    def _is_a_zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise ValueError('a time zone such as "Asia/Shanghai"') from error
        return name


class StoreSettings(Section):
    """Where facts and states are kept."""

    url: str = "sqlite:///vidnet.db"
    commit_every_s: float = Field(default=1.0, gt=0, le=60)
    flush_every_s: float = Field(default=60.0, gt=0, le=600)
    follow_every_s: float = Field(default=5.0, gt=0, le=600)
    backups: str = Field(default="backups", min_length=1)
    backups_kept: int = Field(default=7, ge=1, le=1_000)

    @field_validator("url")
    @classmethod
    def _is_known(cls, url: str) -> str:
        if not url.startswith(("sqlite:///", "postgresql://")):
            raise ValueError('"sqlite:///FILE" or "postgresql://USER@HOST/DATABASE"')
        return url


class RulesSettings(Section):
    """The rules that a site may set (RULES §2, §3)."""

    offline_after: int = Field(default=3, ge=1, le=100)
    slow_after_s: Seconds = 86_400
    fault_after: int = Field(default=2, ge=1, le=100)
    identity_max_age_s: Seconds = 2_592_000
    evidence_max_age_s: Seconds = 172_800
    intact_requires: list[str] = Field(default=["health", "deep"])
    counting_faults: list[str] = Field(default=sorted(COUNTING_BY_DEFAULT))
    clock_limit_s: Seconds = 10
    commissioning_days: int = Field(default=0, ge=0, le=3_650)
    min_measured: Share = "0.95"
    min_judged: Share = "0.95"
    silent_share: Share = "0.1"
    silent_least: int = Field(default=20, ge=1, le=1_000_000)
    mass_share: Share = "0.2"
    mass_devices: int = Field(default=50, ge=1, le=1_000_000)
    hold_s: Seconds = 120
    set_aside_max_s: Seconds = 1_800

    @field_validator("counting_faults")
    @classmethod
    def _are_faults(cls, codes: list[str]) -> list[str]:
        unknown = sorted(set(codes) - set(FAULTS))
        if unknown:
            raise ValueError(f"faults among {', '.join(sorted(FAULTS))}; not {', '.join(unknown)}")
        return codes

    @field_validator("intact_requires")
    @classmethod
    def _are_kinds(cls, kinds: list[str]) -> list[str]:
        known = [kind.value for kind in LookKind]
        unknown = sorted(set(kinds) - set(known))
        if unknown or not kinds:
            raise ValueError(f"one or more of {', '.join(known)}")
        return kinds


class ExemptionsSettings(Section):
    """What exemptions a site allows."""

    submit_within_s: Seconds = 86_400
    longest_s: Seconds = 2_592_000
    quota: Share = "0.05"


_FIRST = ["name", "vendor", "region", "model", "common_name", "address", "ip", "mac", "camera_type", "function_type"]
_FIRST += ["place", "longitude", "latitude", "position_type", "direction", "networked", "police_station", "owner_unit"]
_FIRST += ["installed_on", "retention_days", "department"]


class ArchiveSettings(Section):
    """What the record of a device must hold, by the class of its point."""

    first: list[str] = Field(default=_FIRST)
    second: list[str] = Field(default=[each for each in _FIRST if each not in ("installed_on", "retention_days")])
    other: list[str] = Field(default=["name", "region", "address", "ip", "place"])

    @field_validator("first", "second", "other")
    @classmethod
    def _are_fields(cls, names: list[str]) -> list[str]:
        unknown = sorted(set(names) - set(REQUIRABLE))
        if unknown:
            raise ValueError(f"fields among {', '.join(REQUIRABLE)}; not {', '.join(unknown)}")
        return names
