"""What is put right in another system: between the promise and the delivery it is in flight, and a
check neither counts it as broken nor believes that it is done."""

import pytest
from django.db.models import Exists, OuterRef, TextField
from django.db.models.functions import Cast

from integrity.audit import SYSTEM
from integrity.models import Finding, OutboxMessage
from integrity.outbox import effect, enqueue
from integrity.relay import deliver_due
from integrity.sweep import check
from integrity.transactions import transaction
from tests.integrity.toy.models import Book

pytestmark = pytest.mark.django_db(transaction=True)
ORDER = "toy.order_again"


@pytest.fixture
def bookshop(lost_books):
    """Another system, which has a lost book again once the order has reached it."""

    @effect(ORDER)
    def order_again(message):
        Book.objects.filter(pk=message.payload["book"]).update(state="there")

    ordered = OutboxMessage.objects.filter(effect=ORDER, key=Cast(OuterRef("pk"), TextField()))
    lost_books(in_flight=lambda lost: lost.filter(Exists(ordered)))


def order(book):
    with transaction():
        enqueue(ORDER, key=str(book.pk), payload={"book": book.pk})


def checked():
    done = check(by=SYSTEM)
    result = done.report.results[0]
    return done.run.status, result.result, result.count, result.suspected


def test_a_finding_is_quiet_while_its_repair_is_under_way_and_resolved_when_it_has_come(bookshop):
    book = Book.objects.create(state="lost")
    assert checked() == ("critical", "broken", 1, 0)
    order(book)
    assert checked() == ("healthy", "holds", 0, 1)
    assert Finding.objects.get().state == "open"
    deliver_due()
    assert checked() == ("healthy", "holds", 0, 0)
    assert Finding.objects.get().resolution == "gone"


def test_a_repair_that_never_comes_leaves_it_broken(bookshop):
    order(Book.objects.create(state="lost"))
    assert checked() == ("healthy", "holds", 0, 1)
    OutboxMessage.objects.all().delete()
    assert checked() == ("critical", "broken", 1, 0)
