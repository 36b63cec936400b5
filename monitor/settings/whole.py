"""All sections together, and what the domain takes of them."""

from __future__ import annotations

from fractions import Fraction
from zoneinfo import ZoneInfo

from pydantic import ValidationInfo, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from monitor.domain.checkpoint import SilenceRule
from monitor.domain.intake import IntakeRule
from monitor.domain.observation import LookKind
from monitor.domain.own_outage import MassRule
from monitor.domain.policy import Policy
from monitor.settings.city import ArchiveSettings, CitySettings, ExemptionsSettings, RulesSettings, StoreSettings
from monitor.settings.looking import CollectorSettings, CredentialsSettings, DeepSettings, PictureSettings
from monitor.settings.receiving import IntakeSettings, MqttSettings, ViidSettings
from monitor.settings.serving import AccountsSettings, AuditSettings, LogSettings, MetricsSettings, WebSettings
from monitor.settings.telling import AlertingSettings, ReceiverSettings, ReportSettings

ENV_PREFIX = "VIDNET_"


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
