"""The desk of logins: nobody is locked out, a rotation that fails is one finding, and without a vault all goes on."""

from __future__ import annotations

from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from collectors.deep import Secret
from monitor.domain.credential import CredentialGroup
from monitor.domain.device import Device, DeviceKind, Endpoint, Lifecycle
from monitor.domain.login import BROKEN_FROM, MAX_REFUSALS, Login, LoginRecord
from monitor.domain.point import PointClass
from monitor.ports import CredentialsError
from monitor.services.logins import Logins

SECRET = Secret("operator", "s3cret")


class Vault:
    """Credentials that a test changes at will."""

    def __init__(self, *groups: CredentialGroup) -> None:
        self.kept = list(groups)
        self.version = 0
        self.broken = False

    def change(self, *groups: CredentialGroup) -> None:
        self.kept = list(groups)
        self.version += 1

    def stamp(self) -> object:
        return self.version

    def groups(self) -> list[CredentialGroup]:
        if self.broken:
            raise CredentialsError("打不开 · cannot be opened")
        return self.kept

    def secrets(self) -> dict[str, Secret]:
        return {group.name: SECRET for group in self.kept}


GROUP = CredentialGroup("g", 1, 0)


def device(number: int = 1, *, credential: str | None = None, region: str | None = "370702") -> Device:
    endpoint = Endpoint("onvif", f"http://127.0.0.{number}/", credential)
    return Device(f"d{number}", DeviceKind.CAMERA, PointClass.FIRST, region, Lifecycle(0), endpoint=endpoint)


class Desk(Logins):
    """A desk whose store is a dict."""

    def __init__(self, vault: Vault, stored: dict[str, LoginRecord] | None = None) -> None:
        self.stored = stored if stored is not None else {}
        self.lost = False
        super().__init__(
            vault,
            lineage=lambda region: (region, "370700"),
            on_change=self.stored.__setitem__,
            may_forget=lambda: self.lost,
        )
        self.load(self.stored.items())

    def look(self, number: int, login: Login, *, refusals: int = 1) -> tuple[bool, Login, bool]:
        """One look: whether it had a secret, what became of it, and whether the device refuses what it accepted."""
        ticket = self.ticket(device(number), vendor="")
        asked = login if ticket.secret is not None or login is Login.NOT_ASKED else Login.NO_CREDENTIAL
        noted = self.done(f"d{number}", ticket, asked, refusals=refusals)
        return ticket.secret is not None, noted.login, noted.refuses


def test_two_refusals_are_the_end_also_after_a_restart_until_the_version_changes():
    vault = Vault(GROUP)
    desk = Desk(vault)
    assert [desk.look(1, Login.REFUSED)[0] for _ in range(5)] == [True, True, False, False, False]
    assert desk.look(1, Login.REFUSED) == (False, Login.HELD, False)
    assert desk.held_by_group() == {"g": 1}
    again = Desk(vault, desk.stored)
    assert again.look(1, Login.REFUSED) == (False, Login.HELD, False)
    vault.change(replace(GROUP, version=2))
    assert not again.look(1, Login.REFUSED)[0], "credentials are read again when told to"
    again.refresh()
    assert again.look(1, Login.ACCEPTED) == (True, Login.ACCEPTED, False)
    assert again.held_by_group() == {"g": 0}


def test_looks_at_one_moment_do_not_add_up_to_a_third_refusal():
    desk = Desk(Vault(GROUP))
    tickets = [desk.ticket(device(), vendor="") for _ in range(4)]
    assert [ticket.secret is not None for ticket in tickets] == [True, True, False, False]
    for ticket in tickets:
        desk.done("d1", ticket, Login.REFUSED if ticket.secret else Login.NO_CREDENTIAL)
    assert desk.stored["d1"].refusals == MAX_REFUSALS
    assert desk.ticket(device(), vendor="").held


def test_a_look_that_came_to_nothing_gives_its_ticket_back():
    desk = Desk(Vault(GROUP))
    for _ in range(5):
        assert desk.look(1, Login.UNTRIED)[0]


