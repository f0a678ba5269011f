"""What the pages of sagas ask the database for: lines of a list, one saga whole, and previews."""

from collections.abc import Callable, Iterable
from typing import Any

from django.http import HttpRequest
from django.template.loader import render_to_string

from integrity.admin.finding_filters import identity
from integrity.admin.pages import CappedPaginator
from integrity.admin.saga_links import pages_of
from integrity.admin.saga_timeline import latest_events, log, timeline
from integrity.admin.saga_words import (
    Seen,
    due,
    is_going_back,
    no_return,
    place,
    title_of,
    verdict,
)
from integrity.audit import subject_of
from integrity.models import AuditEntry, Finding, ProviderGate, Saga, SagaStep
from integrity.saga.lawful import PRIOR, REFUSALS, lawful
from integrity.saga.preview import Ahead, ahead, declared_of
from integrity.saga.revealing import is_revealed, prior_of

EVENTS = 50
WAITS = (Saga.Wait.READY, Saga.Wait.AT_WORK, Saga.Wait.RETRY)
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
    return [_line(each, steps[each.pk], pages) for each in found]


def _line(saga: Saga, steps: list[SagaStep], pages: Any) -> dict[str, Any]:
    seen = Seen(saga, steps, declared_of(saga), {}, [])
    return {
        "saga": saga,
        "title": title_of(saga, seen.declared),
        "page": pages.get(saga.subject, ""),
        "place": place(saga, len(steps)),
        "step": seen.name(seen.step) if seen.step else "",
        "past": saga.pivot_at is not None,
        "due": due(saga),
    }


def read(saga: Saga) -> Seen:
    steps = list(saga.steps.order_by("position"))
    gates = ProviderGate.objects.filter(
        provider__in={each.provider for each in steps if each.provider}, shut_until__isnull=False
    )
    by_provider = {gate.provider: gate for gate in gates}
    return Seen(saga, steps, declared_of(saga), by_provider, latest_events(saga))


def page_context(request: HttpRequest, saga: Saga, *, may_reveal: bool) -> dict[str, Any]:
    seen = read(saga)
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
        "timeline": timeline(seen),
        "gates": seen.gates.values(),
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
    }


def _findings(seen: Seen) -> Any:
    subjects = [f"integrity.saga:{seen.saga.pk}"]
    subjects += [f"integrity.sagastep:{seen.saga.pk}:{each.position}" for each in seen.steps]
    subjects += [f"integrity.providergate:{provider}" for provider in seen.gates]
    return Finding.objects.filter(subject__in=subjects).order_by("-last_seen_at")[:20]


def preview(saga: Saga, verb: str) -> str:
    """HTML above the questions of a verb: what will be done, or why it is refused."""
    allowed = verb in lawful(saga)
    context = {
        "refusal": "" if allowed else REFUSALS[verb].format(state=saga.get_state_display()),
        "heading": HEADINGS.get(verb, "What happens next"),
        "saga": saga,
        "known": declared_of(saga) is not None,
        "ahead": _ahead(saga, verb) if allowed and verb not in NAMED else [],
        "named": _named(saga, verb) if verb in NAMED else [],
        "end": _end(saga, verb),
        "at_work": saga.state in Saga.ACTIVE and saga.wait == Saga.Wait.AT_WORK,
        "gates": list(read(saga).gates.values()),
    }
    return render_to_string("integrity/admin/includes/saga_ahead.html", context)


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
    back = verb == "compensate" or is_going_back(saga)
    return "Then all is taken back." if back else "Then it is complete."
