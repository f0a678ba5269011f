"""Facts to read, and verbs that call what the commands call."""

from integrity.admin import (
    audit,
    findings,
    flows,
    incidents,
    invariants,
    outbox,
    overview,
    plans,
    repairs,
    runs,
    sagas,
)

__all__ = [
    "audit",
    "findings",
    "flows",
    "incidents",
    "invariants",
    "outbox",
    "overview",
    "plans",
    "repairs",
    "runs",
    "sagas",
]
