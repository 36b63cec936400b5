"""Notifications: the message of one telling, several of them put into one, and when a failed one is tried again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field, replace

from monitor.domain.alert import Severity, Telling
from monitor.domain.values import dataclass

ONE_SCREEN = 12
"""Lines of a message that holds several."""

FIRST_RETRY_S, LAST_RETRY_S = 5, 300


@dataclass(frozen=True, slots=True)
class Message:
    """What is told of one alert at one instant, in both languages.

    Attributes:
        key: tells it from all others, the same however often it is sent.
        telling: what it says of its alert.
        alert: the alert's id.
        rule: the alert's rule.
        severity: how much it matters.
        county: the code of the county, "" for the city.
        place_zh: the place in words.
        place_en: the same in English.
        at: when it was decided, epoch seconds.
        title_zh: its first line.
        body_zh: the other lines.
        title_en: the same in English.
        body_en: the same in English.
        incident: the id of the incident it is about, "" for none.
        devices: the ids of the devices it is about, as many as a message carries.
        subject: the key of the alert's subject.
        raised_at: when the alert was raised.
        order: the id of the work order that it is about, "" for none.
        link: where people see what it is about, "" where that stands nowhere or in its text.
        files: paths of files that go along where the receiver takes any.
        alone: whether it is never put into one with others.
    """

    key: str
    telling: Telling
    alert: str
    rule: str
    severity: Severity
    at: int
    title_zh: str
    body_zh: str
    title_en: str
    body_en: str
    county: str = ""
    place_zh: str = ""
    place_en: str = ""
    incident: str = ""
    subject: str = ""
    raised_at: int = 0
    order: str = ""
    devices: tuple[str, ...] = field(default=())
    link: str = ""
    files: tuple[str, ...] = field(default=())
    alone: bool = False


@dataclass(frozen=True, slots=True)
class Waiting:
    """One row of the outbox: a message for one receiver that is not known to be delivered.

    Attributes:
        number: the order of the outbox.
        receiver: the receiver's name.
        message: what is to be sent.
        tries: how often it was tried.
        next_try_at: not to be tried before, epoch seconds.
        error: why the last try failed, "" for none.
        handed_at: when it was handed to a spool whose result is not known yet, None for never.
    """

    number: int
    receiver: str
    message: Message
    tries: int = 0
    next_try_at: int = 0
    error: str = ""
    handed_at: int | None = None

    @property
    def key(self) -> str:
        """What tells it from all other rows: the message and its receiver."""
        return f"{self.message.key}:{self.receiver}"


@dataclass(frozen=True, slots=True)
class Parcel:
    """Waiting rows that are sent as one: of one county, in their order, or one that goes alone."""

    rows: tuple[Waiting, ...]
    held_back: int = 0

    @property
    def messages(self) -> tuple[Message, ...]:
        """Its messages in their order."""
        return tuple(row.message for row in self.rows)

    @property
    def severity(self) -> Severity:
        """The most severe of its messages."""
        return min((message.severity for message in self.messages), key=lambda each: each.rank)

    @property
    def is_recovery(self) -> bool:
        """Whether all of it is good news."""
        return all(message.telling is Telling.CLEARED for message in self.messages)

    def text(self, language: str) -> tuple[str, str]:
        """Give title and body in "zh", "en" or "both" (Chinese first)."""
        if language == "both":
            (title_zh, body_zh), (title_en, body_en) = self.text("zh"), self.text("en")
            return title_zh, f"{body_zh}\n\n{title_en}\n{body_en}"
        title, body = self._chinese() if language == "zh" else self._english()
        if self.held_back:
            body += (
                f"\n另有 {self.held_back} 条因发送限额暂缓，随后发送"
                if language == "zh"
                else f"\n{self.held_back} more are held back by the cap and follow"
            )
        return title, body

    def _chinese(self) -> tuple[str, str]:
        if len(self.rows) == 1:
            return self.messages[0].title_zh, self.messages[0].body_zh
        place = self.messages[0].place_zh if self.messages[0].county else "全市"
        lines = [message.title_zh for message in _worst_first(self.messages)]
        return f"【{len(lines)} 条】{place} {_counted(self.messages, zh=True)}", _cut(
            lines, "另有 {} 条见 vidnet alerts list"
        )

    def _english(self) -> tuple[str, str]:
        if len(self.rows) == 1:
            return self.messages[0].title_en, self.messages[0].body_en
        place = self.messages[0].place_en if self.messages[0].county else "whole city"
        lines = [message.title_en for message in _worst_first(self.messages)]
        return f"[{len(lines)}] {place}: {_counted(self.messages, zh=False)}", _cut(
            lines, "{} more: vidnet alerts list"
        )


def parcels(rows: Sequence[Waiting], *, at: int, wait_s: int, urgent_wait_s: int) -> list[Parcel]:
    """Put the rows of one receiver that may go now into parcels, one a county, in the order of their first rows.

    A row waits for others of its county, a critical one less long; once one may go, all of its county go with it. One
    that goes alone has a parcel of its own.

    Args:
        rows: what waits for the receiver, in order.
        at: now, epoch seconds.
        wait_s: how long a message waits for others.
        urgent_wait_s: how long a critical one does.
    """
    together: dict[tuple[str, str], list[Waiting]] = {}
    for row in rows:
        together.setdefault((row.message.county, row.key if row.message.alone else ""), []).append(row)
    ready = []
    for found in together.values():
        if any(at >= _goes_at(row, wait_s, urgent_wait_s) for row in found):
            ready.append(Parcel(tuple(found)))
    return ready


def next_at(rows: Sequence[Waiting], *, wait_s: int, urgent_wait_s: int) -> int | None:
    """Give when the first of the rows may go, None for no rows."""
    return min((_goes_at(row, wait_s, urgent_wait_s) for row in rows), default=None)


def capped(ready: Sequence[Parcel], *, allowed: int) -> list[Parcel]:
    """Give the parcels that a receiver's cap allows now; the last one tells how many messages are held back."""
    going = list(ready[:allowed])
    held_back = sum(len(parcel.rows) for parcel in ready[allowed:])
    if going and held_back:
        going[-1] = replace(going[-1], held_back=held_back)
    return going


def retry_after_s(tries: int) -> int:
    """Give how long to wait after so many failed tries, seconds: doubled each time, up to a limit."""
    return int(min(LAST_RETRY_S, FIRST_RETRY_S * 2 ** min(tries - 1, 20)))


def _goes_at(row: Waiting, wait_s: int, urgent_wait_s: int) -> int:
    wait = urgent_wait_s if row.message.severity is Severity.CRITICAL else wait_s
    return max(row.next_try_at, row.message.at + wait)


def _worst_first(messages: Sequence[Message]) -> list[Message]:
    """Sort by severity; what has cleared stands behind what has not, else the order stays."""
    return sorted(messages, key=lambda each: (each.telling is Telling.CLEARED, each.severity.rank))


def _counted(messages: Sequence[Message], *, zh: bool) -> str:
    counts: dict[str, int] = {}
    for message in _worst_first(messages):
        word = message.severity.text_zh if zh else message.severity.text_en.lower()
        if message.telling is Telling.CLEARED:
            word = "恢复" if zh else "cleared"
        counts[word] = counts.get(word, 0) + 1
    return ("、" if zh else ", ").join(f"{count} {word}" for word, count in counts.items())


def _cut(lines: Sequence[str], more: str) -> str:
    if len(lines) <= ONE_SCREEN:
        return "\n".join(lines)
    shown = lines[: ONE_SCREEN - 1]
    return "\n".join([*shown, more.format(len(lines) - len(shown))])
