"""Rows whose other half is missing."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, cast

from django.core.checks import CheckMessage
from django.db.models import Exists, ForeignKey, Model, OuterRef, Q, QuerySet
from django.db.models.fields.reverse_related import ForeignObjectRel

from integrity.invariants import problems
from integrity.invariants.declare import EVERY_ROW, OfModel


@dataclass(frozen=True, eq=False, kw_only=True)
class MissingRelated(OfModel):
    """Rows that nothing points to, though something must: a user without a profile.

    Args:
        model: whose rows must have it.
        related: the reverse relation, such as `profile` or `members`.
        where: which rows must have it.
        related_where: which related rows count.
    """

    related: str
    where: Q = EVERY_ROW
    related_where: Q = EVERY_ROW

    def violations(self) -> "QuerySet[Any]":
        model = self.subject()
        relation = cast(ForeignObjectRel, model._meta.get_field(self.related))
        pointing = cast("ForeignKey[Any, Any]", relation.field)
        others = cast(type[Model], relation.related_model)._base_manager.filter(
            self.related_where, **{pointing.attname: OuterRef(pointing.target_field.attname)}
        )
        return model._base_manager.filter(self.where, ~Exists(others))

    def problems_of_kind(self, model: type[Model]) -> Iterator[CheckMessage]:
        found = list(problems.of_path(self, model, self.related))
        yield from found
        if not found and not isinstance(model._meta.get_field(self.related), ForeignObjectRel):
            yield problems.wrong_relation(
                self,
                f"{self.related!r} isn't what points to {model._meta.label}.",
                hint="Name the reverse side, by related_name; for a foreign key of the model's "
                "own, declare OrphanedForeignKey.",
            )


@dataclass(frozen=True, eq=False, kw_only=True)
class OrphanedForeignKey(OfModel):
    """Rows that point to a row that isn't there. Guarded by the table they point to."""

    field: str
    where: Q = EVERY_ROW

    def references(self) -> list[type[Model]]:
        return super().references() or [self._pointer().related_model]

    def violations(self) -> "QuerySet[Any]":
        pointer = self._pointer()
        target = pointer.related_model._base_manager.filter(
            **{pointer.target_field.attname: OuterRef(pointer.attname)}
        )
        pointing = {f"{pointer.attname}__isnull": False} if pointer.null else {}
        return self.subject()._base_manager.filter(self.where, ~Exists(target), **pointing)

    def _pointer(self) -> Any:
        return self.subject()._meta.get_field(self.field)

    def problems_of_kind(self, model: type[Model]) -> Iterator[CheckMessage]:
        found = list(problems.of_path(self, model, self.field))
        yield from found
        if not found and not isinstance(self._pointer(), ForeignKey):
            yield problems.wrong_relation(
                self,
                f"{self.field!r} is no foreign key of {model._meta.label}.",
                hint="Name a ForeignKey or OneToOneField of the model itself.",
            )
