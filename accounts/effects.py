"""How what was promised is done: mails leave, events are tried again, vendors asked and told."""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from accounts.billing.address import TELL_STRIPE, NoStripeKey, tell_address
from accounts.billing.carrying_out import CannotTell, carry_out
from accounts.billing.changes import READ_SUBSCRIPTION
from accounts.billing.correcting import READ_PAYMENT, correct
from accounts.billing.customers import APPLY_EVENT
from accounts.billing.inbox import (
    EventForgotten,
    EventNotApplied,
    EventNotFound,
    State,
    replay_event,
)
from accounts.billing.plan import CARRY_OUT
from accounts.billing.reading import FETCH_SUBSCRIPTION, CannotAsk, fetch, read_again
from accounts.clients import mail
from accounts.clients.outcomes import Rejected, VendorError, Wait
from accounts.elsewhere.contact import REMOVE_CONTACT, SYNC_CONTACT
from accounts.elsewhere.contact_sync import (
    AddressIsTaken,
    NoContactsKey,
    remove_contact,
    sync_contact,
)
from accounts.elsewhere.identity import CREATE_IDENTITY, MATCH_BAN, REMOVE_IDENTITY
from accounts.elsewhere.identity_sync import (
    ChangedThere,
    NoIdentityKey,
    NotYetFree,
    make_identity,
    match_ban,
    remove_identity,
)
from accounts.errors import AccountError
from accounts.mail import EFFECT
from integrity.audit import Actor
from integrity.outbox import Message, Permanent, RetryLater, TryAgain, effect

# What the site does by itself isn't audited.
RELAY = Actor("system", "relay", via="task")
# A key that is refused, a quota that is used up: nobody's message gets through until somebody
# mends that, so none of them is blamed for it.
REFUSED_TO_ALL = 900.0
NO_KEY = (NoContactsKey, NoIdentityKey, CannotTell)
# Somebody else's is to be settled first, or was changed at the same moment.
NOT_YET = (AddressIsTaken, NotYetFree, ChangedThere)


@contextmanager
def outcomes_for_the_relay() -> Iterator[None]:
    """What became of it, in the relay's words."""
    try:
        yield
    except Wait as error:
        raise RetryLater(error.after, str(error)) from None
    except Rejected as error:
        if error.is_for_everybody:
            raise RetryLater(REFUSED_TO_ALL, str(error)) from None
        raise Permanent(str(error)) from None
    except NO_KEY as error:
        raise RetryLater(REFUSED_TO_ALL, str(error)) from None
    except (VendorError, *NOT_YET) as error:
        raise TryAgain(str(error)) from None


@effect(EFFECT)
def deliver_mail(message: Message) -> None:
    """Hand one mail over, under the same key each time."""
    tried_since = message.promised_at if message.attempts else None
    with outcomes_for_the_relay():
        mail.send(mail.Mail(**message.sealed), key=message.idempotency_key, tried_since=tried_since)


@effect(APPLY_EVENT)
def apply_event_again(message: Message) -> None:
    """Until it is applied, or there is a reason why not. The relay waits longer each time."""
    try:
        outcome = replay_event(event_id=message.payload["event"], by=RELAY)
    except (EventNotFound, EventForgotten) as error:
        raise Permanent(str(error)) from None
    if outcome.state == State.FAILED:
        raise EventNotApplied


@effect(READ_SUBSCRIPTION)
def read_subscription(message: Message) -> None:
    try:
        with outcomes_for_the_relay():
            read_again(subscription=message.payload["subscription"], by=RELAY)
    except CannotAsk as error:
        raise Permanent(str(error)) from None


@effect(FETCH_SUBSCRIPTION)
def fetch_subscription(message: Message) -> None:
    try:
        with outcomes_for_the_relay():
            fetch(subscription=message.payload["subscription"], by=RELAY)
    except AccountError as error:
        raise Permanent(str(error)) from None


@effect(READ_PAYMENT)
def read_payment(message: Message) -> None:
    try:
        with outcomes_for_the_relay():
            correct(payment=message.payload["payment"], by=RELAY)
    except AccountError as error:
        raise Permanent(str(error)) from None


@effect(SYNC_CONTACT)
def tell_resend(message: Message) -> None:
    with outcomes_for_the_relay():
        sync_contact(UUID(message.payload["user"]))


@effect(REMOVE_CONTACT)
def remove_from_resend(message: Message) -> None:
    """Of an account that was deleted while its contact was being made."""
    with outcomes_for_the_relay():
        remove_contact(message.payload["contact"])


@effect(CREATE_IDENTITY)
def tell_identity_provider(message: Message) -> None:
    with outcomes_for_the_relay():
        make_identity(UUID(message.payload["user"]), tries=message.attempts)


@effect(REMOVE_IDENTITY)
def remove_from_identity_provider(message: Message) -> None:
    """Of an account that was deleted while its identity was being made."""
    with outcomes_for_the_relay():
        remove_identity(UUID(message.payload["user"]))


@effect(MATCH_BAN)
def ban_or_free_at_identity_provider(message: Message) -> None:
    with outcomes_for_the_relay():
        match_ban(UUID(message.payload["user"]))


@effect(TELL_STRIPE)
def tell_stripe(message: Message) -> None:
    try:
        with outcomes_for_the_relay():
            tell_address(UUID(message.payload["user"]))
    except NoStripeKey as error:
        raise RetryLater(REFUSED_TO_ALL, str(error)) from None


@effect(CARRY_OUT)
def carry_out_plan_change(message: Message) -> None:
    with outcomes_for_the_relay():
        carry_out(change=message.payload["change"], tries=message.attempts, by=RELAY)