def test_refused_where_it_was_accepted_is_the_devices_doing_also_while_it_is_not_asked():
    desk = Desk(Vault(GROUP))
    assert desk.look(1, Login.ACCEPTED) == (True, Login.ACCEPTED, False)
    assert desk.look(1, Login.REFUSED) == (True, Login.REFUSED, True)
    assert desk.look(1, Login.REFUSED) == (True, Login.REFUSED, True)
    assert desk.look(1, Login.REFUSED) == (False, Login.HELD, True)
    assert Desk(Vault(GROUP), desk.stored).look(1, Login.REFUSED) == (False, Login.HELD, True)
    assert desk.allow_again(device_id="d1") == ["d1"]
    assert desk.look(1, Login.ACCEPTED) == (True, Login.ACCEPTED, False)


def test_a_device_never_logged_in_to_shows_nothing():
    desk = Desk(Vault(GROUP))
    assert desk.look(1, Login.REFUSED)[2] is False


def test_a_rotation_that_many_refuse_is_one_finding_and_is_used_no_further():
    vault = Vault(GROUP)
    desk = Desk(vault)
    for number in range(200):
        desk.look(number, Login.ACCEPTED)
    vault.change(replace(GROUP, version=2))
    with capture_logs() as logged:
        desk.refresh()
        asked = [desk.look(number, Login.REFUSED) for number in range(200)]
    assert sum(had_secret for had_secret, _, _ in asked) == BROKEN_FROM
    assert not any(refuses for _, _, refuses in asked), "the change was ours"
    assert [each["event"] for each in logged] == ["credential.broken"]
    assert desk.broken == ["g"]
    assert Desk(vault, desk.stored).broken == ["g"], "also after a restart"
    assert len(desk.allow_again(group="g")) == BROKEN_FROM
    assert desk.broken == []
    assert desk.look(0, Login.ACCEPTED)[0]
    vault.change(replace(GROUP, version=3))
    desk.refresh()
    assert desk.look(5, Login.ACCEPTED) == (True, Login.ACCEPTED, False)


def test_a_rotation_that_a_few_refuse_is_theirs_alone():
    vault = Vault(GROUP)
    desk = Desk(vault)
    for number in range(200):
        desk.look(number, Login.ACCEPTED)
    vault.change(replace(GROUP, version=2))
    desk.refresh()
    for number in range(200):
        desk.look(number, Login.REFUSED if number % 5 == 0 else Login.ACCEPTED)
    assert desk.broken == []


def test_while_a_refusal_could_be_forgotten_nobody_is_asked():
    desk = Desk(Vault(GROUP))
    desk.lost = True
    assert desk.look(1, Login.REFUSED) == (False, Login.HELD, False)
    desk.lost = False
    assert desk.look(1, Login.ACCEPTED)[0]


def test_without_credentials_all_goes_on():
    desk = Desk(Vault())
    assert desk.look(1, Login.REFUSED) == (False, Login.NO_CREDENTIAL, False)
    assert desk.look(2, Login.NOT_ASKED) == (False, Login.NOT_ASKED, False)
    assert desk.stored == {}


@pytest.mark.parametrize(
    ("credential", "vendor", "expected"), [("b", "", "b"), ("gone", "", ""), (None, "海康", "hik")]
)
def test_the_group_is_the_named_one_or_the_nearest(credential, vendor, expected):
    desk = Desk(Vault(GROUP, CredentialGroup("b", 1, 0), CredentialGroup("hik", 4, 0, vendor="海康")))
    assert desk.ticket(device(credential=credential), vendor=vendor).group == expected


def test_credentials_that_cannot_be_read_stay_as_they_were_and_it_is_said_once():
    vault = Vault(GROUP)
    desk = Desk(vault)
    vault.change(replace(GROUP, version=2))
    vault.broken = True
    with capture_logs() as logged:
        for _ in range(3):
            desk.refresh()
    assert [each["event"] for each in logged] == ["credentials.unreadable"]
    assert desk.error
    assert desk.ticket(device(), vendor="").version == 1
    vault.broken = False
    desk.refresh()
    assert (desk.error, desk.ticket(device(), vendor="").version) == ("", 2)


def test_a_ticket_shows_no_secret():
    ticket = Desk(Vault(GROUP)).ticket(device(), vendor="")
    assert SECRET.password not in repr(ticket)
    assert SECRET.user not in repr(ticket)
