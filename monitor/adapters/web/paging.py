"""Cursors: where the next page begins, as a text that callers pass back and need not understand."""

from __future__ import annotations

import base64
import binascii
from typing import Annotated, Any

import msgspec

from monitor.adapters.web.problem import invalid

Cursor = Annotated[str, msgspec.Meta(min_length=1, max_length=400)]
Limit = Annotated[int, msgspec.Meta(ge=1, le=500)]
Text = Annotated[str, msgspec.Meta(min_length=1, max_length=100)]


def cursor_of(place: object) -> str:
    """Give the cursor of a place."""
    return base64.urlsafe_b64encode(msgspec.json.encode(place)).decode().rstrip("=")


def place_of(cursor: str | None, kind: Any) -> Any:
    """Give the place of a cursor, None for no cursor.

    Raises:
        Problem: it is none of ours.
    """
    if cursor is None:
        return None
    try:
        raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        return msgspec.json.decode(raw, type=kind)
    except (binascii.Error, msgspec.DecodeError, UnicodeDecodeError, ValueError) as error:
        raise invalid(["cursor 无效 · the cursor is none of ours"], status=400) from error
