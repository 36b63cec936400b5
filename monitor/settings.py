"""Settings: one TOML file, every key with its default in `config/vidnet.toml`, all mistakes reported at once."""

from __future__ import annotations

import os
import re
import tomllib
from fractions import Fraction
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import pydantic_settings
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings, InitSettingsSource, PydanticBaseSettingsSource, SettingsConfigDict

from monitor.domain.archive import REQUIRABLE
from monitor.domain.checkpoint import SilenceRule
from monitor.domain.fault import COUNTING_BY_DEFAULT, FAULTS
from monitor.domain.intake import IntakeRule
from monitor.domain.observation import LookKind
from monitor.domain.own_outage import MassRule
from monitor.domain.policy import Policy

ENV_PREFIX = "VIDNET_"
_ADDRESS = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]+)(:[0-9]{1,5})?")
_TIME_OF_DAY = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])")
_SHARE = re.compile(r"0(\.[0-9]+)?|1(\.0+)?")


def _is_a_share(text: str) -> str:
    if _SHARE.fullmatch(text) is None:
        raise ValueError('a decimal string from "0" to "1" such as "0.95"')
    return text


def seconds_of_day(text: str) -> int:
    """Give the seconds after midnight of a time of day such as "08:00".

    Raises:
        ValueError: it is none.
    """
    found = _TIME_OF_DAY.fullmatch(text)
    if found is None:
        raise ValueError('a time of day such as "08:00"')
    return int(found[1]) * 3_600 + int(found[2]) * 60


Seconds = Annotated[int, Field(ge=1, le=31_536_000)]
Share = Annotated[str, AfterValidator(_is_a_share)]


class SettingsError(Exception):
    """A configuration that cannot be used; `problems` names every mistake with its key and what is allowed."""

    def __init__(self, path: Path, problems: list[str]) -> None:
        super().__init__(f"{path}: " + "; ".join(problems))
        self.path = path
        self.problems = problems


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True)


class CitySettings(_Section):
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


class StoreSettings(_Section):
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


class CollectorSettings(_Section):
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


class CredentialsSettings(_Section):
    """Where the collector's own vault and its key are; neither leaves the machine."""

    file: str = Field(default="credentials.json", min_length=1)
    key_file: str = Field(default="credentials.key", min_length=1)


class DeepSettings(_Section):
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


class MqttSettings(_Section):
    """The MQTT broker that gateways and devices push their status to."""

    enabled: bool = False
    host: str = Field(default="127.0.0.1", min_length=1)
    port: int = Field(default=1_883, ge=1, le=65_535)
    client_id: str = Field(default="vidnet", min_length=1, max_length=64)
    credential: str = ""
    tls: bool = False
    ca_file: str = ""
    cert_file: str = ""
    key_file: str = ""
    receive_maximum: int = Field(default=1_000, ge=1, le=65_535)
    session_expiry_s: Seconds = 86_400
    keepalive_s: int = Field(default=30, ge=5, le=3_600)
    timeout_s: float = Field(default=10.0, ge=0.1, le=60)


class ViidSettings(_Section):
    """GA/T 1400: who we are to platforms, and whether devices and platforms may register with us."""

    id: str = Field(default="", pattern=r"^[0-9]{0,20}$")
    listen: bool = False
    credential: str = ""
    keepalive_s: int = Field(default=90, ge=5, le=3_600)


class IntakeSettings(_Section):
    """What is taken of what is pushed to us."""

    future_s: int = Field(default=10, ge=0, le=3_600)
    per_second: float = Field(default=10.0, gt=0, le=100_000)
    burst: int = Field(default=600, ge=1, le=1_000_000)


class PictureSettings(_Section):
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


class RulesSettings(_Section):
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


class ExemptionsSettings(_Section):
    """What exemptions a site allows."""

    submit_within_s: Seconds = 86_400
    longest_s: Seconds = 2_592_000
    quota: Share = "0.05"


class AlertingSettings(_Section):
    """Alerts and incidents: the rules file, the pace, how messages are put together, and where links lead."""

    enabled: bool = True
    rules: str = Field(default="alerts.toml", min_length=1)
    every_s: float = Field(default=15.0, ge=0.1, le=300)
    group_wait_s: int = Field(default=60, ge=0, le=3_600)
    urgent_wait_s: int = Field(default=10, ge=0, le=3_600)
    hold_down_s: int = Field(default=90, ge=0, le=3_600)
    window_s: Seconds = 300
    settle_s: Seconds = 600
    carriers: dict[str, list[str]] = {}
    good_looks: int = Field(default=3, ge=1, le=1_000)
    orders_to: list[str] = []
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


