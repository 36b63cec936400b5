"""Ids of what people propose: a letter, the year in the city, and a number: "E2026-00001", "R2026-00001"."""

from __future__ import annotations

from collections.abc import Callable, Iterable


def numbered_on(letter: str, known: Iterable[str], *, year: int) -> Callable[[], str]:
    """Give what makes one new id after the other, numbered on from the highest of the year.

    Args:
        letter: "E" for exemptions, "R" for requests.
        known: ids that are taken; those of other years and other forms are passed over.
        year: the year in the city.
    """
    prefix = f"{letter}{year}-"
    numbers = (each.removeprefix(prefix) for each in known if each.startswith(prefix))
    last = max((int(number) for number in numbers if number.isdecimal()), default=0)

    def next_id() -> str:
        nonlocal last
        last += 1
        return f"{prefix}{last:05d}"

    return next_id
