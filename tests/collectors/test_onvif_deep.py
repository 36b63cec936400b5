"""Deep looks at cameras that ask for a login, refuse steps, point elsewhere, or answer nonsense."""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from collectors.base import Outcome
from collectors.deep import Recordings, Secret, Session
from collectors.digest import choose_challenge
from tests.collectors.deep_camera import SECRET, DeepCamera, deep_look, enveloped, fault, serving
from tests.collectors.servers import Then, device, http

ROOT = Path(__file__).parents[2]
NPM = sorted((ROOT / "node_modules" / "onvif" / "test" / "serverMockup").glob("*.xml"))
RECORDINGS = ROOT.parent / "shared" / "recordings" / "onvif"
STEPS = {"information", "network", "services", "capabilities", "profiles", "snapshot", "stream", "recordings", "clock"}
ENDINGS = {"refused", "unsupported", "fault", "odd", "too_large", "silent", "elsewhere", "skipped"}


@pytest.mark.parametrize("scheme", ["none", "token", "text", "MD5", "", "SHA-256", "SHA-256,MD5", "weird,SHA-256"])
@pytest.mark.parametrize("offset_s", [0, -3_600, 8 * 3_600])
async def test_every_scheme_is_spoken_whatever_the_devices_clock_says(scheme: str, offset_s: int) -> None:
    secret = Secret(SECRET.user, SECRET.password, scheme == "text")
    async with serving(DeepCamera(scheme=scheme, offset_s=offset_s, qop=scheme != "")) as camera:
        found = await deep_look(camera, secret)
    assert found.login == ("not_asked" if scheme == "none" else "accepted")
    assert found.outcome is Outcome.CLEAN
    assert found.notes == ()
    assert (found.maker, found.model, found.serial, found.macs) == ("鸢安", "IPC-400", "SN-1", ("44:19:B6:AA:BB:0C",))
    assert found.profiles is not None
    assert [(each.token, each.encoding, each.width) for each in found.profiles] == [
        ("main", "H264", 1920),
        ("sub", "H264", 704),
    ]
    assert found.chosen == "sub"
    assert found.snapshot_uri == f"http://127.0.0.1:{camera.port}/snap?ch=1&x=2"
    assert found.stream_uri == "rtsp://127.0.0.1/ch1/sub"  # without user and password
    assert found.recordings == Recordings(2, 1_790_812_800, 1_795_478_400)
    assert camera.refusals == (0 if scheme == "none" else 1)  # the unsigned question that finds out the scheme
    assert SECRET.password not in repr(found)


async def test_what_was_learnt_saves_the_unsigned_question_and_keeps_the_nonce() -> None:
    session = Session()
    async with serving(DeepCamera(scheme="MD5")) as camera:
        first = await deep_look(camera, session=session)
        second = await deep_look(camera, session=session)
        assert (first.requests, second.requests, camera.refusals) == (9, 8, 1)
        for says in (True, False):
            camera.nonce, camera.stale_says = f"another {says}", says
            renewed = await deep_look(camera, session=session)
            assert (renewed.login, renewed.requests) == ("accepted", 9)


async def test_a_device_that_changes_its_scheme_is_followed() -> None:
    session = Session()
    async with serving(DeepCamera(scheme="token")) as camera:
        await deep_look(camera, session=session)
        camera.scheme = "SHA-256"
        assert (await deep_look(camera, session=session)).login == "accepted"
        camera.scheme = "none"
        assert (await deep_look(camera, session=session)).notes == ()


@pytest.mark.parametrize("scheme", ["token", "MD5"])
async def test_a_clock_told_only_to_those_who_log_in(scheme: str) -> None:
    async with serving(DeepCamera(scheme=scheme, offset_s=900, clock_needs_login=True)) as camera:
        found = await deep_look(camera)
    assert found.login == "accepted"
    assert found.clock is not None
    assert abs(found.clock.utc_s - time.time() - 900) < 60
    assert found.outcome is Outcome.CLEAN


@pytest.mark.parametrize("scheme", ["token", "MD5", "SHA-256,MD5"])
async def test_a_wrong_password_is_tried_once_and_the_look_goes_on_without(scheme: str) -> None:
    async with serving(DeepCamera(scheme=scheme, password=SECRET.user)) as camera:
        found = await deep_look(camera)
    assert (found.login, found.refusals) == ("refused", 1)
    assert camera.signed == []
    assert {note.ending for note in found.notes} == {"refused"}
    assert found.outcome is Outcome.CLEAN
    assert found.clock is not None


