"""Repairs by a function: it promises an effect or puts something right, one subject at a time."""

import pytest

from integrity.models import OutboxMessage
from integrity.outbox import effect, enqueue
from integrity.relay import deliver_due
from integrity.repair import Action, Deed, Kind, declare_repair
from integrity.repair.apply import apply, undo
from integrity.repair.errors import Refused
from tests.integrity.repair.conftest import ADA, mended, planned
from tests.integrity.toy.models import Book

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def printer(lost_books):
    """What is lost is ordered again from another system."""
    ordered = []
    effect("toy.order")(lambda message: ordered.append(message.payload["book"]))
    lost_books()

    def lost():
        for book in Book.objects.filter(state="lost").order_by("pk"):
            yield Deed(f"toy.book:{book.pk}", {"state": book.state}, {"state": "ordered"})

    def order(deed):
        key = int(deed.subject.rpartition(":")[2])
        enqueue("toy.order", key=str(key), payload={"book": key})
        Book.objects.filter(pk=key).update(state="ordered")

    def declare(**options):
        declare_repair(
            Action(
                "toy.order_again",
                invariant="toy.no_book_is_lost",
                kind=Kind.EXTERNAL,
                observe=lost,
                perform=order,
                **options,
                statement="Orders it again.",
            )
        )
        return ordered

    return declare


def test_promise_what_another_system_does_and_the_relay_does_it(printer):
    ordered = printer(irreversible=True)
    book = Book.objects.create(state="lost")

    plan = mended("toy.order_again")

    assert (plan.applied, plan.verdict, ordered) == (1, "holds", [])
    deliver_due()
    assert ordered == [book.pk]
    with pytest.raises(Refused, match="irreversible"):
        undo(plan=plan.uid, by=ADA)


def test_skip_what_no_longer_needs_it(printer):
    printer(irreversible=True)
    books = [Book.objects.create(state="lost") for _ in range(2)]
    plan = planned("toy.order_again")
    Book.objects.filter(pk=books[0].pk).update(state="there")

    with pytest.raises(Refused, match="1 of 2"):
        apply(plan=plan.uid, by=ADA)
    assert not OutboxMessage.objects.exists()


def test_are_undone_by_their_own_function(printer):
    def give_back(deed):
        Book.objects.filter(pk=deed.subject.rpartition(":")[2]).update(**deed.before)

    printer(undo=give_back)
    Book.objects.create(state="lost")
    plan = mended("toy.order_again")

    assert undo(plan=plan.uid, by=ADA).undone == 1
    assert Book.objects.get().state == "lost"
