"""What is pushed to us, put together: the listeners of the settings, and the one place that takes what they bring."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterable, Sequence
from pathlib import Path
from typing import Any

import structlog
from aiohttp import web

from collectors.deep import Secret
from collectors.mqtt import Broker, MqttListener
from collectors.viid.listener import ViidListener
from monitor.adapters.db.checkpoints import SqlCheckpointStore
from monitor.adapters.db.engine import Database
from monitor.adapters.db.intake import SqlIntakeStore
from monitor.adapters.db.late import SqlLateStore
from monitor.adapters.metrics.intake import IntakeMetrics
from monitor.adapters.vault import Vault
from monitor.app.wiring import vault_of
from monitor.domain.device import Device
from monitor.ports import CredentialsError
from monitor.services.checkpoints import Checkpoints
from monitor.services.ingest import Ingest
from monitor.services.kin import Kin
from monitor.services.late_evidence import LateEvidence
from monitor.services.parents import Parents
from monitor.services.receiving import Receiving
from monitor.settings import Settings

log = structlog.get_logger()


class Intake:
    """Everything that listens.

    Args:
        settings: of the whole service.
        folder: what relative paths in them are relative to.
        database: where refused messages and late looks are kept.
        ingest: where evidence goes.
        devices: all devices.
        now: our time, epoch seconds.
        own_clock_trusted: whether our clock may judge others at this instant.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        folder: Path,
        database: Database,
        ingest: Ingest,
        devices: Sequence[Device],
        now: Callable[[], float],
        own_clock_trusted: Callable[[], bool],
    ) -> None:
        policy = settings.policy()
        self._late = LateEvidence(ingest, SqlLateStore(database), policy=policy, now=now)
        self._kin = Kin(devices)
        self.parents = Parents(ingest, self._kin)
        self._ingest = ingest
        self._now = now
        self.checkpoints = Checkpoints(SqlCheckpointStore(database), rule=settings.silence_rule())
        self.receiving = Receiving(
            ingest,
            late=self._late,
            notes=SqlIntakeStore(database),
            checkpoints=self.checkpoints,
            kin=self._kin,
            policy=policy,
            rule=settings.intake_rule(),
            now=now,
            own_clock_trusted=own_clock_trusted,
        )
        self.mqtt = (
            MqttListener(broker_of(settings, folder=folder), secret=login_of(settings, folder=folder), wall_clock=now)
            if settings.mqtt.enabled
            else None
        )
        self.viid = (
            ViidListener(
                identity=settings.viid.id,
                secret=_registers_with(settings, Logins(vault_of(settings, folder=folder))),
                keepalive_s=settings.viid.keepalive_s,
                wall_clock=now,
            )
            if settings.viid.listen
            else None
        )

    async def begin(self) -> None:
        """Take up what was left at the last stop; the states are loaded by then.

        Raises:
            StoreError: the store cannot be used.
        """
        await self._late.begin()
        await self.checkpoints.begin(at=int(self._now()))
        self.parents.settle()

    def follow(self, devices: Sequence[Device]) -> None:
        """Take in devices that are new or have changed in the inventory."""
        if self._kin.put(devices):
            self.parents.follow()
            self.parents.settle()

    def work(self) -> Iterable[Coroutine[Any, Any, None]]:
        """Give what runs until the service stops."""
        yield self._late.work()
        if self.mqtt is not None:
            yield self.mqtt.run(self.receiving.sink)
        if self.viid is not None:
            yield self.viid.run(self.receiving.sink)

    def mounts(self) -> list[Callable[[web.Application], None]]:
        """Give what adds routes to the HTTP server."""
        return [] if self.viid is None else [self.viid.mount]

    def problems(self) -> list[str]:
        """Give what is wrong with what listens, a line each."""
        if self.mqtt is not None and not self.mqtt.connected and self.mqtt.error:
            return [f"mqtt: not connected: {self.mqtt.error}"]
        return []

    def figures(self) -> IntakeMetrics:
        """Give the figures of this instant."""
        return IntakeMetrics(
            reports=self.receiving.counts,
            late_corrections=self._late.corrections,
            lanes=self.checkpoints.lane_counts(self._ingest.states),
            mqtt_up=None if self.mqtt is None else self.mqtt.connected,
        )


class Logins:
    """What pollers log in with, by the name of its group; read anew when the vault's file changes."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault
        self._stamp: object = ()
        self._secrets: dict[str, Secret] = {}

    def secret(self, group: str) -> Secret | None:
        """Give the secret of a group, None where there is none or the vault cannot be read."""
        stamp = self._vault.stamp()
        if stamp != self._stamp:
            self._stamp = stamp
            try:
                self._secrets = self._vault.secrets()
            except CredentialsError as error:
                self._secrets = {}
                log.warning("vault.unreadable", error=" ".join(str(error).split()))
        return self._secrets.get(group)


def broker_of(settings: Settings, *, folder: Path) -> Broker:
    """Give the broker of the settings; relative paths are relative to the folder of the settings file."""
    mqtt = settings.mqtt

    def path(name: str) -> str:
        return str(folder / name) if name else ""

    return Broker(
        host=mqtt.host,
        port=mqtt.port,
        client_id=mqtt.client_id,
        tls=mqtt.tls,
        ca_file=path(mqtt.ca_file),
        cert_file=path(mqtt.cert_file),
        key_file=path(mqtt.key_file),
        receive_maximum=mqtt.receive_maximum,
        session_expiry_s=mqtt.session_expiry_s,
        keepalive_s=mqtt.keepalive_s,
        timeout_s=mqtt.timeout_s,
    )


def _registers_with(settings: Settings, logins: Logins) -> Callable[[str], Secret | None]:
    """Give what tells the login of a device that registers: the group named like its id, else that of the settings."""
    shared = settings.viid.credential

    def secret(device_id: str) -> Secret | None:
        return logins.secret(device_id) or (logins.secret(shared) if shared else None)

    return secret


def login_of(settings: Settings, *, folder: Path) -> Callable[[], Secret | None]:
    """Give what reads the broker's login anew, so that a changed password needs no restart; it may raise OSError."""
    group = settings.mqtt.credential
    vault = vault_of(settings, folder=folder)

    def secret() -> Secret | None:
        if not group:
            return None
        try:
            found = vault.secrets().get(group)
        except CredentialsError as error:
            raise OSError(str(error)) from None
        if found is None:
            raise OSError(f"mqtt.credential: no group {group!r} in the vault")
        return found

    return secret
