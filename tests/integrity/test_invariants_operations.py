from datetime import timedelta

import pytest
from django.db.models.functions import Now

from integrity.evaluate import evaluate
from integrity.models import OutboxMessage
from tests.integrity.mailroom import MINUTE, promise

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("post")]


def broken():
    return [each.invariant.name for each in evaluate(["integrity"]).having("broken")]


def change(**fields):
    promise("a")
    OutboxMessage.objects.update(**fields)


def test_what_waits_its_turn_breaks_nothing():
    change(available_at=Now() - 4 * MINUTE)

    assert broken() == []


def test_a_dead_effect_is_found():
    change(state="dead", dead_at=Now())

    assert broken() == ["integrity.no_effect_is_dead"]


@pytest.mark.parametrize(
    "fields",
    [
        {"available_at": Now() - 6 * MINUTE},
        {"created_at": Now() - timedelta(days=2), "available_at": Now() + MINUTE},
    ],
    ids=["nobody delivers it", "it is put off again and again"],
)
def test_an_overdue_effect_is_found(fields):
    change(**fields)

    assert broken() == ["integrity.every_effect_is_delivered_in_time"]
