"""What must hold of people and weddings. The database keeps most of it; these find the rest."""

from datetime import timedelta

from django.db.models import Case, Exists, F, FilteredRelation, OuterRef, Q, QuerySet, Value, When

from accounts.emails import IS_CANONICAL
from accounts.models import STEPS, Address, Kind, Profile, User, WeddingStatus
from integrity.invariants import (
    FieldDrift,
    Masked,
    MissingRelated,
    OrphanedForeignKey,
    RowCountParity,
    Severity,
    Stuck,
    declare,
    invariant,
)

ADDRESSES = Address.objects.filter(user=OuterRef("pk"))

declare(
    MissingRelated(
        "accounts.every_user_has_a_profile",
        severity=Severity.CRITICAL,
        model="accounts.User",
        related="profile",
    )
)
declare(
    OrphanedForeignKey(
        "accounts.every_profile_has_a_user",
        severity=Severity.WARNING,
        model="accounts.Profile",
        field="user",
    )
)
declare(
    RowCountParity(
        "accounts.as_many_profiles_as_users",
        statement="There are as many profiles as users.",
        severity=Severity.CRITICAL,
        left="accounts.User",
        right="accounts.Profile",
        explained_by=("accounts.every_user_has_a_profile", "accounts.every_profile_has_a_user"),
    )
)
declare(
    MissingRelated(
        "accounts.every_couple_has_a_wedding",
        statement="Every couple belongs to a wedding.",
        severity=Severity.CRITICAL,
        model="accounts.User",
        related="membership",
        where=Q(kind=Kind.COUPLE),
    )
)
declare(
    MissingRelated(
        "accounts.every_open_wedding_has_a_member",
        statement="Somebody belongs to every wedding that is not closed.",
        model="accounts.Wedding",
        related="members",
        where=Q(status=WeddingStatus.OPEN),
    )
)
declare(
    MissingRelated(
        "accounts.every_wedding_has_stats",
        statement="Every wedding has its stats.",
        model="accounts.Wedding",
        related="stats",
    )
)
declare(
    FieldDrift(
        "accounts.profile_has_the_users_email",
        statement="The e-mail address in a profile is the user's.",
        model="accounts.Profile",
        field="email",
        source="user__email",
        personal=True,
    )
)
declare(
    Stuck(
        "accounts.whoever_begins_the_wizard_finishes_it",
        statement="Whoever has done a step of the wizard finishes it within 60 days of joining.",
        severity=Severity.INFO,
        model="accounts.Profile",
        since="date_joined",
        longer_than=timedelta(days=60),
        where=Q(step__gt=0, step__lt=STEPS),
    )
)


@invariant(
    "accounts.profile_knows_whether_verified",
    statement="A profile is verified exactly when the user's primary address is.",
)
def profile_knows_whether_verified() -> QuerySet[Profile]:
    # A join finds the proof of all profiles at once; EXISTS in an OR is asked row by row.
    proof = FilteredRelation(
        "user__emailaddress",
        condition=Q(
            user__emailaddress__email=F("user__email"),
            user__emailaddress__primary=True,
            user__emailaddress__verified=True,
        ),
    )
    wrong = Q(proof=None, email_verified=True) | Q(proof__isnull=False, email_verified=False)
    return (
        Profile.objects.alias(proof=proof)
        .filter(wrong)
        .annotate(
            expected=Case(When(proof__isnull=False, then=Value(True)), default=Value(False)),
            actual=F("email_verified"),
        )
    )


@invariant(
    "accounts.primary_address_is_the_users_email",
    statement="Of a user's addresses, the user's e-mail address is the primary one.",
)
def primary_address_is_the_users_email() -> QuerySet[User]:
    primary = ADDRESSES.filter(primary=True, email=OuterRef("email"))
    return User.objects.filter(Exists(ADDRESSES), ~Exists(primary))


@invariant(
    "accounts.every_email_is_canonical",
    statement="Every user's e-mail address has its one canonical spelling.",
    severity=Severity.CRITICAL,
)
def every_email_is_canonical() -> QuerySet[User]:
    return User.objects.exclude(IS_CANONICAL).annotate(actual=Masked("email"))


@invariant(
    "accounts.every_address_is_canonical",
    statement="Every address that waits or is verified has its one canonical spelling.",
)
def every_address_is_canonical() -> QuerySet[Address]:
    violating: QuerySet[Address] = Address.objects.exclude(IS_CANONICAL)
    shown: QuerySet[Address] = violating.annotate(actual=Masked("email"))
    return shown


@invariant(
    "accounts.no_wizard_is_half_made",
    statement="Each step that is done has what it asks for, and only the last one finishes.",
)
def no_wizard_is_half_made() -> QuerySet[Profile]:
    unnamed = Q(step__gte=1, name="")
    half_finished = Q(onboarded_at=None, step=STEPS) | Q(onboarded_at__isnull=False, step__lt=STEPS)
    undated = Profile.objects.filter(
        step__gte=1,
        user__membership__wedding__date=None,
        user__membership__wedding__date_undecided=False,
    )
    # Each part finds its few rows by itself; in one condition, all of them are joined.
    found = undated.values("pk").union(
        Profile.objects.filter(unnamed | half_finished).values("pk"), all=True
    )
    return Profile.objects.filter(pk__in=found).annotate(actual=F("step"))
