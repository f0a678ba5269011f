from integrity.models.audit import AuditEntry
from integrity.models.flows import FlowOutcome, Operation
from integrity.models.outbox import EffectCount, OutboxMessage

__all__ = ["AuditEntry", "EffectCount", "FlowOutcome", "Operation", "OutboxMessage"]
