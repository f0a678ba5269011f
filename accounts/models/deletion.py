"""What is left of an account that is gone: enough to refuse its return, too little to know it."""

from hashlib import sha256

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models.functions import Now


class Tombstone(models.Model):
    """Written by the deletion that seals an account; the database refuses a user of this uid."""

    uid = models.UUIDField(primary_key=True, editable=False)
    # SHA-256, in hexadecimal, of each id under which a vendor knew the account.
    vendor_ids = ArrayField(models.CharField(max_length=64), default=list, db_default=[])
    sealed_at = models.DateTimeField(editable=False, db_default=Now())

    class Meta:
        default_permissions = ("view",)
        indexes = [GinIndex(fields=["vendor_ids"], name="accounts_tombstone_vendor_ids")]

    def __str__(self) -> str:
        return f"tombstone {self.uid}"


def digest(vendor_id: str) -> str:
    """How a tombstone keeps a vendor's id."""
    return sha256(vendor_id.encode()).hexdigest()
