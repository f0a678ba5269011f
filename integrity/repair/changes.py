"""The SQL of a repair's changes: for each violating row, what each of its rows is and becomes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import F, Model, QuerySet, Value

from integrity.invariants.names import model_named
from integrity.repair.declare import Change, New, PlannedAt, RowRepair
from integrity.repair.names import field_of, literal, quoted, table_of

# Steps of a change that finds many rows are numbered from here, so that each row keeps its place.
MANY = 1000
Statement = tuple[str, list[Any]]


@dataclass(frozen=True)
class Step:
    """One of a repair's changes, with its place and its model."""

    number: int
    change: Change
    model: type[Model]

    @property
    def table(self) -> str:
        return table_of(self.model)

    @property
    def written(self) -> list[str]:
        """The fields that it writes, by name."""
        return list(self.change.values)

    @property
    def drawn(self) -> dict[str, New]:
        return {name: new for name, new in self.change.values.items() if isinstance(new, New)}

    def alias(self, part: str, name: str) -> str:
        return f"integrity_{self.number}_{part}_{name}"


def steps_of(repair: RowRepair) -> list[Step]:
    subject = repair.subject()
    return [
        Step(number, change, model_named(change.model) if change.model else subject)
        for number, change in enumerate(repair.changes(), 1)
    ]


def violating(
    steps: Sequence[Step], rows: "QuerySet[Any]", *, at: datetime, limit: int | None = None
) -> Statement:
    """A SELECT of the violating rows, with a column for each key and value of the changes."""
    selected = asked(steps, rows, at=at)
    sql, parameters = (selected[:limit] if limit else selected).query.sql_with_params()
    return sql, list(parameters)


def asked(steps: Sequence[Step], rows: "QuerySet[Any]", *, at: datetime) -> "QuerySet[Any]":
    """As a queryset. Raises FieldError: an expression names what the rows don't have."""
    keys = [field.attname for field in rows.model._meta.pk_fields]
    names: dict[str, Any] = {f"integrity_pk{place}": F(key) for place, key in enumerate(keys)}
    for step in steps:
        for name, value in _asked(step).items():
            names[name] = _expression(value, at)
    found: QuerySet[Any] = rows.order_by(*keys).annotate(**names).values_list(*names)
    return found


def _asked(step: Step) -> dict[str, Any]:
    keys = {step.alias("key", name): value for name, value in step.change.key.items()}
    values = {
        step.alias("value", name): value
        for name, value in step.change.values.items()
        if not isinstance(value, New)
    }
    return {**keys, **values}


def _expression(value: Any, at: datetime) -> Any:
    if isinstance(value, PlannedAt):
        return Value(at)
    return value if hasattr(value, "resolve_expression") else Value(value)


def named_keys(model: type[Model]) -> str:
    """The violating row's key, as `violating` names its columns."""
    return ", ".join(f"r.integrity_pk{place}" for place in range(len(model._meta.pk_fields)))


def planned(steps: Sequence[Step], *, drawing: bool) -> str:
    """A SELECT over `v`, the violating rows: what each step does to its row.

    Args:
        drawing: also which row it is, and the new keys that were drawn for it.
    """
    return " UNION ALL ".join(_step(step, drawing=drawing) for step in steps)


def _step(step: Step, *, drawing: bool) -> str:
    inserts = step.change.action == "insert"
    columns = [
        "v.subject",
        f"{_number(step)} AS step",
        "NULL::jsonb AS before" if inserts else "to_jsonb(t.*) AS before",
        f"{_values(step)} AS change",
    ]
    if drawing:
        columns += [
            "v.position",
            f"{literal(step.model._meta.db_table)}::text AS table_name",
            f"'{step.change.action}'::text AS action",
            f"{_key(step)} AS key",
            f"{_drawn(step)} AS assigned",
        ]
    target = "" if inserts else f" JOIN {step.table} t ON {_target(step)}"
    return f"SELECT {', '.join(columns)} FROM v{target}"


def _number(step: Step) -> str:
    if not step.change.many:
        return str(step.number)
    keys = ", ".join(f"t.{quoted(field.column)}" for field in step.model._meta.pk_fields)
    return (
        f"({step.number * MANY} + row_number() OVER (PARTITION BY v.subject ORDER BY {keys}))::int"
    )


def number_of(step: Step) -> str:
    """The condition that a planned change belongs to the step."""
    if not step.change.many:
        return f"step = {step.number}"
    return f"step > {step.number * MANY} AND step < {(step.number + 1) * MANY}"


def _target(step: Step) -> str:
    if step.change.key:
        finds = {name: step.alias("key", name) for name in step.change.key}
    else:
        names = [field.attname for field in step.model._meta.pk_fields]
        finds = {name: f"integrity_pk{place}" for place, name in enumerate(names)}
    return " AND ".join(f"t.{_column(step, name)} = v.{alias}" for name, alias in finds.items())


def _column(step: Step, name: str) -> str:
    return quoted(field_of(step.model, name).column)


def _values(step: Step) -> str:
    drawn = step.drawn
    return _object(
        step, {name: f"v.{step.alias('value', name)}" for name in step.written if name not in drawn}
    )


def _drawn(step: Step) -> str:
    return _object(step, {name: f"v.{drawn_as(new)}" for name, new in step.drawn.items()})


def _key(step: Step) -> str:
    names = [field.attname for field in step.model._meta.pk_fields]
    if step.change.action != "insert":
        return _object(step, {name: f"t.{_column(step, name)}" for name in names})
    values = step.change.values
    return _object(
        step,
        {
            name: f"v.{drawn_as(values[name])}"
            if isinstance(values[name], New)
            else f"v.{step.alias('value', name)}"
            for name in names
        },
    )


def _object(step: Step, values: dict[str, str]) -> str:
    parts = [
        f"{literal(field_of(step.model, name).column)}, {value}" for name, value in values.items()
    ]
    return f"jsonb_build_object({', '.join(parts)})"


def drawn_as(new: New) -> str:
    return f"new_{new.model.lower().replace('.', '_')}"


def draws(steps: Sequence[Step]) -> list[str]:
    """The columns that draw new keys, one for each model and subject."""
    models = {new.model: new for step in steps for new in step.drawn.values()}
    return [f"{_next_key(new)} AS {drawn_as(new)}" for new in models.values()]


def _next_key(new: New) -> str:
    model = model_named(new.model)
    key = model._meta.pk
    if key is not None and key.get_internal_type() == "UUIDField":
        return "gen_random_uuid()"
    column = literal(key.column if key is not None else "")
    return f"nextval(pg_get_serial_sequence({literal(table_of(model))}, {column}))"
