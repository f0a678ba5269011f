"""Read a list of people at another system to its end, and hold it against ours, both ways.

What differs is stored, page by page; invariants read it. What stops half-way goes on where it
stopped, and proves nothing until it is finished. One reading alone proves nothing either: a list that
is read page by page shifts, and somebody may be told while a page is on its way.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import F
from django.db.models.functions import Now

from accounts.clients.outcomes import Rejected
from accounts.errors import AccountError
from accounts.models import Difference, Listing
from accounts.models.passes import unfinished
from integrity.audit import Actor
from integrity.flows import flow
from integrity.retention import Expiring, expiring
from integrity.transactions import transaction_required

Phase = Listing.Phase
# Of ours that were not seen, so many at a time.
BATCH = 1000


class NotConfigured(AccountError):
    """It is not configured, so there is no list to read."""

    def __init__(self, side: "Side") -> None:
        super().__init__(
            f"{side.vendor} is not configured, so nothing is compared. {side.set_first}"
        )


class Superseded(AccountError):
    """Another reading has gone on from here. It has noted what was read."""


@dataclass(frozen=True)
class Side:
    """One such list, and what of ours it is held against.

    Args:
        pages: what is there, with where to go on after it; from where it stopped.
        note: of a page, in a transaction, keep who was seen, and say what differs.
        unseen: of ours that should be there, whoever no page has shown since then, with `uid`.
    """

    of: Listing.Of
    vendor: str
    set_first: str
    is_configured: Callable[[], bool]
    pages: Callable[[str], Iterator[tuple[str, list[Any]]]]
    note: Callable[[Sequence[Any]], list[Difference]]
    unseen: Callable[[Any], Any]


def read_list(side: Side, *, by: Actor) -> Listing:
    """Read it to its end, outside any transaction, going on where another stopped.

    Raises:
        NotConfigured, Superseded: see there.
        VendorError: it stays unfinished; call again later, and it goes on.
    """
    if not side.is_configured():
        raise NotConfigured(side)
    listing = unfinished(Listing, of=side.of) or Listing.objects.create(of=side.of)
    listing.refresh_from_db()
    if listing.phase == Phase.LISTED:
        _read_pages(side, listing, by)
        _go_on(listing, phase=Phase.MISSING, after="")
        listing.phase, listing.after = Phase.MISSING, ""
    while last := note_unseen(side=side, listing=listing, by=by):
        listing.after = last
    finish_listing(listing=listing, by=by)
    listing.refresh_from_db()
    return listing


def _read_pages(side: Side, listing: Listing, by: Actor) -> None:
    try:
        for after, listed in side.pages(listing.after):
            note_listed(side=side, listing=listing, listed=listed, after=after, by=by)
            # Not in the flow, which may run again as a whole.
            listing.after = after
    except Rejected:
        # Whoever it was to go on after may be gone there.
        Listing.objects.filter(pk=listing.pk, phase=Phase.LISTED).update(after="")
        raise


@flow("accounts.note_listed")
def note_listed(
    *, side: Side, listing: Listing, listed: Sequence[Any], after: str, by: Actor
) -> None:
    """Keep who of a page is ours, and what is otherwise here; go on after it.

    Raises:
        Superseded: nothing was noted now.
    """
    _keep(listing, side.note(listed))
    # A page that is read once more counts once: the next reading is held against the number.
    _go_on(listing, more=len(listed) if after != listing.after else 0, after=after)


@flow("accounts.note_unseen")
def note_unseen(*, side: Side, listing: Listing, by: Actor) -> str:
    """Keep some of ours who were there, by what was confirmed, and whom no page has shown. Returns
    where to go on, blank after the last.

    Raises:
        Superseded: nothing was noted now.
    """
    rows = side.unseen(listing.started_at).filter(pk__gt=int(listing.after or 0)).order_by("pk")
    users = list(rows[:BATCH])
    missing = Difference.What.MISSING
    _keep(listing, [differs(side.of, missing, str(user.uid), user.uid) for user in users])
    if not users:
        return ""
    after = str(users[-1].pk)
    _go_on(listing, after=after)
    return after


@flow("accounts.finish_listing")
def finish_listing(*, listing: Listing, by: Actor) -> None:
    """All was read: what was seen again counts once more, and the rest is not so any more.

    Raises:
        Superseded: it was finished before.
    """
    _go_on(listing, finished_at=Now())
    noted = Difference.objects.filter(of=listing.of)
    noted.exclude(seen_in=listing).delete()
    noted.update(readings=F("readings") + 1)


def forget_what_was_read(side: Side) -> None:
    """It is not configured any more, so nobody can say what differs."""
    Difference.objects.filter(of=side.of).delete()


def differs(of: Listing.Of, what: str, their_id: str, uid: Any) -> Difference:
    return Difference(
        id=f"{of.value}:{what}:{their_id}", of=of, what=what, their_id=their_id, user_uid=uid
    )


@transaction_required
def _keep(listing: Listing, differences: list[Difference]) -> None:
    # A list that shifts under the vendor's own hands may show somebody twice on one page.
    once = {each.pk: each for each in differences}.values()
    for each in once:
        each.seen_in = listing
    Difference.objects.bulk_create(
        once,
        update_conflicts=True,
        unique_fields=["id"],
        update_fields=["seen_in", "user_uid"],
    )


def _go_on(listing: Listing, *, more: int = 0, **where: Any) -> None:
    """From where it stood; a rival that has gone on from there has done this page."""
    still = Listing.objects.filter(
        pk=listing.pk, phase=listing.phase, after=listing.after, finished_at=None
    )
    if not still.update(read=F("read") + more, **where):
        raise Superseded


expiring.append(
    Expiring("readings of people's lists", lambda cut: Listing.objects.filter(started_at__lt=cut))
)
