"""What is wrong with a connection to a broker, in one line: its name, the way, TLS, the password, or the ACL."""

from __future__ import annotations

import asyncio
import os
import socket
import ssl
from dataclasses import dataclass

import aiomqtt
from aiomqtt.exceptions import MqttConnectError
from paho.mqtt.reasoncodes import ReasonCode

from collectors.deep import Secret
from collectors.detail import one_line
from collectors.mqtt import Broker, make_client, subscribe
from collectors.mqtt.messages import BATCHES, CHECKS

_ALERT_WITHIN_S = 0.5
_COMES_BACK_WITHIN_S = 3.0
_BAD_LOGIN = (0x86, 0x87)  # MQTT 5, 3.2.2.2: bad user name or password, not authorized
_EMPTY_BATCH = b'{"observations":[]}'


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found.

    Attributes:
        step: "name", "connect", "tls", "mqtt", "password", "acl", or "ok".
        zh: one line in Chinese.
        en: one line in English.
    """

    step: str
    zh: str
    en: str


async def check(broker: Broker, secret: Secret | None) -> Finding:
    """Try the connection step by step, and say the first that does not work.

    An empty batch is published under a name that nobody has, and must come back: mosquitto accepts every subscription
    and only then keeps back what may not be read. The connection is one of its own, so that a running vidnet keeps its.
    """
    try:
        context = broker.context()
    except OSError as error:
        words = one_line(str(error))
        return Finding("tls", f"证书文件不可用: {words}", f"a certificate file cannot be used: {words}")
    found = await _reach(broker, context)
    if found is not None:
        return found
    try:
        async with make_client(broker, secret, client_id=f"vidnet-check-{os.getpid()}", keep=False) as client:
            return await _pass_through(client, broker)
    except MqttConnectError as error:
        return _refused(error)
    except aiomqtt.MqttError as error:
        words = one_line(str(error))
        return Finding("mqtt", f"{broker.where} 不是 MQTT 5 服务: {words}", f"{broker.where} speaks no MQTT 5: {words}")


async def _reach(broker: Broker, context: ssl.SSLContext | None) -> Finding | None:
    """Resolve, connect and shake hands; None where all of it works."""
    where, words = broker.where, ""
    writer: asyncio.StreamWriter | None = None
    try:
        async with asyncio.timeout(broker.timeout_s):
            name = broker.host if context else None
            reader, writer = await asyncio.open_connection(broker.host, broker.port, ssl=context, server_hostname=name)
            if context is not None:
                # With TLS 1.3 a client learns only afterwards that its certificate is not taken.
                words = await _alert(reader)
                if words:
                    return Finding("tls", f"{where} 拒绝本方证书: {words}", f"{where} refuses our certificate: {words}")
    except socket.gaierror as error:
        words = error.strerror or str(error)
        return Finding("name", f"主机名 {broker.host} 无法解析: {words}", f"{broker.host} does not resolve: {words}")
    except ssl.SSLCertVerificationError as error:
        words = error.verify_message or str(error)
        return Finding("tls", f"{where} 的证书不可信: {words}", f"the certificate of {where} is not trusted: {words}")
    except ssl.SSLError as error:
        words = one_line(error.reason or str(error))
        return Finding("tls", f"{where} TLS 握手失败: {words}", f"TLS with {where} failed: {words}")
    except TimeoutError:
        return Finding("connect", f"{where} 无应答", f"{where} does not answer")
    except OSError as error:
        words = one_line(error.strerror or str(error))
        step = "tls" if context is not None and isinstance(error, ConnectionResetError) else "connect"
        return Finding(step, f"无法连接 {where}: {words}", f"{where} cannot be connected to: {words}")
    finally:
        if writer is not None:
            writer.transport.abort()
    return None


async def _alert(reader: asyncio.StreamReader) -> str:
    try:
        async with asyncio.timeout(_ALERT_WITHIN_S):
            return "" if await reader.read(1) else "connection closed"
    except ssl.SSLError as error:
        return one_line(error.reason or str(error))
    except ConnectionError:
        return "connection closed"
    except TimeoutError:
        return ""


async def _pass_through(client: aiomqtt.Client, broker: Broker) -> Finding:
    """Subscribe to what vidnet reads, publish, and wait for it to come back.

    Raises:
        aiomqtt.MqttError: the broker was lost.
    """
    topic = CHECKS[0]
    try:
        await subscribe(client)
    except aiomqtt.MqttError as error:
        words = one_line(str(error))
        return Finding("acl", f"ACL 不允许订阅: {words}", f"the ACL allows no subscription: {words}")
    reasons: list[ReasonCode] = []
    client._client.on_publish = lambda _c, _d, _mid, reason, _properties: reasons.append(reason)
    client._client.publish(topic, _EMPTY_BATCH, qos=1)
    try:
        async with asyncio.timeout(_COMES_BACK_WITHIN_S):
            async for message in client.messages:
                client._client.ack(message.mid, message.qos)
                if str(message.topic) == topic:
                    return Finding("ok", f"{broker.where} 一切正常", f"{broker.where} works")
    except TimeoutError:
        pass
    if reasons and reasons[0].is_failure:
        return Finding(
            "acl", f"ACL 不允许写 {topic}（仅检查用）", f"the ACL allows no write to {topic}, for this check"
        )
    return Finding("acl", f"ACL 不允许读 {BATCHES}", f"the ACL allows no read of {BATCHES}")


def _refused(error: MqttConnectError) -> Finding:
    words = one_line(str(error))
    code = error.rc.value if isinstance(error.rc, ReasonCode) else error.rc
    if code in _BAD_LOGIN:
        return Finding("password", f"用户名或口令错误: {words}", f"user name or password is wrong: {words}")
    return Finding("mqtt", f"代理拒绝连接: {words}", f"the broker refuses us: {words}")
