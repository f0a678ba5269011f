"""What lists of people at other systems said: when they were read, and who is otherwise there."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone

from accounts.admin.billing import to_person
from accounts.admin.facts import anchor, link
from accounts.elsewhere.listing import Side
from accounts.elsewhere.people import SIDES
from accounts.invariants.listing import OVERDUE, ListedElsewhere
from accounts.models import Difference, Listing, User
from integrity.admin.base import FactsAdmin, utc
from integrity.invariants import invariants


def _invariant_of(difference: Difference) -> ListedElsewhere | None:
    every = (each for each in invariants if isinstance(each, ListedElsewhere))
    return next((each for each in every if _judges(each, difference)), None)


def _judges(declared: ListedElsewhere, difference: Difference) -> bool:
    return declared.of == difference.of and difference.what in declared.whats


class _OfLists(FactsAdmin):
    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        told = {"lists": [_facts(side) for side in SIDES.values()]}
        return super().changelist_view(request, told | (extra_context or {}))


def _facts(side: Side) -> dict[str, Any]:
    """When this list was complete last, and what there is to do about it."""
    finished = Listing.objects.filter(of=side.of, finished_at__isnull=False)
    last = finished.order_by("-finished_at").first()
    is_fresh = finished.filter(finished_at__gt=timezone.now() - OVERDUE).exists()
    return {
        "name": side.of.value,
        "label": side.of.label,
        "is_configured": side.is_configured(),
        "set_first": side.set_first,
        "last": last,
        "is_late": side.is_configured() and not is_fresh,
    }


@admin.register(Listing)
class ListingAdmin(_OfLists):
    list_before_template = "accounts/admin/readings.html"
    list_display = ["of", "started", "state", "finished", "read"]
    list_filter = ["of"]
    ordering = ["-pk"]
    fields = ["of", "started", "state", "finished", "after", "read", "otherwise"]
    started, finished = utc("started_at"), utc("finished_at")

    @admin.display(description="state")
    def state(self, listing: Listing) -> str:
        """One that isn't finished proves nothing."""
        if listing.finished_at:
            return "finished"
        return f"not finished: {Listing.Phase(listing.phase).label}"

    @admin.display(description="otherwise there, by the newest readings")
    def otherwise(self, listing: Listing) -> str:
        count = Difference.objects.filter(of=listing.of, readings__gt=0).count()
        return link(f"{count}", page="accounts_difference_changelist")


@admin.register(Difference)
class DifferenceAdmin(_OfLists):
    list_before_template = "accounts/admin/differences.html"
    list_display = ["their_id", "of", "what", "readings", "first_seen"]
    list_filter = ["of", "what"]
    search_fields = ["=their_id", "=user_uid"]
    search_help_text = "A whole id: theirs, or the support id of an account."
    ordering = ["-first_seen_at"]
    fields = ["of", "what", "their_id", "person", "first_seen", "readings", "seen_in", "invariant"]
    first_seen = utc("first_seen_at")

    @admin.display(description="person")
    def person(self, difference: Difference) -> str:
        uid = difference.user_uid
        user = User.objects.filter(uid=uid).first() if uid else None
        return to_person(user) if user else "nobody who is here"

    @admin.display(description="invariant")
    def invariant(self, difference: Difference) -> str | None:
        declared = _invariant_of(difference)
        if declared is None:
            return None
        url = reverse("admin:integrity_invariant_change", args=[declared.name])
        return anchor(declared.statement, url)
