"""How thoroughly a check looks. Only the full rung proves anything; the others say what they don't.

A rung that isn't full can break an invariant, as a violation is one wherever it is found. It never
says that one holds, and never resolves a finding.
"""

import re
from dataclasses import dataclass
from datetime import timedelta
from math import log
from typing import Any

from django.db import connection
from django.db.models import QuerySet
from django.db.models.expressions import RawSQL
from django.db.models.functions import Now

from integrity.invariants.declare import Invariant


class NotApplicable(Exception):
    """This invariant can't be looked at in this way."""


@dataclass(frozen=True)
class Rung:
    """Look at every row."""

    full = True

    @property
    def label(self) -> str:
        return "every row"

    def narrow(self, declared: Invariant, violations: "QuerySet[Any]") -> "QuerySet[Any]":
        return violations

    def unproven(self, *, found: int, rows: int) -> str:
        """What is still open after this look."""
        return ""


@dataclass(frozen=True)
class Sample(Rung):
    """Look at about this percentage of the rows, whole blocks of the table picked at random."""

    percent: float
    full = False

    @property
    def label(self) -> str:
        return f"a sample of {self.percent:g} %"

    def narrow(self, declared: Invariant, violations: "QuerySet[Any]") -> "QuerySet[Any]":
        meta = violations.model._meta
        if len(meta.pk_fields) > 1:
            raise NotApplicable("a table with a composite key is not sampled")
        quote = connection.ops.quote_name
        names = {"key": quote(meta.pk.column), "table": quote(meta.db_table)}
        return violations.filter(pk__in=RawSQL(_PICKED.format(**names), [self.percent]))

    def unproven(self, *, found: int, rows: int) -> str:
        looked_at = max(1, round(rows * self.percent / 100))
        sample = f"a sample of about {looked_at:,} of {rows:,} rows"
        if found:
            return f"{found:,} in {sample}: about {round(found * 100 / self.percent):,} in all"
        # With 95 % confidence, if rows broke it independently of each other.
        at_most = min(rows, round(rows * -log(0.05) / looked_at))
        return f"none in {sample}; up to {at_most:,} may violate it"


_PICKED = "SELECT {key} FROM {table} TABLESAMPLE SYSTEM (%s)"


@dataclass(frozen=True)
class Since(Rung):
    """Look at the rows that changed within this time, by the invariant's `since_field`."""

    ago: timedelta
    full = False

    @property
    def label(self) -> str:
        return f"rows of the last {self.ago}"

    def narrow(self, declared: Invariant, violations: "QuerySet[Any]") -> "QuerySet[Any]":
        if not declared.since_field:
            raise NotApplicable("it declares no since_field")
        return violations.filter(**{f"{declared.since_field}__gte": Now() - self.ago})

    def unproven(self, *, found: int, rows: int) -> str:
        return f"only the rows of the last {self.ago} were looked at"


@dataclass(frozen=True)
class Estimate(Rung):
    """Read no row: what the planner expects, from its statistics."""

    full = False

    @property
    def label(self) -> str:
        return "an estimate"

    def guess(self, violations: "QuerySet[Any]") -> int:
        plan = violations.order_by().explain(format="json")
        rows = re.search(r'"Plan Rows": (\d+)', plan) or re.search(r"'Plan Rows': (\d+)", plan)
        return int(rows.group(1)) if rows else 0

    def unproven(self, *, found: int, rows: int) -> str:
        return f"no row was read; the planner expects about {found:,}"


FULL = Rung()


def since(text: str) -> Since:
    """Read `90m`, `24h` or `7d`. Raises ValueError: it is none of these."""
    found = re.fullmatch(r"(\d+)([mhd])", text)
    if found is None:
        raise ValueError(f"{text!r} is no length of time: write 90m, 24h or 7d.")
    unit = {"m": "minutes", "h": "hours", "d": "days"}[found.group(2)]
    return Since(timedelta(**{unit: int(found.group(1))}))
