"""The admin's first page: what waits for somebody, and where to find the rest."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db.models import Count, Max, Min, QuerySet, Sum
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.timesince import timesince

from accounts.elsewhere.people import SIDES
from accounts.invariants.comparing import AGREES, HERE, OVERDUE
from accounts.invariants.listing import told_apart
from accounts.models import Comparison, Listing
from integrity.dashboard import latest_results
from integrity.invariants import invariants
from integrity.models import FlowOutcome, OutboxMessage

Outcome, State = FlowOutcome.Outcome, OutboxMessage.State
BROKEN = {Outcome.FAILED, Outcome.UNCONFIRMED}
DAY = timedelta(days=1)
# The relay looks every ten seconds: what is due for longer, nobody looks at.
LATE = timedelta(minutes=1)


def first_page(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    return {**context, "figures": list(_figures(request))}


def _figures(request: HttpRequest) -> Iterator[dict[str, Any]]:
    """From small tables only, and of those what one may look at."""
    if request.user.has_perm("integrity.view_overview"):
        yield _invariants()
    if settings.STRIPE_API_KEY and request.user.has_perm("accounts.view_comparison"):
        yield _comparison()
    lists = [of for of, side in SIDES.items() if side.is_configured()]
    if lists and request.user.has_perm("accounts.view_difference"):
        yield _differences(lists)
    if request.user.has_perm("integrity.view_outboxmessage"):
        yield from _outbox()
    if request.user.has_perm("integrity.view_flowoutcome"):
        yield from _flows()


def _invariants() -> dict[str, Any]:
    latest = latest_results().values()
    broken = sum(each.result == "broken" for each in latest)
    unknown = sum(each.result == "unknown" for each in latest)
    never = len(invariants.names()) - len(latest)
    notes = [f"{unknown} unknown"] if unknown else []
    notes += [f"{never} never looked at"] if never else []
    return {
        "title": "Invariants broken",
        "count": broken,
        "note": ", ".join(notes) or f"Of {len(latest)}",
        "url": reverse("admin:integrity_overview_changelist"),
        "is_bad": broken > 0,
    }


def _comparison() -> dict[str, Any]:
    """With Stripe's lists."""
    finished = Comparison.objects.filter(finished_at__isnull=False)
    differing = sum(invariants.get(name).violations().count() for name in (HERE, AGREES))
    read, late = _read([finished])
    return {
        "title": "Otherwise at Stripe",
        "count": differing,
        "note": read,
        "url": reverse("admin:accounts_comparison_changelist"),
        "is_bad": differing > 0 or late,
    }


def _differences(lists: list[Listing.Of]) -> dict[str, Any]:
    """With other systems' lists of people. Who is there and nobody's here is told, and isn't bad."""
    counts = [told_apart(of) for of in lists]
    differing, nobodys = (sum(each) for each in zip(*counts, strict=True))
    finished = Listing.objects.filter(finished_at__isnull=False)
    read, late = _read([finished.filter(of=of) for of in lists])
    also = f"; {nobodys} more there, nobody's here" if nobodys else ""
    return {
        "title": "Otherwise elsewhere",
        "count": differing,
        "note": read + also,
        "url": reverse("admin:accounts_difference_changelist"),
        "is_bad": differing > 0 or late,
    }


def _read(passes: "list[QuerySet[Any]]") -> tuple[str, bool]:
    """How long ago all of these lists had been read to their end, in words, and whether it is late."""
    ends = [each.aggregate(last=Max("finished_at"))["last"] for each in passes]
    if None in ends:
        return "Never read to the end: does beat run?", True
    at, now = min(ends), timezone.now()
    read = f"Read {timesince(at, now, depth=1)} ago"
    return (f"{read}: does beat run?", True) if at < now - OVERDUE else (read, False)


def _outbox() -> Iterator[dict[str, Any]]:
    url = reverse("admin:integrity_outboxmessage_changelist")
    dead = OutboxMessage.objects.filter(state=State.DEAD).count()
    yield {
        "title": "Effects given up",
        "count": dead,
        "note": "Find out why, then retry them" if dead else "Nothing to do",
        "url": f"{url}?state__exact={State.DEAD}",
        "is_bad": dead > 0,
    }
    waiting = OutboxMessage.objects.exclude(state=State.DEAD)
    facts = waiting.aggregate(count=Count("pk"), due=Min("available_at"))
    now = timezone.now()
    late = facts["due"] is not None and facts["due"] < now - LATE
    ago = timesince(facts["due"], now, depth=1) if late else ""
    yield {
        "title": "Effects waiting",
        "count": facts["count"],
        "note": f"One is due for {ago}: does the worker run?" if late else "None is late",
        "url": url,
        "is_bad": late,
    }


def _flows() -> Iterator[dict[str, Any]]:
    url = reverse("admin:integrity_flowoutcome_changelist")
    counts: dict[tuple[str, str], int] = {
        (flow, outcome): count
        for flow, outcome, count in FlowOutcome.objects.filter(hour__gt=timezone.now() - DAY)
        .values_list("flow", "outcome")
        .annotate(Sum("count"))
    }
    broken = sum(count for (_, outcome), count in counts.items() if outcome in BROKEN)
    yield {
        "title": "Writes that failed",
        "count": broken,
        "note": f"In 24 hours, of {sum(counts.values())}",
        "url": f"{url}?outcome__exact={Outcome.FAILED}" if broken else url,
        "is_bad": broken > 0,
    }
    yield {
        "title": "Accounts made",
        "count": counts.get(("accounts.sign_up", Outcome.COMMITTED), 0),
        "note": "In 24 hours",
        "url": reverse("admin:accounts_user_changelist"),
        "is_bad": False,
    }
