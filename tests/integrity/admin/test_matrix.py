"""Each verb is open to exactly one permission: everybody with one of them tries all of them."""

import json
from datetime import timedelta

import pytest
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.utils import timezone

from integrity.models import AuditEntry, Finding, OutboxMessage, Run
from tests.integrity.admin.desk import State, finding, form, operator, page

pytestmark = pytest.mark.django_db(transaction=True)
SOON = f"{timezone.now() + timedelta(days=3):%Y-%m-%d}"
# The permission, the page, and the state in which a finding lets it happen.
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
}
SELECTIONS = {
    "acknowledge_selected": "acknowledge_finding",
    "take_selected": "assign_finding",
    "snooze_selected": "snooze_finding",
    "dismiss_selected": "dismiss_finding",
}
EXPORTS = {"finding_export": "export_finding", "auditentry_export": "export_auditentry"}
PERMISSIONS = sorted(
    {permission for permission, *_ in VERBS.values()}
    | set(EXPORTS.values())
    | {"view_overview", "view_invariant", "view_run", "change_finding"}
)


def target(name, state):
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


def traces():
    findings = Finding.objects.order_by("pk").values_list("state", "assignee", "version")
    return list(findings), AuditEntry.objects.count(), Run.objects.count()


@pytest.mark.parametrize("verb", VERBS)
def test_a_verb_is_closed_to_every_other_permission(client, lost_books, verb):
    lost_books()
    permission, name, state = VERBS[verb]
    place, fields = target(name, state)
    before = traces()
    for held in set(PERMISSIONS) - {permission}:
        client.force_login(operator(held))
        assert client.post(page(name, *place), form(**fields)).status_code == 403, held
    assert traces() == before


@pytest.mark.parametrize("verb", sorted(set(VERBS) - {"recheck"}))
def test_a_verb_is_open_to_its_own_permission(client, lost_books, verb):
    lost_books()
    permission, name, state = VERBS[verb]
    place, fields = target(name, state)
    client.force_login(operator(permission))

    answer = client.post(page(name, *place), form(**fields))

    assert answer.status_code == 302, answer.content.decode()
    assert AuditEntry.objects.get().reason == "seen it"


@pytest.mark.parametrize("action", SELECTIONS)
def test_so_is_a_verb_for_a_selection(client, action):
    one = finding()
    fields = {"shown": json.dumps({str(one.uid): one.version}), "until": SOON}
    chosen = {"action": action, ACTION_CHECKBOX_NAME: [one.pk]}
    for held in sorted(PERMISSIONS, key=SELECTIONS[action].__eq__):
        assert Finding.objects.get().version == 0, held
        client.force_login(operator(*{held, "view_finding"}))
        client.post(page("finding_changelist"), chosen | form(**fields))
    assert Finding.objects.get().version == 1
    assert AuditEntry.objects.count() == 1


@pytest.mark.parametrize("name", EXPORTS)
def test_so_is_an_export(client, name):
    for held in set(PERMISSIONS) - {EXPORTS[name]}:
        client.force_login(operator(held))
        assert client.get(page(name)).status_code == 403, held


@pytest.mark.parametrize("verb", sorted(set(VERBS) - {"check all", "retry"}))
def test_an_object_of_another_page_is_not_found(client, lost_books, verb):
    lost_books()
    permission, name, _ = VERBS[verb]
    client.force_login(operator(permission))
    run = Run.objects.create(kind="check", actor_kind="task", actor_id="x")
    assert client.post(page(name, run.pk + 10**6), form()).status_code == 404
    assert not AuditEntry.objects.exists()
