"""What the pages of sagas ask the database for: lines of a list, one saga whole, and previews."""

from collections.abc import Callable, Iterable
from typing import Any

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils import timezone

from integrity.admin.finding_filters import identity
from integrity.admin.pages import CappedPaginator
from integrity.admin.saga_kinds import paused_kinds
from integrity.admin.saga_links import pages_of
from integrity.admin.saga_timeline import latest_events, log, timeline, tries_of
from integrity.admin.saga_words import (
    Seen,
    due,
    late,
    no_return,
    place,
    title_of,
    verdict,
)
from integrity.audit import subject_of
from integrity.models import (
    AuditEntry,
    Finding,
    PausedKind,
    ProviderGate,
    Saga,
    SagaEvent,
    SagaStep,
)
from integrity.saga.lawful import (
    PRIOR,
    TAKE_A_SECOND_PERSON,
    asked_for,
    lawful,
    refusal,
    steps_to_judge,
    takes_second_person,
    waiting_for_another,
)
from integrity.saga.preview import Ahead, ahead, declared_of
from integrity.saga.revealing import is_revealed, prior_of

EVENTS = 50
WAITS = (Saga.Wait.READY, Saga.Wait.AT_WORK, Saga.Wait.RETRY)
NEXT = "What happens next"
# What a preview is called, where it isn't what comes next.
HEADINGS = {
    "pause": "What isn't done until it is resumed",
    "resolve": "What is never done any more",
    "tidied": "What it had left behind",
    "reveal": "The steps before which something was noted",
}


def lines(sagas: Iterable[Saga]) -> list[dict[str, Any]]:
    """Each with what a list tells of it; a few queries for all of them."""
    found = list(sagas)
    pages = pages_of({each.subject for each in found})
    steps: dict[int, list[SagaStep]] = {each.pk: [] for each in found}
    for step in SagaStep.objects.filter(saga__in=found).order_by("position"):
        steps[step.saga_id].append(step)
    paused = {each.kind for each in paused_kinds()} if found else set()
    asked = waiting_for_another(found)
    return [
        {**_line(each, steps[each.pk], pages, paused), "asked": each.pk in asked} for each in found
    ]


def _line(saga: Saga, steps: list[SagaStep], pages: Any, paused: set[str]) -> dict[str, Any]:
    seen = Seen(saga, steps, declared_of(saga), {}, [])
    return {
        "late": late(saga, kind_is_paused=saga.kind in paused),
        "saga": saga,
        "title": title_of(saga, seen.declared),
        "page": pages.get(saga.subject, ""),
        "place": place(saga, len(steps)),
        "step": seen.name(seen.step) if seen.step else "",
        "past": saga.pivot_at is not None,
        "due": due(saga),
        # What it was parked for isn't counted among the tries that make it wait.
        "attempts": None if saga.state == Saga.State.ATTENTION else saga.attempts,
    }


def read(saga: Saga) -> Seen:
    steps = list(saga.steps.order_by("position"))
    gates = ProviderGate.objects.filter(
        provider__in=_still_to_call(saga, steps), shut_until__isnull=False
    )
    by_provider = {gate.provider: gate for gate in gates}
    paused = PausedKind.objects.filter(kind=saga.kind).first()
    return Seen(saga, steps, declared_of(saga), by_provider, latest_events(saga), paused)


def _still_to_call(saga: Saga, steps: list[SagaStep]) -> set[str]:
    """Of the others it is all the same to this saga whom they refuse."""
    if saga.finished_at:
        return set()
    here = [each for each in steps if each.position == saga.position]
    left = {each.provider for each in ahead(saga)}
    return (left | {each.provider for each in [*here, *steps_to_judge(saga)]}) - {""}


