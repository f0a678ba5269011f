"""The numbers a monitor reads, against rows that are made by hand."""

from datetime import timedelta

import pytest
from django.db import connection
from django.db.models.functions import Now
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from integrity import metrics
from integrity.audit import SYSTEM
from integrity.exposition import Sample, gauge
from integrity.heartbeats import beat
from integrity.metrics import exposition
from integrity.models import (
    EffectCount,
    Ended,
    FlowOutcome,
    Heartbeat,
    Incident,
    OutboxMessage,
    RepairPlan,
    Run,
)
from integrity.retention import purge
from integrity.sweep import check
from tests.exposition import parse
from tests.integrity.admin.desk import State, finding, run
from tests.integrity.toy.models import Book

pytestmark = pytest.mark.django_db(transaction=True)
Outcome = FlowOutcome.Outcome


def scraped():
    return parse(exposition())


def values(name):
    return scraped()[name].values


def ended(outcome=Outcome.COMMITTED, *, flow="toy.flow", **facts):
    FlowOutcome.add(Ended(flow, outcome, **{"seconds": 0.5, **facts}))


def test_an_empty_database_has_numbers_too():
    numbers = scraped()
    assert numbers["integrity_sweep_age_seconds"].values == {(): float("inf")}
    assert set(numbers["integrity_findings"].values.values()) == {0}
    assert numbers["integrity_outbox_oldest_seconds"].values == {("pending",): 0, ("dead",): 0}


def test_a_flow_counts_from_zero_on_before_it_ever_ran():
    numbers = scraped()
    for name in ("commits_total", "unconfirmed_total", "retries_total", "timeouts_total"):
        assert numbers[f"integrity_flow_{name}"].values["accounts.sign_up",] == 0
    assert numbers["integrity_flow_rollbacks_total"].values["accounts.sign_up", "busy"] == 0


def test_what_became_of_a_flows_runs():
    for outcome in Outcome:
        ended(outcome)
    ended(retries=2, timeouts=3)
    numbers = scraped()
    of_it = {name: each.values.get(("toy.flow",)) for name, each in numbers.items()}
    assert of_it["integrity_flow_commits_total"] == 2
    assert of_it["integrity_flow_unconfirmed_total"] == 1
    assert of_it["integrity_flow_retries_total"] == 2
    assert of_it["integrity_flow_timeouts_total"] == 3
    left = numbers["integrity_flow_rollbacks_total"].values
    assert [left["toy.flow", why] for why in ("already_done", "busy", "failed", "refused")] == [
        1
    ] * 4
    times = numbers["integrity_flow_duration_seconds"].samples
    of_it = (("flow", "toy.flow"),)
    assert (times["_sum", of_it], times["_count", of_it]) == (3.5, 7)


def test_no_counter_goes_backwards_when_its_rows_are_purged(declared):
    check(by=SYSTEM)
    ended()
    FlowOutcome.objects.filter(flow="toy.flow").update(hour=Now() - timedelta(days=99))
    EffectCount.objects.create(effect="toy", day=timezone.now() - timedelta(days=99), delivered=7)
    before = scraped()
    assert purge(by=SYSTEM)["flow outcomes"] == 1
    after = scraped()
    for name in ("integrity_flow_commits_total", "integrity_outbox_delivered_total"):
        assert after[name].values.items() >= before[name].values.items()
    assert after["integrity_outbox_delivered_total"].values["toy",] == 7


def test_the_outbox_by_state_and_age():
    ago = Now() - timedelta(minutes=10)
    OutboxMessage.objects.create(effect="toy", key="1", available_at=ago)
    OutboxMessage.objects.create(effect="toy", key="2", available_at=Now() + timedelta(hours=1))
    OutboxMessage.objects.create(effect="toy", key="3", state="dead", dead_at=ago)
    numbers = scraped()
    depth = numbers["integrity_outbox_messages"].values
    assert depth == {("pending",): 2, ("leased",): 0, ("dead",): 1}
    ages = numbers["integrity_outbox_oldest_seconds"].values
    assert 600 <= ages["pending",] < 700
    assert 600 <= ages["dead",] < 700


