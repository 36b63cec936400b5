"""The simulated devices are asked by the real collector: every way of logging in, and every oddity, is understood."""

from __future__ import annotations

import asyncio
import socket
import time
from dataclasses import dataclass

import pytest

from collectors.base import Outcome
from collectors.deep import DeepRequest, DeepResult, Secret, Session
from collectors.onvif.deep import OnvifDeepPoller
from monitor.demo.behaviour import Behaviour
from monitor.demo.crowd import Crowd
from monitor.demo.persona import DEMO_PASSWORD, DEMO_USER, TURNS_AFTER_S, Addresses, Oddity, Persona, Scheme, persona_of
from monitor.demo.server import DeviceProtocol
from monitor.domain.login import Login
from monitor.domain.policy import Policy
from monitor.domain.state import initial_state
from monitor.services.observe_deep import observe_deep

SECRET = Secret(DEMO_USER, DEMO_PASSWORD)
PLAIN_TEXT = Secret(DEMO_USER, DEMO_PASSWORD, True)
SEED = 11


class OneDevice(Crowd):
    """A crowd that is one device at every address: of a chosen persona and behaviour."""

    def __init__(self, persona: Persona, behaviour: Behaviour = Behaviour.CLEAN, offset_s: int = 0) -> None:
        self.persona = persona
        self.kind = behaviour
        self.offset_s = offset_s
        self.elapsed = 0.0
        self._second = 0
        self._written: dict[tuple[int, int, bool, bool], bytes] = {}
        self._huge = b""

    def index_of(self, address: str) -> int | None:
        return 7

    def behaviour(self, index: int) -> Behaviour:
        self._second = int(time.time())
        return self.kind

    def keeps_alive(self, index: int) -> bool:
        return False

    def _clock(self, index: int, behaviour: Behaviour) -> int:
        return int(time.time()) + self.offset_s


@dataclass
class Target:
    address: str
    credential: str | None = None


async def look(device: OneDevice, monkeypatch: pytest.MonkeyPatch, secret: Secret = SECRET) -> DeepResult:
    monkeypatch.setattr("monitor.demo.crowd.persona_of", lambda seed, index, behaviour: device.persona)
    device._seed = SEED
    device._elapsed = lambda: device.elapsed  # type: ignore[method-assign]
    device._behaviours = type("B", (), {"shapes": bytes(8), "offsets": [0] * 8})()  # type: ignore[assignment]
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    server = await asyncio.get_running_loop().create_server(lambda: DeviceProtocol(device, set()), sock=listener)
    poller = OnvifDeepPoller(wall_clock=time.time)
    try:
        request = DeepRequest(Session(), secret, 5.0, 20.0)
        return await poller.look(Target(f"http://127.0.0.1:{port}/onvif/device_service"), request)
    finally:
        await poller.close()
        server.close()
        await server.wait_closed()


def persona(**wanted: object) -> Persona:
    """Find a persona with some properties; the rest is plain."""
    wanted = {"oddity": Oddity.PLAIN, "addresses": Addresses.OWN, **wanted}
    for index in range(200_000):
        found = persona_of(SEED, index, Behaviour.CLEAN)
        if all(getattr(found, name) == value for name, value in wanted.items()) and found.kept_days is not None:
            return found
    raise AssertionError(wanted)


def shown(result: DeepResult) -> tuple[str, ...]:
    seen = observe_deep(
        initial_state("d", created_at=0),
        result,
        at=int(time.time()),
        interval_s=300,
        policy=Policy(),
        own_clock_trusted=True,
        login=Login(result.login),
    )
    return seen.faults


@pytest.mark.parametrize("offset_s", [0, 900])
@pytest.mark.parametrize("scheme", list(Scheme))
async def test_every_way_of_logging_in_is_understood(scheme, offset_s, monkeypatch):
    device = OneDevice(persona(scheme=scheme), offset_s=offset_s)
    found = await look(device, monkeypatch, PLAIN_TEXT if scheme is Scheme.TEXT else SECRET)
    assert found.login == ("not_asked" if scheme is Scheme.NONE else "accepted")
    assert found.notes == ()
    assert found.stream_uri == "rtsp://127.0.0.1/live/sub"
    assert shown(found) == (("clock_off",) if offset_s else ())
    wrong = await look(device, monkeypatch, Secret(DEMO_USER, "wrong", scheme is Scheme.TEXT))
    assert wrong.login == ("not_asked" if scheme is Scheme.NONE else "refused")


@pytest.mark.parametrize("behaviour", [Behaviour.AUTH_400, Behaviour.AUTH_401, Behaviour.CHUNKED])
async def test_a_clock_that_is_told_to_those_who_log_in(behaviour, monkeypatch):
    scheme = {Behaviour.AUTH_401: Scheme.BOTH}.get(behaviour, Scheme.TOKEN)
    found = await look(OneDevice(persona(scheme=scheme), behaviour), monkeypatch)
    assert (found.login, found.outcome) == ("accepted", Outcome.CLEAN)
    assert found.clock is not None


@pytest.mark.parametrize("addresses", list(Addresses))
async def test_services_are_found_whatever_their_addresses_say(addresses, monkeypatch):
    found = await look(OneDevice(persona(addresses=addresses)), monkeypatch, SECRET)
    assert found.profiles
    assert found.recordings is not None


FAULTS = {
    Oddity.NO_PROFILE: ("no_profile",),
    Oddity.NO_STREAM: ("no_stream_uri",),
    Oddity.ODD_STREAM: ("no_stream_uri",),
    Oddity.ELSEWHERE: ("uri_elsewhere",),
    Oddity.SHORT: ("retention_short",),
    Oddity.STOPPED: ("recording_stopped",),
    Oddity.EMPTY: ("no_recording",),
    Oddity.NO_RIGHTS: ("rights_short",),
}


@pytest.mark.parametrize(("oddity", "expected"), FAULTS.items())
async def test_every_oddity_is_a_named_fault(oddity, expected, monkeypatch):
    assert shown(await look(OneDevice(persona(oddity=oddity, scheme=Scheme.TOKEN)), monkeypatch)) == expected


async def test_some_turn_away_and_some_are_replaced_after_a_while(monkeypatch):
    turning = OneDevice(persona(oddity=Oddity.TURNS_AWAY, scheme=Scheme.MD5))
    assert (await look(turning, monkeypatch)).login == "accepted"
    replaced = OneDevice(persona(oddity=Oddity.REPLACED))
    before = await look(replaced, monkeypatch)
    turning.elapsed = replaced.elapsed = TURNS_AFTER_S
    assert (await look(turning, monkeypatch)).login == "refused"
    after = await look(replaced, monkeypatch)
    assert before.serial != after.serial
    assert not set(before.macs) & set(after.macs)


async def test_a_wrong_password_is_wrong_from_the_start(monkeypatch):
    found = await look(OneDevice(persona(oddity=Oddity.WRONG_PASSWORD)), monkeypatch)
    assert (found.login, found.refusals) == ("refused", 1)
