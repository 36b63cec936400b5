"""The texts of a row of devices, cell by cell: cleaned, read by code list or form, without what is not to be kept."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from monitor.domain.device import DeviceKind
from monitor.domain.point import PointClass
from monitor.domain.profile import FIELDS, Profile, SheetKind
from monitor.services.importing.cells import (
    BadValueError,
    read_count,
    read_date,
    read_days,
    read_ipv4,
    read_ipv6,
    read_mac,
    text_of,
    without_phones,
)
from monitor.services.importing.codes import Words
from monitor.services.importing.layout import Layout
from monitor.services.importing.sheet import Cell

IN_USE, REPAIR, DISMANTLED = "in_use", "repair", "dismantled"
"""What a sheet calls the status of a device."""

Say = Callable[..., None]
"""Takes a problem: field, value, what is expected, and `is_error=False` for a warning."""

_LABELS: Final = ("vendor", "camera_type", "supply_light", "encoding", "direction")
_SEVERAL: Final = ("function_type", "position_type", "department")
_FREE_TEXTS: Final = frozenset({"name", "common_name", "place", "owner_unit", "maintainer", "contract"})
# Fields of which each device has its own value: remembering them would find nothing again.
_OF_EACH: Final = frozenset({"id", "address", "name", "longitude", "latitude", "ip", "ipv6", "mac", "serial", "place"})
_LONGEST: Final = 256


class DeviceTexts:
    """Reads the cells of one sheet's rows; a cell that is like one before costs a look-up.

    Args:
        layout: where the sheet's fields are.
        profile: how it is written.
    """

    def __init__(self, layout: Layout, profile: Profile) -> None:
        codes = {name: profile.codes.get(name, {}) for name in FIELDS[SheetKind.DEVICES]}
        self.words = {name: Words(codes[name]) for name in _LABELS}
        self.words |= {name: Words(codes[name], separators="/") for name in _SEVERAL}
        self.words |= {
            "networked": Words(codes["networked"]),
            "kind": Words(codes["kind"], allowed=tuple(DeviceKind)),
            "point_class": Words(codes["point_class"], allowed=tuple(PointClass)),
            "status": Words(codes["status"]),
        }
        readers: dict[str, Callable[[str], str]] = {name: words.read for name, words in self.words.items()}
        readers |= {
            "ip": read_ipv4,
            "ipv6": read_ipv6,
            "mac": read_mac,
            "retention_days": lambda text: str(read_days(text)),
            "installed_on": lambda text: read_date(text).isoformat(),
            "in_service_on": lambda text: read_date(text).isoformat(),
            "port": lambda text: str(read_count(text, most=65_535)),
        }
        known: dict[str, dict[Cell, str]] = {name: {} for name in layout.columns if name not in _OF_EACH}
        self._columns = [(name, at, known.get(name), readers.get(name)) for name, at in layout.columns.items()]
        self._empty = dict.fromkeys(FIELDS[SheetKind.DEVICES], "")

    def read(self, cells: Sequence[Cell], say: Say) -> dict[str, str]:
        """Give the texts of all fields, "" for those without a column, a value, or one that can be taken."""
        values = self._empty.copy()
        count = len(cells)
        for name, at, known, reader in self._columns:
            cell = cells[at] if at < count else None
            if cell is None or cell == "":
                continue
            text = None if known is None else known.get(cell)
            if text is None:
                text, is_good = self._text(name, cell, reader, say)
                if known is not None and is_good:
                    known[cell] = text
            values[name] = text
        return values

    def _text(self, name: str, cell: Cell, reader: Callable[[str], str] | None, say: Say) -> tuple[str, bool]:
        """Give the text to keep of a cell, and whether nothing is to be said of it."""
        text = text_of(cell)
        if not text:
            return "", True
        if len(text) > _LONGEST:
            say(name, text, f"不超过 {_LONGEST} 字 · at most {_LONGEST} characters")
            return "", False
        if text[0] == "=":
            say(name, text, "数值，不是公式 · a value, not a formula")
            return "", False
        if text[0] == "'":
            text = text[1:]
        if name in _FREE_TEXTS and (kept := without_phones(text)) != text:
            say(name, kept, "不含电话号码，已略去 · no telephone number; it was left out", is_error=False)
            return kept, False
        if reader is None or not text:
            return text, True
        try:
            read = reader(text)
        except BadValueError as error:
            say(name, text, str(error))
            return "", False
        words = self.words.get(name)
        return read, words is None or text not in words.unknown
