"""Who the couple are and what they pay: how it is handed out, and how it goes."""

from collections.abc import Iterable
from typing import Any

from accounts.addresses.change import KIND as CHANGE
from accounts.exporting.copies import KIND as EXPORT
from accounts.invitations import State, end_invitations
from accounts.mail import EFFECT
from accounts.models import (
    Address,
    Customer,
    Difference,
    ExportPiece,
    Invitation,
    MissedEvent,
    User,
)
from integrity.models import OutboxMessage, SagaSecret
from integrity.privacy import eraser, hold
from integrity.sealed import unseal

MADE_UP = "an id that is drawn at random"
OURS = "a word of ours"
# Once the customer is deleted at Stripe, it names nobody there either.
AT_STRIPE = "an id of Stripe's"
WITH_THE_ACCOUNT = "The row goes with the account."
WITH_THE_WEDDING = "Goes with the wedding, when the last of the couple leaves."
BY_LAW = "The invoice is kept by law, and loses its link to the account: a tombstone stands for it."

hold(
    "accounts.User",
    title="Your account",
    of="pk",
    personal=("uid", "email", "password", "kind", "date_joined", "last_login", "leaving_since"),
    withheld={"password": "what your password is checked by: it opens the account"},
    erased=WITH_THE_ACCOUNT,
    neither={
        **dict.fromkeys(("is_active", "is_staff", "is_superuser"), "what the account may do"),
        "sessions_ended_at": "since when which sessions count",
    },
)
hold(
    "accounts.Profile",
    title="About you",
    of="user",
    personal=(
        "name",
        "partner_name",
        "email",
        "email_verified",
        "date_joined",
        "step",
        "onboarded_at",
        "interests_wanted",
    ),
    erased=WITH_THE_ACCOUNT,
    neither=dict.fromkeys(("sync_conflicts", "version"), "counts writes"),
)
hold(
    "accounts.Hold",
    title="Why we keep your account",
    of="user",
    personal=("reason", "placed_at", "until"),
    withheld={"reason": "what a court or an authority may forbid us to tell; ask us"},
    erased=WITH_THE_ACCOUNT,
    neither={"placed_by": "the public id of an operator"},
)
hold(
    "accounts.Contact",
    title="Our news",
    of="user",
    personal=("contact_id", "unsubscribed", "seen_at"),
    erased="The contact is removed at Resend; the row goes with the account.",
    neither={"told": "a digest of what Resend was told", "muted_by_us": "who muted it"},
)
hold(
    "accounts.Identity",
    title="Your identity for log-in",
    of="user",
    personal=("seen_at",),
    erased="The identity is removed at its provider; the row goes with the account.",
    neither={"told": "a digest of what the provider was told", "refused": "why there is none"},
)
hold(
    "accounts.Wedding",
    title="Your wedding",
    of="members__user",
    personal=("date", "date_undecided", "place", "time_zone", "status", "created_at", "closed_at"),
    erased=WITH_THE_WEDDING,
    neither={"uid": MADE_UP, "version": "counts writes"},
)
hold(
    "accounts.Member",
    title="Your part in it",
    of="user",
    personal=("role", "joined_at"),
    erased=WITH_THE_ACCOUNT,
)
hold(
    "accounts.Invitation",
    title="Whom your wedding's invitations were for",
    of="wedding__members__user",
    personal=("email", "state", "created_at", "expires_at", "ended_at"),
    erased="The address goes when the invitation ends, in two weeks at most; the row goes with the"
    " wedding.",
    neither={"uid": MADE_UP, "token_hash": "a digest of what the link ends with"},
)
hold(
    "accounts.WeddingStats",
    title="Your progress",
    of="wedding__members__user",
    personal=("tasks_total", "tasks_done", "last_active_date", "streak_days"),
    erased=WITH_THE_WEDDING,
)
hold(
    "accounts.Customer",
    title="You as a customer of Stripe's",
    of="user",
    personal=("stripe_id", "created_at", "deleted_at"),
    erased="The customer is deleted at Stripe; the row goes with the account.",
)
hold(
    "accounts.Subscription",
    title="Your subscriptions",
    of="user",
    personal=("stripe_id", "status", "cancel_at_period_end", "period_end", "created_at"),
    erased=WITH_THE_ACCOUNT,
    neither=dict.fromkeys(
        ("event_created_at", "event_rank", "in_doubt_since", "listed_at"),
        "how new our knowledge is",
    )
    | {"prices": "Stripe's names of what is sold"},
)
hold(
    "accounts.Payment",
    title="Your payments",
    of="user",
    personal=("stripe_id", "subscription_id", "state", "amount", "currency", "period_end"),
    erased=BY_LAW,
    neither=dict.fromkeys(("attempts", "event_created_at", "created_at"), "how it came here"),
)
hold(
    "accounts.PlanChange",
    title="What you have asked us to change about your plan",
    of="user",
    personal=("kind", "state", "reason", "created_at", "answered_at", "checkout_url"),
    withheld={"checkout_url": "whoever has it may pay; it is gone when that is over"},
    erased=WITH_THE_ACCOUNT,
    neither={"uid": MADE_UP, "checkout_id": AT_STRIPE},
)
hold(
    "accounts.UsageCounter",
    title="What you have used of your plan",
    of="wedding__members__user",
    personal=("metric", "period", "value"),
    erased=WITH_THE_WEDDING,
)
hold(
    "accounts.UsageEntry",
    title="Each use of your plan",
    of="counter__wedding__members__user",
    personal=("delta", "at"),
    erased=WITH_THE_WEDDING,
    neither={"operation_key": "an id of a form or a task"},
)
hold(
    "accounts.Event",
    sealed={"sealed": "an event of Stripe's as it came; it may name the customer"},
    erased="Blanked with the account; of all events, with the history.",
    neither={
        **dict.fromkeys(("stripe_id", "customer_id"), AT_STRIPE),
        **dict.fromkeys(("type", "api_version"), "a word of Stripe's"),
        **dict.fromkeys(("state", "reason"), OURS),
    },
)
hold("accounts.EventChange", neither={"subject": AT_STRIPE, "fields": "names of columns"})
hold(
    "accounts.MissedEvent",
    sealed={"sealed": "an event of Stripe's as it lists it; it may name the customer"},
    erased="accounts.missed_events takes a person's; all of them go with the history.",
    neither={"stripe_id": AT_STRIPE, "type": "a word of Stripe's"},
)
hold(
    "accounts.ListedSubscription",
    neither={
        **dict.fromkeys(("stripe_id", "customer_id"), AT_STRIPE),
        "user_uid": MADE_UP,
        "prices": "Stripe's names of what is sold",
    },
)
hold("accounts.Comparison", neither={"after": AT_STRIPE})
hold("accounts.Export", neither={"saga": MADE_UP})
hold(
    "accounts.ExportPiece",
    sealed={"sealed": "all that is exported of a person, on its way to them by `/account/export/`"},
    erased="Gone after seven days, and with the account by accounts.exports; the rows as soon as"
    " the file is made of them.",
)
hold(
    "accounts.Listing", neither={"after": "an id of ours or of Resend's, which is drawn at random"}
)
hold(
    "accounts.Difference",
    neither={
        "id": "what differs, and their_id",
        "their_id": "an id of Resend's or of ours, which is drawn at random",
        "user_uid": "the public id of an account, which names nobody once that is gone",
        "what": OURS,
    },
)
hold(
    "accounts.FailedRequest",
    neither={
        "request_id": MADE_UP,
        "page": "the name of a page",
        "event": OURS,
        "error": "the kind of an error",
        "user": "the public id of an account, which names nobody once that is gone",
    },
)
hold(
    "accounts.Tombstone",
    neither={
        "uid": "the public id of an account that is gone, so that it can't come back",
        "vendor_ids": "digests of the ids under which vendors knew it",
    },
)


