"""The saved views of the findings, and what narrows them further."""

from typing import Any
from uuid import UUID

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone

from integrity.admin.saved_views import SavedViews, View
from integrity.invariants.declare import invariants
from integrity.models import Finding
from integrity.models.runs import Severities

State = Finding.State
WORST_FIRST = ("-severity", "-last_seen_at", "-id")
NEWLY_RESOLVED = ("-resolved_at", "-id")


def identity(request: HttpRequest) -> str:
    """How this person is named in `assignee` and in the audit log."""
    return str(getattr(request.user, "uid", request.user.pk))


def _new_today(request: HttpRequest) -> Q:
    midnight = timezone.now().replace(hour=0, minute=0, second=0, microsecond=0)
    return Q(opened_at__gte=midnight) & ~Q(state=State.RESOLVED)


WAITING = Q(state__in=[State.OPEN, State.ACKNOWLEDGED])
VIEWS: dict[str, tuple[str, View]] = {
    "waiting": ("Open", lambda request: WAITING),
    "mine": ("Mine", lambda request: Q(assignee=identity(request)) & ~Q(state=State.RESOLVED)),
    "new": ("New today", _new_today),
    "regressed": ("Regressed", lambda request: Q(regressed=True) & WAITING),
    "suspected": ("Suspected", lambda request: Q(state=State.SUSPECTED)),
    "snoozed": ("Snoozed", lambda request: Q(state=State.SNOOZED)),
    "false": ("False positives", lambda request: Q(state=State.FALSE_POSITIVE)),
    "resolved": ("Resolved", lambda request: Q(state=State.RESOLVED)),
    "all": ("All but resolved", lambda request: ~Q(state=State.RESOLVED)),
}


class ViewFilter(SavedViews):
    views = VIEWS


class SeverityFilter(admin.SimpleListFilter):
    title = "severity"
    parameter_name = "severity"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(str(each.value), each.label) for each in reversed(Severities)]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        value = self.value() or ""
        return queryset.filter(severity=int(value)) if value.isdecimal() else queryset


class InvariantFilter(admin.SimpleListFilter):
    """Those that are declared, and the one that was asked for."""

    title = "invariant"
    parameter_name = "invariant"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        asked = {request.GET["invariant"]} if "invariant" in request.GET else set()
        return [(name, name) for name in sorted({*invariants.names()} | asked)]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(invariant=self.value()) if self.value() else queryset


def search(queryset: QuerySet[Any], text: str) -> QuerySet[Any]:
    """By a finding's id, by a whole subject or by an invariant: an index answers each of them."""
    try:
        uid = UUID(text)
    except ValueError:
        return queryset.filter(Q(subject=text) | Q(invariant=text))
    return queryset.filter(uid=uid)
