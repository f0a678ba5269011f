"""Values that are not unique, not known, or have stood still for too long."""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.core.checks import CheckMessage
from django.db.models import Exists, F, Model, OuterRef, Q, QuerySet
from django.db.models.functions import Now

from integrity.invariants import problems
from integrity.invariants.declare import EVERY_ROW, OfModel


@dataclass(frozen=True, eq=False, kw_only=True)
class Uniqueness(OfModel):
    """Rows that share these fields with another row. NULL is shared with nobody."""

    fields: tuple[str, ...]
    where: Q = EVERY_ROW

    def violations(self) -> "QuerySet[Any]":
        rows = self.subject()._base_manager.filter(self.where)
        same = {name: OuterRef(name) for name in self.fields}
        return rows.filter(Exists(rows.filter(**same).exclude(pk=OuterRef("pk"))))

    def problems_of_kind(self, model: type[Model]) -> Iterator[CheckMessage]:
        if not self.fields:
            yield problems.says_nothing(self, "no fields are named.", hint='Say fields=("email",).')
        for path in self.fields:
            yield from problems.of_path(self, model, path)


@dataclass(frozen=True, eq=False, kw_only=True)
class AcceptedValues(OfModel):
    """Rows whose value is none of these. NULL is a matter of NOT NULL, not of this kind."""

    field: str
    values: Collection[Any] | Callable[[], Collection[Any]]
    where: Q = EVERY_ROW

    def violations(self) -> "QuerySet[Any]":
        unknown = ~Q(**{f"{self.field}__in": self._accepted()})
        present = Q(**{f"{self.field}__isnull": False})
        rows = self.subject()._base_manager.filter(self.where, present & unknown)
        shown: QuerySet[Any] = rows.annotate(actual=F(self.field))
        return shown

    def _accepted(self) -> list[Any]:
        return list(self.values() if callable(self.values) else self.values)

    def problems_of_kind(self, model: type[Model]) -> Iterator[CheckMessage]:
        yield from problems.of_path(self, model, self.field)
        if not self._accepted():
            yield problems.says_nothing(
                self, "no value is accepted.", hint="Name the values, or a function that does."
            )


@dataclass(frozen=True, eq=False, kw_only=True)
class Stuck(OfModel):
    """Rows that have been in this state for longer than they may.

    Args:
        since: the timestamp they entered it.
        where: the state.
    """

    since: str
    longer_than: timedelta
    where: Q

    def violations(self) -> "QuerySet[Any]":
        due = Now() - self.longer_than
        stuck = self.subject()._base_manager.filter(self.where, **{f"{self.since}__lt": due})
        shown: QuerySet[Any] = stuck.annotate(actual=F(self.since))
        return shown

    def problems_of_kind(self, model: type[Model]) -> Iterator[CheckMessage]:
        yield from problems.of_path(self, model, self.since)
        if self.longer_than <= timedelta():
            yield problems.says_nothing(
                self, "no time is too long.", hint="Say longer_than=timedelta(hours=1)."
            )
