"""Codes of a sheet as words; each text is looked up once, and unknown ones are kept raw and counted."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Mapping

from monitor.services.importing.cells import BadValueError


class Words:
    """The words of one field.

    Args:
        codes: code to word, as the profile has it.
        allowed: the only words that will do; None where any text is kept.
        separators: what may stand between several words of a cell; "" where it holds one.
    """

    def __init__(
        self, codes: Mapping[str, str], *, allowed: Collection[str] | None = None, separators: str = ""
    ) -> None:
        self._codes = dict(codes) | {word: word for word in (allowed or codes.values())}
        self._allowed = allowed
        self._split = re.compile(f"[{re.escape(separators)}]+").split if separators else _whole
        self._known: dict[str, str] = {}
        self._names = ", ".join(f"{code} {word}" for code, word in codes.items()) or ", ".join(allowed or ())
        self.unknown: Counter[str] = Counter()
        """Texts that the code list does not know, and how many rows hold each."""

    def read(self, text: str) -> str:
        """Give the words of a cell.

        Raises:
            BadValueError: only known words will do, and this is none.
        """
        word = self._known.get(text)
        if word is not None:
            return word
        parts = [part.strip() for part in self._split(text)]
        unknown = [part for part in parts if part and part not in self._codes]
        if unknown:
            self.unknown[text] += 1
            if self._allowed is not None:
                raise BadValueError(f"代码之一 · one of: {self._names}")
            return "/".join(self._codes.get(part, part) for part in parts if part)
        word = self._known[text] = "/".join(self._codes[part] for part in parts if part)
        return word


def _whole(text: str) -> list[str]:
    return [text]
