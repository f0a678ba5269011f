"""Each verb is open to exactly one permission: who holds all the others tries it in vain."""

import json
from datetime import timedelta

import pytest
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.utils import timezone

from integrity.audit import SYSTEM
from integrity.models import (
    AuditEntry,
    Finding,
    OutboxMessage,
    PlannedChange,
    RepairPlan,
    Run,
    Saga,
    SagaEvent,
    UnattendedRepair,
)
from integrity.repair.unattended import allow_unattended
from integrity.saga.kinds import pause_kind
from integrity.sweep import check
from tests.integrity.admin.desk import State, finding, form, operator, page, repair_plan
from tests.integrity.admin.saga_desk import SITUATIONS, fresh
from tests.integrity.admin.saga_desk import VERBS as SAGA_VERBS
from tests.integrity.admin.saga_desk import own_sagas as own_sagas
from tests.integrity.repair.conftest import ADA, mended, planned
from tests.integrity.repair.conftest import authors as authors
from tests.integrity.repair.conftest import drifted_pages as drifted_pages
from tests.integrity.saga.toys import KIND

pytestmark = pytest.mark.django_db(transaction=True)
SOON = f"{timezone.now() + timedelta(days=3):%Y-%m-%d}"
COPY = "toy.copy_addresses"
# The permission, the page, and the state in which its object lets it happen.
VERBS = {
    "acknowledge": ("acknowledge_finding", "finding_acknowledge", State.OPEN),
    "take": ("assign_finding", "finding_take", State.OPEN),
    "assign": ("assign_finding", "finding_assign", State.OPEN),
    "snooze": ("snooze_finding", "finding_snooze", State.OPEN),
    "dismiss": ("dismiss_finding", "finding_dismiss", State.OPEN),
    "reopen": ("reopen_finding", "finding_reopen", State.SNOOZED),
    "recheck": ("recheck_finding", "finding_recheck", State.OPEN),
    "check all": ("run_check", "invariant_check_all", None),
    "check one": ("run_check", "invariant_check_now", None),
    "retry": ("retry_effect", "outboxmessage_retry", None),
    "send a test alert": ("send_test_alert", "incident_send_test", None),
    "plan": ("plan_repair", "repair_plan", None),
    "allow unattended": ("allow_unattended_repair", "repair_allow", None),
    "forbid unattended": ("forbid_unattended_repair", "repair_forbid", None),
    "try out": ("try_repair", "repairplan_trial", "planned"),
    "reveal": ("reveal_repair", "repairplan_reveal", "planned"),
    "approve": ("approve_repair", "repairplan_approve", "draft"),
    "apply": ("apply_repair", "repairplan_apply", "planned"),
    "pause": ("pause_repair", "repairplan_pause", "running"),
    "resume": ("resume_repair", "repairplan_resume", "paused"),
    "cancel": ("cancel_repair", "repairplan_cancel", "running"),
    "force a pause": ("force_repair", "repairplan_force_pause", "silent"),
    "force the end": ("force_repair", "repairplan_force_cancel", "silent"),
    "undo": ("undo_repair", "repairplan_undo", "applied"),
    **{
        f"{verb} a saga": (permission, f"saga_{verb}", situation)
        for verb, (permission, situation) in SAGA_VERBS.items()
    },
    "probe a saga": ("probe_saga", "saga_probe", "waiting"),
    "verify a saga": ("verify_saga", "saga_verify", "completed"),
    "pause a kind": ("pause_kind", "saga_pause_kind", None),
    "resume a kind": ("resume_kind", "saga_resume_kind", None),
}
SELECTIONS = {
    "acknowledge_selected": "acknowledge_finding",
    "take_selected": "assign_finding",
    "snooze_selected": "snooze_finding",
    "dismiss_selected": "dismiss_finding",
}
EXPORTS = {
    "finding_export": "export_finding",
    "auditentry_export": "export_auditentry",
    "saga_export": "export_saga",
}
PERMISSIONS = sorted(
    {permission for permission, *_ in VERBS.values()}
    | set(EXPORTS.values())
    | {"view_overview", "view_invariant", "view_run", "change_finding"}
    | {"view_repair", "view_repairplan", "change_repairplan", "view_saga", "change_saga"}
)
# Answered by the page itself, which shows what came of it.
SHOWN = {"recheck", "try out", "probe a saga", "verify a saga"}


@pytest.fixture(autouse=True)
def somebody_is_told(setting):
    setting(ALERT_ADDRESSES=["ops@b.example"])


@pytest.fixture
def target(lost_books, drifted_pages, authors, own_sagas):
    """The object of a verb, in its state, and what its form holds beside the reason."""

    def make(name, state):
        if name.startswith("repair"):
            drifted_pages()
            authors(1, pages=True)
            return of_repairs(name, state)
        if name.endswith("kind"):
            if name == "saga_resume_kind":
                pause_kind(kind=KIND, by=ADA)
            return [], {"kind": KIND}
        if name.startswith("saga"):
            reach, _ = SITUATIONS[state]
            saga = reach("ada")
            return [saga.pk], {"version": fresh(saga).fence}
        lost_books()
        return of_others(name, state)

    return make


