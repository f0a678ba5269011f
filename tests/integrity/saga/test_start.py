from threading import Thread

import pytest
from django.db import connection

from integrity.evaluate import evaluate
from integrity.invariants import invariant
from integrity.models import Saga, SagaSecret
from integrity.registry import UnknownName
from integrity.saga.engine import run_due
from integrity.saga.owned import owned_by_a_saga
from integrity.saga.secrets import secret
from integrity.saga.start import find_active, start
from integrity.sealed import UnreadableSeal
from integrity.transactions import TransactionRequired, transaction
from tests.database import execute
from tests.integrity.saga import toys
from tests.integrity.saga.toys import ADA, KIND, begin, settle
from tests.integrity.toy.models import Account

pytestmark = pytest.mark.django_db(transaction=True)
rung = []


def ring():
    rung.append(True)


def test_it_starts_with_the_callers_transaction_or_not_at_all():
    with pytest.raises(ZeroDivisionError), transaction():
        start(KIND, subject="ada", by=ADA, secrets={"who": {"email": "a@example.com"}})
        1 / 0  # noqa: B018
    assert (Saga.objects.count(), SagaSecret.objects.count()) == (0, 0)

    with pytest.raises(TransactionRequired):
        start(KIND, subject="ada", by=ADA)


def test_a_second_one_of_a_subject_is_the_first():
    first = begin()

    assert begin().pk == first.pk
    assert Saga.objects.count() == 1
    assert begin("grace").pk != first.pk


def test_once_it_has_ended_another_one_may_begin():
    first = begin()
    settle()

    assert find_active(KIND, "ada") is None
    assert begin().pk != first.pk


def test_two_that_start_at_once_are_one():
    with transaction():
        mine = start(KIND, subject="ada", by=ADA)
        found = []

        def rival():
            with transaction():
                found.append(start(KIND, subject="ada", by=ADA).pk)
            connection.close()

        other = Thread(target=rival)
        other.start()
    other.join()
    assert found == [mine.pk]


def test_the_doorbell_rings_once_after_the_commit(setting):
    setting(SAGA_DOORBELL=f"{__name__}.ring")
    rung.clear()
    with transaction():
        start(KIND, subject="ada", by=ADA)
        start(KIND, subject="grace", by=ADA)
        assert not rung

    assert rung == [True]


def test_what_is_personal_is_sealed_for_its_saga_and_purpose_alone():
    ada, grace = begin("ada"), begin("grace")

    assert secret(ada.uid, "who") == {"email": "ada@example.com"}
    assert not any(b"example" in bytes(each.sealed) for each in SagaSecret.objects.all())
    execute(
        "UPDATE integrity_sagasecret SET sealed = (SELECT sealed FROM integrity_sagasecret"
        " WHERE saga_id = %s) WHERE saga_id = %s",
        ada.pk,
        grace.pk,
    )
    with pytest.raises(UnreadableSeal):
        secret(grace.uid, "who")


def test_what_cannot_be_opened_waits_for_a_person(monkeypatch):
    toys.declare(freeze={"run": lambda at: at.secret("who") and None})
    saga = begin()
    execute("UPDATE integrity_sagasecret SET sealed = 'x'")
    run_due()

    saga.refresh_from_db()
    assert (saga.state, saga.attention) == ("attention", "unreadable")


def test_a_kind_that_nobody_declares_is_named():
    with pytest.raises(UnknownName, match=r"toy\.nonsense"), transaction():
        start("toy.nonsense", subject="ada", by=ADA)


def test_what_a_saga_works_on_is_suspected_and_not_broken(declared):
    @invariant("toy.all_is_open", in_flight=owned_by_a_saga("name", kinds=(KIND,)))
    def all_is_open():
        return Account.objects.exclude(state="open")

    saga = begin()
    Account.objects.create(name="grace", state="frozen")
    run_due()
    [result] = evaluate(["toy"]).results
    assert (result.count, result.suspected) == (1, 1)

    Saga.objects.filter(pk=saga.pk).update(state="paused", parked_from="running")
    assert evaluate(["toy"]).results[0].suspected == 1, "it is still responsible for it"
