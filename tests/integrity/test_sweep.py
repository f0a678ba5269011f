"""One run at a time, and a run that died is told from one that is slow."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import OperationalError
from django.db.models.functions import Now

from integrity import leases
from integrity.audit import SYSTEM, Actor
from integrity.evaluate import evaluate
from integrity.invariants import Guard, invariant
from integrity.leases import AlreadyRunning, LeaseLost, SlotTaken, begin, finish, held, hold, renew
from integrity.lifecycle import record
from integrity.log import bound
from integrity.models import Finding, Run
from integrity.registry import UnknownName
from integrity.sweep import check
from integrity.transactions import transaction
from tests.database import rival
from tests.integrity.toy.models import Author, Book

pytestmark = pytest.mark.django_db(transaction=True)
SLOT = datetime(2026, 1, 2, 2, tzinfo=UTC)


def begun(scope="all", **options):
    return begin(kind=Run.Kind.CHECK, scope=scope, by=SYSTEM, **options)


def let_the_lease_run_out(run):
    Run.objects.filter(pk=run.pk).update(lease_until=Now() - timedelta(seconds=1))


def test_what_is_logged_meanwhile_names_the_run(declared):
    seen = []

    @invariant("toy.nothing_is_said")
    def nothing_is_said():
        seen.append(bound())
        return Book.objects.none()

    run = check(by=SYSTEM).run
    assert [each["run"] for each in seen] == [str(run.uid)]
    assert bound() == {}


def test_a_scope_is_checked_by_one_run_at_a_time(declared):
    running = begun()
    with pytest.raises(AlreadyRunning) as refused:
        check(by=SYSTEM)
    assert refused.value.run == running
    assert begun(scope="toy").state == "running"


def test_a_run_whose_lease_ran_out_is_interrupted_and_the_next_one_goes_on(declared):
    abandoned = begun()
    let_the_lease_run_out(abandoned)
    assert check(by=SYSTEM).run.state == "succeeded"
    abandoned.refresh_from_db()
    assert (abandoned.state, bool(abandoned.finished_at)) == ("interrupted", True)


def test_a_run_that_lost_its_lease_writes_nothing(declared):
    @invariant("toy.no_book_is_lost")
    def no_book_is_lost():
        return Book.objects.filter(state="lost")

    Book.objects.create(state="lost")
    slow, report = begun(), evaluate()
    let_the_lease_run_out(slow)
    begun()
    with pytest.raises(LeaseLost):
        record(run=slow, report=report)
    assert not Finding.objects.exists()
    with pytest.raises(LeaseLost):
        finish(slow, Run.State.SUCCEEDED)


def test_a_run_at_work_renews_its_lease(declared, setting, monkeypatch):
    setting(RUN_LEASE=0.06)
    beaten = leases.threading.Event()

    def beat(run):
        assert renew(run)
        beaten.set()

    monkeypatch.setattr(leases, "renew", beat)
    run = begun()
    with held(run):
        assert beaten.wait(10)
    renewed = Run.objects.get(pk=run.pk)
    assert renewed.lease_until > run.lease_until


def test_nobody_takes_over_a_run_while_it_writes(declared):
    run = begun()
    let_the_lease_run_out(run)
    with rival() as other, transaction():
        hold(run)
        other.execute("SET lock_timeout = '100ms'")
        with pytest.raises(OperationalError):
            other.execute("UPDATE integrity_run SET state = 'interrupted', finished_at = now()")


def test_a_lease_of_an_ended_run_is_not_renewed():
    run = begun()
    finish(run, Run.State.SUCCEEDED)
    assert not renew(run)


def test_a_slot_has_one_run(declared):
    first = check(by=SYSTEM, slot=SLOT).run
    with pytest.raises(SlotTaken) as refused:
        check(by=SYSTEM, slot=SLOT)
    assert refused.value.run == first


def test_a_slot_whose_run_was_given_up_may_be_filled(declared):
    let_the_lease_run_out(begun(slot=SLOT))
    assert check(by=SYSTEM, slot=SLOT).run.state == "succeeded"


def test_a_run_that_raises_has_failed_and_one_that_is_stopped_was_interrupted(declared):
    for error, state in ((ZeroDivisionError(), "failed"), (KeyboardInterrupt(), "interrupted")):

        def stop(result, error=error):
            raise error

        @invariant(f"toy.{state}")
        def nothing():
            return Book.objects.none()

        with pytest.raises(type(error)):
            check([f"toy.{state}"], by=SYSTEM, watch=stop)
        assert Run.objects.get(scope=f"toy.{state}").state == state


def test_an_unknown_name_leaves_no_run(declared):
    with pytest.raises(UnknownName):
        check(["toy.nothing"], by=SYSTEM)
    assert not Run.objects.exists()


def test_the_run_says_who_and_why(declared):
    run = check(by=Actor("operator", "7", reason="incident 12", via="admin")).run
    assert (run.actor_kind, run.actor_id, run.reason) == ("operator", "7", "incident 12")


class TestShrinkage:
    @pytest.fixture(autouse=True)
    def guarded(self, declared):
        @invariant("toy.every_book_has_an_author", guard=Guard("toy.Author"))
        def every_book_has_an_author():
            return Book.objects.filter(author=None)

        Author.objects.bulk_create([Author() for _ in range(100)])

    def result(self, **options):
        return check(by=SYSTEM, **options).report.results[0]

    def shrink(self, to):
        kept = Author.objects.order_by("pk").values("pk")[:to]
        Author.objects.exclude(pk__in=list(kept.values_list("pk", flat=True))).delete()

    def test_that_is_small_is_believed(self):
        self.result()
        self.shrink(80)
        Book.objects.create()
        assert self.result().result == "broken"

    def test_makes_violations_unknown_until_somebody_accepts_it(self):
        self.result()
        self.shrink(79)
        Book.objects.create()
        for _ in range(2):
            found = self.result()
            assert found.result == "unknown"
            assert "shrank from 100 to 79 rows" in found.reason
        assert self.result(accept_shrinkage=True).result == "broken"
        assert self.result().result == "broken"

    def test_of_a_small_table_is_an_ordinary_day(self):
        self.shrink(99)
        self.result()
        self.shrink(50)
        Book.objects.create()
        assert self.result().result == "broken"
