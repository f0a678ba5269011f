"""The saved views of the sagas, and the search."""

import re
from typing import Any
from uuid import UUID

from django.contrib import admin
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import HttpRequest

from integrity.admin.saved_views import SavedViews, View
from integrity.late import overdue, stalled
from integrity.models import Saga, SagaStep
from integrity.saga.definition import sagas

State, Wait = Saga.State, Saga.Wait
SHORTEST_UID = 8
UNDER_WAY = Q(finished_at=None)
ACTIVE = Q(state__in=Saga.ACTIVE)
NEEDS_A_PERSON = Q(state=State.ATTENTION)
WAITS_FOR_A_PROVIDER = ACTIVE & Q(wait=Wait.GATE)
RETRIES = ACTIVE & Q(first_failed_at__isnull=False) & ~Q(wait=Wait.GATE)


def _left_something(request: HttpRequest) -> Q:
    return Q(Exists(SagaStep.objects.filter(saga=OuterRef("pk"), left_behind=True)))


VIEWS: dict[str, tuple[str, View]] = {
    "active": ("Under way", lambda request: UNDER_WAY),
    "person": ("Needs a person", lambda request: NEEDS_A_PERSON),
    "retrying": ("Retrying", lambda request: RETRIES),
    "gate": ("Waits for a provider", lambda request: WAITS_FOR_A_PROVIDER),
    "past": (
        "Past the point of no return",
        lambda request: UNDER_WAY & Q(pivot_at__isnull=False),
    ),
    "back": (
        "Being taken back",
        lambda request: Q(state=State.COMPENSATING) | Q(parked_from=State.COMPENSATING),
    ),
    "paused": ("Paused", lambda request: Q(state=State.PAUSED)),
    "overdue": ("Overdue", lambda request: overdue()),
    "stalled": ("Stalled", lambda request: stalled()),
    "left": ("Left something behind", _left_something),
    "ended": ("Ended", lambda request: ~UNDER_WAY),
    "all": ("All", lambda request: Q()),
}
OF_WHAT_ENDED = ("ended", "left", "all")


class ViewFilter(SavedViews):
    views = VIEWS


class KindFilter(admin.SimpleListFilter):
    """Those that are declared, and the one that was asked for."""

    title = "kind"
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        asked = {request.GET["kind"]} if "kind" in request.GET else set()
        return [(kind, kind) for kind in sorted({each.kind for each in sagas} | asked)]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(kind=self.value()) if self.value() else queryset


def search(queryset: QuerySet[Any], text: str) -> QuerySet[Any]:
    """By a saga's id, also by its beginning, or by a whole subject: an index answers each of them."""
    digits = text.replace("-", "").lower()
    found = Q(subject=text)
    if re.fullmatch(rf"[0-9a-f]{{{SHORTEST_UID},32}}", digits):
        found |= Q(uid__range=(UUID(digits.ljust(32, "0")), UUID(digits.ljust(32, "f"))))
    return queryset.filter(found)
