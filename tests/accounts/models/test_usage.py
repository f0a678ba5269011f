"""What the database refuses about usage, whoever writes."""

from datetime import UTC, date, datetime

import pytest
from django.db.models.functions import Now

from accounts.models import UsageCounter, UsageEntry, Wedding
from tests.database import committed, execute, refused_as
from tests.factories import CoupleFactory

pytestmark = pytest.mark.django_db
THIS_MONTH = "SELECT date_trunc('month', now() AT TIME ZONE 'UTC')::date"


def count(**fields):
    wedding = Wedding.objects.first() or CoupleFactory().membership.wedding
    period = execute(THIS_MONTH)[0][0]
    known = {"wedding": wedding, "metric": "invitations", "period": period}
    return UsageCounter.objects.create(**known | fields)


def use(counter, key="a", **fields):
    return UsageEntry.objects.create(counter=counter, **{"operation_key": key, "delta": 1} | fields)


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"value": -1}, "accounts_usagecounter_is_not_negative"),
        ({"metric": "smiles"}, "accounts_usagecounter_metric_is_known"),
        ({"period": date(2031, 5, 17)}, "accounts_usagecounter_period_is_a_month"),
    ],
)
def test_a_counter_counts_something_in_a_month(fields, name):
    with refused_as(name):
        count(**fields)


def test_there_is_one_counter_of_a_metric_and_month():
    counter = count()
    with refused_as("accounts_usagecounter_once"):
        count(period=counter.period)


def test_an_operation_counts_once():
    counter = count()
    use(counter)
    with refused_as("accounts_usageentry_operation_key_key"):
        use(counter)


@pytest.mark.parametrize(
    ("fields", "name"),
    [({"delta": 0}, "accounts_usageentry_counts"), ({"key": ""}, "accounts_usageentry_has_a_key")],
)
def test_an_entry_counts_and_says_what_for(fields, name):
    counter = count()
    with refused_as(name):
        use(counter, **fields)


@pytest.mark.parametrize(
    ("at", "fits"),
    [
        (datetime(2031, 4, 30, 23, 59, 59, 999999, tzinfo=UTC), False),
        (datetime(2031, 5, 1, tzinfo=UTC), True),
        (datetime(2031, 5, 31, 23, 59, 59, 999999, tzinfo=UTC), True),
        (datetime(2031, 6, 1, tzinfo=UTC), False),
    ],
)
def test_an_entry_is_in_its_month(at, fits):
    counter = count(period=date(2031, 5, 1))
    with committed() if fits else refused_as("accounts_usageentry_is_in_its_period"):
        use(counter, at=at)


def test_its_month_is_utc_s_wherever_the_writer_is():
    """Half a day before it ends, June has begun on the Line Islands."""
    counter = count(period=date(2031, 5, 1))
    with committed():
        execute("SET LOCAL TIME ZONE 'Pacific/Kiritimati'")
        use(counter, at=datetime(2031, 5, 31, 12, tzinfo=UTC))


def test_an_entry_is_never_changed():
    use(count(), at=Now())
    with refused_as("accounts_usageentry_is_never_changed"):
        UsageEntry.objects.update(delta=2)
