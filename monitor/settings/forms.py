"""Forms that settings share: sections, seconds, shares, times of day."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

_TIME_OF_DAY = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])")
_SHARE = re.compile(r"0(\.[0-9]+)?|1(\.0+)?")


def _is_a_share(text: str) -> str:
    if _SHARE.fullmatch(text) is None:
        raise ValueError('a decimal string from "0" to "1" such as "0.95"')
    return text


def seconds_of_day(text: str) -> int:
    """Give the seconds after midnight of a time of day such as "08:00".

    Raises:
        ValueError: it is none.
    """
    found = _TIME_OF_DAY.fullmatch(text)
    if found is None:
        raise ValueError('a time of day such as "08:00"')
    return int(found[1]) * 3_600 + int(found[2]) * 60


Seconds = Annotated[int, Field(ge=1, le=31_536_000)]
Share = Annotated[str, AfterValidator(_is_a_share)]


class Section(BaseModel):
    """One table of the file: a key that is not known is a mistake, and nothing changes after reading."""

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True)
