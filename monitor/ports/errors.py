"""What stores raise, whichever they are: try again, decide again, or stop."""

from __future__ import annotations


class StoreError(Exception):
    """The store could not do what was asked; the message says what happened and what to do next."""


class StoreBusyError(StoreError):
    """The store cannot be written now (locked, disk full, connection lost): keep the batch and try again."""


class StoreChangedError(StoreError):
    """Somebody changed the inventory between reading it and this write: read again, decide again."""


class StoreRefusedError(StoreError):
    """The store cannot be used as it is (read-only, schema older or newer than the program): stop and say so."""


class CredentialsError(Exception):
    """The credentials cannot be used as they are; the message says why, and never what they are."""


class NotifyError(Exception):
    """A receiver did not take a message; the text names why, and never a secret."""
