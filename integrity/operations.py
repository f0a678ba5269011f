"""Operation keys are kept for 30 days: longer than any form stays open in a browser."""

from datetime import timedelta

from django.db.models.functions import Now

from integrity.models import Operation

KEPT_FOR = timedelta(days=30)
BATCH = 5000


def forget_old_operations() -> int:
    """Delete expired keys in batches, each its own transaction. Returns how many."""
    forgotten = 0
    while batch := list(
        Operation.objects.filter(claimed_at__lt=Now() - KEPT_FOR)
        .order_by("claimed_at")
        .values_list("pk", flat=True)[:BATCH]
    ):
        forgotten += Operation.objects.filter(pk__in=batch).delete()[0]
    return forgotten
