"""What rarer looks learn of devices, and the secrets that they log in with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from monitor.domain.baseline import Baseline, LightClass
from monitor.domain.deep import DeepSummary, Identity, Known, Said
from monitor.domain.login import LoginRecord
from monitor.domain.picture_look import PictureLook, PictureMemory


@dataclass(slots=True)
class DeepBatch:
    """What one write transaction stores of deep looks.

    Attributes:
        looks: summaries to add; the oldest beyond ten of a device go.
        said: (device id, who it is heard to be, what it said of itself) to put in place of what was stored.
        logins: (device id, what is remembered of logging in) likewise.
    """

    looks: Sequence[DeepSummary] = ()
    said: Sequence[tuple[str, Identity, Said]] = ()
    logins: Sequence[tuple[str, LoginRecord]] = ()


class PictureStore(Protocol):
    """What picture looks leave behind, by device: numbers, and never a picture."""

    async def memory(self, device_id: str) -> PictureMemory:
        """Give what is remembered of a device's pictures."""

    async def keep(self, look: PictureLook, light: LightClass | None = None, baseline: Baseline | None = None) -> None:
        """Store a look, and what the view is after it; a baseline reset meanwhile stays reset.

        Raises:
            StoreBusyError: nothing was stored, or it is not known.
            StoreRefusedError: nothing was stored, and trying again is useless.
            ValueError: nothing was stored; the device is not recorded.
        """

    async def reset(self, device_id: str) -> int:
        """Forget what a device's view usually is; give for how many lights that was known."""


class DeepStore(Protocol):
    """What deep looks leave behind, by device."""

    async def logins(self) -> list[tuple[str, LoginRecord]]:
        """Give what is remembered of logging in to each device."""

    async def login(self, device_id: str) -> LoginRecord | None:
        """Give the same of one device, or None."""

    async def known(self, device_id: str) -> Known:
        """Give what is known of a device before a look."""

    async def looks(self, device_id: str) -> list[DeepSummary]:
        """Give a device's last deep looks, newest first."""

    async def keep(self, batch: DeepBatch) -> None:
        """Store a batch in one transaction; the same batch given again changes nothing.

        Raises:
            StoreBusyError: nothing was stored, or it is not known; give the same batch again.
            StoreRefusedError: nothing was stored, and trying again is useless.
            ValueError: nothing was stored; the batch names a device that is not recorded.
        """


@dataclass(frozen=True, slots=True)
class Order:
    """An operator's word to the running collector.

    Attributes:
        kind: "login": devices may be logged in to again; "look": look deeper at a device now.
        device_id: the device; "" for all of the group.
        group: the credential group; "" where the order is about a device.
        author: who gave it.
        at: when, epoch seconds.
        number: counts the orders; 0 before it is stored.
    """

    kind: str
    device_id: str
    group: str
    author: str
    at: int
    number: int = 0


class Orders(Protocol):
    """Operators' words, in the order in which they were given."""

    async def give(self, order: Order) -> None:
        """Store an order; for "login" what is remembered of refused logins is forgotten in the same transaction."""

    async def after(self, number: int) -> list[Order]:
        """Give the orders after a number."""

    async def newest(self) -> int:
        """Give the number of the newest order, 0 before the first."""

    async def confirm(self, device_id: str) -> bool:
        """Take who a device last said to be as who it is; say whether it had said anything."""


class Sealer(Protocol):
    """Encrypting of what has to be read again, with keys that are not where it is kept."""

    def seal(self, text: str) -> str:
        """Give a text encrypted.

        Raises:
            CredentialsError: the keys cannot be used.
        """

    def unseal(self, sealed: str) -> str:
        """Give the text again.

        Raises:
            CredentialsError: the keys cannot be used, or don't open it.
        """


class Secrets(Protocol):
    """Hashing and making of secrets."""

    def hashed(self, password: str) -> str:
        """Give a password's hash, slow on purpose."""

    def matches(self, password: str, hashed: str) -> bool:
        """Tell whether a password is the hashed one; takes as long for a hash that is none."""

    def make(self) -> str:
        """Give a new secret of 256 bits."""

    def new_totp(self) -> str:
        """Give a new secret of a second factor."""

    def sealed(self, name: str, secret: str) -> str:
        """Give an account's second factor as it is kept: encrypted, bound to the account.

        Raises:
            CredentialsError: the keys cannot be used.
        """

    def opened(self, name: str, kept: str) -> str:
        """Give an account's second factor as an authenticator knows it.

        Raises:
            CredentialsError: the keys cannot be used, don't open it, or it is another account's.
        """

    def totp_step(self, secret: str, code: str, *, at: int) -> int | None:
        """Give the time step that a code is of, now or one step off, or None."""
