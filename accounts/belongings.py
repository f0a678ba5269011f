"""Which rows of which tables belong to one person, found by the foreign keys that lead to them."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.db.models import ForeignKey, Model

from accounts.models import Member, User, Wedding
from integrity import spot
from integrity.invariants import Invariant, invariants
from integrity.invariants.declare import Observation

# Nobody has more rows of one kind to look at on one page.
MOST = 1000
THROUGH_THE_WEDDING = "members__user"


@dataclass(frozen=True)
class Belongings:
    """The rows of one model: their keys, at most a thousand."""

    model: type[Model]
    keys: list[Any]

    @property
    def name(self) -> str:
        return str(self.model._meta.verbose_name_plural)

    @property
    def subjects(self) -> list[str]:
        """How findings name them."""
        label = self.model._meta.label_lower
        return [f"{label}:{_as_text(key)}" for key in self.keys]


def belongings(user: User) -> list[Belongings]:
    """Of every model that can hold some, also where this person has none."""
    return [
        Belongings(model, list(rows.values_list("pk", flat=True)[:MOST]))
        for model, path in _paths()
        for rows in [model._base_manager.filter(**{path: user.pk})]
    ]


def check_person(found: list[Belongings]) -> list[spot.Spot]:
    """Each invariant about such rows, for this person's alone."""
    keys = {each.model: each.keys for each in found}
    asked = [(each, keys[model]) for each, model in _subjects() if model in keys]
    return spot.check_rows(asked)


def _paths() -> Iterator[tuple[type[Model], str]]:
    yield User, "pk"
    yield Wedding, THROUGH_THE_WEDDING
    for model in apps.get_models():
        if model._meta.managed and not model._meta.proxy and (path := _path(model)):
            yield model, path


def _path(model: type[Model]) -> str:
    """The owner's: a wedding's rows are of both, whoever else a row names."""
    keys = [each for each in model._meta.get_fields() if isinstance(each, ForeignKey)]
    of_wedding = [each.name for each in keys if each.related_model is Wedding]
    if of_wedding and model is not Member:
        return f"{of_wedding[0]}__{THROUGH_THE_WEDDING}"
    return next((each.name for each in keys if each.related_model is User), "")


def _subjects() -> Iterator[tuple[Invariant, type[Model]]]:
    for each in invariants:
        if not isinstance(each, Observation):
            yield each, each.subject()


def _as_text(key: Any) -> str:
    return ":".join(map(str, key)) if isinstance(key, tuple) else str(key)
