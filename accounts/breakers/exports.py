"""How the promise about copies of somebody's data is broken on purpose."""

from datetime import timedelta
from uuid import uuid4

from django.db.models.functions import Now

from accounts.breakers.couple import a_couple
from accounts.models import Export
from integrity.selftest import breaker


@breaker("accounts.no_export_outlives_its_week")
def leave_a_copy_lying() -> None:
    old = Now() - timedelta(days=9)
    ended = Now() - timedelta(days=2)
    Export.objects.create(
        saga=uuid4(), user=a_couple(), began_at=old, ready_at=old, expires_at=ended, size=1
    )
