"""What the identity provider was told of a person, and what was read there."""

from django.db import models

from accounts.models.passes import Pass
from accounts.models.users import User


class Identity(models.Model):
    """Its id at the provider is the user's uid. Without a row, nobody there has heard of them."""

    user = models.OneToOneField(User, models.CASCADE, primary_key=True)
    # The fingerprint of what the provider confirmed last, see accounts.elsewhere.identity.
    told = models.CharField(max_length=64, blank=True, default="", db_default="")
    # Why there can't be one, in the provider's word; blank once there is.
    refused = models.CharField(max_length=40, blank=True, default="", db_default="")
    # When a reading of the provider's list found it.
    seen_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "identities"
        default_permissions = ("view",)

    def __str__(self) -> str:
        return f"identity of {self.user_id}"


class IdentityReading(Pass):
    """One reading of all identities that the provider lists."""

    # The page to read next; the first is 1.
    page = models.PositiveIntegerField(default=1, db_default=1)
    adopted = models.PositiveIntegerField(default=0, db_default=0)

    class Meta:
        default_permissions = ("view",)

    def __str__(self) -> str:
        return f"reading {self.pk}"
