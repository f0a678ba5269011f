"""The weddings, who belongs to them, and their counts."""

from datetime import date

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts.admin.facts import AccountFacts, ReadOnlyInline, link
from accounts.models import Invitation, Member, User, Wedding, WeddingStats
from accounts.privacy import masked
from integrity.admin.base import utc


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


@admin.register(Invitation)
class InvitationAdmin(AccountFacts):
    list_display = ["sent", "state", "works_until", "ended", "of_wedding", "asked", "address"]
    list_filter = ["state"]
    list_select_related = ["wedding", "invited_by"]
    search_fields = ["uid", "wedding__uid", "invited_by__email__startswith", "email__startswith"]
    search_help_text = "The beginning of an address, of who asks or who is asked, or a whole id."
    ordering = ["-pk"]
    fields = [
        *("uid", "of_wedding", "asked", "address", "state", "accepted"),
        *("sent", "works_until", "ended"),
    ]
    sent, works_until, ended = utc("created_at"), utc("expires_at"), utc("ended_at")

    @admin.display(description="wedding")
    def of_wedding(self, invitation: Invitation) -> str:
        return link(
            f"{invitation.wedding}"[:16], page="accounts_wedding_change", pk=invitation.wedding_id
        )

    @admin.display(description="asked by")
    def asked(self, invitation: Invitation) -> str | None:
        return _person(invitation.invited_by)

    @admin.display(description="accepted by")
    def accepted(self, invitation: Invitation) -> str | None:
        return _person(invitation.accepted_by)

    @admin.display(description="whom it was sent to", ordering="email")
    def address(self, invitation: Invitation) -> str:
        """Somebody who may have no account here, and hasn't been asked whether we show it."""
        return masked(invitation.email) or "forgotten"


def _person(user: User | None) -> str | None:
    return link(user.email, page="accounts_user_change", pk=user.pk) if user else None


admin.site.register(Wedding, WeddingAdmin)
