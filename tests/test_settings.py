from __future__ import annotations

import os
import re
import tomllib
from dataclasses import replace
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from monitor.domain.fault import FAULTS
from monitor.domain.policy import Policy
from monitor.settings import Settings, SettingsError, read_settings

SHIPPED = Path(__file__).parents[1] / "config" / "vidnet.toml"


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch):
    for name in [name for name in os.environ if name.startswith("VIDNET_")]:
        monkeypatch.delenv(name)


def read(tmp_path: Path, text: str | bytes = "") -> Settings:
    path = tmp_path / "vidnet.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_settings(path)


def problems(tmp_path: Path, text: str | bytes = "") -> list[str]:
    with pytest.raises(SettingsError) as caught:
        read(tmp_path, text)
    assert str(caught.value).startswith(f"{tmp_path / 'vidnet.toml'}: ")
    return caught.value.problems


def test_the_shipped_file_holds_every_setting_at_its_default():
    written = tomllib.loads(SHIPPED.read_text(encoding="utf-8"))
    assert written == Settings().model_dump()


def test_every_setting_of_the_shipped_file_is_explained():
    sections = Settings().model_dump()
    lines = SHIPPED.read_text(encoding="utf-8").splitlines()
    explained = set()
    section = ""
    for line in lines:
        if heading := re.fullmatch(r"\[(\w+)\]", line):
            section = heading[1]
        elif (setting := re.match(r"(\w+) = ", line)) and "# " in line:
            explained.add((section, setting[1]))
    assert explained == {(section, key) for section, keys in sections.items() for key in keys}


def test_an_empty_file_is_the_defaults_and_the_rules_defaults(tmp_path):
    settings = read(tmp_path)
    assert settings.model_dump() == Settings().model_dump()
    assert settings.policy() == replace(Policy(), intact_requires=("health", "deep"))
    assert settings.zone() == ZoneInfo("Asia/Shanghai")


def test_what_is_set_reaches_the_rules(tmp_path):
    settings = read(
        tmp_path,
        "[collector]\ninterval_s = 60\nrecheck_s = 10\nslow_interval_s = 600\n"
        '[rules]\noffline_after = 2\ncounting_faults = ["tls"]\nintact_requires = ["health", "deep"]\n',
    )
    assert settings.policy() == Policy(
        interval_s=60,
        recheck_s=10,
        slow_interval_s=600,
        offline_after=2,
        counting_faults=frozenset({"tls"}),
        intact_requires=("health", "deep"),
    )
    assert settings.collector.timeout_s == 3


def test_all_mistakes_are_listed_at_once_with_key_and_what_is_allowed(tmp_path):
    text = """
    colour = "red"
    [city]
    zone = "Mars/Base"
    [store]
    url = "mysql://x"
    commit_every_s = 0
    [collector]
    interval_s = 60
    recheck_s = 90
    slow_interval_s = 30
    concurrency = 0
    own_clock = "maybe"
    speed = 9
    [rules]
    offline_after = "three"
    counting_faults = ["blurred"]
    intact_requires = ["smell"]
    min_judged = "95"
    [web]
    port = 70000
    [log]
    level = "loud"
    """
    assert problems(tmp_path, text) == [
        "city.zone: a time zone such as \"Asia/Shanghai\" (found 'Mars/Base')",
        'store.url: "sqlite:///FILE" or "postgresql://USER@HOST/DATABASE" (found \'mysql://x\')',
        "store.commit_every_s: input should be greater than 0 (found 0)",
        "collector.recheck_s: at most collector.interval_s (found 90)",
        "collector.slow_interval_s: at least collector.interval_s (found 30)",
        "collector.concurrency: input should be greater than or equal to 1 (found 0)",
        "collector.own_clock: input should be 'check', 'trusted' or 'untrusted' (found 'maybe')",
        "collector.speed: no such key",
        "rules.offline_after: input should be a valid integer, unable to parse string as an integer (found 'three')",
        "rules.intact_requires: one or more of health, deep, picture (found ['smell'])",
        f"rules.counting_faults: faults among {', '.join(sorted(FAULTS))}; not blurred (found ['blurred'])",
        'rules.min_judged: a decimal string from "0" to "1" such as "0.95" (found \'95\')',
        "web.port: input should be less than or equal to 65535 (found 70000)",
        "log.level: input should be 'debug', 'info', 'warning' or 'error' (found 'loud')",
        "colour: no such key",
    ]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[collector]\nrecheck_s = 3\n", "collector.timeout_s: less than collector.recheck_s (found 3.0)"),
        ("[collector]\ninterval_s = 20\n", "collector.recheck_s: at most collector.interval_s (found 30)"),
        ('[city]\nzone = "Asia"\n', "city.zone: a time zone such as \"Asia/Shanghai\" (found 'Asia')"),
        ('[city]\nzone = ""\n', "city.zone: a time zone such as \"Asia/Shanghai\" (found '')"),
        ("collector = 5\n", "collector: input should be a valid dictionary or instance of CollectorSettings (found 5)"),
        ("[rules]\nmin_measured = 0.95\n", "rules.min_measured: input should be a valid string (found 0.95)"),
        ("[rules]\nintact_requires = []\n", "rules.intact_requires: one or more of health, deep, picture (found [])"),
    ],
)
def test_a_single_mistake(tmp_path, text, problem):
    assert problems(tmp_path, text) == [problem]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"[collector\n", "is not TOML: "),
        (b"name = \xff\n", "is not TOML: "),
        (b"[web]\nport = 1\nport = 2\n", "is not TOML: "),
    ],
)
def test_what_is_not_toml_says_so(tmp_path, content, problem):
    (found,) = problems(tmp_path, content)
    assert found.startswith(problem)


