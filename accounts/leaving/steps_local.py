"""Leaving, in our own database: the account stands still, is sealed, goes, and leaves no trace."""

from datetime import datetime
from typing import Any

from django.db.models.functions import Now

from accounts.addresses.requesting import forget_waiting_addresses
from accounts.billing.address import promise_address
from accounts.billing.plan import PENDING
from accounts.elsewhere.contact import promise_contact
from accounts.elsewhere.identity import promise_identity
from accounts.exporting.copies import end_exports
from accounts.leaving.erasing import erase_some
from accounts.leaving.facts import why_it_stays
from accounts.leaving.holding import why_kept
from accounts.leaving.sealing import TARGETS, seal_account
from accounts.leaving.steps_billing import is_billing_ended
from accounts.leaving.steps_contact import is_contact_deleted
from accounts.leaving.steps_identity import is_identity_deleted
from accounts.locks import hold_user
from accounts.mail import EFFECT as MAIL
from accounts.mail import enqueue_mail, link
from accounts.models import PlanChange, Tombstone, User
from accounts.steps import user_of, wait_for_begun_calls
from integrity.models import OutboxMessage, SagaStep
from integrity.saga.context import At
from integrity.saga.definition import MORE, More, Probe
from integrity.saga.outcomes import RefusedForGood
from integrity.transactions import transaction_required

LOOKS = {
    "end_billing": is_billing_ended,
    "delete_contact": is_contact_deleted,
    "delete_identity": is_identity_deleted,
}


@transaction_required
def freeze(at: At) -> dict[str, Any]:
    """What waits to happen to the account doesn't happen any more. Flows refuse it since `leave`."""
    user = hold_user(user_of(at))
    forget_waiting_addresses(user)
    waiting = PlanChange.objects.filter(user=user, state__in=PENDING)
    given_up = waiting.update(
        state=PlanChange.State.FAILED,
        reason=PlanChange.Reason.LEAVING,
        checkout_url="",
        answered_at=Now(),
    )
    return {"plan_changes": given_up}


@transaction_required
def thaw(at: At) -> None:
    """The account is as it was, whatever was changed about its contact meanwhile is told."""
    user = hold_user(user_of(at))
    if Tombstone.objects.filter(uid=user.uid).exists():
        raise RefusedForGood("it was sealed by an earlier deletion, so it can't be kept")
    let_stay(user)
    enqueue_mail(
        "staying",
        to=user.email,
        key=f"staying:{at.saga}",
        context={
            "asked": at.cancelled,
            "kept": why_it_stays(at.saga),
            "link": link("account_login"),
        },
        about=user,
    )


@transaction_required
def let_stay(user: User) -> None:
    User.objects.filter(pk=user.pk).update(leaving_since=None)
    promise_contact(user)
    promise_identity(user)
    promise_address(user)


def end_of_grace(at: At) -> datetime:
    return datetime.fromisoformat(at.options["until"])


@transaction_required
def preflight(at: At) -> None:
    """The last look before the log-in is taken away."""
    _refuse_to_go(user_of(at))
    wait_for_begun_calls(at)


@transaction_required
def seal(at: At) -> None:
    user = hold_user(user_of(at))
    # Somebody may have held it since the last look.
    _refuse_to_go(user)
    targets = seal_account(
        user,
        customers=at.secret("prior:pause_billing").get("customers", []),
        contacts=at.secret("prior:mute_contact").get("contacts", []),
    )
    at.replace_secret(TARGETS, targets)
    end_exports(user, by=at.by)


def _refuse_to_go(user: User) -> None:
    if why := why_kept(user):
        raise RefusedForGood(why)


@transaction_required
def delete_local(at: At) -> More | None:
    user = User.objects.filter(uid=at.subject).first()
    if user and erase_some(user, ends_wedding=at.options["ends_wedding"]):
        return MORE
    return None


def what_is_left(at: At) -> list[str]:
    """The steps of whose work something is left, here or at a vendor."""
    left = what_vendors_have_left(at)
    if User.objects.filter(uid=at.subject).exists():
        left.append("delete_local")
    return left


def what_vendors_have_left(at: At) -> list[str]:
    planned = SagaStep.objects.filter(saga__uid=at.saga, name__in=LOOKS).order_by("position")
    names = planned.values_list("name", flat=True)
    return [name for name in names if LOOKS[name](at) != Probe.DONE]


@transaction_required
def has_its_tombstone(at: At) -> None:
    """Without one, an account of this id could be here, and need what would be removed."""
    if not Tombstone.objects.filter(uid=at.subject).exists():
        raise RefusedForGood("there is no tombstone of this account")


@transaction_required
def purge(at: At) -> None:
    """Mails to them that wait go, and one last mail says that it is done."""
    OutboxMessage.objects.filter(effect=MAIL, payload__user=at.subject).delete()
    enqueue_mail("left", to=at.secret(TARGETS)["email"], key=f"left:{at.saga}")
