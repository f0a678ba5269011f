"""The outbox: effects promised in a transaction, waiting to be delivered after it."""

from collections.abc import Sequence
from datetime import date

from django.db import connection, models
from django.db.models import Q
from django.db.models.functions import Length, Now
from django.db.models.lookups import LessThanOrEqual


class OutboxMessage(models.Model):
    """One promised effect. A delivered one is deleted and counted in `EffectCount`.

    `available_at` is due time, retry time and end of the lease in one.
    """

    class State(models.TextChoices):
        PENDING = "pending", "waiting"
        LEASED = "leased", "being delivered"
        DEAD = "dead", "given up"

    uid = models.UUIDField(unique=True, db_default=models.Func(function="gen_random_uuid"))
    effect = models.TextField()
    key = models.TextField()
    ordering_key = models.TextField(default="", blank=True)
    payload = models.JSONField(default=dict)
    sealed = models.BinaryField(null=True)
    state = models.TextField(choices=State, db_default=State.PENDING)
    begun = models.BooleanField(db_default=False)
    attempts = models.PositiveSmallIntegerField(db_default=0)
    available_at = models.DateTimeField(db_default=Now())
    lease_token = models.UUIDField(null=True)
    last_error = models.TextField(default="", db_default="", blank=True)
    created_at = models.DateTimeField(db_default=Now())
    dead_at = models.DateTimeField(null=True)

    class Meta:
        permissions = [("retry_effect", "Can retry an effect that was given up")]
        constraints = [
            # Only what nobody has begun to deliver may stand for a later promise of the same key.
            models.UniqueConstraint(
                fields=["effect", "key"],
                condition=Q(begun=False),
                name="integrity_outbox_once_until_begun",
            ),
            models.CheckConstraint(
                condition=LessThanOrEqual(
                    Length(models.functions.Cast("payload", models.TextField())), 8192
                ),
                name="integrity_outbox_payload_is_small",
            ),
            models.CheckConstraint(
                condition=Q(state="dead", dead_at__isnull=False)
                | (~Q(state="dead") & Q(dead_at__isnull=True)),
                name="integrity_outbox_dead_has_a_time",
            ),
            models.CheckConstraint(
                condition=Q(state="leased", lease_token__isnull=False)
                | (~Q(state="leased") & Q(lease_token__isnull=True)),
                name="integrity_outbox_lease_has_a_token",
            ),
        ]
        indexes = [
            models.Index(
                fields=["state", "available_at", "id"],
                condition=Q(state__in=["pending", "leased"]),
                name="integrity_outbox_due",
            ),
            models.Index(
                fields=["ordering_key", "id"],
                condition=~Q(ordering_key=""),
                name="integrity_outbox_order",
            ),
            models.Index(
                fields=["dead_at"], condition=Q(state="dead"), name="integrity_outbox_dead"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.effect} {self.key}"


class EffectCount(models.Model):
    """How many messages of one effect were delivered on one day (UTC).

    What is purged is added to the row of `EARLIER`, so that the sum over all rows never sinks.
    """

    EARLIER = date(1970, 1, 1)

    effect = models.TextField()
    day = models.DateField()
    delivered = models.PositiveBigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["effect", "day"], name="integrity_effectcount_once")
        ]

    def __str__(self) -> str:
        return f"{self.effect} {self.day}"

    @classmethod
    def fold(cls, keys: Sequence[int]) -> int:
        """Add these rows to what was earlier, in one statement. Returns how many."""
        with connection.cursor() as cursor:
            cursor.execute(_FOLD_COUNTS, [list(keys), cls.EARLIER])
        return len(keys)


_FOLD_COUNTS = """
WITH gone AS (DELETE FROM integrity_effectcount WHERE id = ANY(%s) RETURNING *)
INSERT INTO integrity_effectcount AS known (effect, day, delivered)
SELECT effect, %s, sum(delivered) FROM gone GROUP BY effect ORDER BY effect
ON CONFLICT (effect, day) DO UPDATE SET delivered = known.delivered + excluded.delivered
"""
