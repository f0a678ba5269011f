"""What stands around the engine: the worker's task, the shell, findings, and how long it is kept."""

import json
from datetime import timedelta

import pytest
from django.db.models.functions import Now

from integrity import tasks
from integrity.audit import SYSTEM
from integrity.evaluate import evaluate
from integrity.models import (
    Heartbeat,
    Incident,
    IncidentChange,
    OutboxMessage,
    ProviderGate,
    Saga,
    SagaEvent,
    SagaStep,
)
from integrity.retention import purge
from integrity.saga import control
from integrity.saga.engine import run_due
from integrity.saga.outcomes import RefusedToAll
from integrity.watch import keep_watch
from tests.database import triggers_off
from tests.integrity.saga.test_control import GRACE
from tests.integrity.saga.toys import FAULTS, KIND, begin, pass_time, settle

pytestmark = pytest.mark.django_db(transaction=True)
REASON = ("--reason", "she asked for it")


@pytest.fixture
def refused(provider):
    """Past the pivot."""
    provider.faults.extend([None, None, FAULTS["rejected"]()])
    saga = begin()
    settle()
    saga.refresh_from_db()
    return saga


def told():
    """What became of each incident, in order."""
    changes = IncidentChange.objects.order_by("pk")
    return [(each.incident.subject, each.step) for each in changes]


def broken():
    names = [each.invariant.name for each in evaluate(["integrity"]).having("broken")]
    return [
        name.removeprefix("integrity.") for name in names if "saga" in name or "provider" in name
    ]


class TestFindings:
    def test_one_that_waits_for_its_timer_is_in_order(self):
        begin()
        tasks.run_sagas()

        assert broken() == []

    def test_one_that_nobody_takes_up_is_late(self):
        begin()
        pass_time(301)

        assert broken() == ["every_saga_moves_in_time"]

    def test_one_that_fails_for_an_hour_is_stalled(self, provider):
        provider.faults.append(FAULTS["refused"]())
        begin()
        tasks.run_sagas()
        assert broken() == []
        Saga.objects.update(first_failed_at=Now() - timedelta(hours=2))

        assert broken() == ["no_saga_is_stalled"]
        Saga.objects.update(wait="gate")
        assert broken() == [], "that is told of its provider, once"

    def test_one_that_is_parked_needs_a_person_until_what_it_left_is_tidied(self, refused):
        assert broken() == ["no_saga_needs_a_person"]

        control.resolve(saga=refused.uid, by=GRACE, left_behind=["remove"])
        assert broken() == ["no_effect_of_a_saga_is_left"]
        control.tidied(saga=refused.uid, by=GRACE)
        assert broken() == []

    def test_an_outage_is_told_once_however_many_wait(self, provider, setting):
        setting(ALERT_ADDRESSES=["json://127.0.0.1:9/x"])
        for number in range(20):
            begin(f"ada-{number}")
        provider.down = RefusedToAll("401")
        run_due()
        for _ in range(3):
            keep_watch(by=SYSTEM)
            ProviderGate.objects.update(times=7)

        assert told() == [("integrity.no_provider_refuses_all", "opened")]
        assert OutboxMessage.objects.count() == 1
        assert set(Saga.objects.values_list("wait", "attempts")) == {("gate", 0)}

        provider.down = None
        pass_time()
        run_due()
        for _ in range(3):
            keep_watch(by=SYSTEM)
        assert told() == [
            ("integrity.no_provider_refuses_all", "opened"),
            ("integrity.no_provider_refuses_all", "resolved"),
        ]
        assert Incident.objects.get().state == Incident.State.RESOLVED


class TestTheWorker:
    def test_it_goes_on_with_what_is_due_and_gives_a_sign_of_life(self):
        Heartbeat.objects.all().delete()
        saga = begin()
        tasks.run_sagas()

        assert saga.steps.filter(status="done").count() == 3
        assert {"sagas", "worker"} <= set(Heartbeat.objects.values_list("name", flat=True))

    def test_a_bite_is_followed_by_another(self, monkeypatch):
        rung = []
        monkeypatch.setattr(tasks, "AT_ONCE", 1)
        monkeypatch.setattr(tasks.run_sagas, "apply_async", lambda **options: rung.append(options))
        begin("ada")
        begin("grace")
        tasks.run_sagas()

        assert rung == [{"retry": False, "expires": 30}]
        assert not tasks.run_sagas.acks_late


class TestTheShell:
    def test_it_lists_those_under_way(self, manage, refused):
        begin("grace")
        ended = manage("saga", "list", "--format", "json")

        rows = {each["subject"]: each for each in json.loads(ended.out)}
        assert (rows["ada"]["state"], rows["ada"]["why"]) == ("attention", "refused")
        assert (rows["grace"]["state"], rows["grace"]["step"]) == ("running", "1 of 8")
        assert manage("saga", "list", "--state", "completed").out.strip() == "none"
        assert "1 more" in manage("saga", "list", "--kind", KIND, "--limit", "1").err

    def test_it_shows_one_with_its_steps_and_timeline(self, manage, refused):
        ended = manage("saga", "show", refused.uid)
        shown = json.loads(manage("saga", "show", refused.uid, "--format", "json").out)

        assert ended.code == 1, "a person is needed"
        assert "ada@example.com" not in ended.out
        assert [each["step"] for each in shown["steps"]][:2] == ["freeze", "mute"]
        failed = [each for each in shown["events"] if each["event"] == "step_failed"]
        assert "422" in failed[-1]["detail"]
        assert manage("saga", "show", "5b1f2f3e-3c27-4c2e-9d5c-0a4a5d3b8f11").code == 2

    def test_it_runs_what_is_due(self, manage):
        begin()
        ended = manage("saga", "run", "--format", "json")

        assert (ended.code, json.loads(ended.out)[0]["taken_up"]) == (0, 1)

    def test_it_probes_and_tries_again(self, manage, refused):
        probed = manage("saga", "probe", refused.uid, *REASON)
        assert (probed.code, probed.out.count("not_done")) == (0, 1)
        assert manage("saga", "retry", refused.uid, *REASON).code == 0
        assert manage("saga", "run").code == 0
        assert manage("saga", "retry", refused.uid, *REASON).code == 4

    def test_what_is_refused_has_an_exit_code_of_its_own(self, manage, refused):
        refusal = manage("saga", "compensate", refused.uid, *REASON)
        assert (refusal.code, "point of no return" in refusal.err) == (4, True)
        assert manage("saga", "retry", refused.uid, "--reason", " ").code == 2
        ended = manage("saga", "resolve", refused.uid, *REASON, "--left", "remove")
        assert (ended.code, SagaStep.objects.get(left_behind=True).name) == (0, "remove")


def test_one_that_ended_long_ago_is_purged_with_its_timeline():
    old = begin("ada")
    settle()
    begin("grace")
    with triggers_off("integrity_saga"):
        Saga.objects.filter(pk=old.pk).update(finished_at=Now() - timedelta(days=91))
    purge(by=SYSTEM)

    assert [each.subject for each in Saga.objects.all()] == ["grace"]
    assert not SagaEvent.objects.filter(saga_id=old.pk).exists()
