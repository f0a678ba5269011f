"""Facts to read, and verbs that call what the commands call."""

from integrity.admin import audit, flows, outbox

__all__ = ["audit", "flows", "outbox"]
