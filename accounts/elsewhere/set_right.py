"""What is not otherwise any more is forgotten at once, and not first when the list is read again."""

from collections.abc import Collection
from uuid import UUID

from accounts.models import Difference, Listing

What = Difference.What
# What a person's being told of anew sets right, and what matching a ban does.
AS_TOLD = (What.MISSING, What.OTHERWISE, What.MUTED, What.HEARD)
AS_BANNED = (What.BANNED, What.FREE)


def forget_differences(of: Listing.Of, uid: UUID, whats: Collection[str]) -> None:
    Difference.objects.filter(of=of, user_uid=uid, what__in=whats).delete()


def forget_removed(of: Listing.Of, their_id: str) -> None:
    """Somebody who was deleted here, and is gone there by now."""
    Difference.objects.filter(of=of, their_id=their_id, what=What.DELETED).delete()
