"""The weddings, who belongs to them, and their counts."""

from datetime import date

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts.admin.facts import AccountFacts, ReadOnlyInline
from accounts.models import Member, Wedding, WeddingStats


class MemberInline(ReadOnlyInline):
    model = Member
    fields = ["user", "address", "role", "joined_at"]

    @admin.display(description="address")
    def address(self, member: Member) -> str:
        return str(member.user.email)


class StatsInline(ReadOnlyInline):
    model = WeddingStats
    verbose_name_plural = "counts"
    fields = ["tasks_total", "tasks_done", "last_active_date", "streak_days"]


class WeddingAdmin(AccountFacts):
    list_display = ["members_addresses", "day", "place", "status", "created_at", "short_id"]
    list_filter = ["status", "date_undecided"]
    search_fields = ["uid", "members__user__email__startswith"]
    search_help_text = "The beginning of a member's address, or a whole id."
    ordering = ["-pk"]
    fields = ["uid", "day", "place", "time_zone", "status", "created_at", "closed_at"]
    inlines = [MemberInline, StatsInline]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Wedding]:
        weddings: QuerySet[Wedding] = super().get_queryset(request)
        return weddings.prefetch_related("members__user")

    @admin.display(description="members")
    def members_addresses(self, wedding: Wedding) -> str:
        return ", ".join(member.user.email for member in wedding.members.all())

    @admin.display(description="id", ordering="uid")
    def short_id(self, wedding: Wedding) -> str:
        return f"{wedding.uid}"[:8]

    @admin.display(description="day", ordering="date")
    def day(self, wedding: Wedding) -> date | str | None:
        return "not decided" if wedding.date_undecided else wedding.date


admin.site.register(Wedding, WeddingAdmin)
