"""Structured logs: JSON lines with an allow-list of fields, so that no personal data can slip in."""

import json
import logging
import sys
from collections.abc import MutableMapping
from datetime import UTC, datetime
from typing import Any

import structlog

LIBRARY_LOGGER = "borderlight.faststream"
"""FastStream's own errors go here. (The logger "faststream" is the library's, with a handler and colours.)"""

ALLOWED_FIELDS = frozenset(
    {
        "event", "level", "timestamp", "service", "session_id", "topic", "partition", "offset", "error", "error_class",
        "outcome", "reason", "count", "seconds", "attempt", "port", "address", "stage", "side", "bucket", "exc_info",
        "exception",
    }
)  # fmt: skip


def _only_allowed(_: Any, __: str, fields: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    return {name: value for name, value in fields.items() if name in ALLOWED_FIELDS}


def _to_stderr(*_: Any) -> structlog.PrintLogger:
    """Looked up per logger: whoever redirects stderr later gets the lines."""
    return structlog.PrintLogger(sys.stderr)


class _LibraryLines(logging.Formatter):
    """Lines of the libraries as JSON: who said it, what, and the class of an error. An error of validation repeats
    the content that it refuses: of such only the class is told."""

    def __init__(self, service: str) -> None:
        super().__init__()
        self._service = service

    def format(self, record: logging.LogRecord) -> str:
        error = record.exc_info[1] if record.exc_info else None
        told = type(error).__name__ if isinstance(error, ValueError) else record.getMessage()[:500]
        line = {
            "service": self._service, "level": record.levelname.lower(), "event": record.name, "error": told,
            "timestamp": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
        }  # fmt: skip
        if error is not None:
            line["error_class"] = type(error).__name__
        return json.dumps(line, ensure_ascii=False)


def configure_logs(service: str, level: str = "INFO") -> None:
    """JSON to stderr for ours and for the libraries'."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.contextvars.merge_contextvars,
            structlog.processors.format_exc_info,
            _only_allowed,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level)),
        logger_factory=_to_stderr,
    )
    structlog.contextvars.bind_contextvars(service=service)
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_LibraryLines(service))
    logging.basicConfig(level=max(logging.WARNING, getattr(logging, level)), handlers=[handler])


def logger() -> Any:
    """The bound logger."""
    return structlog.get_logger()
