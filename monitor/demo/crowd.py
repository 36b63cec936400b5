"""All simulated devices as one object: who lives at an address, how they stand this second, and what they answer."""

from __future__ import annotations

import re
from collections.abc import Callable

from monitor.demo import answers
from monitor.demo.behaviour import Behaviour, Behaviours
from monitor.demo.deep_answers import deep_answer
from monitor.demo.gate import NONCE_LIVES_S, lets_in, sent_away
from monitor.demo.incidents import Script, ScriptState
from monitor.demo.layout import Layout
from monitor.demo.persona import TURNS_AFTER_S, persona_of
from monitor.demo.pictures import Shelf, has_snapshot
from monitor.demo.shapes import SHAPES

DEEP_ONES = frozenset(
    {
        Behaviour.CLEAN,
        Behaviour.CLOCK_DRIFT,
        Behaviour.CLOCK_HOUR,
        Behaviour.CLOCK_LOCAL_AS_UTC,
        Behaviour.CLOCK_1970,
        Behaviour.SLOW,
        Behaviour.CHUNKED,
        Behaviour.AUTH_401,
        Behaviour.AUTH_400,
    }
)
"""Behaviours that come to a clean answer, for those that ask for a login once they have one."""

_OPERATION = re.compile(r"<(?:\w+:)?(Get\w+)")
_BY_CODE = tuple(Behaviour)  # codes are positions


class Crowd:
    """The devices of a layout with their behaviours and their script; a few bytes a device.

    Args:
        layout: who lives where.
        behaviours: how each behaves.
        script: what goes wrong, by seconds since the start.
        now: gives epoch seconds: the true time, which devices' clocks are off from.
        elapsed: gives seconds since the script's start.
        seed: the city's, which the devices' personas follow from.
    """

    rtsp_port = 554
    """The port that its cameras' streams are had from."""

    def __init__(
        self,
        layout: Layout,
        behaviours: Behaviours,
        script: Script,
        *,
        now: Callable[[], float],
        elapsed: Callable[[], float],
        seed: int = 0,
    ) -> None:
        self.layout = layout
        self._networks = {block.prefix: (block.first, block.count) for block in layout.blocks}
        self._behaviours = behaviours
        self._script = script
        self._now = now
        self._elapsed = elapsed
        self._seed = seed
        self._huge = answers.huge()
        self._shelf = Shelf()
        self._second = -1
        self._state = ScriptState(down=frozenset(), clock_shifts={})
        self._written: dict[tuple[int, int, bool, bool], bytes] = {}

    def index_of(self, address: str) -> int | None:
        """Give the index of the device at a dotted address; None where none lives."""
        prefix, _, host = address.rpartition(".")
        first, count = self._networks.get(prefix, (0, 0))
        offset = int(host) - 1 if host.isdigit() else -1
        return first + offset if 0 <= offset < count else None

    def behaviour(self, index: int) -> Behaviour:
        """Give how a device behaves this second: what the script holds down accepts and says nothing."""
        self._refresh()
        return Behaviour.SILENT if index in self._state.down else _BY_CODE[self._behaviours.codes[index]]

    def keeps_alive(self, index: int) -> bool:
        """Say whether a device keeps its connection open after a clean answer."""
        return SHAPES[self._behaviours.shapes[index]].keeps_alive

    def answer(self, index: int, behaviour: Behaviour, *, close: bool) -> bytes:
        """Give the bytes that a device answers with; empty for behaviours that don't answer.

        `close` says whether the connection is to end after a clean answer.
        """
        if behaviour in answers.FIXED:
            return answers.FIXED[behaviour]
        if behaviour is Behaviour.AUTH_401:
            return answers.unauthorized(index, second=self._clock(index, behaviour) // NONCE_LIVES_S)
        if behaviour is Behaviour.HUGE:
            return self._huge
        if behaviour is Behaviour.CHUNKED:
            return answers.chunked_answer(self._behaviours.shapes[index], self._clock(index, behaviour))
        if behaviour in (Behaviour.SILENT, Behaviour.CLOSES, Behaviour.RESETS):
            return b""
        return self._clean(index, behaviour, close=close)

    def deep_answer(self, index: int, behaviour: Behaviour, request: bytes, *, address: str, port: int) -> bytes:
        """Give the bytes that a device answers a question other than for the time with, or for the time to who logs in.

        Behaviours that never come to a clean answer have it for every question.
        """
        if behaviour not in DEEP_ONES:
            return self.answer(index, behaviour, close=True)
        persona = persona_of(self._seed, index, behaviour)
        turned = self._elapsed() >= TURNS_AFTER_S
        now = self._clock(index, behaviour)
        text = request.decode("latin-1")
        if not lets_in(text, persona, index=index, now=now, turned=turned):
            return sent_away(persona, index=index, now=now)
        found = _OPERATION.search(text)
        operation = found[1] if found else ""
        if operation == "GetSystemDateAndTime":
            return self._clean(index, behaviour, close=True)
        return deep_answer(
            operation, persona, address=address, port=port, rtsp_port=self.rtsp_port, now=now, turned=turned
        )

    def snapshot(self, index: int, behaviour: Behaviour) -> bytes:
        """Give the bytes that a device answers with when its picture is asked for."""
        if behaviour not in DEEP_ONES or not has_snapshot(index):
            return answers.http(b"404 Not Found", b"")
        return answers.http(b"200 OK", self._shelf.snapshot(index), head=b"Content-Type: image/jpeg\r\n")

    def _clean(self, index: int, behaviour: Behaviour, *, close: bool) -> bytes:
        shape = self._behaviours.shapes[index]
        instant = self._clock(index, behaviour)
        local = behaviour is Behaviour.CLOCK_LOCAL_AS_UTC
        key = (shape, instant, local, close)
        answer = self._written.get(key)
        if answer is None:
            answer = self._written[key] = answers.clock_answer(shape, instant, utc_is_local=local, close=close)
        return answer

    def _clock(self, index: int, behaviour: Behaviour) -> int:
        if behaviour is Behaviour.CLOCK_1970:  # counts from power-on, because it has no battery
            return int(self._elapsed())
        return self._second + self._behaviours.offsets[index] + self._state.clock_shifts.get(index, 0)

    def _refresh(self) -> None:
        """Bring the second's state up to date; at most once a second, whatever the load."""
        second = int(self._now())
        if second != self._second:
            self._second = second
            self._state = self._script.state_at(int(self._elapsed()))
            self._written.clear()
