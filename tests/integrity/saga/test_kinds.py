"""All sagas of a kind stop at once, and nothing of them is lost."""

import pytest

from integrity.models import AuditEntry, PausedKind, Saga
from integrity.saga.control import NoReason, NotFound
from integrity.saga.engine import run_due
from integrity.saga.kinds import kinds, pause_kind, resume_kind
from integrity.saga.lawful import Refused
from tests.integrity.saga.test_control import GRACE
from tests.integrity.saga.toys import ADA, KIND, begin, is_whole, settle, statuses

pytestmark = pytest.mark.django_db(transaction=True)


def test_none_of_it_is_taken_up_until_it_goes_on():
    pause_kind(kind=KIND, by=GRACE)
    saga = begin()

    assert (run_due().taken, statuses(saga)["freeze"]) == (0, "pending")

    resume_kind(kind=KIND, by=GRACE)
    settle()
    saga.refresh_from_db()
    assert (saga.state, is_whole()) == ("completed", "closed")


def test_the_call_that_is_under_way_ends_and_is_recorded_and_no_other_begins(provider):
    provider.visit = lambda label: (
        label == "after the call of mute" and pause_kind(kind=KIND, by=GRACE)
    )
    saga = begin()
    run_due()

    now = Saga.objects.get()
    assert statuses(saga)["mute"] == "done"
    assert (statuses(saga)["refund"], now.state, now.wait) == ("pending", "running", "ready")
    assert (run_due().taken, len(provider.calls)) == (0, 1)


def test_another_kind_goes_on():
    PausedKind.objects.create(kind="toy.other", actor_kind="operator", actor_id="x", reason="y")
    begin()
    assert run_due().taken == 1


def test_who_and_why_is_on_record():
    pause_kind(kind=KIND, by=GRACE)
    kept = PausedKind.objects.get()
    assert (kept.actor_id, kept.reason) == ("grace", "she asked for it")
    resume_kind(kind=KIND, by=GRACE)

    entries = AuditEntry.objects.order_by("pk").values_list("verb", "subject")
    subject = f"integrity.pausedkind:{KIND}"
    assert list(entries) == [
        ("integrity.kind_paused", subject),
        ("integrity.kind_resumed", subject),
    ]


def test_what_makes_no_sense_is_refused():
    with pytest.raises(NotFound):
        pause_kind(kind="toy.nonsense", by=GRACE)
    with pytest.raises(NoReason):
        pause_kind(kind=KIND, by=ADA)
    with pytest.raises(Refused, match="is not paused"):
        resume_kind(kind=KIND, by=GRACE)
    pause_kind(kind=KIND, by=GRACE)
    with pytest.raises(Refused, match="is paused already: she asked for it"):
        pause_kind(kind=KIND, by=GRACE)


def test_one_that_nobody_declares_any_more_can_still_go_on():
    PausedKind.objects.create(kind="toy.gone", actor_kind="operator", actor_id="x", reason="y")
    assert "toy.gone" in kinds()
    resume_kind(kind="toy.gone", by=GRACE)
    assert not PausedKind.objects.exists()
