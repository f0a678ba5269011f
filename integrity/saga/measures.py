"""The numbers of sagas for a monitor. Each is asked of an index, however long the history is."""

from collections.abc import Iterable, Iterator
from typing import Any

from django.db.models import Count, QuerySet

from integrity.exposition import Family, Sample, gauge
from integrity.late import stalled
from integrity.models import PausedKind, Saga, SagaStep
from integrity.saga.definition import sagas
from integrity.saga.kinds import kinds
from integrity.sampling import COUNTED, sampled

UNDER_WAY = [state for state in Saga.State if state not in Saga.FINISHED]


def families() -> Iterator[Family]:
    known = kinds()
    states = sampled("saga_states.sql", {"counted": COUNTED})
    yield gauge(
        "integrity_sagas",
        f"Sagas under way, by kind and state; {COUNTED} stands for more.",
        _from_zero(states, [{"kind": kind, "state": each} for kind in known for each in UNDER_WAY]),
    )
    yield gauge(
        "integrity_sagas_oldest_due_seconds",
        "For how long the saga that has waited longest for a worker has been due; 0 without one.",
        _from_zero(sampled("saga_due.sql"), [{"kind": kind} for kind in known]),
    )
    yield gauge(
        "integrity_sagas_stalled",
        "Sagas whose step has been failing for an hour.",
        _by_kind(Saga.objects.filter(stalled()), "kind", known),
    )
    yield gauge(
        "integrity_sagas_left_behind",
        "Effects that sagas which have ended left elsewhere.",
        _by_kind(SagaStep.objects.filter(left_behind=True), "saga__kind", known),
    )
    yield from _attention()
    yield from _stops(known)


def _attention() -> Iterator[Family]:
    yield gauge(
        "integrity_sagas_attention",
        "Sagas that need a person, by what for.",
        sampled("saga_attention.sql"),
    )
    yield gauge(
        "integrity_sagas_attention_oldest_seconds",
        "For how long the oldest of those that need a person has.",
        sampled("saga_attention_age.sql"),
    )


def _stops(known: list[str]) -> Iterator[Family]:
    paused = set(PausedKind.objects.values_list("kind", flat=True))
    yield gauge(
        "integrity_saga_kind_paused",
        "1 while all sagas of the kind are paused by a person.",
        [Sample({"kind": kind}, int(kind in paused)) for kind in known],
    )
    steps = (step for saga in sagas for step in saga.steps)
    providers = sorted({name for step in steps if (name := getattr(step, "provider", ""))})
    yield gauge(
        "integrity_saga_gate_shut_seconds",
        "For how long a provider has refused everybody, so that sagas wait for it; 0 if it doesn't.",
        _from_zero(sampled("saga_gates.sql"), [{"provider": each} for each in providers]),
    )


def _by_kind(rows: "QuerySet[Any]", column: str, known: list[str]) -> list[Sample]:
    counted = rows.order_by().values_list(column).annotate(Count(column))
    found = [Sample({"kind": kind}, count) for kind, count in counted]
    return _from_zero(found, [{"kind": kind} for kind in known])


def _from_zero(found: list[Sample], expected: Iterable[dict[str, str]]) -> list[Sample]:
    """What isn't there counts nought, so that a monitor sees it rise."""
    told = [each.labels for each in found]
    return found + [Sample(labels, 0) for labels in expected if labels not in told]
