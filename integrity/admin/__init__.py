"""Facts to read, and verbs that call what the commands call."""

from integrity.admin import audit, findings, flows, invariants, outbox, overview, runs

__all__ = ["audit", "findings", "flows", "invariants", "outbox", "overview", "runs"]
