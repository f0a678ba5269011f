"""What operators do with messages that were given up."""

from collections.abc import Collection
from uuid import UUID

from django.db.models.functions import Now

from integrity.audit import Actor, audit
from integrity.flows import flow
from integrity.models import OutboxMessage


@flow("integrity.retry_dead_effects")
def retry_dead(*, uids: Collection[UUID], by: Actor) -> int:
    """Make these messages due at once, with their attempts back. Returns how many were dead."""
    dead = OutboxMessage.objects.filter(state=OutboxMessage.State.DEAD, uid__in=uids)
    messages = list(dead.select_for_update().order_by("pk"))
    for message in messages:
        audit("integrity.effect_retried", by=by, subject=message)
    return OutboxMessage.objects.filter(pk__in=[message.pk for message in messages]).update(
        state=OutboxMessage.State.PENDING, dead_at=None, attempts=0, available_at=Now()
    )
