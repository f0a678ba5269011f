"""Who was asked to join a wedding, and what became of it."""

import uuid

from django.contrib.postgres.functions import RandomUUID
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from accounts import triggers_membership as triggers
from accounts.emails import IS_CANONICAL, MAX_LENGTH
from accounts.models.users import User
from accounts.models.weddings import Wedding


class Invitation(models.Model):
    """One link. Whoever has it may join, once; here is only what proves it."""

    class State(models.TextChoices):
        WAITING = "waiting"
        ACCEPTED = "accepted"
        WITHDRAWN = "withdrawn"
        EXPIRED = "expired"

    uid = models.UUIDField(unique=True, editable=False, default=uuid.uuid4, db_default=RandomUUID())
    wedding = models.ForeignKey(Wedding, models.CASCADE, related_name="invitations")
    invited_by = models.ForeignKey(
        User, models.SET_NULL, null=True, blank=True, related_name="invitations_sent"
    )
    # Gone when the invitation has ended: it is of somebody who may never have been here.
    email = models.EmailField(max_length=MAX_LENGTH, blank=True)
    # SHA-256, in hexadecimal, of what the link ends with.
    token_hash = models.CharField(max_length=64, unique=True)
    state = models.CharField(
        max_length=10, choices=State, default=State.WAITING, db_default=State.WAITING
    )
    accepted_by = models.ForeignKey(
        User, models.SET_NULL, null=True, blank=True, related_name="invitations_accepted"
    )
    created_at = models.DateTimeField(editable=False, db_default=Now())
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        default_permissions = ("view",)
        triggers = triggers.INVITATION
        indexes = [
            models.Index(
                fields=["expires_at"],
                name="accounts_invitation_waiting",
                condition=Q(state="waiting"),
            )
        ]
        constraints = [
            models.UniqueConstraint(
                name="accounts_invitation_one_waits",
                fields=["wedding", "email"],
                condition=Q(state="waiting"),
            ),
            models.CheckConstraint(
                name="accounts_invitation_state_is_known",
                condition=Q(state="waiting", ended_at=None)
                | Q(state__in=["accepted", "withdrawn", "expired"], ended_at__isnull=False),
            ),
            models.CheckConstraint(
                name="accounts_invitation_keeps_no_address",
                condition=(Q(state="waiting") & IS_CANONICAL) | (~Q(state="waiting") & Q(email="")),
            ),
            models.CheckConstraint(
                name="accounts_invitation_is_accepted_by_somebody",
                condition=Q(state="accepted") | Q(accepted_by=None),
            ),
            models.CheckConstraint(
                name="accounts_invitation_token_is_hashed",
                condition=Q(token_hash__regex=r"\A[0-9a-f]{64}\Z"),
            ),
            models.CheckConstraint(
                name="accounts_invitation_lasts", condition=Q(expires_at__gt=F("created_at"))
            ),
        ]

    def __str__(self) -> str:
        return f"invitation {self.uid}"
