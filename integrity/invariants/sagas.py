"""What must hold of operations over several systems."""

from django.db.models import F, QuerySet

from integrity.invariants.custom import invariant
from integrity.invariants.declare import Severity
from integrity.late import overdue, stalled
from integrity.models import ProviderGate, Saga, SagaStep


@invariant(
    "integrity.every_saga_moves_in_time",
    statement="No saga that is due waits for a worker.",
    severity=Severity.ERROR,
)
def every_saga_moves_in_time() -> QuerySet[Saga]:
    shown: QuerySet[Saga] = Saga.objects.filter(overdue()).annotate(expected=F("wake_at"))
    return shown


@invariant(
    "integrity.no_saga_needs_a_person",
    statement="No saga is parked for a person to decide.",
    severity=Severity.ERROR,
)
def no_saga_needs_a_person() -> QuerySet[Saga]:
    parked = Saga.objects.filter(state=Saga.State.ATTENTION)
    shown: QuerySet[Saga] = parked.annotate(actual=F("attention"))
    return shown


@invariant(
    "integrity.no_saga_is_stalled",
    statement="No step of a saga has been failing for an hour by itself.",
    severity=Severity.WARNING,
)
def no_saga_is_stalled() -> QuerySet[Saga]:
    shown: QuerySet[Saga] = Saga.objects.filter(stalled()).annotate(actual=F("error_class"))
    return shown


@invariant(
    "integrity.no_provider_refuses_all",
    statement="No provider refuses whatever sagas ask of it.",
    severity=Severity.ERROR,
)
def no_provider_refuses_all() -> QuerySet[ProviderGate]:
    shut = ProviderGate.objects.filter(shut_until__isnull=False)
    shown: QuerySet[ProviderGate] = shut.annotate(actual=F("reason"))
    return shown


@invariant(
    "integrity.no_effect_of_a_saga_is_left",
    statement="What a saga that has ended has left elsewhere is tidied up.",
    severity=Severity.WARNING,
)
def no_effect_of_a_saga_is_left() -> QuerySet[SagaStep]:
    left = SagaStep.objects.filter(left_behind=True)
    shown: QuerySet[SagaStep] = left.annotate(actual=F("name"))
    return shown
