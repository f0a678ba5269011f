"""The first page: does everything hold, what doesn't, since when, and is somebody watching."""

from collections.abc import Mapping, Sequence
from datetime import UTC, timedelta
from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from integrity import charts, dashboard
from integrity.admin.pages import PageAdmin, verb_links
from integrity.admin.repair_links import repair_links
from integrity.admin.saga_filters import NEEDS_A_PERSON, RETRIES, WAITS_FOR_A_PROVIDER
from integrity.admin.saga_kinds import paused_kinds
from integrity.admin.saga_page import lines
from integrity.conf import config
from integrity.dashboard import Latest, Open
from integrity.invariants.declare import Invariant as Declared
from integrity.invariants.declare import invariants
from integrity.models import Incident, Invariant, Overview, RepairPlan, Run, Saga
from integrity.templatetags.integrity_pages import SIGNS

DAYS, NIGHTS = 90, 30
WAITING = (RepairPlan.State.DRAFT, RepairPlan.State.APPROVED)


@admin.register(Overview)
class OverviewAdmin(PageAdmin):
    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        self.refuse_strangers(request)
        context = {"title": "Integrity", "verbs": self._verbs(request), **_numbers()}
        for line in context["lines"]:
            line["repairs"] = repair_links(request, line["name"])
        return self.answer(request, "integrity/admin/overview.html", context)

    def change_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return self.changelist_view(request)

    def _verbs(self, request: HttpRequest) -> list[dict[str, str]]:
        page: Any = self.admin_site.get_model_admin(Invariant)
        return verb_links(page, request, page.actions_list)


def _numbers() -> dict[str, Any]:
    latest, found = dashboard.latest_results(), dashboard.open_findings()
    triggers, sagas = list(dashboard.triggers()), dashboard.sagas()
    return {
        "verdict": verdict(list(invariants), latest),
        "lines": _lines(latest, found),
        "severities": dashboard.by_severity(found),
        "oldest": min((each.oldest for each in found if each.oldest), default=None),
        "incidents": Incident.objects.filter(state=Incident.State.OPEN).count(),
        "sweep": dashboard.last_sweep(),
        "plans": _plans(),
        "active": Run.objects.filter(finished_at=None).order_by("-started_at")[:10],
        "outbox": dashboard.outbox(),
        "sagas": sagas,
        "paused_kinds": paused_kinds(),
        "troubled": lines(_troubled()) if sagas.need_a_person or sagas.retry else [],
        "heartbeats": _heartbeats(),
        "triggers": triggers,
        "triggers_astray": [each for each in triggers if each.astray],
        "next_sweeps": dashboard.next_sweeps(),
        "nights": dashboard.nights(NIGHTS),
        "chart": _chart(),
    }


def _plans() -> "QuerySet[RepairPlan]":
    """Those at work, and those that wait for somebody and may still begin."""
    waiting = Q(state__in=WAITING, expires_at__gte=timezone.now())
    found = RepairPlan.objects.filter(waiting | Q(state__in=RepairPlan.AT_WORK))
    return found.order_by("-pk")[:10]


def _troubled() -> "QuerySet[Saga]":
    """Sagas that need a person, and those that keep failing; `attention` is first in the alphabet."""
    found = Saga.objects.filter(NEEDS_A_PERSON | RETRIES | WAITS_FOR_A_PROVIDER)
    return found.order_by("state", "created_at")[:10]


def verdict(declared: Sequence[Declared], latest: Mapping[str, Latest]) -> dict[str, Any]:
    """One line: how many are broken, and of how many it isn't known. Never a guess."""
    words = [latest[each.name].result if each.name in latest else "never" for each in declared]
    broken, unknown, never = (words.count(word) for word in ("broken", "unknown", "never"))
    parts = [
        f"{broken} of {len(words)} invariants {'is' if broken == 1 else 'are'} broken"
        if broken
        else f"None of {len(words)} invariants is known to be broken"
        if unknown or never
        else f"All {len(words)} invariants hold"
    ]
    parts += [f"{unknown} unknown"] if unknown else []
    parts += [f"{never} never looked at"] if never else []
    tone = "bad" if broken else "warn" if unknown or never else "ok"
    return {"text": ", ".join(parts) + ".", "tone": tone, "sign": SIGNS[tone]}


def _lines(latest: Mapping[str, Latest], found: Sequence[Open]) -> list[dict[str, Any]]:
    """What isn't as it should be: first the invariants with findings, then the unknown ones."""
    lines = [_line(each.invariant, latest.get(each.invariant), each) for each in found]
    told = {each.invariant for each in found}
    rest = [each for each in latest.values() if each.result != "holds"]
    rest.sort(key=lambda each: (-each.severity, each.invariant))
    return lines + [
        _line(each.invariant, each, None) for each in rest if each.invariant not in told
    ]


def _line(name: str, latest: Latest | None, found: Open | None) -> dict[str, Any]:
    known = name in invariants
    severity = found.severity if found else latest.severity if latest else 1
    return {
        "name": name,
        "statement": invariants.get(name).statement if known else "",
        "known": known,
        "severity": severity,
        "latest": latest,
        "found": found,
    }


def _heartbeats() -> list[dict[str, Any]]:
    silent_since = timezone.now() - timedelta(seconds=config().silence)
    return [
        {"name": each.name, "at": each.at, "word": "silent" if each.at < silent_since else "alive"}
        for each in dashboard.heartbeats()
    ]


def _chart() -> charts.Chart[dashboard.Day]:
    today = timezone.now().astimezone(UTC).date()
    return charts.by_day(dashboard.violations_by_day(DAYS), _parts, days=DAYS, today=today)


def _parts(day: dashboard.Day) -> Sequence[tuple[str, float]]:
    return [("bad", day.severe), ("warn", day.warnings), ("info", day.infos)]
