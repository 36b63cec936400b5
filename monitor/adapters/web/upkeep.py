"""The site's upkeep over HTTP: protocols, what was pushed in vain, backups, receivers, the broker, Grafana's files."""

from __future__ import annotations

from typing import Annotated

import msgspec

from monitor.adapters.web.problem import not_found
from monitor.adapters.web.route import Call, Reply, Route
from monitor.domain.account import Right

Address = Annotated[str, msgspec.Meta(pattern=r"^https?://[^\s\"'<>\\]{1,200}$")]


class ProtocolOut(msgspec.Struct, frozen=True):
    """A protocol that is known."""

    protocol: str
    zh: str
    en: str


class ProtocolsOut(msgspec.Struct, frozen=True):
    """The protocols that are known."""

    protocols: list[ProtocolOut]


class StrangerOut(msgspec.Struct, frozen=True):
    """An id that was reported to us and that we take nothing for; `reason` is unknown or not_yours."""

    id: str
    protocol: str
    reporter: str
    reason: str
    first_at: int
    last_at: int
    count: int


class RefusedMessageOut(msgspec.Struct, frozen=True):
    """A message that was refused whole; of its content only the sha256 and the size are kept."""

    digest: str
    protocol: str
    sender: str
    reason: str
    size: int
    first_at: int
    last_at: int
    count: int


class IntakeOut(msgspec.Struct, frozen=True):
    """What was pushed to us and could not be taken."""

    unknown: list[StrangerOut]
    refused: list[RefusedMessageOut]


class BackupOut(msgspec.Struct, frozen=True):
    """A backup of the database: when, its file's name, its size in bytes."""

    at: int
    file: str
    bytes: int


class BackupsOut(msgspec.Struct, frozen=True):
    """Backups, newest first."""

    backups: list[BackupOut]


class ReceiverOut(msgspec.Struct, frozen=True):
    """A receiver of notifications: messages that wait, since when, tries so far and why the last one failed."""

    receiver: str
    waiting: int
    oldest_at: int | None
    tries: int
    error: str


class ReceiversOut(msgspec.Struct, frozen=True):
    """Receivers by name."""

    receivers: list[ReceiverOut]


class TriedOut(msgspec.Struct, frozen=True):
    """Whether it worked, how far it got, and what is wrong."""

    ok: bool
    step: str
    text: str


class SiteFilesQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where alerts' links lead, and where the site's vidnet serves its page."""

    grafana_url: Address = "http://grafana.example"
    page_url: Address = "http://vidnet.example"


async def collectors(call: Call) -> ProtocolsOut:
    """Give the protocols that are known."""
    return ProtocolsOut([ProtocolOut(*each) for each in call.parts.tools.protocols()])


async def intake(call: Call) -> IntakeOut:
    """Give the ids that nobody recorded, and the messages that were refused."""
    call.require(None)
    strangers, refused = await call.parts.tools.strangers(), await call.parts.tools.refused_messages()
    return IntakeOut(
        [StrangerOut(e.id, e.protocol, e.reporter, e.reason, e.first_at, e.last_at, e.count) for e in strangers],
        [
            RefusedMessageOut(e.digest, e.protocol, e.sender, e.reason, e.size, e.first_at, e.last_at, e.count)
            for e in refused
        ],
    )


async def backups(call: Call) -> BackupsOut:
    """Give the backups of the database."""
    call.require(None)
    return BackupsOut([BackupOut(each.at, each.file, each.bytes) for each in call.parts.tools.backups()])


async def back_up(call: Call) -> BackupOut:
    """Copy the database whole, while vidnet runs (SQLite)."""
    call.require(None)
    made = await call.parts.tools.back_up(at=call.at)
    call.target = made.file
    call.after = out = BackupOut(made.at, made.file, made.bytes)
    return out


async def receivers(call: Call) -> ReceiversOut:
    """Give the receivers of notifications, and what they did not take yet."""
    call.require(None)
    waiting = {each.receiver: each for each in await call.parts.tools.backlog()}
    found = []
    for name in call.parts.tools.receivers():
        each = waiting.get(name)
        found.append(
            ReceiverOut(name, 0, None, 0, "")
            if each is None
            else ReceiverOut(name, each.waiting + each.handed, each.oldest_at, each.tries, each.error)
        )
    return ReceiversOut(found)


async def test_receiver(call: Call) -> TriedOut:
    """Send a receiver a test notification."""
    call.require(None)
    name = call.params["name"]
    if name not in call.parts.tools.receivers():
        raise not_found("receiver")
    problem = await call.parts.tools.send_test(name, at=call.at)
    call.after = {"ok": not problem}
    return TriedOut(not problem, "sent" if not problem else "failed", problem)


async def check_broker(call: Call) -> TriedOut:
    """Say what is wrong with the MQTT broker: name, TLS, password, ACL."""
    call.require(None)
    step, text = await call.parts.tools.check_broker()
    call.after = {"step": step}
    return TriedOut(step == "ok", step, text)


async def site_files(call: Call) -> Reply:
    """Give dashboards, Prometheus rules, Alertmanager and service-unit examples as a ZIP file."""
    query: SiteFilesQuery = call.query
    content = await call.parts.tools.site_files(grafana_url=query.grafana_url, page_url=query.page_url)
    return Reply(content, headers={"Content-Disposition": 'attachment; filename="vidnet-site.zip"'})


ROUTES = (
    Route(
        *("GET", "/collectors", collectors, Right.READ, "the protocols that are known"),
        answer=ProtocolsOut,
        group="system",
    ),
    Route(
        *("GET", "/intake", intake, Right.READ, "what was pushed to us and could not be taken"),
        answer=IntakeOut,
        group="system",
    ),
    Route(
        *("POST", "/mqtt/check", check_broker, Right.ADMINISTER, "what is wrong with the broker"),
        answer=TriedOut,
        group="system",
        action="mqtt.check",
    ),
    Route("GET", "/backups", backups, Right.ADMINISTER, "backups", answer=BackupsOut, group="system"),
    Route(
        *("POST", "/backups", back_up, Right.ADMINISTER, "copy the database whole"),
        answer=BackupOut,
        status=201,
        group="system",
        action="db.backup",
    ),
    Route(
        *("GET", "/receivers", receivers, Right.OPERATE, "receivers of notifications"),
        answer=ReceiversOut,
        group="alerts",
    ),
    Route(
        *("POST", "/receivers/{name}/test", test_receiver, Right.OPERATE, "send a test notification"),
        answer=TriedOut,
        group="alerts",
        action="receiver.test",
    ),
    Route(
        *("GET", "/grafana.zip", site_files, Right.READ, "dashboards, rules and examples for a site"),
        query=SiteFilesQuery,
        produces="application/zip",
        group="system",
    ),
)
