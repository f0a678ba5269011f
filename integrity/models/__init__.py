from integrity.models.alerts import Alert, Incident, IncidentChange
from integrity.models.audit import AuditEntry
from integrity.models.desk import Invariant, Overview, Repair
from integrity.models.findings import Finding
from integrity.models.flows import Ended, FlowOutcome, Operation
from integrity.models.outbox import EffectCount, OutboxMessage
from integrity.models.repairs import PlannedChange, RepairPlan, UnattendedRepair
from integrity.models.runs import Run, RunResult
from integrity.models.saga_stops import PausedKind, ProviderGate
from integrity.models.sagas import Saga, SagaCount, SagaEvent, SagaSecret, SagaStep
from integrity.models.watch import Heartbeat, PromisedTrigger

__all__ = [
    "Alert",
    "AuditEntry",
    "EffectCount",
    "Ended",
    "Finding",
    "FlowOutcome",
    "Heartbeat",
    "Incident",
    "IncidentChange",
    "Invariant",
    "Operation",
    "OutboxMessage",
    "Overview",
    "PausedKind",
    "PlannedChange",
    "PromisedTrigger",
    "ProviderGate",
    "Repair",
    "RepairPlan",
    "Run",
    "RunResult",
    "Saga",
    "SagaCount",
    "SagaEvent",
    "SagaSecret",
    "SagaStep",
    "UnattendedRepair",
]
