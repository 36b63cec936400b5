"""Texts in two languages, and the one that a dashboard is built in."""

from __future__ import annotations

from typing import Literal, NamedTuple

Language = Literal["zh", "en"]
LANGUAGES: tuple[Language, ...] = ("zh", "en")


class Words(NamedTuple):
    """One text in Chinese and in English."""

    zh: str
    en: str

    def in_(self, language: Language) -> str:
        """Give the text in one of them."""
        return self.zh if language == "zh" else self.en
