"""Triggers keep promises of their own, so that they are there, on and unchanged is one."""

from pathlib import Path

from django.db.models import QuerySet, TextField, Value
from django.db.models.expressions import RawSQL
from django.db.models.functions import Concat, Left

from integrity.invariants.custom import invariant
from integrity.invariants.declare import Severity
from integrity.models import PromisedTrigger

SQL = Path(__file__).parents[1] / "sql"
STATE = (SQL / "trigger_state.sql").read_text().format(live=(SQL / "live_triggers.sql").read_text())


@invariant(
    "integrity.every_trigger_is_as_promised",
    statement="Every trigger that a migration installed is there, on, and does what it did then.",
    severity=Severity.CRITICAL,
)
def every_trigger_is_as_promised() -> QuerySet[PromisedTrigger]:
    found: QuerySet[PromisedTrigger] = PromisedTrigger.objects.annotate(
        expected=Concat(Value("installed as "), Left("fingerprint", 12), output_field=TextField()),
        actual=RawSQL(STATE, [], output_field=TextField()),
    ).exclude(actual="as promised")
    return found
