"""How flows ended, by the hour."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from integrity.admin.base import FactsAdmin, utc
from integrity.models import FlowOutcome


@admin.register(FlowOutcome)
class FlowOutcomeAdmin(FactsAdmin):
    list_display = [
        "from_hour",
        "flow",
        "outcome",
        "count",
        "seconds_on_average",
        "seconds_at_most",
        "retries",
        "timeouts",
    ]
    list_filter = ["outcome", "flow", "hour"]
    ordering = ["-hour", "flow", "outcome"]

    from_hour = utc("hour")

    def get_queryset(self, request: HttpRequest) -> QuerySet[FlowOutcome]:
        """By the hour; the sum of what was purged belongs to none."""
        return super().get_queryset(request).filter(hour__gt=FlowOutcome.EARLIER)

    @admin.display(description="seconds on average")
    def seconds_on_average(self, row: FlowOutcome) -> str:
        return f"{row.seconds_total / row.count:.3f}"

    @admin.display(description="seconds at most", ordering="seconds_max")
    def seconds_at_most(self, row: FlowOutcome) -> str:
        return f"{row.seconds_max:.3f}"
