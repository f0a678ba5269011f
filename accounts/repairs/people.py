"""How people and weddings are mended."""

from collections.abc import Iterator, Sequence

from django.db import connection
from django.db.models import Exists, F, OuterRef

from accounts.billing.inbox import State, apply_kept
from accounts.elsewhere.contact import promise_contact
from accounts.invariants.contact import resend_knows_every_verified_couple
from accounts.models import Address, Event, User, WeddingStatus
from integrity.repair import (
    Action,
    BackfillMissing,
    Change,
    ChangeRows,
    CopyField,
    Deed,
    Kind,
    New,
    Obstacle,
    PlannedAt,
    QuarantineOrphan,
    Recount,
    declare_repair,
    insert,
    update,
)

SYNC_TRIGGER = "profile_follows_user"
# Of one plan, for each of its chunks asks for all that is still to be done.
MOST_CONTACTS = 10_000


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


def failed_events() -> Iterator[Deed]:
    kept = Event.objects.filter(state=State.FAILED, sealed__isnull=False)
    for each in kept.order_by("happened_at", "pk").only("pk", "reason"):
        yield Deed(
            f"accounts.event:{each.pk}",
            before={"state": State.FAILED, "reason": each.reason},
            after={"state": State.APPLIED},
        )


def try_event_again(deed: Deed) -> None:
    apply_kept(deed.subject.rpartition(":")[2])


def contacts_to_sync() -> Iterator[Deed]:
    unknown = resend_knows_every_verified_couple().order_by("pk").values_list("pk", flat=True)
    for key in unknown[:MOST_CONTACTS]:
        yield Deed(f"accounts.user:{key}", before={"promised": False}, after={"promised": True})


def sync_again(deed: Deed) -> None:
    promise_contact(User.objects.get(pk=deed.subject.rpartition(":")[2]))


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
declare_repair(
    Action(
        "accounts.retry_failed_events",
        invariant="accounts.no_event_waits",
        kind=Kind.UPDATE,
        statement="Applies the event once more, the oldest first. What fails again stays as it is.",
        observe=failed_events,
        perform=try_event_again,
        irreversible=True,
    )
)
declare_repair(
    Recount(
        "accounts.recount_usage",
        invariant="accounts.usage_counts_its_entries",
        statement="Sums the entries of the counter up again.",
        lock_first="wedding",
    )
)
declare_repair(
    Action(
        "accounts.sync_contacts",
        invariant="accounts.resend_knows_every_verified_couple",
        kind=Kind.EXTERNAL,
        statement="Promises to tell Resend how these people are now; the relay does it.",
        observe=contacts_to_sync,
        perform=sync_again,
        irreversible=True,
    )
)