async def test_without_a_credential_nothing_is_tried() -> None:
    async with serving(DeepCamera(scheme="token")) as camera:
        found = await deep_look(camera, None)
    assert (found.login, found.refusals) == ("no_credential", 0)
    assert found.clock is not None


async def test_any_step_may_be_refused_and_the_others_go_on() -> None:
    for operation, step in {
        "GetDeviceInformation": "information",
        "GetNetworkInterfaces": "network",
        "GetProfiles": "profiles",
        "GetSnapshotUri": "snapshot",
        "GetRecordingSummary": "recordings",
    }.items():
        for body, ending in (
            (fault("ter:ActionNotSupported"), "unsupported"),
            (fault("ter:Action"), "fault"),
            (fault("", ""), "fault"),
            (enveloped("<tds:Other/>"), "odd"),
            (b"<html/>", "odd"),
            (500, "odd"),
        ):
            async with serving(DeepCamera(scheme="none", answers={operation: body})) as camera:
                found = await deep_look(camera)
            assert [(note.step, note.ending) for note in found.notes] == [(step, ending)]
            assert found.clock is not None


async def test_a_later_refusal_is_no_refused_login() -> None:
    async with serving(DeepCamera(answers={"GetRecordingSummary": fault("ter:NotAuthorized")})) as camera:
        found = await deep_look(camera)
    assert found.login == "accepted"
    assert [(note.step, note.ending) for note in found.notes] == [("recordings", "refused")]


async def test_services_fall_back_to_capabilities_and_to_the_one_address() -> None:
    refused = {"GetServices": fault("ter:ActionNotSupported")}
    async with serving(DeepCamera(scheme="none", answers=dict(refused))) as camera:
        found = await deep_look(camera)
        assert found.services == ("http://www.onvif.org/ver10/media/wsdl",)
        assert found.profiles
        camera.answers["GetCapabilities"] = fault("ter:Action")
        assert (await deep_look(camera)).profiles


@pytest.mark.parametrize(
    ("uri", "policy", "expected", "ending"),
    [
        ("http://192.168.1.64/snap", "refuse", "", "elsewhere"),
        ("http://192.168.1.64:81/snap", "rewrite", "http://127.0.0.1:81/snap", ""),
        ("http://192.168.1.64/snap", "allow", "http://192.168.1.64/snap", ""),
        ("http://u:p@127.0.0.1:8000/a b", "refuse", "", "odd"),
        ("http://u:p@127.0.0.1:8000/a%20b", "refuse", "http://127.0.0.1:8000/a%20b", ""),
        ("file:///etc/passwd", "allow", "", "odd"),
        ("gopher://127.0.0.1/", "allow", "", "odd"),
        ("http://127.0.0.1@evil.example/", "refuse", "", "elsewhere"),
        ("http://127.0.0.1.evil.example/", "refuse", "", "elsewhere"),
        ("http://[::ffff:10.0.0.1]/", "refuse", "", "elsewhere"),
        ("http://:80/", "allow", "", "odd"),
        ("http://127.0.0.1:99999/", "allow", "", "odd"),
        ("", "allow", "", "odd"),
    ],
)
async def test_uris_of_other_hosts_are_refused_unless_allowed(uri, policy, expected, ending) -> None:
    async with serving(DeepCamera(scheme="none")) as camera:
        camera.uri("GetSnapshotUri", uri.replace("&", "&amp;"))
        found = await deep_look(camera, other_hosts=policy)
    assert found.snapshot_uri == expected
    assert [note.ending for note in found.notes if note.step == "snapshot"] == ([ending] if ending else [])


async def test_a_name_of_ours_and_the_number_behind_it_are_one_host() -> None:
    async with serving(DeepCamera(scheme="none")) as camera:
        found = await deep_look(camera, url=camera.url.replace("127.0.0.1", "localhost"))
    assert found.snapshot_uri
    assert found.notes == ()


async def test_services_are_only_ever_asked_at_the_device_itself() -> None:
    async with serving(DeepCamera(scheme="none")) as camera, serving(DeepCamera(scheme="none")) as elsewhere:
        services = camera._own("GetServices")
        assert isinstance(services, str)
        camera.answers["GetServices"] = services.replace("192.168.1.64:80", f"127.0.0.2:{elsewhere.port}")
        assert (await deep_look(camera)).profiles
        assert elsewhere.asked == []


ODD_CHALLENGE = b"HTTP/1.1 401 No\r\nWWW-Authenticate: Digest " + b'"' * 9_000 + b"\r\nContent-Length: 0\r\n\r\n"
BOMB = (
    b'<?xml version="1.0"?><!DOCTYPE b [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>'
    b'<e:Envelope xmlns:e="http://www.w3.org/2003/05/soap-envelope"><e:Body><x>&b;</x></e:Body></e:Envelope>'
)


