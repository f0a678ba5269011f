"""What Resend was told of a person, and whether they want our news."""

from django.db import models
from django.db.models import Q

from accounts.models.users import User


class Contact(models.Model):
    """Without a row, a person gets our news once their address is proven."""

    user = models.OneToOneField(User, models.CASCADE, primary_key=True)
    # Resend's. Whoever removes or mutes a contact goes by it: the address may be somebody else's.
    contact_id = models.CharField(max_length=255, blank=True, default="", db_default="")
    unsubscribed = models.BooleanField(default=False, db_default=False)
    # The fingerprint of what Resend confirmed last, see accounts.elsewhere.contact.
    told = models.CharField(max_length=64, blank=True, default="", db_default="")
    # While it is false, a contact that is muted at Resend was muted there, by the person.
    muted_by_us = models.BooleanField(default=False, db_default=False)
    # When a reading of Resend's list found it.
    seen_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        default_permissions = ("view",)
        constraints = [
            models.UniqueConstraint(
                name="accounts_contact_is_one_persons",
                fields=["contact_id"],
                condition=~Q(contact_id=""),
            )
        ]

    def __str__(self) -> str:
        return f"contact of {self.user_id}"
