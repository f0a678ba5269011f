"""How the operators' pages write times, states and amounts."""

import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django import template
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from integrity.invariants.declare import invariants
from integrity.markdown import Span
from integrity.models.runs import Severities

register = template.Library()
NOTHING = "\N{EN DASH}"
# A word, and what it looks like: its colour and its sign. The word is always there.
TONES = {
    **dict.fromkeys(("critical", "broken", "error", "failed", "missed", "silent"), "bad"),
    **dict.fromkeys(("overdue", "threshold"), "bad"),
    **dict.fromkeys(
        ("warning", "degraded", "unknown", "suspected", "interrupted", "regressed"), "warn"
    ),
    **dict.fromkeys(("healthy", "holds", "succeeded", "resolved", "as promised", "alive"), "ok"),
    **dict.fromkeys(("open", "running", "queued", "acknowledged", "info"), "info"),
    # Of repairs and their rows.
    **dict.fromkeys(("approved", "allowed", "pausing", "cancelling", "undoing"), "info"),
    **dict.fromkeys(("stale", "conflict", "paused", "expired"), "warn"),
    "applied": "ok",
    # Of sagas, their steps and each attempt.
    **dict.fromkeys(("needs a person", "could not be undone", "no answer was kept"), "bad"),
    **dict.fromkeys(("being taken back", "being undone", "tries again", "not undone"), "warn"),
    **dict.fromkeys(("waits for a provider", "left as somebody changed it", "cant_tell"), "warn"),
    **dict.fromkeys(("stalled", "its kind is paused", "left behind"), "warn"),
    **dict.fromkeys(("needs a second person", "waits for a second person"), "warn"),
    **dict.fromkeys(("completed", "done"), "ok"),
    **dict.fromkeys(("begun", "under way", "waits as planned"), "info"),
}
SIGNS = {"bad": "✕", "warn": "!", "ok": "✓", "info": "•", "idle": NOTHING}
SPANS = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))


@register.filter
def tone(word: Any) -> str:
    return TONES.get(str(word).lower(), "idle")


@register.filter
def sign(word: Any) -> str:
    return SIGNS[tone(word)]


@register.filter
def badge(word: Any) -> SafeString:
    look = tone(word)
    text = str(word).replace("_", " ")
    html = '<span class="iy-badge iy-{}"><span aria-hidden="true">{}</span> {}</span>'
    return format_html(html, look, SIGNS[look], text)


@register.filter
def severity(level: int) -> str:
    return Severities(level).label.lower()


@register.filter
def utc(at: datetime | str | None) -> str | SafeString:
    """In UTC to the minute, the seconds in the title."""
    if not isinstance(at, datetime):
        return NOTHING
    at = at.astimezone(UTC)
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        at.isoformat(),
        f"{at:%Y-%m-%d %H:%M:%S} UTC",
        f"{at:%Y-%m-%d %H:%M}",
    )


@register.filter
def ago(at: datetime | str | None) -> str:
    if not isinstance(at, datetime):
        return "never"
    seconds = (timezone.now() - at).total_seconds()
    text = span(abs(seconds))
    return f"{text} ago" if seconds >= 0 else f"in {text}"


@register.filter
def age(at: datetime) -> str:
    return span((timezone.now() - at).total_seconds())


@register.filter
def span(seconds: float | str | None) -> str:
    """A length of time, by its largest unit."""
    if seconds is None or isinstance(seconds, str):
        return NOTHING
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    length, unit = next(each for each in SPANS if seconds >= each[0])
    return f"{seconds:.1f} s" if unit == "s" and seconds < 10 else f"{seconds // length:.0f} {unit}"


@register.filter
def amount(number: float | str | None) -> str:
    """A template has "" for what isn't there."""
    return NOTHING if number is None or isinstance(number, str) else f"{number:,.0f}"


@register.filter
def signed(number: int) -> str:
    return f"{number:+,}" if number else "±0"


@register.filter
def short(uid: UUID | str) -> str:
    """Enough of an id to tell one from another on a page."""
    return str(uid)[:8]


@register.filter
def plain(value: Any) -> str:
    """A value from JSON as people write it."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


@register.filter
def as_html(span: Span) -> SafeString | str:
    """A piece of a runbook. A link leads to another page of it, or out of the site."""
    if span.kind == "code":
        return format_html("<code>{}</code>", span.text)
    if span.kind == "strong":
        return format_html("<strong>{}</strong>", span.text)
    target = _target(span.target)
    return format_html('<a href="{}">{}</a>', target, span.text) if target else span.text


def _target(written: str) -> str:
    """Blank for what leads nowhere from here, such as a file beside the page."""
    name = written.removesuffix(".md")
    if name in invariants:
        return reverse("admin:integrity_invariant_runbook", args=[name])
    return written if written.startswith("https://") else ""


TABS = {
    "overview": "Overview",
    "finding": "Findings",
    "invariant": "Invariants",
    "run": "Runs",
    "repair": "Repairs",
    "repairplan": "Repair plans",
    "saga": "Sagas",
    "incident": "Incidents",
    "auditentry": "Audit log",
}


@register.simple_tag(takes_context=True)
def integrity_tabs(context: Any) -> list[dict[str, Any]]:
    """The pages that this person may look at."""
    request = context["request"]
    here = context["opts"].model_name if "opts" in context else ""
    return [
        {
            "title": title,
            "url": reverse(f"admin:integrity_{name}_changelist"),
            "here": name == here,
        }
        for name, title in TABS.items()
        if request.user.has_perm(f"integrity.view_{name}")
    ]


@register.filter
def shown(value: Any) -> Any:
    """A fact: a time in UTC, yes or no, or what it is."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if value is None or value == "":
        return NOTHING
    return utc(value) if isinstance(value, datetime) else value
