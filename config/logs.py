"""Log lines: one JSON object each in production, readable text in development."""

from typing import Any

import structlog
from structlog.typing import EventDict


def _without_request(logger: object, method: str, event: EventDict) -> EventDict:
    """Django attaches the request itself: an object in a line of text, with its path."""
    event.pop("request", None)
    return event


SHARED = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.ExtraAdder(),
    _without_request,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]
META = structlog.stdlib.ProcessorFormatter.remove_processors_meta


def logging_config(*, json: bool, level: str) -> dict[str, Any]:
    """Standard logging everywhere: Django's, Celery's and gunicorn's lines get the same shape."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "line": {
                "()": structlog.stdlib.ProcessorFormatter,
                "foreign_pre_chain": SHARED,
                "processors": [META, *(_json() if json else _text())],
            }
        },
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
        "root": {"handlers": ["stderr"], "level": level},
        # Django's own handlers would print each line a second time, or mail it past the outbox.
        "loggers": {
            "django": {"handlers": [], "level": "INFO", "propagate": True},
            "django.server": {"handlers": [], "level": "INFO", "propagate": True},
        },
    }


def _json() -> list[Any]:
    return [structlog.processors.format_exc_info, structlog.processors.JSONRenderer(default=str)]


def _text() -> list[Any]:
    return [structlog.dev.ConsoleRenderer(colors=False)]
