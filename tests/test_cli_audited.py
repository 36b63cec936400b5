"""Every command that takes the name of whoever decides writes into the audit log what was decided."""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Iterator
from types import FunctionType
from typing import Any

import typer

from monitor.cli import app

NOTED = {"audited", "audited_versions"}
OPTIONS = {"--as", "--by"}


def commands(group: typer.Typer, words: tuple[str, ...] = ()) -> Iterator[tuple[str, FunctionType]]:
    for each in group.registered_commands:
        callback: Any = each.callback
        yield " ".join((*words, each.name or callback.__name__)), callback
    for each in group.registered_groups:
        assert each.typer_instance is not None
        yield from commands(each.typer_instance, (*words, str(each.name)))


def reached(part: FunctionType | type, known: set[FunctionType | type]) -> set[str]:
    """Give the names of all that a function or class of the command line names, near and far."""
    known.add(part)
    names = set(re.findall(r"\b\w+\b", inspect.getsource(part)))
    for name in tuple(names):
        other = vars(sys.modules[part.__module__]).get(name)
        if isinstance(other, (FunctionType, type)) and other.__module__.startswith("monitor.cli"):
            names |= set() if other in known else reached(other, known)
    return names


def test_whatever_names_its_author_is_in_the_audit_log() -> None:
    deciding = {
        name: function
        for name, function in commands(app)
        if any(
            OPTIONS & {str(getattr(option, "default", "")), *(getattr(option, "param_decls", None) or ())}
            for annotation in inspect.get_annotations(function, eval_str=True).values()
            for option in getattr(annotation, "__metadata__", ())
        )
    }
    assert len(deciding) > 25, sorted(deciding)
    assert [name for name, function in deciding.items() if not NOTED & reached(function, set())] == []
