"""Everything that the command line can do has a route of the API, or a reason why not: no command is forgotten."""

from __future__ import annotations

from typer.main import get_command

from monitor.adapters.web.api import ROUTES
from monitor.cli import app

_IMPORT = ("POST /imports", "POST /imports/{id}/confirm", "GET /imports/{id}/rejected")
_ASK = ("POST /requests",)
_REPORT = ("POST /reports",)
_ACCOUNT = ("PATCH /accounts/{name}",)

COMMANDS: dict[str, tuple[str, ...] | str] = {
    "run": "it is the service that serves the API",
    "demo": "it is the service on a simulated city",
    "probe": ("POST /devices/{id}/look",),
    "device": ("GET /devices/{id}", "POST /devices/{id}/identity"),
    "picture": ("GET /devices/{id}", "DELETE /devices/{id}/baseline"),
    "sweep": "a measurement of addresses in a file; the service connects to nothing that a caller names",
    "rates": ("GET /rates", "GET /overview", "GET /trend"),
    "coverage": ("GET /coverage", "GET /points"),
    "collectors": ("GET /collectors",),
    "explain": ("GET /explain",),
    "plan": ("GET /plan",),
    "check-config": "the settings of a running service were checked when it began; a file is checked where it lies",
    "intake": ("GET /intake",),
    "checkpoints": ("GET /checkpoints",),
    "mqtt check": ("POST /mqtt/check",),
    "credential set": ("PUT /credentials/{group}",),
    "credential list": ("GET /credentials",),
    "credential remove": ("DELETE /credentials/{group}",),
    "credential rotate-key": ("POST /credentials/rotate-key",),
    "credential unlock": ("POST /credentials/unlock",),
    "exempt propose": ("POST /exemptions",),
    "exempt approve": ("POST /exemptions/{id}/approve",),
    "exempt refuse": ("POST /exemptions/{id}/refuse",),
    "exempt end": ("POST /exemptions/{id}/end",),
    "exempt list": ("GET /exemptions",),
    "exempt import": ("POST /exemptions/import",),
    "targets": ("GET /targets",),
    "targets import": ("POST /targets",),
    **{
        f"requests {kind}": _ASK
        for kind in (
            *("retire", "suspend", "return", "reclassify", "move", "back-date", "hours", "parents", "point", "region"),
            *("clear-fault", "confirm-fault"),
        )
    },
    "requests approve": ("POST /requests/{id}/approve",),
    "requests refuse": ("POST /requests/{id}/refuse",),
    "requests withdraw": ("POST /requests/{id}/withdraw",),
    "requests list": ("GET /requests",),
    "correct propose": _ASK,
    "correct withdraw": _ASK,
    "correct list": ("GET /corrections",),
    "user add": ("POST /accounts",),
    "user list": ("GET /accounts",),
    "user grant": _ACCOUNT,
    "user revoke": _ACCOUNT,
    "user password": (*_ACCOUNT, "POST /session/password"),
    "user totp": ("POST /accounts/{name}/totp",),
    "user disable": _ACCOUNT,
    "user enable": _ACCOUNT,
    "token add": ("POST /tokens",),
    "token list": ("GET /tokens",),
    "token revoke": ("POST /tokens/{id}/revoke",),
    "audit list": ("GET /audit",),
    "audit export": ("GET /audit.jsonl",),
    "audit verify": ("GET /audit/verify",),
    "import regions": _IMPORT,
    "import points": _IMPORT,
    "import devices": _IMPORT,
    "import history": "a past from elsewhere fills figures without an approver: only by whoever keeps the database",
    "grafana export": ("GET /grafana.zip",),
    "report weekly": _REPORT,
    "report monthly": _REPORT,
    "report range": _REPORT,
    "report list": ("GET /reports", "GET /reports/{folder}/{revision}/files/{name}"),
    "report verify": ("GET /reports/{folder}/{revision}/verify",),
    "report diff": ("GET /reports/{folder}/diff",),
    "report due": "the service makes the reports that are due itself; `POST /reports` makes one at once",
    "report object": ("POST /objections",),
    "report objections": ("GET /objections",),
    "report decide": ("POST /objections/{id}/decide",),
    "report finalise": ("POST /reports/{period}/final",),
    "inventory check": ("GET /inventory/check",),
    "inventory export": ("GET /inventory/export", "GET /devices.csv", "GET /devices.xlsx"),
    "inventory diff": ("GET /inventory/diff",),
    "alerts": ("GET /alerts",),
    "alerts list": ("GET /alerts", "GET /silences", "GET /receivers"),
    "alerts show": ("GET /alerts/{id}",),
    "alerts ack": ("POST /alerts/{id}/acknowledge",),
    "alerts silence": ("POST /silences",),
    "alerts unsilence": ("POST /silences/{id}/end",),
    "incidents list": ("GET /incidents",),
    "incidents show": ("GET /incidents/{id}",),
    "incidents party": ("POST /incidents/{id}/party",),
    "orders list": ("GET /orders",),
    "orders make": ("POST /orders",),
    "orders export": ("GET /orders.csv",),
    "orders import": ("POST /orders/import", "POST /orders/{id}/report"),
    "orders times": ("GET /orders/times",),
    "notify test": ("POST /receivers/{name}/test",),
    "db backup": ("POST /backups", "GET /backups"),
    "db upgrade": "no service runs on a database of another schema: it is upgraded before the start",
}


def test_every_command_has_its_route_or_a_reason():
    assert sorted(COMMANDS) == sorted(_commands())
    routes = {f"{route.method} {route.path}" for route in ROUTES}
    named = {route for found in COMMANDS.values() if not isinstance(found, str) for route in found}
    assert named - routes == set()


def _commands() -> list[str]:
    found: list[str] = []

    def walk(command, path: list[str]) -> None:
        below = getattr(command, "commands", None)
        if below:
            if getattr(command, "invoke_without_command", False):
                found.append(" ".join(path))
            for name, each in below.items():
                walk(each, [*path, name])
        else:
            found.append(" ".join(path))

    walk(get_command(app), [])
    return [each for each in found if each]
