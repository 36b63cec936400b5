"""Faults: named reasons why a device is not intact, what they mean and what to do first."""

from __future__ import annotations

from monitor.domain.values import dataclass


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault of the catalogue: its code, whether it counts by default, and its words in Chinese and English."""

    code: str
    counts: bool
    text_zh: str
    text_en: str
    first_zh: str
    first_en: str


_CATALOGUE = (
    Fault(
        "not_itself",
        True,
        "地址上应答的不是该设备",
        "something else answers at the device's address",
        "核对 IP 地址与设备是否更换",
        "check the address and whether the device was replaced",
    ),
    Fault(
        "clock_off",
        True,
        "时钟偏差超限",
        "clock deviates beyond the limit",
        "检查 NTP 设置并校时",
        "check the NTP setting and set the clock",
    ),
    Fault(
        "clock_zone",
        True,
        "时区设置错误",
        "time zone is wrong",
        "检查时区设置，UTC 不应填本地时间",
        "check the time zone: UTC must not hold local time",
    ),
    Fault(
        "tls",
        False,
        "TLS 握手失败",
        "TLS handshake failed",
        "检查证书与 TLS 版本",
        "check the certificate and the TLS version",
    ),
    Fault(
        "slow",
        False,
        "应答中断或过慢",
        "answer started and then stalled",
        "检查链路质量与设备负载",
        "check the link's quality and the device's load",
    ),
    Fault(
        "odd_answer",
        False,
        "应答不符合协议",
        "answer does not follow the protocol",
        "检查固件版本",
        "check the firmware version",
    ),
)

FAULTS: dict[str, Fault] = {fault.code: fault for fault in _CATALOGUE}
COUNTING_BY_DEFAULT: frozenset[str] = frozenset(fault.code for fault in _CATALOGUE if fault.counts)
