"""Authors of facts: who says to have decided, and whether anybody checked that it was them.

A name given with `--as` is nobody's proof: it is kept with the mark "as:" until accounts exist, so that every reader
of a fact sees that its author was not verified.
"""

from __future__ import annotations

UNVERIFIED = "as:"


def unverified(name: str) -> str:
    """Give the author of a name that nobody checked.

    Raises:
        ValueError: the name is empty.
    """
    name = " ".join(name.split())
    if not name:
        raise ValueError("an author has a name")
    return UNVERIFIED + name.removeprefix(UNVERIFIED)


def is_verified(author: str) -> bool:
    """Tell whether an account stands behind an author."""
    return not author.startswith(UNVERIFIED)


def same_author(one: str, other: str) -> bool:
    """Tell whether two authors are the same, verified or not, however spaced and capitalised."""
    return _plain(one) == _plain(other)


def shown(author: str) -> str:
    """Give an author as people read it: the name, and a mark where it is not verified."""
    if not author or is_verified(author):
        return author
    return f"{author.removeprefix(UNVERIFIED)} (未核实 unverified)"


def _plain(author: str) -> str:
    return " ".join(author.removeprefix(UNVERIFIED).split()).casefold()
