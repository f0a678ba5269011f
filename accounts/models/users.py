"""Who signs in, and the profile that follows each user."""

import uuid
from typing import ClassVar

from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.functions import RandomUUID
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.crypto import salted_hmac

from accounts import triggers
from accounts.emails import IS_CANONICAL, MAX_LENGTH, canonical_email
from accounts.errors import CouplesSignUp
from integrity.audit import command_actor

EMAIL_IS_UNIQUE = "accounts_user_email_key"
STEPS = 3


class Kind(models.TextChoices):
    COUPLE = "couple"
    OPERATOR = "operator"


class UserManager(BaseUserManager["User"]):
    def get_by_natural_key(self, username: str | None) -> "User":
        try:
            return self.get(email=canonical_email(username or ""))
        except ValidationError:
            raise self.model.DoesNotExist from None

    def create_user(
        self, email: str, password: str | None = None, kind: str = Kind.COUPLE
    ) -> "User":
        """Make an operator; the signature is Django's.

        Raises:
            CouplesSignUp: a user alone would be half a couple.
        """
        if kind != Kind.OPERATOR:
            raise CouplesSignUp
        return self._create_operator(email, password, is_superuser=False, reason="create_user")

    def create_superuser(self, email: str, password: str | None = None) -> "User":
        return self._create_operator(email, password, is_superuser=True, reason="createsuperuser")

    def _create_operator(
        self, email: str, password: str | None, *, is_superuser: bool, reason: str
    ) -> "User":
        from accounts.operators import make_operator

        return make_operator(
            email=canonical_email(email),
            password_hash=make_password(password),
            is_superuser=is_superuser,
            by=command_actor(reason),
        )


class User(AbstractBaseUser, PermissionsMixin):
    # A default in Python and one in the database: a raw INSERT and COPY make whole rows, too.
    uid = models.UUIDField(unique=True, editable=False, default=uuid.uuid4, db_default=RandomUUID())
    email = models.EmailField(unique=True, max_length=MAX_LENGTH)
    password = models.CharField(max_length=128, default="!", db_default="!")
    kind = models.CharField(
        max_length=10, choices=Kind, default=Kind.COUPLE, db_default=Kind.COUPLE
    )
    is_active = models.BooleanField(default=True, db_default=True)
    is_staff = models.BooleanField(default=False, db_default=False)
    is_superuser = models.BooleanField(default=False, db_default=False)
    date_joined = models.DateTimeField(editable=False, db_default=Now())
    # Since when the account is to be deleted; see accounts.leaving.
    leaving_since = models.DateTimeField(null=True, blank=True, editable=False)
    # No session that was begun before is good for anything.
    sessions_ended_at = models.DateTimeField(null=True, blank=True, editable=False)

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    objects = UserManager()

    class Meta:
        triggers = triggers.USER
        permissions = [
            ("add_couple", "Can add a couple"),
            ("resend_verification", "Can resend the verification"),
            ("remove_second_factor", "Can remove the second factor"),
            ("end_account", "Can delete a couple's account"),
            ("hold_account", "Can keep a couple's account from being deleted"),
        ]
        constraints = [
            models.CheckConstraint(name="accounts_user_email_is_canonical", condition=IS_CANONICAL),
            models.CheckConstraint(
                name="accounts_user_kind_is_known", condition=Q(kind__in=Kind.values)
            ),
            models.CheckConstraint(
                name="accounts_user_only_operators_are_staff",
                condition=Q(kind=Kind.OPERATOR) | Q(is_staff=False, is_superuser=False),
            ),
            models.CheckConstraint(
                name="accounts_user_only_couples_leave",
                condition=Q(kind=Kind.COUPLE) | Q(leaving_since=None),
            ),
        ]

    def __str__(self) -> str:
        # Ends up in logs and in the admin's history, so never the address.
        return str(self.uid)

    def clean(self) -> None:
        try:
            self.email = canonical_email(self.email)
        except ValidationError as error:
            raise ValidationError({"email": error}) from error

    def _get_session_auth_hash(self, secret: str | None = None) -> str:
        """A session ends with the password, as everywhere, and here with the address, too, and
        when the account is to be deleted."""
        ended = self.sessions_ended_at
        known = f"{self.password}|{self.email}" + (f"|{ended.timestamp()}" if ended else "")
        return salted_hmac("accounts.session", known, secret=secret, algorithm="sha256").hexdigest()


class Profile(models.Model):
    """The couple's own page about themselves; e-mail and verified flag are kept by triggers."""

    user = models.OneToOneField(User, on_delete=models.CASCADE, primary_key=True)
    name = models.CharField(max_length=100, blank=True, default="", db_default="")
    partner_name = models.CharField(max_length=100, blank=True, default="", db_default="")
    email = models.EmailField(max_length=MAX_LENGTH, editable=False)
    email_verified = models.BooleanField(editable=False, default=False, db_default=False)
    date_joined = models.DateTimeField(editable=False, db_default=Now())
    # The number of wizard steps that are done.
    step = models.PositiveSmallIntegerField(default=0, db_default=0)
    onboarded_at = models.DateTimeField(null=True, blank=True)
    # What the couple chose last, kept when the old choices could not be pruned.
    interests_wanted = ArrayField(models.TextField(), null=True, blank=True)
    sync_conflicts = models.PositiveIntegerField(editable=False, default=0, db_default=0)
    version = models.PositiveIntegerField(editable=False, default=0, db_default=0)

    class Meta:
        triggers = triggers.PROFILE
        constraints = [
            models.CheckConstraint(
                name="accounts_profile_onboarded_after_the_last_step",
                condition=Q(onboarded_at__isnull=True, step__lt=STEPS)
                | Q(onboarded_at__isnull=False, step=STEPS),
            ),
            models.CheckConstraint(
                name="accounts_profile_named_from_step_one", condition=Q(step=0) | ~Q(name="")
            ),
        ]

    def __str__(self) -> str:
        return f"profile {self.pk}"
