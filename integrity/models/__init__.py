from integrity.models.audit import AuditEntry
from integrity.models.findings import Finding
from integrity.models.flows import FlowOutcome, Operation
from integrity.models.outbox import EffectCount, OutboxMessage
from integrity.models.repairs import PlannedChange, RepairPlan, UnattendedRepair
from integrity.models.runs import Run, RunResult
from integrity.models.watch import Heartbeat, PromisedTrigger

__all__ = [
    "AuditEntry",
    "EffectCount",
    "Finding",
    "FlowOutcome",
    "Heartbeat",
    "Operation",
    "OutboxMessage",
    "PlannedChange",
    "PromisedTrigger",
    "RepairPlan",
    "Run",
    "RunResult",
    "UnattendedRepair",
]
