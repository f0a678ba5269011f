"""What flows did: the operations they claimed, and how they ended."""

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


class FlowOutcome(models.Model):
    """How a flow's runs of one hour ended. Counted after the transaction, so failures count too."""

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

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["flow", "hour", "outcome"], name="integrity_flowoutcome_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.flow} {self.outcome} {self.hour:%Y-%m-%d %H}h"

    @classmethod
    def add(cls, *, flow: str, outcome: Outcome, seconds: float) -> None:
        """Count one run. Losing the last counts in a server crash is fine; waiting is not."""
        with connection.cursor() as cursor:
            cursor.execute(_ADD_OUTCOME, [flow, outcome.value, seconds, seconds])


# The settings hold for this statement's own transaction: it waits neither for the disk nor for
# somebody who holds the row.
_ADD_OUTCOME = """
WITH unhurried AS (
    SELECT set_config('synchronous_commit', 'off', true), set_config('lock_timeout', '200ms', true)
)
INSERT INTO integrity_flowoutcome AS known (flow, hour, outcome, count, seconds_total, seconds_max)
SELECT %s, date_trunc('hour', now()), %s, 1, %s, %s FROM unhurried
ON CONFLICT (flow, hour, outcome) DO UPDATE SET
    count = known.count + 1,
    seconds_total = known.seconds_total + excluded.seconds_total,
    seconds_max = greatest(known.seconds_max, excluded.seconds_max)
"""