def test_what_is_not_due_yet_is_not_late():
    OutboxMessage.objects.create(effect="toy", key="1", available_at=Now() + timedelta(hours=1))
    assert values("integrity_outbox_oldest_seconds")["pending",] == 0


def test_a_long_queue_is_counted_up_to_a_bound_by_its_indexes(monkeypatch):
    monkeypatch.setattr(metrics, "COUNTED", 2)
    for key in "123":
        OutboxMessage.objects.create(effect="toy", key=key)
    assert values("integrity_outbox_messages")["pending",] == 2


def test_findings_by_severity_and_state_without_the_resolved():
    finding()
    finding(State.SNOOZED)
    finding(State.RESOLVED, resolved_at=timezone.now(), resolution="gone")
    found = values("integrity_findings")
    assert sum(found.values()) == 2
    assert len(found) == 20
    assert {state for (_, state), count in found.items() if count} == {"open", "snoozed"}


def test_open_incidents_by_the_kind_of_their_alert(lost_books):
    lost_books()
    Book.objects.create(state="lost")
    check(by=SYSTEM)
    found = values("integrity_incidents_open")
    assert {kind for (kind,), count in found.items() if count} == {Incident.objects.get().kind}
    Book.objects.all().delete()
    check(by=SYSTEM)
    assert set(values("integrity_incidents_open").values()) == {0}


def test_an_invariant_is_unknown_until_it_is_looked_at(lost_books):
    lost_books()
    result = values("integrity_invariant_result")
    assert result["toy.no_book_is_lost", "unknown"] == 1
    assert ("toy.no_book_is_lost",) not in values("integrity_invariant_violations")
    run([("toy.no_book_is_lost", "broken", 3)])
    result = values("integrity_invariant_result")
    words = [result["toy.no_book_is_lost", word] for word in ("holds", "broken", "unknown")]
    assert words == [0, 1, 0]
    assert values("integrity_invariant_violations")["toy.no_book_is_lost",] == 3


def test_the_age_of_the_last_complete_sweep_of_everything(declared):
    done = check(by=SYSTEM).run
    Run.objects.filter(pk=done.pk).update(finished_at=Now() - timedelta(hours=5))
    Run.objects.create(
        kind="check", scope="toy", state="succeeded", complete=True, finished_at=Now()
    )
    Run.objects.create(kind="check", scope="all", state="succeeded", finished_at=Now())
    assert 18_000 <= values("integrity_sweep_age_seconds")[()] < 18_100


def test_heartbeats():
    beat("worker")
    Heartbeat.objects.update(at=Now() - timedelta(minutes=1))
    assert 60 <= values("integrity_heartbeat_age_seconds")["worker",] < 100


def test_runs_of_a_day():
    facts = {"kind": "repair", "actor_kind": "system"}
    Run.objects.create(state="running", started_at=Now() - timedelta(days=9), **facts)
    for days in (0, 2):
        at = Now() - timedelta(days=days)
        Run.objects.create(state="succeeded", finished_at=at, **facts)
    assert values("integrity_runs") == {("repair", "running"): 1, ("repair", "succeeded"): 1}


def test_repairs():
    for number in (1, 2):
        RepairPlan.objects.create(
            repair="toy.mend",
            needs_second_person=False,
            irreversible=False,
            expires_at=Now(),
            applied=number,
            undone=1,
        )
    numbers = scraped()
    assert numbers["integrity_repair_plans"].values == {("toy.mend", "draft"): 2}
    changes = numbers["integrity_repair_changes_total"].values
    assert (changes["applied", "toy.mend"], changes["undone", "toy.mend"]) == (3, 2)


def test_a_project_adds_its_own(monkeypatch):
    mine = gauge("toy_books", "Books.", [Sample({}, 3)])
    monkeypatch.setattr(metrics, "sources", [*metrics.sources, lambda: [mine]])
    assert values("toy_books") == {(): 3}


def test_no_table_of_people_is_read():
    """A scrape costs as much with a million of them."""
    with CaptureQueriesContext(connection) as asked:
        exposition()
    tables = {word for each in asked for word in each["sql"].replace('"', " ").split()}
    ours = {each for each in tables if each.startswith(("accounts_", "onboarding_", "integrity_"))}
    assert ours
    assert all(each.startswith("integrity_") for each in ours)
