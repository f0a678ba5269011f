"""Somebody's word on what another system did takes a second one."""

import pytest

from integrity.models import AuditEntry
from integrity.saga import control
from integrity.saga.lawful import Refused, asked_for, waiting_for_another
from integrity.saga.probing import probe
from tests.integrity.saga.test_control import GRACE, LIN, fresh, not_undone, refused  # noqa: F401
from tests.integrity.saga.toys import FAULTS, begin, events, settle, statuses

# ruff: noqa: F811 - fixtures
pytestmark = pytest.mark.django_db(transaction=True)


def test_the_first_one_asks_and_nothing_moves(refused):
    told = control.mark_done(saga=refused.uid, by=GRACE)

    assert (told.state, told.fence, statuses(told)["remove"]) == (
        "attention",
        refused.fence + 1,
        "started",
    )
    asked = asked_for(told, "mark_done")
    assert (asked.actor_id, asked.detail["reason"]) == ("grace", "she asked for it")
    assert AuditEntry.objects.get().verb == "integrity.saga_mark_done_asked"


def test_the_same_one_cannot_confirm_it(refused):
    control.mark_done(saga=refused.uid, by=GRACE)
    with pytest.raises(Refused, match="Somebody else has to confirm it"):
        control.mark_done(saga=refused.uid, by=GRACE)
    assert fresh(refused).state == "attention"


@pytest.mark.parametrize(
    ("saga", "verb", "step"),
    [("refused", "mark_done", "remove"), ("not_undone", "skip_undo", "mute")],
)
def test_another_one_does_and_both_are_on_record(request, saga, verb, step):
    parked = request.getfixturevalue(saga)
    for by in (GRACE, LIN):
        getattr(control, verb)(saga=parked.uid, by=by)

    now = fresh(parked)
    assert (now.state != "attention", now.fence) == (True, parked.fence + 2)
    assert statuses(parked)[step] in ("done", "undo_skipped")
    who = [entry.actor_id for entry in AuditEntry.objects.order_by("pk")]
    assert (who, asked_for(now, verb)) == (["grace", "lin"], None)


def test_whoever_looked_before_it_was_asked_for_does_not_confirm_it_unawares(refused):
    control.mark_done(saga=refused.uid, by=GRACE, version=refused.fence)
    with pytest.raises(Refused, match="moved since you looked"):
        control.mark_done(saga=refused.uid, by=LIN, version=refused.fence)
    assert fresh(refused).state == "attention"


def test_a_look_in_between_leaves_it_asked_for(refused):
    control.mark_done(saga=refused.uid, by=GRACE)
    probe(saga=refused.uid, by=LIN)
    assert waiting_for_another([fresh(refused)]) == {refused.pk}
    assert control.mark_done(saga=refused.uid, by=LIN).state == "running"
    assert waiting_for_another([fresh(refused)]) == set()


def test_what_was_asked_of_another_situation_does_not_count(refused, provider):
    control.mark_done(saga=refused.uid, by=GRACE)
    provider.faults.append(FAULTS["rejected"]())
    control.retry(saga=refused.uid, by=GRACE)
    settle()

    control.mark_done(saga=refused.uid, by=LIN)
    assert (fresh(refused).state, asked_for(fresh(refused), "mark_done").actor_id) == (
        "attention",
        "lin",
    )


def test_of_our_own_rows_one_is_enough():
    saga = begin()
    parked = {"state": "attention", "attention": "crash_loop", "parked_from": "running"}
    type(saga).objects.filter(pk=saga.pk).update(**parked)

    control.mark_done(saga=saga.uid, by=GRACE)
    assert "mark_done freeze" in events(saga)
    assert fresh(saga).state == "running"


def test_it_can_be_switched_off(refused, setting):
    setting(SECOND_PERSON=False)
    assert control.mark_done(saga=refused.uid, by=GRACE).state == "running"
