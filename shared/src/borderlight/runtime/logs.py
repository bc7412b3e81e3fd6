"""Structured logs: JSON lines with an allow-list of fields, so that no personal data can slip in."""

import logging
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

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
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format='{"level":"%(levelname)s","event":"%(name)s"}')


def logger() -> Any:
    """The bound logger."""
    return structlog.get_logger()