class ReceiverSettings(_Section):
    """One receiver of notifications; which keys count depends on its kind."""

    kind: Literal["apprise", "webhook", "alertmanager", "syslog", "spool"]
    url: str = Field(default="", repr=False)  # it may hold a token
    folder: str = ""
    secret: str = Field(default="", repr=False)
    language: Literal["zh", "en", "both"] = "both"
    counties: list[str] = []
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


_PLAIN_OF_RECEIVERS = frozenset(ReceiverSettings.model_fields) - {"url", "secret", "folder"}

_SCHEMES = {
    "webhook": ("http://", "https://"),
    "alertmanager": ("http://", "https://"),
    "syslog": ("udp://", "tcp://", "/"),
}


class ReportSettings(_Section):
    """Reports: where they go, when they are made, and what they list."""

    folder: str = Field(default="reports", min_length=1)
    weekly: bool = True
    weekly_at: str = "08:00"
    objections_within_s: Seconds = 259_200
    snapshot_times: list[str] = Field(default=["02:00", "08:00", "14:00", "20:00"], min_length=1, max_length=96)
    small_sample: int = Field(default=20, ge=0, le=100_000)
    repair_from_s: Seconds = 14_400
    listed: int = Field(default=10, ge=1, le=1_000)

    @field_validator("weekly_at")
    @classmethod
    def _is_a_time(cls, text: str) -> str:
        seconds_of_day(text)
        return text

    @field_validator("snapshot_times")
    @classmethod
    def _are_times(cls, texts: list[str]) -> list[str]:
        for text in texts:
            seconds_of_day(text)
        return texts

    def snapshot_seconds(self) -> tuple[int, ...]:
        """Give the snapshot times as seconds after midnight, in order."""
        return tuple(sorted({seconds_of_day(text) for text in self.snapshot_times}))


_FIRST = ["name", "vendor", "region", "model", "common_name", "address", "ip", "mac", "camera_type", "function_type"]
_FIRST += ["place", "longitude", "latitude", "position_type", "direction", "networked", "police_station", "owner_unit"]
_FIRST += ["installed_on", "retention_days", "department"]


class ArchiveSettings(_Section):
    """What the record of a device must hold, by the class of its point."""

    first: list[str] = _FIRST
    second: list[str] = [each for each in _FIRST if each not in ("installed_on", "retention_days")]
    other: list[str] = ["name", "region", "address", "ip", "place"]

    @field_validator("first", "second", "other")
    @classmethod
    def _are_fields(cls, names: list[str]) -> list[str]:
        unknown = sorted(set(names) - set(REQUIRABLE))
        if unknown:
            raise ValueError(f"fields among {', '.join(REQUIRABLE)}; not {', '.join(unknown)}")
        return names


class WebSettings(_Section):
    """Where the page, the API, `/metrics`, `/healthz` and `/readyz` are served, and how."""

    host: str = "127.0.0.1"
    port: int = Field(default=9880, ge=0, le=65_535)
    certificate: str = ""
    key: str = ""
    proxied: bool = False
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


class AccountsSettings(_Section):
    """How long logins last, and whether guests may look."""

    guest: bool = False
    idle_s: Seconds = 1_800
    session_s: Seconds = 43_200


class AuditSettings(_Section):
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


class MetricsSettings(_Section):
    """What `/metrics` shows beside the counts."""

    per_device: Literal["none", "first"] = "none"


