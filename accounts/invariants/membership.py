"""What must hold of who plans which wedding, and of the links that lead there."""

from datetime import timedelta

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet

from accounts.invitations import MOST
from accounts.models import Invitation, Member, Wedding, WeddingStatus
from integrity.invariants import Severity, Stuck, declare, invariant

declare(
    Stuck(
        "accounts.nobody_is_kept_who_was_invited_in_vain",
        statement="Whom an invitation was sent to is forgotten within a day of its end.",
        severity=Severity.WARNING,
        model="accounts.Invitation",
        since="expires_at",
        longer_than=timedelta(days=1),
        where=Q(state=Invitation.State.WAITING),
    )
)


@invariant(
    "accounts.nobody_plans_a_closed_wedding",
    statement="Whoever may log in plans a wedding that is open.",
    severity=Severity.CRITICAL,
)
def nobody_plans_a_closed_wedding() -> QuerySet[Wedding]:
    # A sealed account keeps its closed wedding while the rows of both go, bit by bit.
    active = Member.objects.filter(wedding=OuterRef("pk"), user__is_active=True)
    closed = Wedding.objects.filter(Exists(active), status=WeddingStatus.CLOSED)
    return closed.annotate(actual=F("closed_at"))


@invariant(
    "accounts.every_invitation_leads_to_a_wedding",
    statement="A link that works leads to an open wedding with a place that is free.",
)
def every_invitation_leads_to_a_wedding() -> QuerySet[Invitation]:
    waiting = Invitation.objects.filter(state=Invitation.State.WAITING)
    members = waiting.alias(members=Count("wedding__members")).filter(members__gte=MOST)
    closed = waiting.filter(wedding__status=WeddingStatus.CLOSED)
    found = closed.values("pk").union(members.values("pk"))
    return Invitation.objects.filter(pk__in=found).annotate(actual=F("wedding__status"))
