"""Declare, in `<app>/personal_data.py`, what each column holds: personal, sealed, or why neither.

A column that holds text, and each column of a person's rows, needs a word. integrity.E021 names those
without one, so that nobody adds a column and forgets the export and the deletion.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.db.models import Model, QuerySet

from integrity.registry import Registry

# Rows of one model that belong to a person, given as an instance of the project's user model.
RowsOf = Callable[[Any], "QuerySet[Any]"]
# Deletes or blanks at most so many rows of a person, and says how many.
Erase = Callable[[Any, int], int]


@dataclass(frozen=True, kw_only=True)
class Holding:
    """What one table holds.

    Args:
        table: its name in the database.
        model: None for a table that no model is made for.
        title: what a person calls these rows; the heading of their part of an export.
        rows: picks a person's rows. Without it nothing of them is exported.
        personal: the columns that are about a person; those of `rows` are exported, in this order.
        withheld: of those, the ones that an export leaves out, each with its reason.
        sealed: columns that are encrypted, each with what is inside.
        neither: the columns that are about nobody, each with its reason.
        erased: how all that goes when the person does; with an eraser, what that one does.
    """

    table: str
    model: type[Model] | None = None
    title: str = ""
    rows: RowsOf | None = None
    personal: tuple[str, ...] = ()
    withheld: Mapping[str, str]
    sealed: Mapping[str, str]
    neither: Mapping[str, str]
    erased: str = ""

    @property
    def name(self) -> str:
        return self.table

    @property
    def columns(self) -> set[str]:
        """Those it has a word for, by their names in the declaration."""
        return {*self.personal, *self.sealed, *self.neither}


@dataclass(frozen=True)
class Eraser:
    name: str
    erase: Erase


holdings: Registry[Holding] = Registry("holding of personal data")
erasers: Registry[Eraser] = Registry("eraser of personal data")


def hold(
    model: str,
    *,
    title: str = "",
    of: str | RowsOf = "",
    personal: tuple[str, ...] = (),
    withheld: Mapping[str, str] | None = None,
    sealed: Mapping[str, str] | None = None,
    neither: Mapping[str, str] | None = None,
    erased: str = "",
) -> Holding:
    """Declare the columns of a model, by the names of its fields.

    Args:
        model: `app.Model`.
        of: the path of a query from a row to its person, such as `wedding__members__user`, or a
            function that picks a person's rows. Blank where they are of nobody.

    Raises:
        LookupError: there is no such model.
        ValueError: something personal or sealed has no word on how it goes.
    """
    found = apps.get_model(model)
    return _add(
        Holding(
            table=found._meta.db_table,
            model=found,
            title=title,
            rows=_along(found, of) if isinstance(of, str) and of else of or None,
            personal=personal,
            withheld=withheld or {},
            sealed=sealed or {},
            neither=neither or {},
            erased=erased,
        )
    )


def hold_table(table: str, *, neither: Mapping[str, str]) -> Holding:
    """Declare a table that no model is made for, by the names of its columns."""
    return _add(Holding(table=table, withheld={}, sealed={}, neither=neither))


def eraser(name: str) -> Callable[[Erase], Erase]:
    """Declare how to get rid of what doesn't go with the person's own rows, and may be anywhere.

    `erase_traces` calls it, inside a transaction, until it returns 0.
    """

    def register(erase: Erase) -> Erase:
        erasers.add(Eraser(name, erase))
        return erase

    return register


def _add(holding: Holding) -> Holding:
    if (holding.personal or holding.sealed) and not holding.erased:
        raise ValueError(f"{holding.name} holds personal data: say how it is erased.")
    if unknown := set(holding.withheld) - set(holding.personal):
        raise ValueError(f"{holding.name} withholds what it doesn't call personal: {unknown}.")
    return holdings.add(holding)


def _along(model: type[Model], path: str) -> RowsOf:
    return lambda person: model._base_manager.filter(**{path: person.pk})
