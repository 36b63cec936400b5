"""MQTT 5: what gateways and devices push, acknowledged only once it is stored (aiomqtt 2.5.1, pinned).

aiomqtt acknowledges a message as soon as it came; its `_client` (paho) can be told to wait, and that is done here and
nowhere else. What it takes (facts of 2.5.1 and mosquitto 2.0):

- CONNECT with clean start off, a session expiry and a stable client id, so that the broker keeps what comes while we
  are away; with a Receive Maximum, since a broker stops at 20 unacknowledged messages otherwise;
- an unbounded queue: a message dropped without acknowledgement would jam that window;
- a message that cannot be used is acknowledged once that is recorded, or it would come back for ever;
- an acknowledgement belongs to its connection: after a loss the broker sends the message again.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
import ssl
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NoReturn

import aiomqtt
import msgspec
import structlog
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from collectors.deep import Secret
from collectors.detail import one_line
from collectors.mqtt.messages import ANSWERS, BATCHES, CHECKS, STATUSES, read_message, refused_message, sender_of
from collectors.pushed import Message, Receipt, Sink

log = structlog.get_logger()

FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.5, 60.0
MAX_PACKET_BYTES = 8 * 1024 * 1024
"""What the broker may send us at all; what is longer than a payload may be, but shorter than this, is recorded."""

TOGETHER = 500
"""Messages that are stored together at most."""

ANSWER_EVERY_S = 1.0
_SENDERS = 10_000
_QOS = 1
# paho tells every loss to its own logger; it is said once, by us.
_PAHO = logging.getLogger("collectors.mqtt.paho")
_PAHO.setLevel(logging.CRITICAL)
_REFUSED = 0x80  # MQTT 5, 3.9.3: reason codes from here on are failures
_NEW_SUBSCRIPTION_ONLY = 1


@dataclass(frozen=True, slots=True)
class Broker:
    """Where the broker is and how it is spoken to.

    Attributes:
        host: name or address.
        port: 1883 without TLS as a rule, 8883 with it.
        client_id: ours, the same at each start: the broker keeps our session under it.
        tls: whether TLS is spoken; the certificate must be of `host`.
        ca_file: the authority that the broker's certificate is checked by; "" for those of the system.
        cert_file: our own certificate, "" for none; its key is in `key_file`.
        receive_maximum: messages that may be on their way to us unacknowledged.
        session_expiry_s: how long the broker keeps what comes while we are away.
        keepalive_s: how soon a dead connection is noticed.
        timeout_s: how long connecting may take.
    """

    host: str = "127.0.0.1"
    port: int = 1883
    client_id: str = "vidnet"
    tls: bool = False
    ca_file: str = ""
    cert_file: str = ""
    key_file: str = ""
    receive_maximum: int = 1_000
    session_expiry_s: int = 86_400
    keepalive_s: int = 30
    timeout_s: float = 10.0

    @property
    def where(self) -> str:
        """Host and port for messages."""
        return f"{self.host}:{self.port}"

    def context(self) -> ssl.SSLContext | None:
        """Give the TLS context, None without TLS.

        Raises:
            OSError: a file cannot be read; `ssl.SSLError`, which is one: it holds no certificate or key.
        """
        if not self.tls:
            return None
        context = ssl.create_default_context(cafile=self.ca_file or None)
        if self.cert_file:
            context.load_cert_chain(self.cert_file, self.key_file or None)
        return context


def make_client(broker: Broker, secret: Secret | None, *, client_id: str = "", keep: bool = True) -> aiomqtt.Client:
    """Make a client of a broker; whoever enters it connects.

    Args:
        broker: where.
        secret: what to log in with; None for nobody, or by certificate.
        client_id: another than the broker's own, "" for that one.
        keep: whether the broker keeps a session; else all is forgotten with the connection.

    Raises:
        OSError: a certificate's file cannot be used.
    """
    properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
    properties.ReceiveMaximum = broker.receive_maximum
    properties.MaximumPacketSize = MAX_PACKET_BYTES
    if keep:
        properties.SessionExpiryInterval = broker.session_expiry_s
    client = aiomqtt.Client(
        broker.host,
        broker.port,
        identifier=client_id or broker.client_id,
        protocol=aiomqtt.ProtocolVersion.V5,
        username=secret.user if secret else None,
        password=secret.password if secret else None,
        clean_start=not keep,
        keepalive=broker.keepalive_s,
        timeout=broker.timeout_s,
        properties=properties,
        tls_context=broker.context(),
        logger=_PAHO,
    )
    client._client.manual_ack_set(True)
    client._client.connect_timeout = broker.timeout_s
    return client


class MqttListener:
    """Listens to one broker for as long as it runs, through every loss of it.

    Args:
        broker: where, and how it is spoken to.
        secret: gives what to log in with at each connection, so that a changed password needs no restart.
        wall_clock: our own time, epoch seconds.
    """

    def __init__(
        self,
        broker: Broker,
        *,
        secret: Callable[[], Secret | None] = lambda: None,
        wall_clock: Callable[[], float] = time.time,
    ) -> None:
        self.connected = False
        self.connections = 0
        self.error = ""
        self._broker = broker
        self._secret = secret
        self._wall_clock = wall_clock
        self._answered: dict[str, float] = {}

    async def run(self, sink: Sink) -> NoReturn:
        """Bring every message to the sink, and acknowledge it when that returns; ends only when cancelled."""
        pause_s = FIRST_PAUSE_S
        while True:
            try:
                async with make_client(self._broker, self._secret()) as client:
                    await subscribe(client)
                    self._note_back()
                    pause_s = FIRST_PAUSE_S
                    await self._pump(client, sink)
            except (aiomqtt.MqttError, OSError, ValueError) as error:
                self._note_lost(error)
            # Many that lost one broker must not all come back at one instant.
            await asyncio.sleep(pause_s * (0.5 + random.random() / 2))  # noqa: S311 - no secret
            pause_s = min(LONGEST_PAUSE_S, pause_s * 2)

    async def _pump(self, client: aiomqtt.Client, sink: Sink) -> None:
        """Take what has come, have it stored, acknowledge it, and so on until the connection is lost.

        Raises:
            aiomqtt.MqttError: it was lost.
        """
        async for first in client.messages:
            came = [first]
            with contextlib.suppress(asyncio.QueueEmpty):
                while len(came) < TOGETHER:
                    came.append(client._queue.get_nowait())
            await self._store(client, came, sink)

    async def _store(self, client: aiomqtt.Client, came: Sequence[aiomqtt.Message], sink: Sink) -> None:
        now = int(self._wall_clock())
        messages = [_read(each, received_at=now) for each in came if str(each.topic) not in CHECKS]
        receipts = await sink(messages) if messages else []
        for each in came:
            if each.qos:
                client._client.ack(each.mid, each.qos)
        for message, receipt in zip(messages, receipts, strict=True):
            if receipt.refused_count or message.refusal or receipt.refused:
                self._answer(client, message, receipt)

    def _answer(self, client: aiomqtt.Client, message: Message, receipt: Receipt) -> None:
        """Tell a sender why something was refused, at most once a second: it need not listen, and we don't wait."""
        now = time.monotonic()
        if not message.sender or now - self._answered.get(message.topic, -ANSWER_EVERY_S) < ANSWER_EVERY_S:
            return
        if len(self._answered) >= _SENDERS:
            self._answered.clear()
        self._answered[message.topic] = now
        sender = sender_of(message.topic)
        if sender is None:
            return
        reason = message.refusal or (receipt.refused[0][1] if receipt.refused and not receipt.refused[0][0] else "")
        answer = {
            "at": int(self._wall_clock()),
            "reason": reason,
            "taken": receipt.taken,
            "refused_count": receipt.refused_count,
            "refused": [{"device": device, "reason": why} for device, why in receipt.refused if device],
        }
        client._client.publish(ANSWERS.format(kind=sender.kind, id=sender.id), msgspec.json.encode(answer), qos=0)

    def _note_lost(self, error: Exception) -> None:
        words = one_line(str(error) or type(error).__name__)
        if self.connected or not self.error:
            log.warning("mqtt.lost", broker=self._broker.where, error=words)
        self.connected, self.error = False, words

    def _note_back(self) -> None:
        log.info("mqtt.back" if self.connections else "mqtt.connected", broker=self._broker.where)
        self.connected, self.error = True, ""
        self.connections += 1


async def subscribe(client: aiomqtt.Client, *, also: str = "") -> None:
    """Subscribe to all that is pushed; what the broker keeps comes with a new subscription only.

    Raises:
        aiomqtt.MqttError: the broker refuses it, or is lost.
    """
    options = SubscribeOptions(qos=_QOS, retainHandling=_NEW_SUBSCRIPTION_ONLY)
    for topic in (BATCHES, STATUSES, *([also] if also else [])):
        for code in await client.subscribe(topic, options=options):
            value = code.value if isinstance(code, ReasonCode) else code
            if value >= _REFUSED:
                raise aiomqtt.MqttError(f"subscription to {topic} refused: {code}")


def _read(message: aiomqtt.Message, *, received_at: int) -> Message:
    """Read a message; the edge: a fault of ours in it must not come back with it for ever."""
    topic, payload = str(message.topic), _bytes(message.payload)
    try:
        return read_message(topic, payload, retained=bool(message.retain), received_at=received_at)
    except Exception as error:
        log.exception("mqtt.unreadable", size=len(payload))
        return refused_message(topic, f"our own fault: {type(error).__name__}", payload)


def _bytes(payload: object) -> bytes:
    return bytes(payload) if isinstance(payload, bytes | bytearray) else str(payload or "").encode()
