"""Lines of CSV for Chinese Excel: no text of a sheet becomes a formula there."""

from __future__ import annotations

from collections.abc import Sequence

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\0", "＝", "＋", "－", "＠")


def csv_line(cells: Sequence[str]) -> bytes:
    """Give one line; a text that Excel would take for a formula gets an apostrophe before it (OWASP ASVS 1.2.10)."""
    return (",".join(_cell(cell) for cell in cells) + "\r\n").encode()


def _cell(text: str) -> str:
    if text.startswith(_FORMULA):
        text = "'" + text
    if any(character in text for character in ',"\r\n'):
        return '"' + text.replace('"', '""') + '"'
    return text
