"""What a wedding uses of what its plan limits: counted once, in one month, never beyond the limit."""

from dataclasses import dataclass

from django.db import connection

from accounts.billing.entitlement import Plan, plan_of
from accounts.errors import AccountError
from accounts.models import Metric, Wedding
from integrity.audit import Actor
from integrity.flows import flow
from integrity.transactions import transaction_required

# So much a month, UTC.
LIMITS = {
    Metric.INVITATIONS: {Plan.FREE: 20, Plan.PREMIUM: 1000},
}


class LimitReached(AccountError):
    """This month's allowance is used up. It begins anew on the first; premium has more."""


@dataclass(frozen=True)
class Used:
    """The month's count. `counted`: by this call; a repeat of an operation counts nothing."""

    value: int
    limit: int
    counted: bool

    @property
    def left(self) -> int:
        return max(0, self.limit - self.value)


@flow("accounts.use")
def use(*, wedding: Wedding, metric: Metric, operation: str, by: Actor, amount: int = 1) -> Used:
    """Count a use that stands alone. With other writes, call `count_use()` in their flow.

    Raises:
        LimitReached: nothing was counted.
    """
    return count_use(wedding=wedding, metric=metric, operation=operation, amount=amount)


@transaction_required
def count_use(*, wedding: Wedding, metric: Metric, operation: str, amount: int = 1) -> Used:
    """Write the entry and raise the counter, in the month in which the transaction began.

    Args:
        operation: what uses it, such as `invitation:<id>`. A second call counts nothing.
        amount: negative gives back what was not used after all. More than the month has used
            counts nothing: it was of a month that is over.

    Raises:
        LimitReached: the flow that this is a part of has to do without it.
    """
    limit = LIMITS[metric][plan_of(wedding)]
    with connection.cursor() as cursor:
        cursor.execute(_BEGIN_MONTH, [wedding.pk, metric.value])
        counter, _ = _this_month(wedding, metric)
        cursor.execute(_ENTER, [counter, operation, amount])
        if not cursor.rowcount:
            return used(wedding=wedding, metric=metric)
        cursor.execute(_RAISE, [amount, counter, amount, amount, limit])
        if raised := cursor.fetchone():
            return Used(raised[0], limit, counted=True)
        # Whoever catches what is raised below commits no entry that isn't counted.
        cursor.execute(_TAKE_BACK, [operation])
    if amount > 0:
        raise LimitReached
    return used(wedding=wedding, metric=metric)


def used(*, wedding: Wedding, metric: Metric) -> Used:
    """So far this month."""
    _, value = _this_month(wedding, metric)
    return Used(value, LIMITS[metric][plan_of(wedding)], counted=False)


def _this_month(wedding: Wedding, metric: Metric) -> tuple[int | None, int]:
    """The counter's id and value."""
    with connection.cursor() as cursor:
        cursor.execute(_READ, [wedding.pk, metric.value])
        found: tuple[int, int] | None = cursor.fetchone()
    return found or (None, 0)


# One now() in all of them, that of the transaction: its month is decided once.
_BEGIN_MONTH = """
INSERT INTO accounts_usagecounter (wedding_id, metric, period)
VALUES (%s, %s, date_trunc('month', now() AT TIME ZONE 'UTC')::date)
ON CONFLICT DO NOTHING
"""
_READ = """
SELECT id, value FROM accounts_usagecounter
WHERE wedding_id = %s AND metric = %s
    AND period = date_trunc('month', now() AT TIME ZONE 'UTC')::date
"""
# Waits for a rival with the same key, and then does nothing.
_ENTER = """
INSERT INTO accounts_usageentry (counter_id, operation_key, delta, at) VALUES (%s, %s, %s, now())
ON CONFLICT (operation_key) DO NOTHING
"""
# Sees what a rival has committed, whose row lock it has waited for.
_RAISE = """
UPDATE accounts_usagecounter SET value = value + %s
WHERE id = %s AND value + %s BETWEEN 0 AND CASE WHEN %s < 0 THEN value ELSE %s END
RETURNING value
"""
_TAKE_BACK = "DELETE FROM accounts_usageentry WHERE operation_key = %s"
