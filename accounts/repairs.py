"""How broken accounts are mended."""

from collections.abc import Iterator, Sequence

from django.db import connection
from django.db.models import Exists, F, OuterRef

from accounts.models import Address, WeddingStatus
from integrity.repair import (
    BackfillMissing,
    Change,
    ChangeRows,
    CopyField,
    Kind,
    New,
    Obstacle,
    PlannedAt,
    QuarantineOrphan,
    declare_repair,
    insert,
    update,
)

SYNC_TRIGGER = "profile_follows_user"


def sync_trigger_is_off() -> Iterator[Obstacle]:
    """While it is off, every sign-up makes another ghost."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT FROM pg_trigger WHERE tgrelid = 'accounts_user'::regclass"
            " AND tgname LIKE %s AND tgenabled IN ('O', 'A')",
            [f"pgtrigger_{SYNC_TRIGGER}_%"],
        )
        if cursor.fetchone() is None:
            yield Obstacle(
                "The trigger that gives each new user a profile is off or missing, so there will"
                " be more of them. Mend the trigger first.",
                confirm="trigger is off",
            )


def _is_verified() -> Exists:
    proof = Address.objects.filter(
        user=OuterRef("pk"), email=OuterRef("email"), primary=True, verified=True
    )
    return Exists(proof)


def _profile_is_verified() -> Exists:
    proof = Address.objects.filter(
        user=OuterRef("user_id"), email=OuterRef("user__email"), primary=True, verified=True
    )
    return Exists(proof)


def _a_wedding_of_their_own() -> Sequence[Change]:
    return [
        insert("accounts.Wedding", id=New("accounts.Wedding"), created_at=PlannedAt()),
        insert(
            "accounts.Member",
            id=New("accounts.Member"),
            user_id=F("pk"),
            wedding_id=New("accounts.Wedding"),
            joined_at=PlannedAt(),
        ),
        insert("accounts.WeddingStats", wedding_id=New("accounts.Wedding")),
    ]


declare_repair(
    BackfillMissing(
        "accounts.backfill_profiles",
        invariant="accounts.every_user_has_a_profile",
        statement="Makes the missing profile, with the e-mail address of the user and the date"
        " on which they joined.",
        into="accounts.Profile",
        values={
            "user_id": F("pk"),
            "email": F("email"),
            "email_verified": _is_verified(),
            "date_joined": F("date_joined"),
        },
        preflight=(sync_trigger_is_off,),
    )
)
declare_repair(
    QuarantineOrphan(
        "accounts.quarantine_profiles",
        invariant="accounts.every_profile_has_a_user",
        statement="Sets a profile aside whose user is gone.",
    )
)
declare_repair(
    ChangeRows(
        "accounts.give_couples_a_wedding",
        invariant="accounts.every_couple_has_a_wedding",
        kind=Kind.CREATE,
        statement="Makes an open wedding of which the user is the owner, with its stats.",
        rows=_a_wedding_of_their_own,
    )
)
declare_repair(
    ChangeRows(
        "accounts.close_deserted_weddings",
        invariant="accounts.every_open_wedding_has_a_member",
        kind=Kind.UPDATE,
        statement="Closes the wedding to which nobody belongs.",
        rows=lambda: [update(status=WeddingStatus.CLOSED.value, closed_at=PlannedAt())],
    )
)
declare_repair(
    BackfillMissing(
        "accounts.backfill_stats",
        invariant="accounts.every_wedding_has_stats",
        statement="Makes the missing stats, all zero; what counts the tasks counts them afterwards.",
        into="accounts.WeddingStats",
        values={"wedding_id": F("pk")},
    )
)
declare_repair(
    CopyField(
        "accounts.copy_emails",
        invariant="accounts.profile_has_the_users_email",
        statement="Writes the user's e-mail address into the profile.",
        lock_first="user",
    )
)
declare_repair(
    CopyField(
        "accounts.copy_verified",
        invariant="accounts.profile_knows_whether_verified",
        statement="Marks the profile as verified exactly when the user's primary address is.",
        copies={"email_verified": _profile_is_verified()},
        lock_first="user",
    )
)
