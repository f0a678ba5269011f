"""Whose account stays although it is to be deleted, because somebody outside asks for it."""

from django.db import models
from django.db.models.functions import Now

from accounts.models.users import User


class Hold(models.Model):
    """Placed by an operator. While it lasts, no deletion of the account passes its last look."""

    user = models.OneToOneField(User, models.CASCADE, primary_key=True)
    reason = models.TextField()
    # A public id of an operator.
    placed_by = models.CharField(max_length=100)
    placed_at = models.DateTimeField(editable=False, db_default=Now())
    # Without one it lasts until it is lifted.
    until = models.DateTimeField(null=True, blank=True)

    class Meta:
        default_permissions = ("view",)

    def __str__(self) -> str:
        return f"hold of {self.user_id}"
