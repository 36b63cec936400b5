"""Throttling of logins: after some failures a name, and an address, waits longer and longer."""

from __future__ import annotations

from collections import OrderedDict

FREE = 5
"""So many failures cost nothing."""

FREE_OF_ADDRESS = 20
"""An address may be a whole office's."""

LONGEST_S = 900
FORGET_S = 3_600
MOST_KEPT = 50_000


class LoginThrottle:
    """Counts failures by name and by address; the oldest are forgotten, so a flood takes bounded memory."""

    def __init__(self) -> None:
        self._failures: OrderedDict[tuple[str, str], tuple[int, int]] = OrderedDict()

    def wait_s(self, name: str, address: str, *, at: int) -> int:
        """Give how long a login must wait, seconds; 0 for not at all."""
        return max(
            self._wait_s(("name", name.casefold()), FREE, at), self._wait_s(("address", address), FREE_OF_ADDRESS, at)
        )

    def failed(self, name: str, address: str, *, at: int) -> None:
        """Count a failure."""
        for key in (("name", name.casefold()), ("address", address)):
            count, last = self._failures.pop(key, (0, at))
            self._failures[key] = (1 if at - last > FORGET_S else count + 1, at)
        while len(self._failures) > MOST_KEPT:
            self._failures.popitem(last=False)

    def succeeded(self, name: str) -> None:
        """Forget a name's failures; the address keeps its own, for one good login does not excuse a thousand bad."""
        self._failures.pop(("name", name.casefold()), None)

    def _wait_s(self, key: tuple[str, str], free: int, at: int) -> int:
        count, last = self._failures.get(key, (0, 0))
        if count < free:
            return 0
        delay = min(LONGEST_S, 1 << min(20, count - free + 1))
        return max(0, last + delay - at)
