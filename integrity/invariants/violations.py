"""Read the violations of one invariant in the open snapshot: how many, which, and since when."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import Error
from django.db.models import Case, F, Model, QuerySet, TextField, Value, When
from django.db.models.expressions import Combinable
from django.db.models.functions import Cast, Concat, Now

from integrity.invariants.declare import Invariant, Observation
from integrity.invariants.evidence import DISCRIMINATOR, SHOWN
from integrity.models import Finding
from integrity.transactions import savepoint

STORED = 10_000
BATCH = 5_000


@dataclass(frozen=True)
class Violation:
    """One row that breaks the statement, or one thing that was observed to."""

    subject: str
    key: str
    evidence: dict[str, Any]
    discriminator: str = ""
    suspected: bool = False


@dataclass(frozen=True)
class Reading:
    """The violations: the first 10,000 by primary key, and how many there are in all."""

    stored: list[Violation]
    total: int
    suspected: int

    @property
    def overflows(self) -> bool:
        return self.total > len(self.stored)


@dataclass
class Tables:
    """Row counts, taken once a table in the snapshot; None where that takes too long."""

    counted: dict[type[Model], int | None] = field(default_factory=dict)

    def rows(self, model: type[Model]) -> int | None:
        if model not in self.counted:
            try:
                with savepoint():
                    self.counted[model] = model._base_manager.count()
            except Error:
                self.counted[model] = None
        return self.counted[model]


def read(declared: Invariant, violations: "QuerySet[Any] | None") -> Reading:
    """Read what violates. An observation has no rows to narrow, so it gets None."""
    if violations is None:
        return _observed(declared)
    rows = list(_columns(declared, violations)[: STORED + 1])
    total = len(rows) if len(rows) <= STORED else violations.count()
    flying, busy = _in_flight(declared, violations)
    unconfirmed = _unconfirmed(declared)
    label = violations.model._meta.label_lower
    stored = [_violation(label, row, flying, unconfirmed) for row in rows[:STORED]]
    suspected = sum(each.suspected for each in stored)
    if total > STORED:
        suspected = max(suspected, busy, _young(declared, violations))
    return Reading(stored, total, suspected)


def read_again(declared: Invariant, violations: "QuerySet[Any]", seen: Reading) -> Reading:
    """Which of those that were seen elsewhere violate here; as many as were not listed count on."""
    model = violations.model
    keys = iter(dict.fromkeys(primary_key(model, each.subject) for each in seen.stored))
    stored: list[Violation] = []
    while batch := list(islice(keys, BATCH)):
        stored += read(declared, violations.filter(pk__in=batch)).stored
    unlisted = seen.total - len(seen.stored)
    suspected = sum(each.suspected for each in stored)
    return Reading(stored, unlisted + len(stored), seen.suspected if unlisted else suspected)


def _observed(declared: Invariant) -> Reading:
    assert isinstance(declared, Observation)
    unconfirmed = _unconfirmed(declared)
    stored = [
        Violation(
            each.subject,
            each.subject,
            _as_json(each.evidence),
            suspected=unconfirmed is not None and (each.subject, "") not in unconfirmed,
        )
        for each in declared.observe()
    ]
    return Reading(stored, len(stored), sum(each.suspected for each in stored))


def key_of(model: type[Model]) -> Combinable:
    """A primary key as text; the parts of a composite one are joined by colons."""
    parts: list[Combinable] = []
    for each in model._meta.pk_fields:
        parts += [Value(":"), Cast(F(each.attname), TextField())]
    return parts[1] if len(parts) == 2 else Concat(*parts[1:], output_field=TextField())


def _columns(declared: Invariant, violations: "QuerySet[Any]") -> "QuerySet[Any, Any]":
    shown = violations.query.annotations
    names = [name for name in (*SHOWN, DISCRIMINATOR) if name in shown]
    young: Any = Value(False)
    if declared.settle and declared.settle_field:
        fresh = {f"{declared.settle_field}__gt": Now() - declared.settle}
        young = Case(When(**fresh, then=True), default=False)
    keys = [each.attname for each in violations.model._meta.pk_fields]
    rows: QuerySet[Any, Any] = (
        violations.order_by(*keys)
        .annotate(integrity_key=key_of(violations.model), integrity_young=young)
        .values("integrity_key", "integrity_young", *names)
    )
    return rows


def _violation(
    label: str, row: dict[str, Any], flying: set[str], old: set[tuple[str, str]] | None
) -> Violation:
    key, discriminator = row["integrity_key"], str(row.get(DISCRIMINATOR) or "")
    subject = f"{label}:{key}"
    unconfirmed = old is not None and (subject, discriminator) not in old
    suspected = row["integrity_young"] or key in flying or unconfirmed
    shown = {name: row[name] for name in SHOWN if name in row}
    return Violation(subject, key, _as_json(shown), discriminator, bool(suspected))


def _as_json(evidence: dict[str, Any]) -> dict[str, Any]:
    plain: dict[str, Any] = json.loads(json.dumps(evidence, cls=DjangoJSONEncoder))
    return plain


def _young(declared: Invariant, violations: "QuerySet[Any]") -> int:
    if not (declared.settle and declared.settle_field):
        return 0
    return violations.filter(**{f"{declared.settle_field}__gt": Now() - declared.settle}).count()


def _in_flight(declared: Invariant, violations: "QuerySet[Any]") -> tuple[set[str], int]:
    """The keys of the rows that something still works on, and how many those are."""
    if declared.in_flight is None:
        return set(), 0
    flying = declared.in_flight(violations)
    keys = [each.attname for each in violations.model._meta.pk_fields]
    found = list(
        flying.order_by(*keys)
        .annotate(integrity_key=key_of(violations.model))
        .values_list("integrity_key", flat=True)[: STORED + 1]
    )
    return set(found), len(found) if len(found) <= STORED else flying.count()


def _unconfirmed(declared: Invariant) -> set[tuple[str, str]] | None:
    """What has been there for the settle window, by our own findings; None if age is a column."""
    if not declared.settle or declared.settle_field:
        return None
    known = Finding.objects.filter(
        invariant__in=[declared.name, *declared.aliases],
        resolved_at=None,
        present_since__lte=Now() - declared.settle,
    )
    return set(known.values_list("subject", "discriminator"))


def proven_clean(declared: Invariant, violations: "QuerySet[Any]") -> list[int]:
    """The findings that no longer hold, asked for by key, where too many rows violate to list."""
    unresolved = Finding.objects.filter(
        invariant__in=[declared.name, *declared.aliases], resolved_at=None
    )
    clean: list[int] = []
    for batch in _batches(unresolved.values_list("pk", "subject").iterator(BATCH)):
        keys = {primary_key(violations.model, subject): pk for pk, subject in batch}
        still = violations.filter(pk__in=list(keys)).order_by().values_list("pk", flat=True)
        clean += [keys[key] for key in keys.keys() - set(still)]
    return clean


def _batches(rows: Iterator[tuple[int, str]]) -> Iterator[list[tuple[int, str]]]:
    while batch := list(islice(rows, BATCH)):
        yield batch


def primary_key(model: type[Model], subject: str) -> Any:
    """A finding's subject as the key of its row."""
    parts = model._meta.pk_fields
    texts = subject.partition(":")[2].split(":", len(parts) - 1)
    values = tuple(part.to_python(text) for part, text in zip(parts, texts, strict=True))
    return values if len(values) > 1 else values[0]