def page_context(request: HttpRequest, saga: Saga, *, may_reveal: bool) -> dict[str, Any]:
    seen = read(saga)
    course = timeline(seen)
    revealed = may_reveal and is_revealed(saga, to=identity(request))
    events = CappedPaginator(saga.events.order_by("-pk"), EVENTS)
    here = events.get_page(request.GET.get("p", 1))
    return {
        "title": f"Saga {str(saga.uid)[:8]}",
        "name": title_of(saga, seen.declared),
        "known": seen.declared is not None,
        "verdict": verdict(seen),
        "place": place(saga, len(seen.steps)),
        "no_return": no_return(seen),
        "due": due(saga),
        "page_of_subject": pages_of([saga.subject]).get(saga.subject, ""),
        "timeline": course,
        "tries": tries_of(seen, course),
        "gates": seen.gates.values(),
        "asked": _asked(saga),
        "repeats": Saga.objects.filter(uid=saga.retry_of).first() if saga.retry_of else None,
        "repeated": Saga.objects.filter(subject=saga.subject, retry_of=saga.uid).order_by("pk"),
        "kept": list(saga.secrets.order_by("purpose").values_list("purpose", flat=True)),
        "revealed": revealed,
        "prior": prior_of(saga) if revealed else [],
        "here": here,
        "pages": events,
        "log": list(log(list(here.object_list))),
        "entries": AuditEntry.objects.filter(subject=subject_of(saga)).order_by("-pk")[:20],
        "findings": _findings(seen),
        "again": 5 if saga.state in Saga.ACTIVE and saga.wait in WAITS else None,
        "live": "live" in request.GET,
        "now": timezone.now(),
    }


def _asked(saga: Saga) -> list[SagaEvent]:
    """What somebody asks another person to confirm."""
    found = (asked_for(saga, verb) for verb in TAKE_A_SECOND_PERSON)
    return [each for each in found if each] if saga.state == Saga.State.ATTENTION else []


def _findings(seen: Seen) -> Any:
    subjects = [f"integrity.saga:{seen.saga.pk}"]
    subjects += [f"integrity.sagastep:{seen.saga.pk}:{each.position}" for each in seen.steps]
    subjects += [f"integrity.providergate:{provider}" for provider in seen.gates]
    return Finding.objects.filter(subject__in=subjects).order_by("-last_seen_at")[:20]


def preview(saga: Saga, verb: str) -> str:
    """HTML above the questions of a verb: what will be done, or why it is refused."""
    allowed = verb in lawful(saga)
    context = {
        "refusal": "" if allowed else refusal(saga, verb),
        "judged": _judged(saga) if allowed and verb in TAKE_A_SECOND_PERSON else [],
        "heading": "What the new one does" if verb == "again" else HEADINGS.get(verb, NEXT),
        "saga": saga,
        "title": title_of(saga, declared_of(saga)),
        "known": declared_of(saga) is not None,
        "ahead": _ahead(saga, verb) if allowed and verb not in NAMED else [],
        "named": _named(saga, verb) if verb in NAMED else [],
        "end": _end(saga, verb),
        "second": allowed and takes_second_person(saga, verb),
        "asked": asked_for(saga, verb) if allowed else None,
        "paused": PausedKind.objects.filter(kind=saga.kind).first(),
        "at_work": saga.state in Saga.ACTIVE and saga.wait == Saga.Wait.AT_WORK,
        "gates": list(read(saga).gates.values()),
    }
    return render_to_string("integrity/admin/includes/saga_ahead.html", context)


def _judged(saga: Saga) -> list[str]:
    """What somebody's word is about."""
    seen = read(saga)
    return [seen.place_of(each) for each in steps_to_judge(saga)]


def _ahead(saga: Saga, verb: str) -> list[Ahead]:
    """To end it is not to do what a new try would."""
    parked = verb == "resolve" and saga.state == Saga.State.ATTENTION
    return ahead(saga, "retry" if parked else verb)


def _named(saga: Saga, verb: str) -> list[str]:
    """The steps that a verb is about, where it lets nothing happen."""
    seen = read(saga)
    return [seen.name(each) for each in seen.steps if NAMED[verb](saga, each)]


def _was_noted(saga: Saga, step: SagaStep) -> bool:
    return saga.secrets.filter(purpose=f"{PRIOR}{step.name}").exists()


NAMED: dict[str, Callable[[Saga, SagaStep], bool]] = {
    "tidied": lambda saga, step: step.left_behind,
    "reveal": _was_noted,
}


def _end(saga: Saga, verb: str) -> str:
    """How it is over then, if all goes well."""
    if verb in HEADINGS:
        return ""
    if verb == "again":
        return "Then it is complete."
    back = verb == "compensate" or saga.goes_back
    return "Then all is taken back." if back else "Then it is complete."
