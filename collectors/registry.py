"""The one place that knows protocol names: a line each, loaded when first used."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass

from collectors.base import Poller


@dataclass(frozen=True, slots=True)
class Entry:
    """A protocol that is known: where its poller is made, and its words."""

    maker: str
    text_zh: str
    text_en: str


COLLECTORS: dict[str, Entry] = {
    "onvif": Entry(
        "collectors.onvif:OnvifPoller",
        "ONVIF 摄像机（HTTP/HTTPS 轮询）",
        "ONVIF cameras (polled over HTTP/HTTPS)",
    ),
}


def make_poller(protocol: str, *, wall_clock: Callable[[], float]) -> Poller:
    """Make the poller of a protocol.

    Args:
        protocol: its name in `COLLECTORS`.
        wall_clock: gives our own time, epoch seconds.

    Raises:
        KeyError: no collector of that name is known.
    """
    module, _, name = COLLECTORS[protocol].maker.partition(":")
    maker: Callable[..., Poller] = getattr(importlib.import_module(module), name)
    return maker(wall_clock=wall_clock)
