"""The MQTT listener against a real mosquitto with the shipped configuration."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiomqtt
import pytest
import structlog

from collectors.deep import Secret
from collectors.mqtt import Broker, MqttListener
from collectors.mqtt.check import check
from collectors.pushed import Message, Receipt
from tests.brokers import MosquittoServer, running_mosquitto
from tests.journeys.running import until

USERS = {"vidnet": "v-secret", "g-1": "g-secret", "g-2": "g-secret", "d-1": "d-secret"}
LOGIN = Secret("vidnet", "v-secret")


@pytest.fixture
def mosquitto(tmp_path: Path) -> Iterator[MosquittoServer]:
    with running_mosquitto(tmp_path, USERS) as server:
        yield server


@pytest.fixture(scope="module")
def tls_mosquitto(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MosquittoServer]:
    with running_mosquitto(tmp_path_factory.mktemp("tls"), USERS, plain=False) as server:
        yield server


class Heard:
    """A sink that keeps what it is told, and may be made to wait before it returns."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.may_return = asyncio.Event()
        self.may_return.set()

    async def sink(self, messages: Sequence[Message]) -> list[Receipt]:
        self.messages += messages
        await self.may_return.wait()
        return [Receipt(len(each.reports), 1 if each.refusal else 0) for each in messages]

    async def until(self, count: int) -> list[Message]:
        await until(lambda: len(self.messages) >= count, within_s=10)
        return self.messages


def broker(server: MosquittoServer, **more: Any) -> Broker:
    return Broker(**{"port": server.port, "timeout_s": 3.0, "keepalive_s": 5} | more)


@asynccontextmanager
async def listening(server: MosquittoServer, heard: Heard, **more: Any) -> AsyncIterator[MqttListener]:
    listener = MqttListener(broker(server, **more), secret=lambda: LOGIN)
    task = asyncio.create_task(listener.run(heard.sink))
    await until(lambda: listener.connected, within_s=10)
    try:
        yield listener
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@asynccontextmanager
async def gateway(server: MosquittoServer, user: str = "g-1", **more: Any) -> AsyncIterator[aiomqtt.Client]:
    client = aiomqtt.Client(
        "127.0.0.1",
        server.port,
        username=user,
        password=USERS[user],
        identifier=user,
        protocol=aiomqtt.ProtocolVersion.V5,
        timeout=5,
        **more,
    )
    async with client:
        yield client


def batch(*devices: str, at: int = 1_795_000_000) -> bytes:
    return json.dumps({"observations": [{"device": each, "at": at, "online": True} for each in devices]}).encode()


async def test_batches_and_statuses_come_in_and_refusals_go_back(mosquitto: MosquittoServer) -> None:
    heard = Heard()
    async with listening(mosquitto, heard), gateway(mosquitto) as g, gateway(mosquitto, "d-1") as d:
        await g.subscribe("vidnet/v1/gateways/g-1/refused")
        await g.publish("vidnet/v1/gateways/g-1/batch", batch("a", "b"), qos=1)
        await d.publish("vidnet/v1/devices/d-1/status", b'{"online":true}', qos=1)
        messages = await heard.until(2)
        assert {(each.sender, len(each.reports)) for each in messages} == {("g-1", 2), ("d-1", 1)}

        await g.publish("vidnet/v1/gateways/g-1/batch", b"{", qos=1)
        answer = await asyncio.wait_for(anext(aiter(g.messages)), 5)
        assert json.loads(bytes(answer.payload))["reason"] == "payload is not JSON"  # type: ignore[arg-type]


async def test_a_poison_message_is_acknowledged_and_comes_no_more(mosquitto: MosquittoServer) -> None:
    heard = Heard()
    async with listening(mosquitto, heard), gateway(mosquitto) as g:
        await g.publish("vidnet/v1/gateways/g-1/batch", b"\x00\x01poison", qos=1)
        await heard.until(1)
        await asyncio.sleep(0.1)
    again = Heard()
    async with listening(mosquitto, again), gateway(mosquitto) as g:
        await g.publish("vidnet/v1/gateways/g-1/batch", batch("a"), qos=1)
        [message] = await again.until(1)
    assert message.refusal == ""


