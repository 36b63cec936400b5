"""Logs: a console for people on a terminal, JSON lines otherwise; always on standard error."""

from __future__ import annotations

import logging
import sys

import structlog

from monitor.settings import LogSettings


def configure_logs(settings: LogSettings) -> None:
    """Set up logging for the whole process."""
    console = settings.form == "console" or (settings.form == "auto" and sys.stderr.isatty())
    renderer: structlog.typing.Processor = (
        structlog.dev.ConsoleRenderer() if console else structlog.processors.JSONRenderer(ensure_ascii=False)
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=not console),
            structlog.processors.format_exc_info if not console else _keep,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[settings.level.upper()]),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


def _keep(_logger: object, _name: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """Leave the event as it is: the console renders exceptions itself."""
    return event
