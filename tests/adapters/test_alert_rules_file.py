"""The file of alert rules: the shipped one is good, and every mistake of another is named at once, with its line."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from monitor.adapters.files.alert_rules import AlertRulesFileError, read_alert_rules
from monitor.domain.alert import Severity
from monitor.domain.alert_rule import AlertRule, Measure, read_weekly_hours

SHIPPED = Path(__file__).parents[2] / "config" / "alerts.toml"
GOOD = '[[rule]]\nid = "r"\nmeasure = "online"\nseverity = "critical"\nthreshold = "target"\n'


def problems(tmp_path: Path, text: str) -> list[str]:
    path = tmp_path / "alerts.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(AlertRulesFileError) as caught:
        read_alert_rules(path, receivers=["duty", "leader"])
    return [line.removeprefix(f"{path}:") for line in str(caught.value).splitlines()]


def test_the_shipped_rules_cover_what_a_city_wants_to_hear_of() -> None:
    rules = {rule.id: rule for rule in read_alert_rules(SHIPPED, receivers=[])}
    assert {rule.measure for rule in rules.values()} == set(Measure)
    county = rules["online-county"]
    assert (county.threshold, county.sustained_s, county.margin) == (None, 900, Fraction("0.005"))
    assert (county.min_denominator, county.min_measured) == (20, Fraction("0.95"))
    assert rules["county-drop"].threshold == Fraction("0.02")
    assert rules["first-class-dark"].threshold == 1_800


def test_all_of_a_rule(tmp_path: Path) -> None:
    path = tmp_path / "alerts.toml"
    path.write_text(
        GOOD + 'level = "city"\nclass = "first"\nsustained_s = 60\nmargin = "0.01"\nmin_denominator = 5\n'
        'min_measured = "0.9"\nreminder_s = 7200\nworking_hours = "Mon-Fri 08:00-18:00"\nreceivers = ["duty"]\n'
        'escalate_to = ["leader"]\nescalate_after_s = 600\norder = true\ntitle_zh = "{place}{figure}"\n',
        encoding="utf-8",
    )
    [rule] = read_alert_rules(path, receivers=["duty", "leader"])
    assert rule == AlertRule(
        "r", Measure.ONLINE, Severity.CRITICAL, level="city", point_class=rule.point_class, sustained_s=60,
        margin=Fraction("0.01"), min_denominator=5, min_measured=Fraction("0.9"), reminder_s=7_200,
        working_hours=read_weekly_hours("Mon-Fri 08:00-18:00"), receivers=("duty",), escalate_to=("leader",),
        escalate_after_s=600, order=True, title_zh="{place}{figure}",
    )  # fmt: skip
    path.write_text(GOOD + "enabled = false\n", encoding="utf-8")
    assert read_alert_rules(path, receivers=[]) == []


def test_all_mistakes_at_once(tmp_path: Path) -> None:
    text = (
        '[[rule]]\nid = "Bad Name"\nmeasure = "online"\nseverity = "loud"\nthreshold = "1.5"\n'
        '[[rule]]\nid = "a"\nmeasure = "online"\nseverity = "warning"\nthreshold = "-0.1"\nmargin = "2"\n'
        'receivers = ["nobody"]\nescalate_to = ["leader"]\ntitle_en = "{place} {colour}"\nsustained_s = -1\n'
        '[[rule]]\nid = "b"\nmeasure = "queue"\nseverity = "warning"\nlevel = "city"\nspeed = 3\n'
        '[[rule]]\nmeasure = "store"\n'
        '[[rule]]\nid = "c"\nmeasure = "long_offline"\nseverity = "info"\nthreshold = "target"\ndigest_at = "25:00"\n'
    )
    assert problems(tmp_path, text) == [
        "2: id: a name of small letters, digits and \"-\" such as \"online-county\"",
        "4: severity: must be one of critical, warning, info, not 'loud'",
        "10: threshold: a decimal string such as \"0.95\", not '-0.1'",
        "11: margin: a share from 0 to 1, not 2",
        "12: receivers: no such receiver: nobody; the settings have duty, leader",
        "13: escalate_to: only critical alerts go up; this one is warning",
        "14: title_en: is no template ('colour'); it may name {severity}, {place}, {what}, {figure}, {target}, "
        "{lasting}, {short}",
        "15: sustained_s: seconds from 0 to 31536000, not -1",
        "16: threshold is missing: a number of seconds",
        "20: level: says nothing for queue",
        "21: speed: no such key; known are id, measure, severity, level, class, by_class, threshold, sustained_s, "
        "margin, min_denominator, min_measured, reminder_s, working_hours, digest_at, receivers, escalate_to, "
        "escalate_after_s, order, title_zh, title_en, enabled",
        "22: id is missing",
        "22: severity is missing",
        "28: threshold: long_offline has no target; write a number of seconds",
        "29: digest_at: a time such as \"08:30\", not '25:00'",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (GOOD + GOOD, "6: id: there is a rule r already"),
        (GOOD + GOOD.replace('"r"', '"s"'), "6: says the same as r"),
        (
            GOOD.replace("target", "0.95")
            + GOOD.replace('"r"', '"s"').replace("target", "0.9").replace("critical", "warning"),
            "6: contradicts r: r is more severe and is raised by a better figure",
        ),
        (GOOD.replace("target", "1.01"), "5: threshold: a share from 0 to 1, not 1.01"),
        (GOOD + 'class = "first"\nby_class = true\n',
         "7: by_class: contradicts class: one class, or each of them apart"),
        (GOOD + 'digest_at = "08:30"\nreminder_s = 60\n',
         "7: reminder_s: contradicts digest_at: a digest is told once a day"),
        (GOOD.replace("target", "0.999") + 'margin = "0.005"\n',
         "6: margin: with this threshold it could only be cleared at 100 %; make it smaller"),
        (GOOD + 'title_zh = "{place"\n', "6: title_zh: is no template (expected '}' before end of string); it may name "
         "{severity}, {place}, {what}, {figure}, {target}, {lasting}, {short}"),
        ("[[rule]\n", " is not TOML: "),
        ("[rule]\nid = 1\n", " rule: must be written as tables headed [[rule]]"),
        ("[[rules]]\nid = 1\n", " rules: no such key; only [[rule]]"),
    ],
)  # fmt: skip
def test_a_single_mistake(tmp_path: Path, text: str, problem: str) -> None:
    assert problems(tmp_path, text)[0].startswith(problem)


def test_a_missing_file_says_so(tmp_path: Path) -> None:
    with pytest.raises(AlertRulesFileError, match="cannot be read"):
        read_alert_rules(tmp_path / "none.toml", receivers=[])
