"""The weddings, who belongs to them, and their counts."""

from django.contrib import admin

from accounts.admin.facts import AccountFacts, ReadOnlyInline
from accounts.models import Member, Wedding, WeddingStats


class MemberInline(ReadOnlyInline):
    model = Member
    fields = ["user", "role", "joined_at"]


class StatsInline(ReadOnlyInline):
    model = WeddingStats
    fields = ["tasks_total", "tasks_done", "last_active_date", "streak_days"]


class WeddingAdmin(AccountFacts):
    list_display = ["uid", "date", "date_undecided", "place", "status", "created_at"]
    list_filter = ["status", "date_undecided"]
    search_fields = ["uid", "members__user__email__startswith"]
    search_help_text = "The beginning of a member's address, or a whole id."
    ordering = ["-pk"]
    inlines = [MemberInline, StatsInline]


admin.site.register(Wedding, WeddingAdmin)
