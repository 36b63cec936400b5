"""What an error of connecting says: of the device, of the way to it, or of this machine (RULES §1)."""

from __future__ import annotations

import errno
import socket

from collectors.base import Outcome

# Errors of connecting that say something of this machine, not of the device.
_OURS = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM, errno.EADDRNOTAVAIL})
_OUR_RESOLVER = frozenset({socket.EAI_MEMORY, socket.EAI_SYSTEM})


def failure_of(error: OSError) -> tuple[Outcome, str]:
    """Give the outcome of a connection that did not come about, and a line for people."""
    words = error.strerror or str(error) or type(error).__name__
    is_name = isinstance(error, socket.gaierror)
    if error.errno in (_OUR_RESOLVER if is_name else _OURS):
        return Outcome.OURS, f"our own side: {words}"
    if is_name:
        return Outcome.UNRESOLVED, words
    if isinstance(error, ConnectionRefusedError):
        return Outcome.REFUSED, "connection refused"
    if isinstance(error, TimeoutError):
        return Outcome.TIMEOUT, "no connection until the timeout"
    if isinstance(error, ConnectionError):
        return Outcome.RESET, "connection ended before a byte"
    return Outcome.UNREACHABLE, words
