"""Ghosts are not made whole while the sync trigger makes more, unless somebody types that it is off."""

import pytest

from accounts.models import Profile
from integrity.audit import command_actor
from integrity.models import RepairPlan
from integrity.repair.plan import plan_repair
from integrity.repair.queueing import work_queued
from tests.accounts.repairs.test_people import planned, unguarded
from tests.database import execute
from tests.factories import CoupleFactory
from tests.integrity.admin.desk import form, operator, page, text

pytestmark = pytest.mark.django_db(transaction=True)
REPAIR, WORD = "accounts.backfill_profiles", "trigger is off"


@pytest.fixture
def clerk():
    return operator("view_repairplan", "apply_repair")


@pytest.fixture(params=["DISABLE TRIGGER {name}", "ENABLE REPLICA TRIGGER {name}"])
def ghosts(request):
    """Two, and the trigger that would spare the next one doesn't fire."""
    couples = CoupleFactory.create_batch(2)
    with unguarded("accounts_profile"):
        Profile.objects.all().delete()
    ((name,),) = execute(
        "SELECT tgname FROM pg_trigger WHERE tgname LIKE '%%profile_follows_user%%'"
    )
    execute(f"ALTER TABLE accounts_user {request.param.format(name=name)}")
    yield couples
    execute(f"ALTER TABLE accounts_user ENABLE TRIGGER {name}")


def test_the_command_asks_for_the_words(manage, ghosts):
    plan = plan_repair(repair=REPAIR, by=command_actor())

    def apply(*words):
        given = [part for word in words for part in ("--confirm", word)]
        return manage("integrity", "apply", plan.uid, "--yes", "--reason", "ghosts", *given)

    for refused in (apply(), apply("trigger")):
        assert (refused.code, Profile.objects.exists()) == (4, False)
        assert f"confirm: {WORD}" in refused.err
    ended = apply(WORD)
    assert (ended.code, Profile.objects.filter(user__in=ghosts).count()) == (0, 2)


def test_the_page_asks_for_the_words(client, clerk, ghosts):
    plan = planned(REPAIR)
    client.force_login(clerk)
    there, dialog = page("repairplan_change", plan.pk), page("repairplan_apply", plan.pk)
    assert f"Whoever applies it all the same types <code>{WORD}</code>" in text(client.get(there))

    for sent in ({}, {"confirm_0": "trigger"}):
        client.post(dialog, form(version=plan.version, **sent))
        assert RepairPlan.objects.get().state == "approved"
    client.post(dialog, form(version=plan.version, confirm_0=WORD))
    work_queued()

    assert Profile.objects.filter(user__in=ghosts).count() == 2
    assert "The check after it found that the invariant holds" in text(client.get(there))
