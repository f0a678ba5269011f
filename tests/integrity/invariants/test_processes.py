"""What holds only while scheduler, workers and sweeps do their work."""

from datetime import timedelta

import pytest
from django.db.migrations.recorder import MigrationRecorder
from django.db.models.functions import Now
from django.utils import timezone

from integrity import tasks
from integrity.audit import SYSTEM
from integrity.evaluate import evaluate
from integrity.heartbeats import beat
from integrity.models import FlowOutcome, Heartbeat, Run, RunResult
from integrity.slots import latest_slot
from integrity.sweep import check

pytestmark = pytest.mark.django_db(transaction=True)


def checked(name):
    return evaluate([f"integrity.{name}"]).results[0]


class TestSignsOfLife:
    NAME = "every_process_gives_signs_of_life"

    def test_are_expected_from_the_first_migrate_on(self):
        Heartbeat.objects.update(at=Now() - timedelta(minutes=6))
        assert checked(self.NAME).keys == ["relay", "sagas", "scheduler", "worker"]

    def test_come_from_the_task_that_only_the_scheduler_sends(self):
        Heartbeat.objects.update(at=Now() - timedelta(minutes=6))
        tasks.give_sign_of_life()
        assert checked(self.NAME).keys == ["relay", "sagas"]

    def test_of_the_worker_come_from_the_relay_as_well(self):
        Heartbeat.objects.update(at=Now() - timedelta(minutes=6))
        tasks.relay_outbox()
        assert checked(self.NAME).keys == ["sagas", "scheduler"]

    def test_of_the_relay_come_when_it_has_delivered(self, monkeypatch):
        """One that hangs is silent, though its worker is alive."""
        Heartbeat.objects.update(at=Now() - timedelta(minutes=6))
        monkeypatch.setattr(tasks, "deliver_due", lambda **options: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            tasks.relay_outbox()
        assert checked(self.NAME).keys == ["relay", "sagas", "scheduler"]

    def test_are_written_once_in_a_while(self):
        beat("worker")
        first = Heartbeat.objects.get(name="worker").at
        beat("worker")
        assert Heartbeat.objects.get(name="worker").at == first


class TestFailingFlows:
    def outcome(self, outcome, count, *, hours=0):
        FlowOutcome.objects.create(
            flow="toy.flow",
            hour=timezone.now() - timedelta(hours=hours),
            outcome=outcome,
            count=count,
            seconds_total=1,
            seconds_max=1,
        )

    def found(self):
        return [each.evidence["actual"] for each in checked("no_flow_keeps_failing").violations]

    @pytest.mark.parametrize("outcome", ["failed", "busy", "unconfirmed"])
    def test_are_found_with_how_often(self, outcome):
        self.outcome(outcome, 3)
        assert self.found() == [f"3 of 3 runs {outcome}"]

    @pytest.mark.parametrize(("failed", "hours"), [(2, 0), (3, 25)])
    def test_once_in_a_while_or_long_ago_is_nothing(self, failed, hours):
        self.outcome("failed", failed, hours=hours)
        assert self.found() == []

    def test_what_is_refused_by_a_rule_has_not_failed(self):
        self.outcome("refused", 50)
        assert self.found() == []

    def test_a_few_of_very_many_are_nothing(self, monkeypatch):
        now = timezone.now()
        monkeypatch.setattr(timezone, "now", lambda: now)
        self.outcome("committed", 58)
        self.outcome("failed", 3)
        assert self.found() == []
        FlowOutcome.objects.filter(outcome="committed").update(count=57)
        assert self.found() == ["3 of 60 runs failed"]


class TestSweeps:
    @pytest.fixture(autouse=True)
    def installed_long_ago(self):
        applied = MigrationRecorder.Migration.objects.filter(app="integrity")
        before = dict(applied.values_list("pk", "applied"))
        applied.update(applied=Now() - timedelta(days=9))
        yield
        for pk, at in before.items():
            MigrationRecorder.Migration.objects.filter(pk=pk).update(applied=at)

    def test_a_due_time_without_a_run_is_found(self, setting):
        setting(SWEEP_GRACE=0)
        due = latest_slot(timezone.now())
        found = checked("every_sweep_was_made")
        assert found.keys[-1] == f"sweep:{due:%Y-%m-%dT%H:%MZ}"
        assert found.severity.name == "ERROR"

    def test_the_run_of_the_schedule_fills_it(self, declared, own_registries, setting):
        setting(SWEEP_GRACE=0)
        tasks.sweep()
        run = Run.objects.get()
        assert run.slot == latest_slot(timezone.now())
        assert (run.actor_kind, run.actor_id) == ("task", "integrity.tasks.sweep")
        tasks.sweep()
        assert Run.objects.count() == 1

    def test_an_invariant_that_was_not_proven_for_too_long_is_found(self):
        name = "integrity.no_effect_is_dead"
        check([name], by=SYSTEM)
        assert checked("every_invariant_was_proven_lately").result == "holds"
        RunResult.objects.update(at=Now() - timedelta(hours=27))
        assert checked("every_invariant_was_proven_lately").keys == [f"invariant:{name}"]
        RunResult.objects.create(
            run=Run.objects.get(),
            invariant="integrity.x",
            severity=1,
            result="unknown",
            complete=False,
            seconds=0,
        )
        assert checked("every_invariant_was_proven_lately").count == 1
