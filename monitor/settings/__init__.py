"""Settings: one TOML file, every key with its default in `config/vidnet.toml`, all mistakes reported at once."""

from __future__ import annotations

from monitor.settings.city import ArchiveSettings, CitySettings, ExemptionsSettings, RulesSettings, StoreSettings
from monitor.settings.forms import Seconds, Share, seconds_of_day
from monitor.settings.looking import CollectorSettings, CredentialsSettings, DeepSettings, PictureSettings
from monitor.settings.reading import SettingsError, read_settings
from monitor.settings.receiving import IntakeSettings, MqttSettings, ViidSettings
from monitor.settings.serving import AccountsSettings, AuditSettings, LogSettings, MetricsSettings, WebSettings
from monitor.settings.telling import AlertingSettings, ReceiverSettings, ReportSettings
from monitor.settings.whole import ENV_PREFIX, Settings

__all__ = [
    "ENV_PREFIX",
    "AccountsSettings",
    "AlertingSettings",
    "ArchiveSettings",
    "AuditSettings",
    "CitySettings",
    "CollectorSettings",
    "CredentialsSettings",
    "DeepSettings",
    "ExemptionsSettings",
    "IntakeSettings",
    "LogSettings",
    "MetricsSettings",
    "MqttSettings",
    "PictureSettings",
    "ReceiverSettings",
    "ReportSettings",
    "RulesSettings",
    "Seconds",
    "Settings",
    "SettingsError",
    "Share",
    "StoreSettings",
    "ViidSettings",
    "WebSettings",
    "read_settings",
    "seconds_of_day",
]
