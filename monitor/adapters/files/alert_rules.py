"""Alert rules from a TOML file: every mistake is named with its line, all of them at once."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from pathlib import Path

from monitor.domain.alert import Severity
from monitor.domain.alert_rule import AlertRule, Measure, Unit, WeeklyHours, read_weekly_hours
from monitor.domain.alert_words import TITLE_FIELDS
from monitor.domain.point import PointClass

_DECIMAL = re.compile(r"[0-9]+(\.[0-9]+)?")
_CLOCK = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])")
_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
_HEADER = re.compile(r"^\s*\[\[\s*rule\s*\]\]")
_KEYS = (
    "id", "measure", "severity", "level", "class", "by_class", "threshold", "sustained_s", "margin", "min_denominator",
    "min_measured", "reminder_s", "working_hours", "digest_at", "receivers", "escalate_to", "escalate_after_s", "order",
    "title_zh", "title_en", "enabled",
)  # fmt: skip
_REQUIRED = ("id", "measure", "severity")
_LONGEST_S = 31_536_000
_LEVELS = ("city", "county")


class AlertRulesFileError(ValueError):
    """The file cannot be used; the message has a line for each problem, with file and line number."""


def read_alert_rules(path: Path, *, receivers: Iterable[str]) -> list[AlertRule]:
    """Read all rules that are enabled.

    Args:
        path: a TOML file of `[[rule]]` tables.
        receivers: the names of the receivers that there are.

    Raises:
        AlertRulesFileError: the file cannot be read, is not TOML, or holds mistakes or rules that contradict each
            other: all of them, with their lines.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
        tables = tomllib.loads(text)
    except OSError as error:
        raise AlertRulesFileError(f"{path}: cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise AlertRulesFileError(f"{path}: is not TOML: {error}") from error
    problems = [f"{path}: {key}: no such key; only [[rule]]" for key in sorted(set(tables) - {"rule"})]
    entries = tables.get("rule", [])
    blocks = _blocks(text)
    if not isinstance(entries, list) or len(entries) != len(blocks):
        raise AlertRulesFileError("\n".join([*problems, f"{path}: rule: must be written as tables headed [[rule]]"]))
    known = frozenset(receivers)
    rules: list[AlertRule] = []
    for entry, lines in zip(entries, blocks, strict=True):
        reader = _Entry(entry, known)
        rule = reader.rule()
        found = reader.problems
        if rule is not None and not found:
            found = [("", problem) for problem in _contradictions(rule, rules)]
            if entry.get("enabled", True):
                rules.append(rule)
        placed = sorted(((lines.get(key, lines[""]), problem) for key, problem in found), key=lambda each: each[0])
        problems += [f"{path}:{line}: {problem}" for line, problem in placed]
    if problems:
        raise AlertRulesFileError("\n".join(problems))
    return rules


class _Entry:
    """One table: its values read one by one, its problems collected as (key, what is wrong)."""

    def __init__(self, entry: Mapping[str, object], receivers: frozenset[str]) -> None:
        self._entry = entry
        self._receivers = receivers
        self.problems: list[tuple[str, str]] = [("", f"{key} is missing") for key in _REQUIRED if key not in entry]
        self.problems += [
            (key, f"{key}: no such key; known are {', '.join(_KEYS)}") for key in entry if key not in _KEYS
        ]

    def rule(self) -> AlertRule | None:
        """Give the rule, or None where too little of it can be read."""
        rule_id = self._text("id")
        if rule_id and _ID.fullmatch(rule_id) is None:
            self._wrong("id", 'a name of small letters, digits and "-" such as "online-county"')
        measure = self._choice("measure", [each.value for each in Measure])
        severity = self._choice("severity", [each.value for each in Severity])
        level = self._choice("level", _LEVELS) or "county"
        point_class = self._choice("class", [each.value for each in PointClass])
        self._flag("enabled", default=True)
        if measure is None or severity is None:
            return None
        made = Measure(measure)
        rule = AlertRule(
            id=rule_id,
            measure=made,
            severity=Severity(severity),
            level=level,
            point_class=None if point_class is None else PointClass(point_class),
            by_class=self._flag("by_class", default=False),
            threshold=self._threshold(made),
            sustained_s=self._seconds("sustained_s", 0) or 0,
            margin=self._share("margin") if made.unit is Unit.SHARE else self._number("margin"),
            min_denominator=self._count("min_denominator"),
            min_measured=self._share("min_measured"),
            reminder_s=self._seconds("reminder_s", None),
            working_hours=self._hours(),
            digest_at=self._clock("digest_at"),
            receivers=self._names("receivers"),
            escalate_to=self._names("escalate_to"),
            escalate_after_s=self._seconds("escalate_after_s", 900) or 900,
            order=self._flag("order", default=False),
            title_zh=self._template("title_zh"),
            title_en=self._template("title_en"),
        )
        self._hold_together(rule)
        return rule

    def _hold_together(self, rule: AlertRule) -> None:
        """Find what each value allows and all together do not."""
        if rule.by_class and rule.point_class is not None:
            self._wrong("by_class", "contradicts class: one class, or each of them apart")
        if not rule.measure.is_regional and "level" in self._entry:
            self._wrong("level", f"says nothing for {rule.measure}")
        if rule.measure not in (Measure.ONLINE, Measure.INTACT, Measure.NETWORKED) and (
            rule.by_class or rule.point_class is not None
        ):
            self._wrong("by_class" if rule.by_class else "class", f"says nothing for {rule.measure}")
        if rule.escalate_to and rule.severity is not Severity.CRITICAL:
            self._wrong("escalate_to", "only critical alerts go up; this one is " + rule.severity)
        if rule.digest_at is not None:
            for key in ("reminder_s", "working_hours", "escalate_to"):
                if key in self._entry:
                    self._wrong(key, "contradicts digest_at: a digest is told once a day")
        if rule.threshold is not None and rule.measure.unit is Unit.SHARE and rule.measure.bad_below:
            if rule.threshold < 1 < rule.threshold + rule.margin:
                self._wrong("margin", "with this threshold it could only be cleared at 100 %; make it smaller")
        elif rule.threshold is not None and rule.margin >= rule.threshold > 0:
            self._wrong("margin", "as large as the threshold: it could never be cleared")

    def _threshold(self, measure: Measure) -> Fraction | None:
        value = self._entry.get("threshold")
        if value is None or value == "target":
            if measure.indicator is None:
                allowed = "a share from 0 to 1" if measure.unit is Unit.SHARE else f"a number of {measure.unit}"
                if value == "target":
                    self._wrong("threshold", f"{measure} has no target; write {allowed}")
                elif measure.unit is not Unit.COUNT and measure not in _WITHOUT_THRESHOLD:
                    self._wrong("", f"threshold is missing: {allowed}")
            return None
        if not isinstance(value, str) or _DECIMAL.fullmatch(value) is None:
            self._wrong("threshold", f'a decimal string such as "0.95", not {value!r}')
            return None
        number = Fraction(value)
        if measure.unit is Unit.SHARE and number > 1:
            self._wrong("threshold", f"a share from 0 to 1, not {value}")
            return None
        return number

    def _share(self, key: str) -> Fraction:
        number = self._number(key)
        if number > 1:
            self._wrong(key, f"a share from 0 to 1, not {self._entry[key]}")
            return Fraction(0)
        return number

    def _number(self, key: str) -> Fraction:
        value = self._entry.get(key, "0")
        if not isinstance(value, str) or _DECIMAL.fullmatch(value) is None:
            self._wrong(key, f'a decimal string such as "0.005", not {value!r}')
            return Fraction(0)
        return Fraction(value)

    def _seconds(self, key: str, default: int | None) -> int | None:
        value = self._entry.get(key, default)
        if value is None or (isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _LONGEST_S):
            return value
        self._wrong(key, f"seconds from 0 to {_LONGEST_S}, not {value!r}")
        return default

    def _count(self, key: str) -> int:
        value = self._entry.get(key, 0)
        if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
            return value
        self._wrong(key, f"a number of devices or points, not {value!r}")
        return 0

    def _flag(self, key: str, *, default: bool) -> bool:
        value = self._entry.get(key, default)
        if isinstance(value, bool):
            return value
        self._wrong(key, f"must be true or false, not {value!r}")
        return default

    def _text(self, key: str) -> str:
        value = self._entry.get(key, "")
        if isinstance(value, str):
            return value
        self._wrong(key, f"must be a text, not {value!r}")
        return ""

    def _choice(self, key: str, choices: Sequence[str]) -> str | None:
        value = self._entry.get(key)
        if value is None:
            return None
        if isinstance(value, str) and value in choices:
            return value
        self._wrong(key, f"must be one of {', '.join(choices)}, not {value!r}")
        return None

    def _names(self, key: str) -> tuple[str, ...]:
        value = self._entry.get(key, [])
        if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
            self._wrong(key, f"must be a list of receivers, not {value!r}")
            return ()
        unknown = sorted(set(value) - self._receivers)
        if unknown:
            known = ", ".join(sorted(self._receivers)) or "none"
            self._wrong(key, f"no such receiver: {', '.join(unknown)}; the settings have {known}")
        return tuple(value)

    def _hours(self) -> WeeklyHours | None:
        text = self._text("working_hours")
        if not text:
            return None
        try:
            return read_weekly_hours(text)
        except ValueError as error:
            self._wrong("working_hours", str(error))
            return None

    def _clock(self, key: str) -> int | None:
        text = self._text(key)
        if not text:
            return None
        found = _CLOCK.fullmatch(text)
        if found is None:
            self._wrong(key, f'a time such as "08:30", not {text!r}')
            return None
        return int(found[1]) * 60 + int(found[2])

    def _template(self, key: str) -> str:
        text = self._text(key)
        try:
            text.format(**dict.fromkeys(TITLE_FIELDS, "x"))
        except (KeyError, IndexError, ValueError, AttributeError) as error:
            allowed = ", ".join(f"{{{name}}}" for name in TITLE_FIELDS)
            self._wrong(key, f"is no template ({error}); it may name {allowed}")
            return ""
        return text

    def _wrong(self, key: str, problem: str) -> None:
        self.problems.append((key, f"{key}: {problem}" if key else problem))


_WITHOUT_THRESHOLD = frozenset(
    {Measure.OWN_NETWORK, Measure.STORE, Measure.CLOCK, Measure.CREDENTIAL, Measure.EXEMPTION_OVER}
)
"""Measures that are bad or not, without a figure."""


def _contradictions(rule: AlertRule, others: Sequence[AlertRule]) -> list[str]:
    """Find what a rule says against those above it."""
    found = []
    for other in others:
        if other.id == rule.id:
            found.append(f"id: there is a rule {rule.id} already")
            continue
        same_scope = (rule.measure, rule.level, rule.point_class, rule.by_class) == (
            other.measure,
            other.level,
            other.point_class,
            other.by_class,
        )
        if not same_scope:
            continue
        same_threshold = rule.threshold == other.threshold
        told_alike = (rule.severity, rule.receivers) == (other.severity, other.receivers)
        if same_threshold and told_alike and rule.sustained_s == other.sustained_s:
            found.append(f"says the same as {other.id}")
        elif not same_threshold and rule.severity is not other.severity:
            worse, milder = (rule, other) if rule.severity.rank < other.severity.rank else (other, rule)
            if _is_weaker(worse, milder):
                found.append(f"contradicts {other.id}: {worse.id} is more severe and is raised by a better figure")
    return found


def _is_weaker(worse: AlertRule, milder: AlertRule) -> bool:
    if worse.threshold is None or milder.threshold is None:
        return False
    return worse.threshold > milder.threshold if worse.measure.bad_below else worse.threshold < milder.threshold


def _blocks(text: str) -> list[dict[str, int]]:
    """Give, for every [[rule]] table, the line of its header under "" and of each of its keys."""
    blocks: list[dict[str, int]] = []
    for number, line in enumerate(text.splitlines(), start=1):
        if _HEADER.match(line):
            blocks.append({"": number})
        elif blocks and "=" in line:
            blocks[-1].setdefault(line.partition("=")[0].strip().strip('"'), number)
    return blocks
