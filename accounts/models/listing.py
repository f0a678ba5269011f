"""What the lists of people at other systems say, where it is not what we have."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from accounts.models.passes import Pass

LONGEST_ID = 255


class Listing(Pass):
    """One reading of a list of people."""

    class Of(models.TextChoices):
        IDENTITIES = "identities", "the identities at the provider"
        CONTACTS = "contacts", "the contacts at Resend"

    class Phase(models.TextChoices):
        LISTED = "listed", "reads who is there"
        MISSING = "missing", "looks who of ours is not"

    of = models.CharField(max_length=20, choices=Of)
    phase = models.CharField(max_length=20, choices=Phase, db_default=Phase.LISTED)
    # Where to go on: after which page or contact there, or which user here.
    after = models.CharField(max_length=LONGEST_ID, blank=True, default="", db_default="")

    class Meta:
        default_permissions = ("view",)
        constraints = [
            models.CheckConstraint(
                name="accounts_listing_list_is_known",
                condition=Q(of__in=["identities", "contacts"]),
            ),
            models.CheckConstraint(
                name="accounts_listing_phase_is_known",
                condition=Q(phase__in=["listed", "missing"]),
            ),
        ]

    def __str__(self) -> str:
        return f"reading {self.pk} of the {self.of}"


class Difference(models.Model):
    """What the newest readings saw there that is otherwise here. Ids and words, no address."""

    class What(models.TextChoices):
        DELETED = "deleted", "is there, and its account was deleted here"
        NOBODYS = "nobodys", "is there, and nobody's here"
        MISSING = "missing", "is not there"
        OTHERWISE = "otherwise", "is there by another address or name"
        BANNED = "banned", "is banned there, and may log in here"
        FREE = "free", "may log in there, and not here"
        MUTED = "muted", "gets no news by what is said there"
        HEARD = "heard", "gets news by what is said there, and wants none"

    # From the list, what differs, and the id: the same one whenever it is seen again.
    id = models.CharField(primary_key=True, max_length=LONGEST_ID + 50, editable=False)
    of = models.CharField(max_length=20, choices=Listing.Of)
    what = models.CharField(max_length=20, choices=What)
    their_id = models.CharField(max_length=LONGEST_ID)
    # Of an account that is here, or was.
    user_uid = models.UUIDField(null=True, blank=True)
    first_seen_at = models.DateTimeField(editable=False, db_default=Now())
    seen_in = models.ForeignKey(Listing, models.CASCADE)
    # How many finished readings in succession have seen it.
    readings = models.PositiveIntegerField(default=0, db_default=0)

    class Meta:
        default_permissions = ("view",)
        indexes = [models.Index(fields=["user_uid"], name="accounts_difference_of_user")]

    def __str__(self) -> str:
        return self.id
