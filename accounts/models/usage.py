"""How much of something a wedding has used: a ledger, and a counter of it for each month."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from accounts import triggers_billing as triggers
from accounts.models.weddings import Wedding


class Metric(models.TextChoices):
    """What plans limit."""

    INVITATIONS = "invitations"


class UsageCounter(models.Model):
    """The sum of its entries. A new month begins a new one, so nothing is ever reset."""

    wedding = models.ForeignKey(Wedding, models.CASCADE, related_name="usage")
    metric = models.CharField(max_length=20, choices=Metric)
    # The first day of the month, UTC.
    period = models.DateField()
    value = models.BigIntegerField(default=0, db_default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["wedding", "metric", "period"], name="accounts_usagecounter_once"
            ),
            models.CheckConstraint(
                name="accounts_usagecounter_metric_is_known", condition=Q(metric__in=Metric.values)
            ),
            models.CheckConstraint(
                name="accounts_usagecounter_is_not_negative", condition=Q(value__gte=0)
            ),
            models.CheckConstraint(
                name="accounts_usagecounter_period_is_a_month", condition=Q(period__day=1)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.metric} of wedding {self.wedding_id} in {self.period:%Y-%m}"


class UsageEntry(models.Model):
    """One use. The key comes from what used it, so that a repeat is known."""

    counter = models.ForeignKey(UsageCounter, models.CASCADE, related_name="entries")
    operation_key = models.CharField(max_length=200, unique=True)
    delta = models.IntegerField()
    at = models.DateTimeField(editable=False, db_default=Now())

    class Meta:
        triggers = triggers.USAGE_ENTRY
        verbose_name_plural = "usage entries"
        constraints = [
            models.CheckConstraint(name="accounts_usageentry_counts", condition=~Q(delta=0)),
            models.CheckConstraint(
                name="accounts_usageentry_has_a_key", condition=~Q(operation_key="")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.delta:+} by {self.operation_key}"
