"""The 20-digit device id of GB/T 28181 (annex D, rule A): what its digits say, and what may stand in them.

1-8    region: GB/T 2260 to the county, two digits below it      9-10   industry
11-13  type of device      14  network      15-20  serial number
"""

from __future__ import annotations

from typing import Final

from monitor.domain.device import DeviceKind

LENGTH: Final = 20

_RECORDERS = ("111", "112", "113", "118", "130", "210")
_GATEWAYS = ("209", "211")
_PLATFORMS = ("120", *(str(code) for code in range(200, 209)), "215", "216", *(str(code) for code in range(500, 506)))
_SENSORS = ("117", "123", "124", "125", "134", "141", "142", "143")
_OTHERS = ("114", "115", "116", "133", "135", "136", "137", "138", "139", "140")

_KIND_OF_TYPE: Final = {
    "119": DeviceKind.CHECKPOINT,
    "121": DeviceKind.CHECKPOINT,
    "122": DeviceKind.CAMERA,
    "131": DeviceKind.CAMERA,
    "132": DeviceKind.CAMERA,
    **dict.fromkeys(_RECORDERS, DeviceKind.RECORDER),
    **dict.fromkeys(_GATEWAYS, DeviceKind.GATEWAY),
    **dict.fromkeys(_PLATFORMS, DeviceKind.PLATFORM),
    **dict.fromkeys(_SENSORS, DeviceKind.SENSOR),
    **dict.fromkeys(_OTHERS, DeviceKind.OTHER),
}
# GA/T 1400 deployments give capture units 119, and checkpoints are often registered as the cameras that they hold.
_ALSO: Final = {
    DeviceKind.CAMERA: frozenset({"119"}),
    DeviceKind.CHECKPOINT: frozenset({"122", "131", "132"}),
}
# 00-14 as the annex lists them; 40-59 follow GB/T 4754, of which no full list is at hand.
_INDUSTRIES: Final = frozenset(f"{code:02d}" for code in (*range(15), *range(40, 60)))


def is_well_formed(device_id: str) -> bool:
    """Tell whether an id has 20 digits."""
    return len(device_id) == LENGTH and device_id.isascii() and device_id.isdigit()


def type_code(device_id: str) -> str:
    """Give the digits that tell the type of device."""
    return device_id[10:13]


def kind_of(device_id: str) -> DeviceKind | None:
    """Give the usual kind of an id's type code; None for a code that no device has."""
    return _KIND_OF_TYPE.get(type_code(device_id))


def may_be(device_id: str, kind: DeviceKind) -> bool:
    """Tell whether a device of a kind may have an id with this type code."""
    code = type_code(device_id)
    return _KIND_OF_TYPE.get(code) is kind or code in _ALSO.get(kind, ()) or kind is DeviceKind.OTHER


def types_of(kind: DeviceKind) -> tuple[str, ...]:
    """Give the type codes that a kind may have, for messages."""
    return tuple(
        sorted({code for code, known in _KIND_OF_TYPE.items() if known is kind} | _ALSO.get(kind, frozenset()))
    )


def industry_is_known(device_id: str) -> bool:
    """Tell whether the industry code is one of the annex's or of GB/T 4754's range."""
    return device_id[8:10] in _INDUSTRIES
