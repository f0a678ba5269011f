"""What flows did: the operations they claimed, and how they ended."""

from collections.abc import Sequence
from dataclasses import astuple, dataclass
from datetime import UTC, datetime

from django.db import connection, models
from django.db.models.functions import Now


class Operation(models.Model):
    """A submission that was committed once. Its key comes from the form, so a repeat is known."""

    flow = models.TextField()
    key = models.TextField()
    claimed_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["flow", "key"], name="integrity_operation_once")
        ]
        indexes = [models.Index(fields=["claimed_at"], name="integrity_operation_claimed_at")]

    def __str__(self) -> str:
        return f"{self.flow} {self.key}"

    @classmethod
    def claim(cls, *, flow: str, key: str) -> bool:
        """Insert the key; False when it is there. Waits for a rival that holds the same key."""
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO integrity_operation (flow, key) VALUES (%s, %s)"
                " ON CONFLICT DO NOTHING",
                [flow, key],
            )
            return bool(cursor.rowcount)


@dataclass(frozen=True)
class Ended:
    """One run of a flow: how it ended, its seconds, the attempts after its first, and how often a
    lock, a statement or a rest took too long."""

    flow: str
    outcome: str
    seconds: float
    retries: int = 0
    timeouts: int = 0


class FlowOutcome(models.Model):
    """How a flow's runs of one hour ended. Counted after the transaction, so failures count too.

    What is purged is added to the row of `EARLIER`, so that the sum over all rows never sinks.
    """

    EARLIER = datetime(1970, 1, 1, tzinfo=UTC)

    class Outcome(models.TextChoices):
        COMMITTED = "committed"
        ALREADY_DONE = "already_done"
        REFUSED = "refused", "refused by a rule"
        BUSY = "busy"
        FAILED = "failed"
        UNCONFIRMED = "unconfirmed"

    flow = models.TextField()
    hour = models.DateTimeField()
    outcome = models.TextField(choices=Outcome)
    count = models.PositiveBigIntegerField()
    seconds_total = models.FloatField()
    seconds_max = models.FloatField()
    # Attempts after the first, and how often a lock, a statement or a rest took too long.
    retries = models.PositiveBigIntegerField(default=0, db_default=0)
    timeouts = models.PositiveBigIntegerField(default=0, db_default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["flow", "hour", "outcome"], name="integrity_flowoutcome_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.flow} {self.outcome} {self.hour:%Y-%m-%d %H}h"

    @classmethod
    def add(cls, *runs: Ended) -> None:
        """Count them. Losing the last counts in a server crash is fine; waiting is not."""
        columns = [list(column) for column in zip(*map(astuple, runs), strict=True)]
        with connection.cursor() as cursor:
            cursor.execute(_COUNT + _ADD_UP, columns)

    @classmethod
    def fold(cls, keys: Sequence[int]) -> int:
        """Add these rows to what was earlier, in one statement. Returns how many."""
        with connection.cursor() as cursor:
            cursor.execute(_FOLD + _ADD_UP, [list(keys), cls.EARLIER])
        return len(keys)


_ADD_UP = """
ON CONFLICT (flow, hour, outcome) DO UPDATE SET
    count = known.count + excluded.count,
    seconds_total = known.seconds_total + excluded.seconds_total,
    seconds_max = greatest(known.seconds_max, excluded.seconds_max),
    retries = known.retries + excluded.retries,
    timeouts = known.timeouts + excluded.timeouts
"""
# The settings hold for this statement's own transaction: it waits neither for the disk nor for
# somebody who holds the row.
_COUNT = """
WITH unhurried AS (
    SELECT set_config('synchronous_commit', 'off', true), set_config('lock_timeout', '200ms', true)
)
INSERT INTO integrity_flowoutcome AS known
    (flow, hour, outcome, count, seconds_total, seconds_max, retries, timeouts)
SELECT flow, date_trunc('hour', now()), outcome, count(*), sum(seconds), max(seconds), sum(retries),
    sum(timeouts)
FROM unhurried, unnest(%s::text[], %s::text[], %s::float8[], %s::bigint[], %s::bigint[])
    AS ended(flow, outcome, seconds, retries, timeouts)
GROUP BY flow, outcome ORDER BY flow, outcome
"""
_FOLD = """
WITH gone AS (DELETE FROM integrity_flowoutcome WHERE id = ANY(%s) RETURNING *)
INSERT INTO integrity_flowoutcome AS known
    (flow, hour, outcome, count, seconds_total, seconds_max, retries, timeouts)
SELECT flow, %s, outcome, sum(count), sum(seconds_total), max(seconds_max), sum(retries),
    sum(timeouts)
FROM gone GROUP BY flow, outcome ORDER BY flow, outcome
"""
