"""Log lines: one JSON object each in production, readable text in development."""

import re
from typing import Any

import structlog
from django.http import HttpRequest
from structlog.typing import EventDict

from integrity.log import bound


def _of_what(logger: object, method: str, event: EventDict) -> EventDict:
    """Lines of Django and of others, too, name the run and the plan that they come from."""
    return {**bound(), **event}


def _without_path(logger: object, method: str, event: EventDict) -> EventDict:
    """A path may hold the key of a link: the line names its route, and the request by its id."""
    request = event.pop("request", None)
    if isinstance(request, HttpRequest):
        match = request.resolver_match
        route = f"/{match.route}" if match else "no page of this site"
        event["event"] = str(event["event"]).replace(f": {request.path}", f": {route}")
    return event


def _without_rows(logger: object, method: str, event: EventDict) -> EventDict:
    """PostgreSQL's details quote the values of a refused row, and so addresses and names."""
    for name in ("event", "exception", "error"):
        if isinstance(event.get(name), str):
            event[name] = DETAIL.sub("DETAIL: withheld", event[name])
    return event


DETAIL = re.compile(r"DETAIL: .*?(?=\n[A-Z]+: |\n\n|\Z)", re.DOTALL)
SHARED = [
    structlog.contextvars.merge_contextvars,
    _of_what,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.ExtraAdder(),
    _without_path,
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
        "handlers": {
            "stderr": {"class": "logging.StreamHandler", "formatter": "line"},
            "nowhere": {"class": "logging.NullHandler"},
        },
        "root": {"handlers": ["stderr"], "level": level},
        # Their own handlers would print a line twice, as plain text, or mail it past the outbox.
        "loggers": {
            **{name: _passing(level) for name in ("django", "django.server", "gunicorn.error")},
            "gunicorn.access": {"handlers": ["nowhere"], "propagate": False},  # it logs paths
            # Below a warning they log addresses: in paths, and in what a vendor answered.
            **{name: _passing("WARNING") for name in ("stripe", "httpx", "httpcore", "urllib3")},
        },
    }


def _passing(level: str) -> dict[str, Any]:
    return {"handlers": [], "level": level, "propagate": True}


def _json() -> list[Any]:
    return [
        structlog.processors.format_exc_info,
        _without_rows,
        structlog.processors.JSONRenderer(default=str),
    ]


def _text() -> list[Any]:
    # Where rich is installed, the default would print the variables, with all that people typed.
    plain = structlog.dev.plain_traceback
    return [structlog.dev.ConsoleRenderer(colors=False, exception_formatter=plain)]
