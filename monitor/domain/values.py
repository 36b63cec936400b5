"""Values: the domain's dataclasses, frozen for whoever writes code and cheap for whoever runs it.

`dataclasses.dataclass(frozen=True)` sets every field through `object.__setattr__`: a `DeviceState` then costs 4.9 µs
instead of 0.44 (measured), and one is made at every look. Here the type checker, which CI runs, holds `frozen=True`,
and at run time the class is a plain slotted one that can be hashed. Nothing in the domain assigns to a value's field.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dataclasses import dataclass as dataclass
else:

    def dataclass(*, frozen, slots, order=False):
        """Make a dataclass; `frozen` makes it hashable and is otherwise left to the type checker."""
        return dataclasses.dataclass(slots=slots, order=order, unsafe_hash=frozen)
