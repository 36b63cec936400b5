"""A protocol is added whole: its file or folder, its line in the registry, its tests."""

from __future__ import annotations

import inspect
import pkgutil
import time
from pathlib import Path

import pytest

import collectors
from collectors.base import PROOF_OF, Outcome
from collectors.registry import COLLECTORS, LISTENERS, make_deep_poller, make_poller

COMMON = {
    "base",
    "deep",
    "detail",
    "digest",
    "failures",
    "pushed",
    "registry",
    "picture",
    "urls",
}  # what collectors share; each other module is a protocol


def test_each_module_of_collectors_is_registered_and_nothing_else() -> None:
    assert {module.name for module in pkgutil.iter_modules(collectors.__path__)} - COMMON == {*COLLECTORS, *LISTENERS}


@pytest.mark.parametrize("name", COLLECTORS)
async def test_each_collector_makes_a_poller(name: str) -> None:
    poller = make_poller(name, wall_clock=time.time)
    assert inspect.iscoroutinefunction(poller.poll)
    await poller.close()


async def test_a_collector_that_looks_deeper_makes_a_deep_poller() -> None:
    poller = make_deep_poller("onvif", wall_clock=time.time)
    assert poller is not None
    assert inspect.iscoroutinefunction(poller.look)
    await poller.close()


@pytest.mark.parametrize("name", [*COLLECTORS, *LISTENERS])
def test_each_collector_is_named_in_both_languages_and_tested(name: str) -> None:
    entry = COLLECTORS.get(name) or LISTENERS[name]
    assert entry.text_zh
    assert entry.text_en.isascii()
    assert list(Path(__file__).parent.glob(f"test_{name}*.py"))


def test_an_unknown_protocol_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        make_poller("telepathy", wall_clock=time.time)


def test_every_outcome_says_what_it_proves() -> None:
    assert set(PROOF_OF) == set(Outcome)
