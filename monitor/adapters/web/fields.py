"""Fields that many routes take: ids, lines of text, instants."""

from __future__ import annotations

from typing import Annotated

import msgspec

Id = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]


Line = Annotated[str, msgspec.Meta(max_length=300)]


Instant = Annotated[int, msgspec.Meta(ge=0, le=4_102_444_800)]


Sha256 = Annotated[str, msgspec.Meta(pattern="^([0-9a-f]{64})?$")]