@pytest.mark.parametrize(
    ("steps", "outcome"),
    [
        ((http(BOMB),), Outcome.ODD),
        ((http(enveloped("<x>" + "y" * 3_000_000 + "</x>")),), Outcome.TOO_LARGE),
        ((http(b""),), Outcome.FOREIGN),
        ((b"SSH-2.0-x\r\n",), Outcome.FOREIGN),
        ((), Outcome.RESET),
        ((Then.RESET,), Outcome.RESET),
        ((b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n<e:Envelope>",), Outcome.BROKEN),
        (
            (ODD_CHALLENGE,),
            Outcome.AUTH,
        ),
    ],
)
async def test_hostile_answers_have_a_named_outcome(steps, outcome) -> None:
    async with device(*steps) as camera:
        found = await deep_look(DeepCamera(port=camera.port))
    assert found.outcome is outcome
    assert found.detail.isprintable()


async def test_a_device_that_accepts_and_says_nothing_is_left_after_its_time() -> None:
    async with device(Then.HANG) as camera:
        found = await deep_look(DeepCamera(port=camera.port), timeout_s=0.3)
    assert found.outcome is Outcome.TIMEOUT
    assert found.requests == 1


async def test_nobody_listens_and_nonsense_for_an_address() -> None:
    assert (await deep_look(DeepCamera(port=1))).outcome is Outcome.REFUSED
    assert (await deep_look(DeepCamera(), url="telnet://x")).outcome is Outcome.UNRESOLVED


async def _survives(body: bytes) -> None:
    """Let a camera answer everything after the clock with one body: whatever it is, the look ends with notes."""
    names = ("GetDeviceInformation", "GetNetworkInterfaces", "GetServices", "GetCapabilities", "GetProfiles")
    answers = dict.fromkeys((*names, "GetSnapshotUri", "GetStreamUri", "GetRecordingSummary"), body)
    async with serving(DeepCamera(scheme="none", answers=dict(answers))) as camera:
        found = await deep_look(camera)
    assert found.outcome is Outcome.CLEAN, found
    assert {note.step for note in found.notes} <= STEPS
    assert {note.ending for note in found.notes} <= ENDINGS
    assert all(note.detail.isprintable() for note in found.notes)


@pytest.mark.skipif(not NPM and os.environ.get("CI") != "true", reason="npm's onvif@0.8.1 is not installed")
async def test_the_answers_of_npm_onvif_break_nothing() -> None:
    assert len(NPM) == 77
    for path in NPM:
        await _survives(path.read_bytes())


@pytest.mark.skipif(not RECORDINGS.is_dir(), reason="no recordings beside the checkout")
@pytest.mark.parametrize("name", sorted(path.name for path in RECORDINGS.glob("*_*")))
async def test_a_recorded_camera_is_understood(name: str) -> None:
    answers: dict[str, bytes | int | str] = {}
    for path in (RECORDINGS / name).glob("*/Get*.xml"):
        if path.parent.name in ("core", "media"):
            answers[path.name.partition(".")[0]] = path.read_bytes()
    async with serving(DeepCamera(scheme="none", answers=answers)) as camera:
        found = await deep_look(camera, other_hosts="rewrite")
    assert found.clock is not None
    assert found.model
    assert found.profiles
    assert found.stream_uri.startswith("rtsp://127.0.0.1")


@hypothesis_settings(max_examples=60)
@given(st.binary(max_size=400), st.sampled_from(["tds:GetServicesResponse", "trt:GetProfilesResponse", "x"]))
def test_random_bytes_break_nothing(noise: bytes, name: str) -> None:
    text = noise.decode("latin-1").translate(dict.fromkeys(range(32)))
    asyncio.run(_survives(noise))
    asyncio.run(_survives(enveloped(f"<{name}>{text}</{name}>")))


@hypothesis_settings(max_examples=300)
@given(st.lists(st.text(max_size=300), max_size=3))
def test_random_challenges_break_nothing(headers: list[str]) -> None:
    choose_challenge([f"Digest {header}" for header in headers])


def test_the_first_challenge_that_can_be_met_is_chosen() -> None:
    found = choose_challenge(
        [
            'Basic realm="b"',
            'Digest realm="a", nonce="1", qop="auth-int", Digest realm="c", nonce=2, algorithm=md5-sess',
        ]
    )
    assert found is not None
    assert (found.realm, found.nonce, found.algorithm, found.qop) == ("c", "2", "md5-sess", False)
    assert choose_challenge(['Digest realm="a", nonce="1", algorithm=SHA-512-256', "Digest", "Negotiate"]) is None
