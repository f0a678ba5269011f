"""Log events with stable names: ids and counts only, never an address or a name."""

import logging
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar

_bound: ContextVar[Mapping[str, str]] = ContextVar("integrity_log", default={})  # noqa: B039
_ADDRESS = re.compile(r"[^\s<>,;:\"']+@[^\s<>,;:\"']+")
# Names of a log record's own; logging raises on a field of such a name.
_TAKEN = {*vars(logging.makeLogRecord({})), "message", "asctime"}


@contextmanager
def binding(**names: object) -> Iterator[None]:
    """Each line that is logged inside says of what: `binding(run=run.uid)`. Ids only."""
    token = _bound.set({**_bound.get(), **{name: str(value) for name, value in names.items()}})
    try:
        yield
    finally:
        _bound.reset(token)


def bound() -> Mapping[str, str]:
    """What a formatter adds to lines that are not ours."""
    return _bound.get()


def log_event(logger: logging.Logger, level: int, event: str, **fields: object) -> None:
    """Write one line. `event` is stable and may be alerted on; `do` says what to do next."""
    fields = {**bound(), **fields}
    text = " ".join(f"{name}={value}" for name, value in fields.items())
    extra = {f"{name}_" if name in _TAKEN else name: value for name, value in fields.items()}
    logger.log(level, "%s %s", event, text, extra={**extra, "event": event})


def kind_and_place(error: BaseException) -> str:
    """What was raised, and by which line. Never its text: that may quote what it was about."""
    trace, place = error.__traceback__, ""
    while trace is not None:
        place = f" at {trace.tb_frame.f_globals.get('__name__', '?')}:{trace.tb_lineno}"
        trace = trace.tb_next
    return f"{type(error).__name__}{place}"


def without_addresses(text: str) -> str:
    return _ADDRESS.sub("[address]", text)