class LogSettings(_Section):
    """How much is logged, and in which form (auto: console on a terminal, else JSON)."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    form: Literal["auto", "console", "json"] = "auto"


class Settings(BaseSettings):
    """All settings; the environment (`VIDNET_COLLECTOR__INTERVAL_S=60`) goes over the file."""

    model_config = SettingsConfigDict(
        extra="forbid",
        frozen=True,
        env_prefix=ENV_PREFIX,
        env_nested_delimiter="__",
        nested_model_default_partial_update=True,
    )

    city: CitySettings = CitySettings()
    store: StoreSettings = StoreSettings()
    collector: CollectorSettings = CollectorSettings()
    credentials: CredentialsSettings = CredentialsSettings()
    deep: DeepSettings = DeepSettings()
    picture: PictureSettings = PictureSettings()
    mqtt: MqttSettings = MqttSettings()
    viid: ViidSettings = ViidSettings()
    intake: IntakeSettings = IntakeSettings()
    rules: RulesSettings = RulesSettings()
    exemptions: ExemptionsSettings = ExemptionsSettings()
    alerting: AlertingSettings = AlertingSettings()
    receivers: dict[str, ReceiverSettings] = {}
    report: ReportSettings = ReportSettings()
    archive: ArchiveSettings = ArchiveSettings()
    web: WebSettings = WebSettings()
    accounts: AccountsSettings = AccountsSettings()
    audit: AuditSettings = AuditSettings()
    metrics: MetricsSettings = MetricsSettings()
    log: LogSettings = LogSettings()

    @field_validator("receivers")
    @classmethod
    def _are_all_there(
        cls, receivers: dict[str, ReceiverSettings], others: ValidationInfo
    ) -> dict[str, ReceiverSettings]:
        alerting = others.data.get("alerting")
        unknown = sorted(set(alerting.orders_to) - set(receivers)) if alerting is not None else []
        if unknown:
            raise ValueError(f"alerting.orders_to names {', '.join(unknown)}, which there is not")
        return receivers

    def policy(self) -> Policy:
        """Give the rules' settings as the domain takes them."""
        collector, rules = self.collector, self.rules
        return Policy(
            interval_s=collector.interval_s,
            offline_after=rules.offline_after,
            recheck_s=collector.recheck_s,
            slow_after_s=rules.slow_after_s,
            slow_interval_s=collector.slow_interval_s,
            fault_after=rules.fault_after,
            identity_max_age_s=rules.identity_max_age_s,
            evidence_max_age_s=rules.evidence_max_age_s,
            intact_requires=self._looked_for(rules.intact_requires),
            counting_faults=frozenset(rules.counting_faults),
            clock_limit_s=rules.clock_limit_s,
        )

    def _looked_for(self, kinds: list[str]) -> tuple[str, ...]:
        """Give the kinds of evidence that are looked for at all: without deep looks what is left must do (RULES §3)."""
        off = set() if self.deep.enabled else {LookKind.DEEP.value, LookKind.PICTURE.value}
        if not self.picture.enabled:
            off.add(LookKind.PICTURE.value)
        return tuple(kind for kind in kinds if kind not in off) or (LookKind.HEALTH.value,)

    def mass_rule(self) -> MassRule:
        """Give what a mass failure is, as the domain takes it."""
        rules = self.rules
        return MassRule(
            share=Fraction(rules.mass_share),
            devices=rules.mass_devices,
            hold_s=rules.hold_s,
            set_aside_max_s=rules.set_aside_max_s,
        )

    def intake_rule(self) -> IntakeRule:
        """Give what is taken from one sender."""
        intake = self.intake
        return IntakeRule(future_s=intake.future_s, per_second=intake.per_second, burst=intake.burst)

    def silence_rule(self) -> SilenceRule:
        """Give when a checkpoint's unit is silent."""
        return SilenceRule(share=float(self.rules.silent_share), least=self.rules.silent_least)

    def zone(self) -> ZoneInfo:
        """Give the city's time zone."""
        return ZoneInfo(self.city.zone)


def read_settings(path: Path) -> Settings:
    """Read a settings file, with the environment over it.

    Raises:
        SettingsError: the file cannot be read, is not TOML, or holds mistakes: all of them, each with its key.
    """
    try:
        written = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise SettingsError(path, [f"cannot be read: {error.strerror}"]) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(path, [f"is not TOML: {error}"]) from error

    class _FromFile(Settings):
        @classmethod
        def settings_customise_sources(
            cls,
            settings_cls: type[BaseSettings],
            init_settings: PydanticBaseSettingsSource,
            env_settings: PydanticBaseSettingsSource,
            dotenv_settings: PydanticBaseSettingsSource,
            file_secret_settings: PydanticBaseSettingsSource,
        ) -> tuple[PydanticBaseSettingsSource, ...]:
            del init_settings, dotenv_settings, file_secret_settings
            return env_settings, InitSettingsSource(settings_cls, written)

    problems = _strange_variables()
    try:
        settings = _FromFile()
    except ValidationError as error:
        problems += [_problem(each) for each in error.errors()]
    except pydantic_settings.SettingsError as error:
        problems.append(f'environment: {error}; write lists as JSON: ["health"]')
    if problems:
        raise SettingsError(path, problems)
    return settings


def _strange_variables() -> list[str]:
    """Name variables of the environment that look like settings of a section that there is not."""
    sections = [f"{ENV_PREFIX}{name}".upper() for name in Settings.model_fields]
    return [
        f"{name}: no such section in the environment; known are {', '.join(sections)}"
        for name in sorted(os.environ)
        if name.upper().startswith(ENV_PREFIX) and "__" in name and name.upper().partition("__")[0] not in sections
    ]


def _problem(error: object) -> str:
    """Say one mistake: its key, what is wrong with it, and what was found."""
    if not isinstance(error, dict):
        return str(error)
    key = ".".join(str(part) for part in error["loc"])
    if error["type"] == "extra_forbidden":
        return f"{key}: no such key"
    message = str(error["msg"]).removeprefix("Value error, ")
    said = f"{key}: {message[:1].lower()}{message[1:]}"
    # A receiver's address and secret are not repeated: messages end up in logs.
    may_be_secret = error["loc"][0] == "receivers" and error["loc"][-1] not in _PLAIN_OF_RECEIVERS
    return said if may_be_secret else f"{said} (found {error['input']!r})"
