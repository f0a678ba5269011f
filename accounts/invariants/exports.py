"""What must hold of copies of somebody's data: there is none without a reason."""

from datetime import timedelta

from django.db.models import F, QuerySet
from django.db.models.functions import Now

from accounts.exporting.copies import forgettable
from accounts.models import Export
from integrity.invariants import Severity, invariant

# An hourly task removes them.
LATE = timedelta(days=1)


@invariant(
    "accounts.no_export_outlives_its_week",
    statement="A copy of somebody's data is gone a day after its week, and so is one half-made that"
    " nobody makes any more.",
    severity=Severity.WARNING,
)
def no_export_outlives_its_week() -> QuerySet[Export]:
    old = forgettable().exclude(expires_at__gt=Now() - LATE).exclude(began_at__gt=Now() - LATE)
    return old.annotate(actual=F("expires_at"))
