"""What is pushed to us: from where, and how much of it."""

from __future__ import annotations

from pydantic import Field

from monitor.settings.forms import Seconds, Section


class MqttSettings(Section):
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


class ViidSettings(Section):
    """GA/T 1400: who we are to platforms, and whether devices and platforms may register with us."""

    id: str = Field(default="", pattern=r"^[0-9]{0,20}$")
    listen: bool = False
    credential: str = ""
    keepalive_s: int = Field(default=90, ge=5, le=3_600)


class IntakeSettings(Section):
    """What is taken of what is pushed to us."""

    future_s: int = Field(default=10, ge=0, le=3_600)
    per_second: float = Field(default=10.0, gt=0, le=100_000)
    burst: int = Field(default=600, ge=1, le=1_000_000)
