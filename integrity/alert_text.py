"""What an alert says: what is wrong since when, how bad, whose, where to look and what to do.

Ids, counts and names of code only. Nothing that a row holds.
"""

from datetime import UTC, datetime

from django.urls import NoReverseMatch, reverse

from integrity.addresses import Text
from integrity.alerts import LOUD, OF_THE_MACHINERY
from integrity.conf import config
from integrity.invariants.declare import Severity, invariants
from integrity.models import Alert, Finding, Incident, IncidentChange
from integrity.models.alerts import Kind, Step

# What one message tells in full; the rest is counted.
MOST = 20
ENDS = (Step.RESOLVED, Step.SILENCED, Step.WITHDRAWN)


def compose(alert: Alert) -> Text:
    """Say what changed, the worst first. Of each incident it is said how it is now."""
    changes = list(alert.changes.select_related("incident").order_by("pk"))
    changes.sort(key=lambda each: (not _is_on(each), -each.severity, each.incident.subject))
    name = config().site_name
    title = f"[{name}] {_title(changes)}" if name else _title(changes)
    parts = [_part(each) for each in changes[:MOST]]
    if len(changes) > MOST:
        parts.append(
            f"And {len(changes) - MOST} more: {link('incident_changelist') or 'see the admin'}"
        )
    return Text(title, "\n\n".join(parts), _tone(changes))


def _title(changes: list[IncidentChange]) -> str:
    first = f"{_headline(changes[0])} {changes[0].incident.subject}" if changes else "nothing"
    return first if len(changes) < 2 else f"{first}, and {len(changes) - 1} more"


def _is_on(change: IncidentChange) -> bool:
    """Of its incident now: between a promise and its delivery lie seconds, or a night."""
    return change.kind == Kind.TEST or change.incident.state == Incident.State.OPEN


def _headline(change: IncidentChange) -> str:
    """What is true when it is read; what was true when it was promised stands below."""
    if change.kind == Kind.TEST:
        return "TEST"
    if _is_on(change):
        return (change.incident.kind if change.step in ENDS else change.kind).upper()
    return Step(change.step).name if change.step in ENDS else "OVER"


def _tone(changes: list[IncidentChange]) -> str:
    on = [each for each in changes if _is_on(each)]
    if not on:
        return "success"
    if all(each.kind == Kind.TEST for each in on):
        return "info"
    severe = any(each.severity >= Severity.ERROR and each.kind != Kind.DEGRADED for each in on)
    return "failure" if severe else "warning"


def _part(change: IncidentChange) -> str:
    if change.kind == Kind.TEST:
        return f"A test: alerts arrive here. Nothing is wrong.\n{_links(change)}"
    lines = [_headline(change) + " " + change.incident.subject, *_statement(change)]
    lines += [_amounts(change), _which(change), _times(change), _links(change)]
    return "\n".join(line for line in lines if line)


def _statement(change: IncidentChange) -> list[str]:
    name = change.incident.subject
    return [invariants.get(name).statement] if name in invariants else []


def _amounts(change: IncidentChange) -> str:
    name = change.incident.subject
    owner = invariants.get(name).owner if name in invariants else ""
    count = "not known" if change.count is None else f"{change.count:,}"
    told = [f"Violations: {count}.", f"Severity: {Severity(change.severity).name.lower()}."]
    return " ".join([*told, f"Owner: {owner}."] if owner else told)


def _which(change: IncidentChange) -> str:
    """Of the machinery: which process, which due time. Other rows are for the admin alone."""
    name = change.incident.subject
    if name not in OF_THE_MACHINERY or not _is_on(change):
        return ""
    found = Finding.objects.filter(invariant=name, state__in=LOUD).order_by("subject")
    return f"Which: {', '.join(found.values_list('subject', flat=True)[:5])}."


def _times(change: IncidentChange) -> str:
    incident = change.incident
    again = f", for the {_nth(incident.times)} time" if incident.times > 1 else ""
    told = f"{Step(change.step).label.capitalize()} {_utc(change.at)}{again}; "
    told += f"incident {str(incident.uid)[:8]}" + (
        f", run {str(change.run)[:8]}" * bool(change.run)
    )
    if _is_on(change) == (change.step not in ENDS):
        return f"{told}."
    if _is_on(change):
        return f"{told}. It is open again since {_utc(incident.opened_at)}."
    return f"{told}. It is over since {_utc(incident.resolved_at)}."


def _nth(number: int) -> str:
    ending = (
        "th" if 10 <= number % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    )
    return f"{number}{ending}"


def _utc(at: datetime | None) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC" if at else "-"


def _links(change: IncidentChange) -> str:
    """Where to look and what to do: pages of the admin; where there is none, the runbook's files."""
    incident = change.incident
    look, about = link("incident_change", incident.pk), link("incident_runbook", incident.pk)
    do = [about or runbook(change.kind)]
    if incident.subject in invariants:
        page = link("invariant_runbook", incident.subject)
        do.insert(0, page or invariants.get(incident.subject).runbook)
    return "\n".join([*([f"Look: {look}"] if look else []), *(f"Do: {each}" for each in do)])


def runbook(kind: str) -> str:
    return f"docs/runbook/alerts/{kind}.md"


def link(page: str, *place: object) -> str:
    """The address of a page of the admin; blank where there is no admin."""
    try:
        return config().site_url + reverse(f"admin:integrity_{page}", args=place)
    except NoReverseMatch:
        return ""