async def test_a_fault_of_ours_in_a_message_is_recorded_and_ends_nothing(
    mosquitto: MosquittoServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> Message:
        raise ZeroDivisionError

    heard = Heard()
    async with listening(mosquitto, heard) as listener, gateway(mosquitto) as g:
        with monkeypatch.context() as patch, structlog.testing.capture_logs() as logs:
            patch.setattr("collectors.mqtt.read_message", broken)
            await g.publish("vidnet/v1/gateways/g-1/batch", b"secret of somebody", qos=1)
            [message] = await heard.until(1)
        await g.publish("vidnet/v1/gateways/g-1/batch", batch("a"), qos=1)
        await heard.until(2)
        assert listener.connections == 1
    assert (message.sender, message.refusal) == ("g-1", "our own fault: ZeroDivisionError")
    assert "secret of somebody" not in repr((message, logs))


async def test_what_is_not_stored_comes_again(mosquitto: MosquittoServer) -> None:
    lost = Heard()
    lost.may_return.clear()
    async with listening(mosquitto, lost), gateway(mosquitto) as g:
        await g.publish("vidnet/v1/gateways/g-1/batch", batch("a"), qos=1)
        await lost.until(1)
    kept = Heard()
    async with listening(mosquitto, kept):
        [message] = await kept.until(1)
    assert [report.device for report in message.reports] == ["a"]


async def test_more_than_twenty_may_wait_for_their_acknowledgement(mosquitto: MosquittoServer) -> None:
    heard = Heard()
    heard.may_return.clear()
    async with listening(mosquitto, heard) as listener, gateway(mosquitto) as g:
        for number in range(100):
            await g.publish("vidnet/v1/gateways/g-1/batch", batch(f"a-{number}"), qos=1)
        heard.may_return.set()
        messages = await heard.until(100)
        assert listener.connections == 1
    assert [each.reports[0].device for each in messages] == [f"a-{number}" for number in range(100)]


async def test_what_comes_while_we_are_away_waits_for_us(mosquitto: MosquittoServer) -> None:
    async with listening(mosquitto, Heard()):
        pass
    async with gateway(mosquitto) as g:
        await g.publish("vidnet/v1/gateways/g-1/batch", batch("a"), qos=1)
    heard = Heard()
    async with listening(mosquitto, heard):
        assert [report.device for report in (await heard.until(1))[0].reports] == ["a"]


async def test_a_last_will_comes_when_its_device_dies(mosquitto: MosquittoServer) -> None:
    heard = Heard()
    will = aiomqtt.Will("vidnet/v1/devices/d-1/status", b'{"online":false}', qos=1)
    async with listening(mosquitto, heard):
        async with gateway(mosquitto, "d-1", will=will) as d:
            await d.publish("vidnet/v1/devices/d-1/status", b'{"online":true}', qos=1)
            await heard.until(1)
            d._client._sock.close()  # as a power cut
            d._disconnected.set_result(None)
        messages = await heard.until(2)
    assert [each.reports[0].online for each in messages] == [True, False]
    assert abs(messages[1].reports[0].at - time.time()) < 10


async def test_what_the_broker_kept_counts_at_its_own_instant_or_not_at_all(mosquitto: MosquittoServer) -> None:
    async with gateway(mosquitto, "d-1") as d:
        await d.publish("vidnet/v1/devices/d-1/status", b'{"online":true,"at":1795000000}', qos=1, retain=True)
    heard = Heard()
    async with listening(mosquitto, heard):
        [kept] = await heard.until(1)
        assert [(report.at, report.online) for report in kept.reports] == [(1_795_000_000, True)]
        async with gateway(mosquitto, "d-1") as d:
            await d.publish("vidnet/v1/devices/d-1/status", b'{"online":false}', qos=1, retain=True)
            now = (await heard.until(2))[1]
            assert [report.online for report in now.reports] == [False]  # it came just now, whatever the broker keeps
    other = Heard()
    async with listening(mosquitto, other, client_id="another"):
        [kept] = await other.until(1)
    assert kept.reports == ()


async def test_a_killed_broker_is_one_line_and_its_return_another(mosquitto: MosquittoServer) -> None:
    heard = Heard()
    with structlog.testing.capture_logs() as logs:
        async with listening(mosquitto, heard) as listener:
            async with gateway(mosquitto) as g:
                await g.publish("vidnet/v1/gateways/g-1/batch", batch("a"), qos=1)
                await heard.until(1)
                mosquitto.kill()
                with pytest.raises(aiomqtt.MqttError):
                    await g.publish("vidnet/v1/gateways/g-1/batch", batch("x"), qos=1, timeout=0.5)
            await asyncio.sleep(1.2)
            mosquitto.start()
            await until(lambda: listener.connections == 2, within_s=15)
            async with gateway(mosquitto) as g:
                await g.publish("vidnet/v1/gateways/g-1/batch", batch("b"), qos=1)
                await until(lambda: heard.messages[-1].reports[0].device == "b", within_s=10)
    assert [log["event"] for log in logs if log["event"].startswith("mqtt.")] == [
        "mqtt.connected",
        "mqtt.lost",
        "mqtt.back",
    ]


async def test_a_gateway_cannot_write_under_another_name(mosquitto: MosquittoServer) -> None:
    heard = Heard()
    async with listening(mosquitto, heard), gateway(mosquitto) as g:
        await g.publish("vidnet/v1/gateways/g-2/batch", batch("foreign"), qos=1)
        await g.publish("vidnet/v1/gateways/g-1/batch", batch("own"), qos=1)
        [message] = await heard.until(1)
    assert message.sender == "g-1"


async def test_a_payload_beyond_the_brokers_limit_ends_there(mosquitto: MosquittoServer) -> None:
    heard = Heard()
    async with listening(mosquitto, heard):
        with pytest.raises(aiomqtt.MqttError):
            async with gateway(mosquitto) as g:
                await g.publish("vidnet/v1/gateways/g-1/batch", b"x" * 300_000, qos=1, timeout=2)
        async with gateway(mosquitto, "g-2") as g:
            await g.publish("vidnet/v1/gateways/g-2/batch", batch("a"), qos=1)
            [message] = await heard.until(1)
    assert message.sender == "g-2"


async def test_a_kill_between_receipt_and_commit_loses_nothing(mosquitto: MosquittoServer) -> None:
    """Kill -9 of us: the child has the message and never stores it; whoever comes next has it again, once."""
    program = (
        "import asyncio\n"
        "from collectors.deep import Secret\n"
        "from collectors.mqtt import Broker, MqttListener\n"
        "async def sink(messages):\n"
        "    print('received', flush=True)\n"
        "    await asyncio.sleep(60)\n"
        f"listener = MqttListener(Broker(port={mosquitto.port}), secret=lambda: Secret('vidnet', 'v-secret'))\n"
        "asyncio.run(listener.run(sink))\n"
    )
    async with listening(mosquitto, Heard()):
        pass  # the session is there before anything is published
    child = await asyncio.create_subprocess_exec(sys.executable, "-c", program, stdout=asyncio.subprocess.PIPE)
    async with gateway(mosquitto) as g:
        await g.publish("vidnet/v1/gateways/g-1/batch", batch("a", "b"), qos=1)
    assert child.stdout is not None
    async with asyncio.timeout(20):
        while await child.stdout.readline() != b"received\n":
            pass
    child.kill()
    await child.wait()
    heard = Heard()
    async with listening(mosquitto, heard):
        await heard.until(1)
        await asyncio.sleep(0.2)
    assert [[report.device for report in each.reports] for each in heard.messages] == [["a", "b"]]


async def test_tls_with_the_right_authority(tls_mosquitto: MosquittoServer) -> None:
    heard = Heard()
    certs = tls_mosquitto.folder / "certs"
    async with listening(tls_mosquitto, heard, host="localhost", tls=True, ca_file=str(certs / "ca.crt")):
        pass
    assert (await check(broker(tls_mosquitto, tls=True, ca_file=str(certs / "ca.crt")), LOGIN)).step == "ok"


async def test_check_says_what_is_wrong(mosquitto: MosquittoServer, tmp_path: Path) -> None:
    good = broker(mosquitto)
    assert (await check(good, LOGIN)).step == "ok"
    assert (await check(Broker(host="no-such-host.invalid"), LOGIN)).step == "name"
    assert (await check(Broker(port=1), LOGIN)).step == "connect"
    assert (await check(broker(mosquitto, tls=True), LOGIN)).step == "tls"
    assert (await check(broker(mosquitto, tls=True, ca_file=str(tmp_path / "none")), LOGIN)).step == "tls"
    assert (await check(good, Secret("vidnet", "wrong"))).step == "password"
    assert (await check(good, None)).step == "password"
    may_not_write = await check(good, Secret("g-1", "g-secret"))
    assert may_not_write.step == "acl"
    assert "\n" not in may_not_write.en


async def test_check_sees_that_the_acl_forbids_reading(tmp_path: Path) -> None:
    with running_mosquitto(tmp_path, USERS) as server:
        acl = server.folder / "vidnet.acl"
        acl.write_text(acl.read_text().replace("topic read vidnet/v1/gateways/+/batch\n", ""))
        server.stop()
        server.start()
        found = await check(broker(server), LOGIN)
    assert found.step == "acl"
    assert "read" in found.en


async def test_check_names_trouble_with_certificates(tls_mosquitto: MosquittoServer, tmp_path: Path) -> None:
    certs = tls_mosquitto.folder / "certs"
    other = broker(tls_mosquitto, tls=True, ca_file=str(certs / "other-ca.crt"))
    assert (await check(other, LOGIN)).step == "tls"
    by_name = broker(tls_mosquitto, host="127.0.0.2", tls=True, ca_file=str(certs / "ca.crt"))
    assert (await check(by_name, LOGIN)).step in ("tls", "connect")
    assert (await check(broker(tls_mosquitto), LOGIN)).step == "mqtt"
    folder = tmp_path / "strict"
    folder.mkdir()
    with running_mosquitto(folder, USERS, plain=False, more=("require_certificate true",)) as strict:
        own = folder / "certs"
        without = broker(strict, tls=True, ca_file=str(own / "ca.crt"))
        assert (await check(without, LOGIN)).step == "tls"
        files = {"cert_file": str(own / "client.crt"), "key_file": str(own / "client.key")}
        assert (await check(broker(strict, tls=True, ca_file=str(own / "ca.crt"), **files), LOGIN)).step == "ok"
