"""What a declaration can get wrong. Each has a stable id, a message and a hint."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from django.core.checks import CheckMessage, Error
from django.core.exceptions import EmptyResultSet, FieldDoesNotExist
from django.db import Error as DatabaseError
from django.db.models import Model, QuerySet
from django.db.models.constants import LOOKUP_SEP

from integrity.invariants.thresholds import UnreadableThreshold, threshold

if TYPE_CHECKING:
    from integrity.invariants.declare import Invariant

_NAME = re.compile(r"[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*")


def problem(number: int, declared: "Invariant", text: str, *, hint: str) -> Error:
    return Error(f"{declared.name}: {text}", hint=hint, id=f"integrity.E{number}")


def of_every_invariant(declared: "Invariant") -> Iterator[CheckMessage]:
    """All that can be told without asking the database."""
    found = list(of_the_declaration(declared))
    yield from found
    try:
        model = declared.subject()
    except LookupError as error:
        yield unknown_model(declared, error)
    except Exception as error:  # noqa: BLE001 - a declaration may raise anything
        yield _unbuildable(declared, error)
    else:
        of_model = [*_of_the_fields(declared, model), *declared.problems_of_kind(model)]
        yield from of_model
        if not found and not of_model:
            yield from _of_the_query(declared)


def of_the_declaration(declared: "Invariant") -> Iterator[CheckMessage]:
    if not _NAME.fullmatch(declared.name):
        yield problem(
            101,
            declared,
            "the name isn't of the form `app.what_holds`.",
            hint="Lower case, one dot, words joined by underscores.",
        )
    yield from _of_the_thresholds(declared)
    yield from _of_the_settle_window(declared)
    try:
        declared.guard and declared.guard.resolved()
    except LookupError as error:
        yield problem(
            109,
            declared,
            f"the guard names no model: {error}",
            hint='Name the models by label: Guard("accounts.User").',
        )


def _of_the_thresholds(declared: "Invariant") -> Iterator[CheckMessage]:
    for option in ("warn_if", "error_if"):
        text = getattr(declared, option)
        try:
            text and threshold(text)
        except UnreadableThreshold:
            yield problem(
                105,
                declared,
                f"{option}={text!r} is no threshold.",
                hint=UnreadableThreshold.__doc__ or "",
            )
    if declared.error_if and declared.severity.name in ("INFO", "WARNING"):
        yield problem(
            106,
            declared,
            f"error_if can't make a {declared.severity.name.lower()} worse.",
            hint="Give it severity ERROR or CRITICAL, or say warn_if.",
        )
    if declared.warn_if and not declared.error_if and declared.severity.name in _GRAVE:
        yield problem(
            106,
            declared,
            f"with warn_if alone it is never more than a warning, yet {declared.severity.name}.",
            hint="Say error_if as well, or give it severity WARNING.",
        )


_GRAVE = ("ERROR", "CRITICAL")


def _of_the_settle_window(declared: "Invariant") -> Iterator[CheckMessage]:
    if declared.settle.total_seconds() < 0 or (declared.settle_field and not declared.settle):
        yield problem(
            107,
            declared,
            "the settle window is not a length of time.",
            hint="settle=timedelta(minutes=5), with settle_field as the timestamp it counts from.",
        )


def _of_the_fields(declared: "Invariant", model: type[Model]) -> Iterator[CheckMessage]:
    for path in (declared.settle_field, declared.since_field):
        if path:
            yield from of_path(declared, model, path)


def of_path(declared: "Invariant", model: type[Model], path: str) -> Iterator[CheckMessage]:
    """A field of the model, or of a model it leads to, as in `user__email`."""
    for part in path.split(LOOKUP_SEP):
        try:
            field: Any = model._meta.pk if part == "pk" else model._meta.get_field(part)
        except FieldDoesNotExist:
            yield problem(
                103,
                declared,
                f"{model._meta.label} has no field {part!r}.",
                hint=f"It has: {', '.join(sorted(_names(model)))}.",
            )
            return
        model = field.related_model or model


def _names(model: type[Model]) -> set[str]:
    return {field.name for field in model._meta.get_fields()}


def unknown_model(declared: "Invariant", error: Exception) -> Error:
    return problem(
        102,
        declared,
        f"there is no such model: {error}",
        hint="Name it `app_label.Model`, and see that its app is in INSTALLED_APPS.",
    )


def wrong_relation(declared: "Invariant", text: str, *, hint: str) -> Error:
    return problem(104, declared, text, hint=hint)


def says_nothing(declared: "Invariant", text: str, *, hint: str) -> Error:
    return problem(113, declared, text, hint=hint)


def _unbuildable(declared: "Invariant", error: object) -> Error:
    return problem(
        112,
        declared,
        f"its query can't be built: {error}",
        hint="Return an unevaluated queryset of the violating rows.",
    )


def _of_the_query(declared: "Invariant") -> Iterator[CheckMessage]:
    try:
        violations = declared.violations()
        if not isinstance(violations, QuerySet):
            yield _unbuildable(declared, f"it is a {type(violations).__name__}.")
            return
        str(violations.query)
    except (DatabaseError, EmptyResultSet):
        return  # it asks for nothing, or building it asks a database that is away or not migrated
    except Exception as error:  # noqa: BLE001 - a declaration may raise anything
        yield _unbuildable(declared, error)
        return
    if violations.query.is_sliced or violations.query.combinator:
        yield problem(
            114,
            declared,
            "its queryset is sliced or combined, so it can't be counted and narrowed.",
            hint="Return one plain queryset; say `|` with Q objects instead of union().",
        )


_left_alone: ContextVar[bool] = ContextVar("integrity_declarations_left_alone", default=False)


@contextmanager
def left_to_their_results() -> Iterator[None]:
    """For a command that checks invariants: a bad declaration is unknown, and stops no other."""
    token = _left_alone.set(True)
    try:
        yield
    finally:
        _left_alone.reset(token)


def of_the_registry() -> list[CheckMessage]:
    """Everything that is wrong with the invariants that are declared."""
    from integrity.invariants.declare import declared_twice, invariants

    if _left_alone.get():
        return []
    found = [message for declared in invariants for message in declared.problems()]
    found += [_declared_twice(declared) for declared in declared_twice]
    return found + list(_of_the_aliases(list(invariants)))


def _declared_twice(declared: "Invariant") -> Error:
    return problem(
        100,
        declared,
        "it is declared twice; the second declaration is ignored.",
        hint="Rename one: findings are filed under the name.",
    )


def _of_the_aliases(declared: "list[Invariant]") -> Iterator[CheckMessage]:
    taken = {each.name: each.name for each in declared}
    for each in declared:
        for alias in each.aliases:
            if alias in taken:
                yield problem(
                    108,
                    each,
                    f"the alias {alias!r} belongs to {taken[alias]}.",
                    hint="An alias is a name that nothing has any more.",
                )
            taken[alias] = each.name
