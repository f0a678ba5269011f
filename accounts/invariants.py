"""What must hold of accounts. The database keeps most of it; these find what got past it."""

from django.db.models import Exists, F, FilteredRelation, OuterRef, Q, QuerySet

from accounts.emails import IS_CANONICAL
from accounts.models import (
    STEPS,
    Address,
    Kind,
    Member,
    Profile,
    User,
    Wedding,
    WeddingStats,
    WeddingStatus,
)
from integrity.invariants import Severity, invariant

ADDRESSES = Address.objects.filter(user=OuterRef("pk"))


@invariant(
    "accounts.every_user_has_a_profile",
    statement="Every user has a profile.",
    severity=Severity.CRITICAL,
)
def every_user_has_a_profile() -> QuerySet[User]:
    return User.objects.filter(~Exists(Profile.objects.filter(user=OuterRef("pk"))))


@invariant(
    "accounts.every_couple_has_a_wedding",
    statement="Every couple belongs to a wedding.",
    severity=Severity.CRITICAL,
)
def every_couple_has_a_wedding() -> QuerySet[User]:
    membership = Member.objects.filter(user=OuterRef("pk"))
    return User.objects.filter(~Exists(membership), kind=Kind.COUPLE)


@invariant(
    "accounts.every_open_wedding_has_a_member",
    statement="Somebody belongs to every wedding that is not closed.",
)
def every_open_wedding_has_a_member() -> QuerySet[Wedding]:
    members = Member.objects.filter(wedding=OuterRef("pk"))
    return Wedding.objects.filter(~Exists(members), status=WeddingStatus.OPEN)


@invariant("accounts.every_wedding_has_stats", statement="Every wedding has its stats.")
def every_wedding_has_stats() -> QuerySet[Wedding]:
    return Wedding.objects.filter(~Exists(WeddingStats.objects.filter(wedding=OuterRef("pk"))))


@invariant(
    "accounts.profile_has_the_users_email",
    statement="The e-mail address in a profile is the user's.",
)
def profile_has_the_users_email() -> QuerySet[Profile]:
    return Profile.objects.exclude(email=F("user__email"))


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
    return Profile.objects.alias(proof=proof).filter(
        Q(proof=None, email_verified=True) | Q(proof__isnull=False, email_verified=False)
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
    return User.objects.exclude(IS_CANONICAL)


@invariant(
    "accounts.every_address_is_canonical",
    statement="Every address that waits or is verified has its one canonical spelling.",
)
def every_address_is_canonical() -> QuerySet[Address]:
    violating: QuerySet[Address] = Address.objects.exclude(IS_CANONICAL)
    return violating


@invariant(
    "accounts.no_wizard_is_half_made",
    statement="Each step that is done has what it asks for, and only the last one finishes.",
)
def no_wizard_is_half_made() -> QuerySet[Profile]:
    unnamed = Q(step__gte=1, name="")
    undated = Q(
        step__gte=1,
        user__membership__wedding__date=None,
        user__membership__wedding__date_undecided=False,
    )
    half_finished = Q(onboarded_at=None, step=STEPS) | Q(onboarded_at__isnull=False, step__lt=STEPS)
    return Profile.objects.filter(unnamed | undated | half_finished)
