"""Toy sagas in each situation that an operator may meet, and one who may do everything with them."""

import pytest

from integrity.audit import Actor
from integrity.models import AuditEntry, ProviderGate, Saga, SagaEvent, SagaSecret, SagaStep
from integrity.saga import control
from integrity.saga.engine import run_due
from integrity.saga.outcomes import NotDone, RefusedForGood, RefusedToAll
from tests.database import execute
from tests.integrity.admin.desk import IN_DIALOG, form, operator, page
from tests.integrity.saga import toys
from tests.integrity.saga.conftest import own_sagas as own_sagas
from tests.integrity.saga.conftest import provider as provider

BOB = Actor("operator", "bob", "because", via="admin")
# The permission of each verb, and a situation in which it is lawful.
VERBS = {
    "retry": ("retry_saga", "refused past it"),
    "retry_with_new_key": ("renew_saga_key", "refused past it"),
    "resume": ("resume_saga", "paused"),
    "run_now": ("run_saga", "new"),
    "skip_timer": ("skip_timer", "waiting"),
    "mark_done": ("mark_step", "refused past it"),
    "skip_undo": ("skip_undo", "undo failed"),
    "compensate": ("cancel_saga", "new"),
    "pause": ("pause_saga", "new"),
    "resolve": ("resolve_saga", "paused"),
    "again": ("restart_saga", "completed"),
    "tidied": ("tidy_saga", "left something behind"),
    "reveal": ("reveal_saga", "waiting"),
}


KINDS = ("pause_kind", "resume_kind")


@pytest.fixture
def ann(client):
    """May do everything with sagas."""
    looks = ("view_saga", "view_finding", "view_overview", "view_incident", "view_invariant")
    verbs = (permission for permission, _ in VERBS.values())
    user = operator(*looks, *verbs, "probe_saga", "verify_saga", "export_saga", *KINDS)
    client.force_login(user)
    return user


def new(name):
    return toys.begin(name)


def waiting(name):
    """For its timer."""
    saga = toys.begin(name)
    run_due()
    return saga


def in_an_hour(saga):
    """Until then no other one's worker takes it up by the way."""
    execute("UPDATE integrity_saga SET wake_at = now() + interval '1 hour' WHERE id = %s", saga.pk)
    return saga


def retrying(name):
    toys.provider.faults.append(NotDone("connection refused"))
    return in_an_hour(waiting(name))


def at_a_gate(name):
    toys.provider.faults.append(RefusedToAll("401"))
    return in_an_hour(waiting(name))


def past(name):
    """Its point of no return; there is a step that fails."""
    saga = waiting(name)
    toys.provider.faults.append(NotDone("connection refused"))
    toys.pass_time(15 * 86_400)
    run_due()
    return in_an_hour(saga)


def refused(name):
    """Past the point of no return."""
    saga = waiting(name)
    toys.provider.faults.append(RefusedForGood("422"))
    toys.pass_time(15 * 86_400)
    run_due()
    return saga


def going_back(name):
    saga = waiting(name)
    toys.provider.faults.append(NotDone("connection refused"))
    control.compensate(saga=saga.uid, by=BOB)
    run_due()
    return in_an_hour(saga)


def undo_failed(name):
    saga = waiting(name)
    toys.provider.faults.append(RefusedForGood("422"))
    control.compensate(saga=saga.uid, by=BOB)
    run_due()
    return saga


def stuck_before(name):
    """The point of no return."""
    saga = toys.begin(name)
    toys.provider.faults.append("late")
    run_due()
    Saga.objects.filter(pk=saga.pk).update(
        state="attention", attention="undecidable", parked_from="running"
    )
    return saga


def paused(name):
    saga = waiting(name)
    control.pause(saga=saga.uid, by=BOB)
    return saga


def completed(name):
    saga = toys.begin(name)
    toys.settle()
    return saga


def taken_back(name):
    saga = waiting(name)
    control.compensate(saga=saga.uid, by=BOB)
    toys.settle()
    return saga


def left_behind(name):
    saga = refused(name)
    control.resolve(saga=saga.uid, by=BOB, left_behind=["remove"])
    return saga


UNDER_WAY = {"run_now", "pause"}
BEFORE = {"compensate", "reveal"}
PARKED = {"retry", "retry_with_new_key", "resolve", "reveal"}
# How to get there, and what is offered there.
SITUATIONS = {
    "new": (new, UNDER_WAY | {"compensate"}),
    "waiting": (waiting, UNDER_WAY | BEFORE | {"skip_timer"}),
    "retrying": (retrying, UNDER_WAY | BEFORE),
    "at a gate": (at_a_gate, UNDER_WAY | BEFORE),
    "past the point of no return": (past, UNDER_WAY | {"reveal"}),
    "refused past it": (refused, PARKED | {"mark_done"}),
    "going back": (going_back, UNDER_WAY | {"reveal"}),
    "undo failed": (undo_failed, PARKED | {"skip_undo"}),
    "stuck before it": (stuck_before, PARKED | {"mark_done", "compensate"}),
    "paused": (paused, BEFORE | {"resume", "resolve"}),
    "completed": (completed, {"again"}),
    "taken back": (taken_back, {"again"}),
    "left something behind": (left_behind, {"tidied", "again"}),
}


def at(saga):
    return page("saga_change", saga.pk)


def fresh(saga):
    return Saga.objects.get(pk=saga.pk)


def do(client, verb, saga, **fields):
    """Send the form of a verb as a page of now holds it."""
    url, version = page(f"saga_{verb}", saga.pk), fresh(saga).fence
    return client.post(url, form(version=version) | fields, headers=IN_DIALOG)


def look(client, saga, reason="is it there?", how="probe"):
    return client.post(page(f"saga_{how}", saga.pk), {"reason": reason})


def offered(client, saga):
    return [each["name"] for each in client.get(at(saga)).context["verbs"]]


def everything():
    """Each row that a verb could have written, and each call."""
    tables = (Saga, SagaStep, SagaEvent, SagaSecret, ProviderGate, AuditEntry)
    return [list(each.objects.order_by("pk").values()) for each in tables], [*toys.provider.calls]
