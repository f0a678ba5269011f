"""What operators may say of a finding, and what stays as it is."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from integrity.audit import Actor
from integrity.findings import (
    LONGEST,
    EndRequired,
    EndTooFar,
    ReasonRequired,
    acknowledge,
    assign,
    mark_false_positive,
    reopen,
    snooze,
)
from integrity.models import AuditEntry, Finding

pytestmark = pytest.mark.django_db(transaction=True)
ANN = Actor("operator", "ann", reason="known", via="admin")
State = Finding.State


def finding(state=State.OPEN, **values):
    now = timezone.now()
    times = {"first_seen_at": now, "present_since": now, "last_seen_at": now}
    if state in (State.SNOOZED, State.FALSE_POSITIVE):
        values.setdefault("until", now + timedelta(days=1))
    if state == State.RESOLVED:
        values.setdefault("resolved_at", now)
    key = uuid4()
    made = Finding.objects.create(
        invariant="toy.holds",
        subject=f"toy.book:{key}",
        fingerprint=key.hex,
        severity=3,
        state=state,
        first_run=key,
        last_run=key,
        **times,
        **values,
    )
    made.refresh_from_db()
    return made


def tomorrow():
    return timezone.now() + timedelta(days=1)


def allowed_states(act):
    """The states in which the verb changes a finding."""
    changed = set()
    for state in State:
        one = finding(state)
        if act(uids=[one.uid]):
            changed.add(state)
    return changed


def test_each_verb_changes_only_findings_in_a_state_for_it():
    silenceable = {State.OPEN, State.ACKNOWLEDGED, State.SNOOZED}
    assert allowed_states(lambda uids: acknowledge(uids=uids, by=ANN)) == {State.OPEN}
    assert allowed_states(lambda uids: snooze(uids=uids, until=tomorrow(), by=ANN)) == silenceable
    assert allowed_states(
        lambda uids: mark_false_positive(uids=uids, until=tomorrow(), by=ANN)
    ) == silenceable | {State.SUSPECTED, State.FALSE_POSITIVE}
    assert allowed_states(lambda uids: reopen(uids=uids, by=ANN)) == {
        State.ACKNOWLEDGED,
        State.SNOOZED,
        State.FALSE_POSITIVE,
    }
    assert allowed_states(lambda uids: assign(uids=uids, assignee="bo", by=ANN)) == set(State) - {
        State.RESOLVED
    }


def test_a_verb_keeps_the_reason_counts_the_version_and_is_audited():
    one = finding()
    snooze(uids=[one.uid], until=(end := tomorrow()), by=ANN)
    now = Finding.objects.get()
    assert (now.state, now.reason, now.until, now.version) == ("snoozed", "known", end, 1)
    entry = AuditEntry.objects.get()
    assert (entry.verb, entry.actor_id, entry.subject, entry.reason) == (
        "integrity.finding_snoozed",
        "ann",
        f"integrity.finding:{one.uid}",
        "known",
    )
    reopen(uids=[one.uid], by=ANN)
    assert (Finding.objects.get().state, Finding.objects.get().until) == ("open", None)


def test_a_finding_that_changed_since_it_was_shown_stays():
    shown, changed = finding(), finding(version=3)
    versions = {shown.uid: 0, changed.uid: 2}
    assert acknowledge(uids=versions.keys(), by=ANN, versions=versions) == 1
    assert Finding.objects.get(pk=changed.pk).state == State.OPEN


@pytest.mark.parametrize("silence", [snooze, mark_false_positive])
def test_a_silence_has_a_reason_and_an_end(silence):
    one = finding()
    with pytest.raises(ReasonRequired):
        silence(uids=[one.uid], until=tomorrow(), by=Actor("operator", "ann", reason=" "))
    with pytest.raises(EndRequired):
        silence(uids=[one.uid], until=timezone.now(), by=ANN)
    assert Finding.objects.get().state == State.OPEN


@pytest.mark.parametrize(
    ("silence", "state"),
    [(snooze, State.SNOOZED), (mark_false_positive, State.FALSE_POSITIVE)],
)
def test_a_silence_is_no_longer_than_people_remember(silence, state):
    one = finding()
    longest = timezone.now() + LONGEST[state]
    with pytest.raises(EndTooFar, match=f"{longest:%Y-%m-%d}"):
        silence(uids=[one.uid], until=longest + timedelta(hours=1), by=ANN)
    assert Finding.objects.get().state == State.OPEN
    assert silence(uids=[one.uid], until=longest, by=ANN) == 1
