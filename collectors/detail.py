"""The one-line detail of a look: text that a device may have written, made safe to print, log and store."""

from __future__ import annotations

import re

_LONGEST = 200
_USERINFO = re.compile(r"://\S*@")


def one_line(text: str) -> str:
    """Make one printable line of at most 200 characters, without what stands before the `@` of a URL.

    Args:
        text: anything, also text that a device sent.
    """
    spaced = "".join(char if char.isprintable() else " " for char in text[: _LONGEST * 8])
    line = _USERINFO.sub("://", " ".join(spaced.split()))
    return line if len(line) <= _LONGEST else line[: _LONGEST - 1] + "…"