def of_others(name, state):
    if name.startswith("finding"):
        one = finding(state)
        return [one.pk], {"shown": json.dumps({str(one.uid): one.version}), "until": SOON}
    if name == "invariant_check_now":
        return ["toy.no_book_is_lost"], {}
    if name == "outboxmessage_retry":
        dead = OutboxMessage.objects.create(
            effect="test.note", key="a", state="dead", dead_at=timezone.now()
        )
        return [dead.pk], {}
    return [], {}


def of_repairs(name, state):
    if name == "repair_forbid":
        allow_unattended(repair=COPY, by=ADA)
    if state is None:
        return [COPY], {"limit": 10}
    plan = in_state(state)
    return [plan.pk], {"version": plan.version, "hash": plan.hash}


def in_state(state):
    if state == "planned":
        return planned(COPY)
    if state == "applied":
        return mended(COPY)
    if state == "draft":
        return repair_plan()
    plan = repair_plan("running", begun="paused" if state == "paused" else "running")
    if state == "silent":
        Run.objects.update(heartbeat_at=timezone.now() - timedelta(minutes=6))
    return plan


@pytest.fixture
def every_other(client):
    """Log an operator in who holds every permission but this one: no other opens it, nor do many."""

    def hold(permission, *always):
        client.force_login(operator(*(set(PERMISSIONS) - {permission} | set(always))))

    return hold


def traces():
    findings = Finding.objects.order_by("pk").values_list("state", "assignee", "version")
    plans = RepairPlan.objects.order_by("pk").values_list("state", "version", "error")
    changes = PlannedChange.objects.order_by("pk").values_list("state")
    runs = Run.objects.order_by("pk").values_list("state")
    sagas = Saga.objects.order_by("pk").values_list("state", "fence", "position")
    counted = [each.objects.count() for each in (AuditEntry, UnattendedRepair, SagaEvent)]
    return [list(each) for each in (findings, plans, changes, runs, sagas)], counted


@pytest.mark.parametrize("verb", VERBS)
def test_a_verb_is_closed_to_every_other_permission(client, target, every_other, verb):
    permission, name, state = VERBS[verb]
    place, fields = target(name, state)
    before = traces()
    every_other(permission)

    assert client.post(page(name, *place), form(**fields)).status_code == 403
    assert traces() == before


@pytest.mark.parametrize("verb", sorted(set(VERBS) - SHOWN))
def test_a_verb_is_open_to_its_own_permission(client, target, verb):
    permission, name, state = VERBS[verb]
    place, fields = target(name, state)
    before = AuditEntry.objects.count()
    client.force_login(operator(permission))

    answer = client.post(page(name, *place), form(**fields))

    assert answer.status_code == 302, answer.content.decode()
    assert AuditEntry.objects.count() == before + 1
    assert AuditEntry.objects.latest("pk").reason == "seen it"


@pytest.mark.parametrize("verb", VERBS)
def test_a_verb_is_never_done_by_looking(client, target, verb):
    permission, name, state = VERBS[verb]
    place, _ = target(name, state)
    before = traces()
    client.force_login(operator(permission))

    assert client.get(page(name, *place)).status_code == (405 if verb in SHOWN else 200)
    assert traces() == before


@pytest.mark.parametrize("action", SELECTIONS)
def test_so_is_a_verb_for_a_selection(client, every_other, action):
    one = finding()
    fields = {"shown": json.dumps({str(one.uid): one.version}), "until": SOON}
    chosen = {"action": action, ACTION_CHECKBOX_NAME: [one.pk]}
    every_other(SELECTIONS[action], "view_finding")
    client.post(page("finding_changelist"), chosen | form(**fields))
    assert Finding.objects.get().version == 0

    client.force_login(operator(SELECTIONS[action], "view_finding"))
    client.post(page("finding_changelist"), chosen | form(**fields))
    assert Finding.objects.get().version == 1
    assert AuditEntry.objects.count() == 1


def test_so_is_a_plan_for_a_selection(client, drifted_pages, authors, every_other):
    drifted_pages()
    authors(1, pages=True)
    check(by=SYSTEM)
    chosen = {"action": "plan_selected", ACTION_CHECKBOX_NAME: [Finding.objects.get().pk]}
    every_other("plan_repair", "view_finding")
    client.post(page("finding_changelist"), chosen | form(repair=COPY))
    assert not RepairPlan.objects.exists()

    client.force_login(operator("plan_repair", "view_finding"))
    client.post(page("finding_changelist"), chosen | form(repair=COPY))
    assert RepairPlan.objects.get().state == "draft"


@pytest.mark.parametrize("name", EXPORTS)
def test_so_is_an_export(client, every_other, name):
    every_other(EXPORTS[name])

    assert client.get(page(name)).status_code == 403


OF_A_LIST = {"check all", "retry", "send a test alert", "pause a kind", "resume a kind"}


@pytest.mark.parametrize("verb", sorted(set(VERBS) - OF_A_LIST))
def test_an_object_of_another_page_is_not_found(client, lost_books, verb):
    lost_books()
    permission, name, _ = VERBS[verb]
    client.force_login(operator(permission))
    run = Run.objects.create(kind="check", actor_kind="task", actor_id="x")
    assert client.post(page(name, run.pk + 10**6), form()).status_code == 404
    assert not AuditEntry.objects.exists()
