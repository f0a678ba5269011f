"""Generic foreign keys, which no database constraint can keep.

A project without contenttypes has none, so they are imported only where they are used.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from django.core.checks import CheckMessage
from django.core.exceptions import FieldDoesNotExist
from django.db.models import Exists, F, Field, Model, OuterRef, Q, QuerySet, TextField
from django.db.models.functions import Cast

from integrity.invariants import problems
from integrity.invariants.declare import EVERY_ROW, OfModel

if TYPE_CHECKING:
    from django.contrib.contenttypes.fields import GenericForeignKey
    from django.contrib.contenttypes.models import ContentType


@dataclass(frozen=True, eq=False, kw_only=True)
class OrphanedGenericForeignKey(OfModel):
    """Rows whose generic foreign key leads to a row, or to a model, that isn't there.

    Guarded by every table that one of them points to.
    """

    field: str
    where: Q = EVERY_ROW

    def references(self) -> list[type[Model]]:
        used = [kind.model_class() for kind in self._types_in_use()]
        return super().references() or [model for model in used if model is not None]

    def violations(self) -> "QuerySet[Any]":
        pointer = self._pointer()
        lost = Q(pk__in=[])
        for kind in self._types_in_use():
            of_kind = Q(**{pointer.ct_field: kind.pk})
            target = kind.model_class()
            lost |= of_kind & Q(~Exists(self._targets(target))) if target else of_kind
        return self.subject()._base_manager.filter(
            self.where, lost, **{f"{pointer.fk_field}__isnull": False}
        )

    def _targets(self, target: type[Model]) -> "QuerySet[Any]":
        """Compared as text where the types differ: an id that is no number is just not there."""
        pointer = self._pointer()
        key, kept = target._meta.pk, self.subject()._meta.get_field(pointer.fk_field)
        if _same_type(key, cast("Field[Any, Any]", kept)):
            return target._base_manager.filter(pk=OuterRef(pointer.fk_field))
        as_text: QuerySet[Any] = target._base_manager.annotate(text_key=Cast(F("pk"), TextField()))
        return as_text.filter(text_key=Cast(OuterRef(pointer.fk_field), TextField()))

    def _types_in_use(self) -> "QuerySet[ContentType]":
        from django.contrib.contenttypes.models import ContentType

        types = self.subject()._base_manager.values(self._pointer().ct_field)
        return ContentType.objects.filter(pk__in=types).order_by("pk")

    def _pointer(self) -> "GenericForeignKey":
        private: list[Any] = self.subject()._meta.private_fields
        pointer: GenericForeignKey = next(each for each in private if each.name == self.field)
        return pointer

    def problems_of_kind(self, model: type[Model]) -> Iterator[CheckMessage]:
        from django.contrib.contenttypes.fields import GenericForeignKey

        try:
            field: object = model._meta.get_field(self.field)
        except FieldDoesNotExist:
            yield from problems.of_path(self, model, self.field)
            return
        if not isinstance(field, GenericForeignKey):
            yield problems.wrong_relation(
                self,
                f"{self.field!r} is no generic foreign key of {model._meta.label}.",
                hint="Name the GenericForeignKey, not its content type or id column.",
            )


def _same_type(one: "Field[Any, Any]", other: "Field[Any, Any]") -> bool:
    integers = ("AutoField", "IntegerField")
    kinds = (one.get_internal_type(), other.get_internal_type())
    return kinds[0] == kinds[1] or all(kind.endswith(integers) for kind in kinds)