def test_a_missing_file_and_a_folder_say_so(tmp_path):
    with pytest.raises(SettingsError, match="cannot be read: No such file"):
        read_settings(tmp_path / "none.toml")
    with pytest.raises(SettingsError, match="cannot be read: Is a directory"):
        read_settings(tmp_path)


def test_a_byte_order_mark_is_no_mistake(tmp_path):
    assert read(tmp_path, b"\xef\xbb\xbf[web]\nport = 1234\n").web.port == 1234


def test_the_environment_goes_over_the_file(tmp_path, monkeypatch):
    monkeypatch.setenv("VIDNET_COLLECTOR__INTERVAL_S", "60")
    monkeypatch.setenv("vidnet_web__port", "1")
    monkeypatch.setenv("VIDNET_RULES__INTACT_REQUIRES", '["deep"]')
    monkeypatch.setenv("VIDNET_CONFIG", "not a setting but the command line's")
    settings = read(tmp_path, '[collector]\ninterval_s = 120\nname = "east"\n[web]\nport = 2\n')
    assert (settings.collector.interval_s, settings.collector.name, settings.web.port) == (60, "east", 1)
    assert settings.rules.intact_requires == ["deep"]


@pytest.mark.parametrize(
    ("name", "value", "problem"),
    [
        ("VIDNET_COLLECTOR__INTERVAL_S", "soon", "collector.interval_s: input should be a valid integer"),
        ("VIDNET_COLLECTOR__SPEED", "1", "collector.speed: no such key"),
        ("VIDNET_COLECTOR__INTERVAL_S", "1", "VIDNET_COLECTOR__INTERVAL_S: no such section in the environment"),
        ("VIDNET_RULES__INTACT_REQUIRES", "deep", 'environment: error parsing value for field "rules"'),
        ("VIDNET_COLLECTOR", "fast", 'environment: error parsing value for field "collector"'),
    ],
)
def test_mistakes_of_the_environment_are_named_too(tmp_path, monkeypatch, name, value, problem):
    monkeypatch.setenv(name, value)
    (found,) = problems(tmp_path)
    assert found.startswith(problem)


def test_receivers_and_what_they_lack_without_repeating_their_secrets(tmp_path):
    good = '[receivers.duty]\nkind = "webhook"\nurl = "https://192.0.2.1/hook"\nsecret = "s3cret"\n'
    assert read(tmp_path, good).receivers["duty"].language == "both"
    assert "s3cret" not in repr(read(tmp_path, good))
    text = """
    [receivers.a]
    kind = "webhook"
    url = "ftp://user:passw0rd@192.0.2.1"
    [receivers.b]
    kind = "spool"
    folder = "out"
    [receivers.c]
    kind = "pigeon"
    [receivers.d]
    kind = "syslog"
    secret = 12345678
    language = "fr"
    """
    assert problems(tmp_path, text) == [
        "receivers.a: url begins with http:// or https://",
        "receivers.b: secret is missing: what is spooled is signed with it",
        "receivers.c.kind: input should be 'apprise', 'webhook', 'alertmanager', 'syslog' or 'spool' (found 'pigeon')",
        "receivers.d.secret: input should be a valid string",
        "receivers.d.language: input should be 'zh', 'en' or 'both' (found 'fr')",
    ]
    assert problems(tmp_path, '[alerting]\norders_to = ["boss"]\n') == [
        "receivers: alerting.orders_to names boss, which there is not"
    ]
    assert problems(tmp_path, '[alerting]\ncarriers = {"联通" = ["10.1.0.0/33"]}\n') == [
        "alerting.carriers: networks such as \"10.1.0.0/16\"; not 10.1.0.0/33 (found {'联通': ['10.1.0.0/33']})"
    ]


def test_without_deep_looks_intact_is_judged_from_what_is_left(tmp_path):
    path = tmp_path / "x.toml"
    path.write_text("[deep]\nenabled = false\n", encoding="utf-8")
    assert read_settings(path).policy().intact_requires == ("health",)
    path.write_text('[deep]\nenabled = false\n[rules]\nintact_requires = ["deep"]\n', encoding="utf-8")
    assert read_settings(path).policy().intact_requires == ("health",)
