"""A couple that three vendors know, how they leave, and what the vendors' own ledgers say of it."""

from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import uuid4

from django.conf import settings

from accounts.actors import acting
from accounts.clients.contacts import contacts
from accounts.clients.identity import identities
from accounts.clients.payments import payments
from accounts.elsewhere.contact import verified_couples
from accounts.leaving.deletion import KIND, Wish, leave
from accounts.models import Contact, Customer, Tombstone, User
from accounts.simulators.account import STRIPE_PRICE
from integrity.models import ProviderGate, Saga, SagaStep
from integrity.saga.definition import newest
from integrity.saga.engine import run_due
from tests.factories import CoupleFactory
from tests.rounds import rounds_until

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
NOW, LATER = Wish(days=0), Wish()


class Died(BaseException):
    """The worker, in the middle of it: nothing of ours catches that."""


@dataclass
class Known:
    """Somebody as all of them know them."""

    user: User
    customer: str
    subscription: str
    contact: str
    # On which they could pay, as they leave.
    page: str = ""

    @property
    def uid(self) -> str:
        return str(self.user.uid)


def known_everywhere(vendors, email="ada@example.com"):
    user = CoupleFactory(email=email, address__verified=True)
    customer, subscription = at_stripe(vendors, user)
    identities().create(user.uid, email=email, is_verified=True)
    contact = contacts().put(email=email, first_name="Ada", last_name="", unsubscribed=False)
    told = verified_couples().filter(pk=user.pk).values_list("fingerprint", flat=True).get()
    Contact.objects.create(user=user, contact_id=contact, told=told)
    return Known(user, customer, subscription, contact, open_page(user, customer))


def at_stripe(vendors, user):
    stripe, metadata = vendors.stripe, {"user_id": str(user.uid)}
    customer = stripe.add_customer({"email": user.email, "name": "Ada", "metadata": metadata})
    subscription = stripe.subscribe(customer, STRIPE_PRICE, metadata)["id"]
    Customer.objects.create(pk=customer, user=user)
    return customer, subscription


def open_page(user, customer):
    """For paying; nobody has told us of it yet."""
    anywhere = {"success_url": settings.SITE_URL, "cancel_url": settings.SITE_URL}
    who = {"customer": customer, "user": str(user.uid), "price": STRIPE_PRICE}
    return payments().start_checkout(**who, **anywhere, key=str(uuid4())).id


def begin(known, wish=NOW):
    return leave(user=known.user, wish=wish, by=acting(known.user))


def run(saga):
    """What is due. Says how the saga stands then."""
    run_due()
    saga.refresh_from_db()
    return saga.state


def time_passes():
    """Every wait of every saga is over."""
    ProviderGate.objects.filter(shut_until__isnull=False).update(shut_until=LONG_AGO)
    SagaStep.objects.filter(due_at__isnull=False).update(due_at=LONG_AGO)
    Saga.objects.filter(finished_at=None).update(wake_at=LONG_AGO)


def run_to_the_end(saga, *, ticks=25):
    """Until it is over or needs a person."""
    for _ in range(ticks):
        state = run(saga)
        if saga.finished_at or state in Saga.PARKED:
            return state
        time_passes()
    raise AssertionError(f"It is still {saga.state} at step {saga.position}: {saga.error}")


@contextmanager
def changed(step, *, kind=KIND, **functions):
    """A step of the declaration, with other functions."""
    declared = newest(kind).step(step)
    before = {name: getattr(declared, name) for name in functions}
    for name, function in functions.items():
        object.__setattr__(declared, name, function)
    try:
        yield
    finally:
        for name, function in before.items():
            object.__setattr__(declared, name, function)


@contextmanager
def dying(step, *, after, kind=KIND):
    """The first worker at this step dies, before its effect or right after it."""
    declared, alive = newest(kind).step(step), []

    def run(at):
        if alive:
            return do(at)
        alive.append(True)
        if after:
            do(at)
        raise Died

    do = declared.run
    with changed(step, kind=kind, run=run):
        yield


def run_through_deaths(saga, steps, *, after, kind=KIND):
    """To the end, though a worker dies in each of these steps. Says how many have."""
    deaths = 0
    with ExitStack() as stack:
        for step in steps:
            stack.enter_context(dying(step, after=after, kind=kind))
        for _ in rounds_until(lambda: saga.finished_at, "the saga's end"):
            try:
                run_to_the_end(saga)
            except Died:
                deaths += 1
                time_passes()
    return deaths


def at_vendors(known, vendors):
    """What each of them has of somebody, by their own state."""
    stripe, resend, supabase = (
        each.state for each in (vendors.stripe, vendors.resend, vendors.supabase)
    )
    subscription = stripe["subscriptions"][known.subscription]
    contact, identity = resend["contacts"].get(known.contact), supabase["users"].get(known.uid)
    return {
        "customer": not stripe["customers"][known.customer].get("deleted"),
        "subscription": subscription["status"],
        "renews": not subscription["cancel_at_period_end"],
        "contact": contact is not None,
        "muted": contact is not None and contact["unsubscribed"],
        "identity": identity is not None,
        "banned": identity is not None and "banned_until" in identity,
    }


AS_BEFORE = {
    "customer": True,
    "subscription": "active",
    "renews": True,
    "contact": True,
    "muted": False,
    "identity": True,
    "banned": False,
}


def closings(known, vendors):
    """How often the page was closed."""
    return len(vendors.stripe.effects("checkout.session.expired", known.page))


def assert_gone(known, vendors):
    left = at_vendors(known, vendors)
    assert closings(known, vendors) == 1
    assert [left[name] for name in ("customer", "contact", "identity")] == [False] * 3
    assert left["subscription"] == "canceled"
    # Each of it happened once, however often it was asked.
    ledgers = (vendors.stripe, vendors.resend, vendors.supabase)
    verbs = ("customer.deleted", "contact.removed", "user.deleted")
    assert [len(one.effects(verb)) for one, verb in zip(ledgers, verbs, strict=True)] == [1, 1, 1]
    assert not User.objects.filter(uid=known.uid).exists()
    assert Tombstone.objects.filter(uid=known.uid).exists()


def assert_as_before(known, vendors):
    assert at_vendors(known, vendors) == AS_BEFORE
    user = User.objects.get(uid=known.uid)
    assert user.is_active
    assert user.leaving_since is None
    assert not Tombstone.objects.exists()


def assert_sealed(known, vendors):
    """Not gone yet, and on no way back: nobody logs in, nobody pays any more, nothing renews."""
    left = at_vendors(known, vendors)
    assert closings(known, vendors) == 1
    assert left["banned"] or not left["identity"]
    assert left["muted"] or not left["contact"]
    assert left["subscription"] == "canceled" or not left["renews"]
    assert not User.objects.get(uid=known.uid).is_active
    assert Tombstone.objects.filter(uid=known.uid).exists()
