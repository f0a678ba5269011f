"""How flows ended, by the hour."""

from django.contrib import admin

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
    ]
    list_filter = ["outcome", "flow", "hour"]
    ordering = ["-hour", "flow", "outcome"]

    from_hour = utc("hour")

    @admin.display(description="seconds on average")
    def seconds_on_average(self, row: FlowOutcome) -> str:
        return f"{row.seconds_total / row.count:.3f}"

    @admin.display(description="seconds at most", ordering="seconds_max")
    def seconds_at_most(self, row: FlowOutcome) -> str:
        return f"{row.seconds_max:.3f}"
