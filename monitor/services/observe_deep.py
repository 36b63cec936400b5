"""From a deep look to evidence and faults: judge what a device said of itself (RULES §3).

A question that was refused, or not answered, shows nothing and clears nothing. The look is evidence of its kind only
where the device let us in; one that was not is worth a health look.
"""

from __future__ import annotations

from dataclasses import replace

from collectors.base import PollResult
from collectors.deep import DeepResult
from monitor.domain.login import Login
from monitor.domain.observation import Evidence, LookKind, Observation
from monitor.domain.policy import DAY_S, Policy
from monitor.domain.state import DeviceState
from monitor.services.observe import observe

DEEP_FAULTS = frozenset(
    {
        "refused",
        "replaced",
        "no_profile",
        "no_stream_uri",
        "uri_elsewhere",
        "retention_short",
        "recording_stopped",
        "no_recording",
        "rights_short",
    }
)
"""What only a deep look can show."""

STOPPED_AFTER_S = 2 * DAY_S
"""Recordings that end so long ago have stopped: some devices only tell the last whole day."""

_UNHEARD = frozenset({"silent", "skipped", "refused", "too_large"})
"""Endings that leave a question open; after the others the device had its say, such as it was."""


def observe_deep(
    state: DeviceState,
    result: DeepResult,
    *,
    at: int,
    interval_s: int,
    policy: Policy,
    own_clock_trusted: bool,
    login: Login,
    refuses: bool = False,
    replaced: bool | None = None,
    retention_days: int = 30,
) -> Observation:
    """Judge what one deep look said about one device.

    Silence is none of its business: the health looks find that at their own pace, so it gives no evidence.

    Args:
        state: the device's state before it.
        result: what the wire said.
        at: start of the look, floored.
        interval_s: interval of health looks in force.
        policy: the settings of the rules.
        own_clock_trusted: whether our own clock is known to be right; else it judges no other.
        login: what became of logging in.
        refuses: it refuses a login that it accepted before, unchanged on our side.
        replaced: it is another device than the one known; None where that cannot be told.
        retention_days: how many days its recordings must reach back.
    """
    wire = PollResult(result.outcome, clock=result.clock, shaped_body=True)
    seen = observe(state, wire, at=at, interval_s=interval_s, policy=policy, own_clock_trusted=own_clock_trusted)
    if seen.evidence is not Evidence.ANSWERED:
        return replace(seen, evidence=Evidence.NONE, kind=LookKind.DEEP)
    shown, could_show = _faults(result, at=at, login=login, retention_days=retention_days)
    if refuses:
        shown.append("refused")
    if replaced is not None:
        could_show.add("replaced")
        if replaced:
            shown.append("replaced")
    return replace(
        seen,
        kind=LookKind.DEEP,
        faults=(*seen.faults, *shown),
        could_show=seen.could_show | could_show,
        complete=login in (Login.ACCEPTED, Login.NOT_ASKED) and _told_something(result),
    )


def retention_of(result: DeepResult, *, at: int) -> int | None:
    """Give the whole days that a device's recordings reach back by its own clock; None where it did not say."""
    found = result.recordings
    if found is None:
        return None
    if not found.count or found.since is None:
        return 0 if not found.count else None
    now = at if result.clock is None else result.clock.utc_s
    # A clock that stands before its own recordings was set back since: it says nothing of how old they are.
    return (now - found.since) // DAY_S if found.since <= now else None


def _faults(result: DeepResult, *, at: int, login: Login, retention_days: int) -> tuple[list[str], set[str]]:
    """Give the codes that a look shows of the device itself, and those that it could have shown."""
    shown: list[str] = []
    could_show: set[str] = set()
    endings = {note.step: note.ending for note in result.notes}
    if login in (Login.ACCEPTED, Login.NOT_ASKED):
        could_show.add("refused")
    if login is Login.ACCEPTED and not {"silent", "skipped"} & set(endings.values()):
        could_show.add("rights_short")
        if "refused" in endings.values():
            shown.append("rights_short")
    if result.profiles is not None:
        could_show.add("no_profile")
        if not result.profiles:
            shown.append("no_profile")
    if result.chosen:
        could_show.add("uri_elsewhere")
        if "elsewhere" in endings.values():
            shown.append("uri_elsewhere")
        if endings.get("stream", "") not in _UNHEARD:
            could_show.add("no_stream_uri")
            if not result.stream_uri and endings.get("stream") != "elsewhere":
                shown.append("no_stream_uri")
    found = result.recordings
    if found is not None:
        could_show |= {"no_recording", "retention_short", "recording_stopped"}
        now = at if result.clock is None else result.clock.utc_s
        days = retention_of(result, at=at)
        if not found.count:
            shown.append("no_recording")
        elif days is not None and days < retention_days:
            shown.append("retention_short")
        if found.count and found.until is not None and now - found.until > STOPPED_AFTER_S:
            shown.append("recording_stopped")
    return shown, could_show


def _told_something(result: DeepResult) -> bool:
    """Whether the device answered at least one of the questions that make the look a deep one."""
    return bool(result.profiles is not None or result.model or result.serial or result.services)
