"""What couples ask of their plan: the intent, the promise, and whose a customer is."""

from django.db.models.functions import Now
from django.utils import timezone

from accounts.billing.comparing import Overtaken, note_events, note_subscriptions
from accounts.billing.customers import APPLY_EVENT, know_customer
from accounts.billing.plan import CARRY_OUT, buy_premium, change_renewal
from accounts.billing.reading import take_subscription
from accounts.models import (
    Comparison,
    Customer,
    ListedSubscription,
    MissedEvent,
    PlanChange,
    Subscription,
)
from integrity.drill.core import Scenario
from integrity.models import OutboxMessage
from tests.accounts.billing.stripe_story import checkout, story, subscription, subscription_object
from tests.drill.billing import (
    changes_by,
    promised,
    send,
    state_of,
    with_a_story,
)
from tests.drill.facts import BY, audits, couple, judge


def buy(context):
    return buy_premium(user=context.user, by=BY, operation=context.operation)


def asked(context):
    mine = PlanChange.objects.filter(user=context.user)
    pending = [each for each in mine.order_by("pk") if each.state == "waiting"]
    promises = OutboxMessage.objects.filter(
        effect=CARRY_OUT, key__in=[str(each.uid) for each in pending]
    )
    return judge(
        change=(len(pending), 0, 1),
        promise=(promises.count(), 0, 1),
        audits=(sum(audits(each) for each in mine), 0, 1),
    )


BUY = Scenario(
    name="buy_premium", flows=("accounts.buy_premium",), setup=couple, act=buy, whole=asked
)


def with_a_page(context):
    context.page = f"cs_{context.operation}"
    context.change = PlanChange.objects.create(
        user=context.user,
        kind="buy",
        state="open",
        checkout_id=context.page,
        checkout_url="https://pay.example/",
        answered_at=Now(),
    )
    return context


def with_an_old_page():
    context = with_a_page(couple())
    PlanChange.objects.filter(pk=context.change.pk).update(answered_at="2020-01-01T00:00:00Z")
    return context


def asked_anew(context):
    old = PlanChange.objects.get(pk=context.change.pk)
    whole = judge(old=(old.state, "open", "failed"), new=(asked(context), "nothing", "all"))
    return whole


BUY_AGAIN = Scenario(
    name="buy_premium, again",
    flows=("accounts.buy_premium",),
    setup=with_an_old_page,
    act=buy,
    whole=asked_anew,
)


def subscriber():
    return with_a_story(lambda told: subscription("created", told, "active"))


def subscriber_with_an_open_page():
    return with_a_page(subscriber())


def cancel(context):
    return change_renewal(user=context.user, renews=False, by=BY, operation=context.operation)


CANCEL = Scenario(
    name="change_renewal",
    flows=("accounts.change_renewal",),
    setup=subscriber_with_an_open_page,
    act=cancel,
    whole=asked_anew,
)


def with_an_event_that_waits():
    context = with_a_story(named=False)
    context.waiting = subscription("created", context.told, "active")
    send(context.waiting)
    return context


def known(context):
    return judge(
        customer=(Customer.objects.filter(user=context.user).count(), 0, 1),
        promise=(promised(APPLY_EVENT, context.waiting["id"]), 0, 1),
    )


KNOW_CUSTOMER = Scenario(
    name="know_customer",
    flows=("accounts.know_customer",),
    setup=with_an_event_that_waits,
    act=lambda context: know_customer(customer=context.told.customer, user=context.user, by=BY),
    whole=known,
)


def paid_on_a_page():
    context = with_a_page(with_a_story(lambda told: subscription("created", told, "active")))
    context.event = checkout(context.told)
    context.event["data"]["object"]["id"] = context.page
    return context


def closed(context):
    now = PlanChange.objects.get(pk=context.change.pk)
    whole = judge(
        event=(state_of(context.event), None, "applied"),
        change=((now.state, bool(now.checkout_url)), ("open", True), ("done", False)),
        changes=(changes_by(context.event), 0, 1),
    )
    if state_of(context.event) != "failed":
        return whole
    return judge(
        promise=(promised(APPLY_EVENT, context.event["id"]), 0, 1),
        changes=(changes_by(context.event), 0, 0),
        change=(now.state, "open", "open"),
    )


RECEIVE_CHECKOUT = Scenario(
    name="receive_event, a checkout",
    flows=("accounts.receive_event",),
    setup=paid_on_a_page,
    act=lambda context: send(context.event),
    whole=closed,
)


def with_a_comparison():
    context = with_a_story(lambda told: subscription("created", told, "active"))
    context.comparison = Comparison.objects.create(since=timezone.now())
    context.missed = subscription("updated", context.told, "past_due", after=9)
    return context


def noted(context, now, **more):
    comparison = Comparison.objects.get(pk=context.comparison.pk)
    read = {"read": (comparison.read, 0, 1), "after": (bool(comparison.after), 0, 1)}
    return judge(row=(now, 0, 1), **read, **more)


def missed_now(context):
    return noted(context, MissedEvent.objects.filter(pk=context.missed["id"]).count())


NOTE_EVENTS = Scenario(
    name="note_events",
    flows=("accounts.note_events",),
    setup=with_a_comparison,
    act=lambda context: note_events(
        comparison=context.comparison,
        listed=[context.missed],
        by=BY,
    ),
    whole=missed_now,
    done_before=(Overtaken,),
)


def listed_now(context):
    name = context.told.subscription
    is_listed = Subscription.objects.get(pk=name).listed_at is not None
    now = ListedSubscription.objects.filter(pk=name).count()
    return noted(context, now, listed=(is_listed, False, True))


NOTE_SUBSCRIPTIONS = Scenario(
    name="note_subscriptions",
    flows=("accounts.note_subscriptions",),
    setup=with_a_comparison,
    act=lambda context: note_subscriptions(
        comparison=context.comparison,
        listed=[subscription_object(context.told, "past_due")],
        seen_at=timezone.now(),
        by=BY,
    ),
    whole=listed_now,
    done_before=(Overtaken,),
)


def with_a_waiting_event_and_a_listed_one():
    """Nothing has come but what could not be told whose it was."""
    context = with_an_event_that_waits()
    context.told.named = True
    context.second = story(context.user, customer=context.told.customer)
    context.found = subscription_object(context.second, "past_due")
    return context


def taken(context):
    rows = Subscription.objects.filter(pk=context.second.subscription)
    return judge(
        customer=(Customer.objects.filter(user=context.user).count(), 0, 1),
        promise=(promised(APPLY_EVENT, context.waiting["id"]), 0, 1),
        row=(list(rows.values_list("status", "event_rank")), [], [("past_due", 2)]),
    )


TAKE = Scenario(
    name="take_subscription",
    flows=("accounts.take_subscription",),
    setup=with_a_waiting_event_and_a_listed_one,
    act=lambda context: take_subscription(found=context.found, by=BY),
    whole=taken,
)

SCENARIOS = [BUY, BUY_AGAIN, CANCEL, KNOW_CUSTOMER, RECEIVE_CHECKOUT]
SCENARIOS += [NOTE_EVENTS, NOTE_SUBSCRIPTIONS, TAKE]