@eraser("accounts.mails")
def erase_mails(person: User, limit: int) -> int:
    """Mails to them that wait or were given up. One that is leaving just now is let go."""
    addresses = _addresses(person)
    kept = OutboxMessage.objects.filter(effect=EFFECT, sealed__isnull=False)
    idle = kept.exclude(state=OutboxMessage.State.LEASED)
    theirs = [each.pk for each in idle.iterator() if _opened(each.sealed)["to"] in addresses]
    return OutboxMessage.objects.filter(pk__in=theirs[:limit]).delete()[0]


@eraser("accounts.invitations")
def erase_invitations(person: User, limit: int) -> int:
    """Those that others have sent to them, and that wait: they are taken back."""
    waiting = Invitation.objects.filter(email__in=_addresses(person), state=State.WAITING)
    some = list(waiting.values_list("pk", flat=True)[:limit])
    return end_invitations(Invitation.objects.filter(pk__in=some), State.WITHDRAWN)


@eraser("accounts.exports")
def erase_exports(person: User, limit: int) -> int:
    """Copies of their data that they have asked for, and what vendors said for one."""
    SagaSecret.objects.filter(saga__kind=EXPORT, saga__subject=str(person.uid)).delete()
    pieces = ExportPiece.objects.filter(export__user=person)
    some = list(pieces.order_by("pk").values_list("pk", flat=True)[:limit])
    return ExportPiece.objects.filter(pk__in=some).delete()[0]


@eraser("accounts.missed_events")
def erase_missed_events(person: User, limit: int) -> int:
    """Those that name them as the customer; the ones that came are blanked with the account."""
    names = list(Customer.objects.filter(user=person).values_list("pk", flat=True))
    theirs = [each.pk for each in MissedEvent.objects.iterator() if _names(each.sealed, names)]
    return MissedEvent.objects.filter(pk__in=theirs[:limit]).delete()[0]


@eraser("accounts.changes_of_address")
def erase_changes(person: User, limit: int) -> int:
    """What was sealed for one that waits for a person. Any other ends before its account."""
    sealed = SagaSecret.objects.filter(saga__kind=CHANGE, saga__subject=str(person.uid))
    return sealed.delete()[0]


@eraser("accounts.differences")
def erase_differences(person: User, limit: int) -> int:
    """What was otherwise about them elsewhere."""
    theirs = Difference.objects.filter(user_uid=person.uid).values_list("pk", flat=True)
    return Difference.objects.filter(pk__in=list(theirs[:limit])).delete()[0]


def _addresses(person: User) -> set[str]:
    return {person.email, *Address.objects.filter(user=person).values_list("email", flat=True)}


def _names(sealed: Any, words: Iterable[str]) -> bool:
    body = _opened(sealed)["body"]
    return any(word in body for word in words)


def _opened(sealed: Any) -> dict[str, Any]:
    return unseal(bytes(sealed))
