"""Log events with stable names: ids and counts only, never an address or a name."""

import logging

# Names of a log record's own; logging raises on a field of such a name.
_TAKEN = {*vars(logging.makeLogRecord({})), "message", "asctime"}


def log_event(logger: logging.Logger, level: int, event: str, **fields: object) -> None:
    """Write one line. `event` is stable and may be alerted on; `do` says what to do next."""
    text = " ".join(f"{name}={value}" for name, value in fields.items())
    extra = {f"{name}_" if name in _TAKEN else name: value for name, value in fields.items()}
    logger.log(level, "%s %s", event, text, extra={**extra, "event": event})
