"""What the declaration of a repair can get wrong. Each has a stable id, a message and a hint."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from django.core.checks import CheckMessage, Error
from django.core.exceptions import FieldDoesNotExist, FieldError
from django.db.models import Model

from integrity.invariants.declare import Observation, invariants
from integrity.invariants.names import model_named

if TYPE_CHECKING:
    from integrity.repair.declare import Change, Repair, RowRepair

_NAME = re.compile(r"[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*")


def problem(number: int, repair: "Repair", text: str, *, hint: str) -> Error:
    return Error(f"{repair.name}: {text}", hint=hint, id=f"integrity.E{number}")


def of_every_repair(repair: "Repair") -> Iterator[CheckMessage]:
    if not _NAME.fullmatch(repair.name):
        yield problem(
            131,
            repair,
            "the name isn't of the form `app.verb_phrase`.",
            hint="Lower case, one dot, words joined by underscores.",
        )
    if repair.invariant not in invariants:
        yield problem(
            132,
            repair,
            f"it mends {repair.invariant!r}, which isn't declared.",
            hint="See: manage.py integrity list",
        )
    rows, percent = repair.max_affected
    if rows < 1 or not 0 < percent <= 100:
        yield problem(
            133,
            repair,
            f"max_affected={repair.max_affected} is no limit.",
            hint="Say how many rows, and what percentage of them: (1000, 1.0).",
        )


def of_the_changes(repair: "RowRepair") -> Iterator[CheckMessage]:
    if isinstance(repair.declared, Observation):
        yield problem(
            134,
            repair,
            f"{repair.invariant} is not about rows.",
            hint="Declare an Action, which mends by a function.",
        )
        return
    try:
        subject = repair.subject()
        for change in repair.changes():
            yield from _of_change(repair, change, subject)
    except LookupError as error:
        yield problem(
            135,
            repair,
            f"there is no such model: {error}",
            hint="Name it `app_label.Model`, and see that its app is in INSTALLED_APPS.",
        )
        return
    if repair.lock_first:
        yield from _of_names(repair, subject, [repair.lock_first])
    yield from _of_expressions(repair)


def _of_expressions(repair: "RowRepair") -> Iterator[Error]:
    """Django alone is asked: the database may not be there."""
    from integrity.repair.changes import asked, steps_of

    try:
        for rows in (repair.suspects(), repair.recheck()):
            asked(steps_of(repair), rows, at=datetime.now(UTC))
    except (FieldError, FieldDoesNotExist) as error:
        yield problem(
            140,
            repair,
            f"it can't be asked of the database: {error}",
            hint="Name fields of the violating row, in its values, its keys and its invariant.",
        )


def _of_change(repair: "RowRepair", change: "Change", subject: type[Model]) -> Iterator[Error]:
    model = model_named(change.model) if change.model else subject
    yield from _of_names(repair, model, [*change.key, *change.values])
    if change.action != "delete" and not change.values:
        yield problem(
            137,
            repair,
            f"an {change.action} of {model._meta.label} writes nothing.",
            hint="Name the fields and what they become.",
        )
    pk = [field.attname for field in model._meta.pk_fields]
    if change.action == "insert" and set(pk) - set(change.values):
        yield problem(
            138,
            repair,
            f"the insert into {model._meta.label} doesn't say its primary key.",
            hint=f'Say {pk[0]}=..., or {pk[0]}=New("{model._meta.label}") for a new one.',
        )


def _of_names(repair: "Repair", model: type[Model], names: list[str]) -> Iterator[Error]:
    for name in names:
        try:
            model._meta.get_field(name)
        except FieldDoesNotExist:
            yield problem(
                136,
                repair,
                f"{model._meta.label} has no field {name!r}.",
                hint="Name the field, a foreign key by its column: user_id.",
            )


def irrevocable(repair: "Repair") -> Error:
    return problem(
        139,
        repair,
        "it has no undo, and doesn't say so.",
        hint="Give it an undo, or say irreversible=True.",
    )


def of_the_repairs() -> list[CheckMessage]:
    """Everything that is wrong with the repairs that are declared."""
    from integrity.repair.declare import declared_twice, repairs

    found = [message for repair in repairs for message in repair.problems()]
    return found + [
        problem(
            130,
            repair,
            "it is declared twice; the second declaration is ignored.",
            hint="Rename one: plans are filed under the name.",
        )
        for repair in declared_twice
    ]
