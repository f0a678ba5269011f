"""Which violating rows a repair may touch: confirmed, not at work elsewhere, not judged right."""

from typing import Any

from django.db.models import Exists, Model, OuterRef, QuerySet, TextField, Value
from django.db.models.expressions import RawSQL
from django.db.models.fields import BooleanField
from django.db.models.functions import Cast, Concat, Now

from integrity.invariants.declare import Invariant
from integrity.models import Finding
from integrity.repair.declare import RowRepair
from integrity.repair.names import column_of, type_of

CHUNK = """
SELECT {parts} FROM integrity_plannedchange chosen
WHERE chosen.plan_id = %s AND chosen.position > %s AND chosen.position <= %s
"""


def candidates(repair: RowRepair, *, again: bool = False) -> "QuerySet[Any]":
    """The violating rows that the repair may touch, as of now.

    Args:
        again: for a few of them, by key.
    """
    return _touchable(repair.declared, repair.recheck() if again else repair.suspects())


def touchable(declared: Invariant) -> "QuerySet[Any]":
    """The same, for an action that asks by itself what is to be done."""
    return _touchable(declared, declared.violations())


def _touchable(declared: Invariant, suspects: "QuerySet[Any]") -> "QuerySet[Any]":
    rows = _settled(declared, suspects)
    if declared.in_flight is not None:
        flying = declared.in_flight(suspects)
        rows = rows.filter(~Exists(flying.filter(pk=OuterRef("pk"))))
    return rows.filter(~_finding(declared, rows.model, state=Finding.State.FALSE_POSITIVE))


def _settled(declared: Invariant, rows: "QuerySet[Any]") -> "QuerySet[Any]":
    if not declared.settle:
        return rows
    since = Now() - declared.settle
    if declared.settle_field:
        return rows.filter(**{f"{declared.settle_field}__lte": since})
    return rows.filter(_finding(declared, rows.model, resolved_at=None, present_since__lte=since))


def _finding(declared: Invariant, model: type[Model], **states: Any) -> Exists:
    """Whether the row has a finding like this."""
    parts: list[Any] = []
    for field in model._meta.pk_fields:
        parts += [Value(":"), Cast(OuterRef(field.attname), TextField())]
    subject = Concat(Value(model._meta.label_lower), *parts, output_field=TextField())
    names = [declared.name, *declared.aliases]
    return Exists(Finding.objects.filter(invariant__in=names, subject=subject, **states))


def in_chunk(
    rows: "QuerySet[Any]", *, plan: int, after: int, upto: int, applied: bool = False
) -> "QuerySet[Any]":
    """Those of the rows that are subjects of the plan at these positions.

    Args:
        applied: only subjects that the plan has changed.
    """
    which = " AND chosen.state = 'applied'" if applied else ""
    sql = f"({keys_of(rows.model)}) IN ({planned_keys(rows.model)}{which})"
    return rows.filter(RawSQL(sql, [plan, after, upto], output_field=BooleanField()))


def keys_of(model: type[Model]) -> str:
    return ", ".join(column_of(model, field.attname) for field in model._meta.pk_fields)


def planned_keys(model: type[Model]) -> str:
    """A SELECT of the planned subjects' keys, of their columns' types."""
    parts = ", ".join(
        f"(chosen.subject ->> {place})::{type_of(field)}"
        for place, field in enumerate(model._meta.pk_fields)
    )
    return CHUNK.format(parts=parts)
