"""Stripe's events, received, tried again and read again; and what is used."""

from accounts.billing.changes import READ_SUBSCRIPTION
from accounts.billing.customers import APPLY_EVENT
from accounts.billing.inbox import EventNotApplied, receive_event, replay_event
from accounts.billing.reading import settle_doubt
from accounts.billing.usage import use
from accounts.billing.webhooks import read_event
from accounts.models import (
    Customer,
    Event,
    EventChange,
    Metric,
    Payment,
    Subscription,
    UsageCounter,
    UsageEntry,
)
from accounts.views.webhooks import STRIPE
from integrity.drill.core import Scenario
from integrity.models import OutboxMessage
from tests.accounts.billing.stripe_story import (
    customer,
    invoice,
    raw,
    story,
    subscription,
    subscription_object,
)
from tests.drill.facts import BY, audits, couple, judge, wedding_of


def send(told):
    body = raw(told)
    return receive_event(raw=body, event=read_event(body), by=STRIPE)


def with_a_story(*before, **changes):
    """A couple at Stripe, of whose story so much has come."""
    context = couple(address__verified=True)
    context.told = story(context.user, **changes)
    for build in before:
        send(build(context.told))
    return context


def about_to_send(build, *before, **changes):
    def setup():
        context = with_a_story(*before, **changes)
        context.event = build(context.told)
        return context

    return setup


def state_of(event):
    return Event.objects.filter(pk=event["id"]).values_list("state", flat=True).first()


def changes_by(event):
    return EventChange.objects.filter(event=event["id"]).count()


def status_of(context):
    rows = Subscription.objects.filter(pk=context.told.subscription)
    return rows.values_list("status", flat=True).first()


def promised(effect, key):
    return OutboxMessage.objects.filter(effect=effect, key=key, begun=False).count()


def or_kept_for_later(context, whole):
    """What fails inside is soft: nothing of it is applied, and the relay has it to try again."""
    if state_of(context.event) != "failed":
        return whole
    return judge(
        promise=(promised(APPLY_EVENT, context.event["id"]), 0, 1),
        changes=(changes_by(context.event), 0, 0),
        subscription=(status_of(context), None, None),
    )


def subscribed(context):
    whole = judge(
        event=(state_of(context.event), None, "applied"),
        customer=(Customer.objects.filter(user=context.user).count(), 0, 1),
        subscription=(status_of(context), None, "active"),
        changes=(changes_by(context.event), 0, 2),
    )
    return or_kept_for_later(context, whole)


RECEIVE = Scenario(
    name="receive_event",
    flows=("accounts.receive_event",),
    setup=about_to_send(lambda told: subscription("created", told, "active")),
    act=lambda context: send(context.event),
    whole=subscribed,
)


def paid(context):
    whole = judge(
        event=(state_of(context.event), None, "applied"),
        payment=(Payment.objects.filter(user=context.user, state="paid").count(), 0, 1),
        changes=(changes_by(context.event), 0, 1),
    )
    return or_kept_for_later(context, whole)


RECEIVE_PAYMENT = Scenario(
    name="receive_event, a payment",
    flows=("accounts.receive_event",),
    setup=about_to_send(
        lambda told: invoice("paid", told, attempts=2, after=9),
        lambda told: invoice("payment_failed", told),
    ),
    act=lambda context: send(context.event),
    whole=paid,
)


def kept_as_failed(context):
    whole = judge(event=(state_of(context.event), None, "failed"))
    return or_kept_for_later(context, whole)


RECEIVE_FAILING = Scenario(
    name="receive_event, failing",
    flows=("accounts.receive_event",),
    setup=about_to_send(lambda told: subscription("created", told, "fine")),
    act=lambda context: send(context.event),
    whole=kept_as_failed,
)


def linked(context):
    whole = judge(
        event=(state_of(context.event), None, "applied"),
        customer=(Customer.objects.filter(user=context.user).count(), 0, 1),
        promise=(promised(APPLY_EVENT, context.waiting["id"]), 0, 1),
    )
    return or_kept_for_later(context, whole)


def before_its_owner():
    context = with_a_story(named=False)
    context.waiting = subscription("created", context.told, "active")
    send(context.waiting)
    context.told.named = True
    context.event = customer("created", context.told)
    return context


RECEIVE_OWNER = Scenario(
    name="receive_event, the owner of others",
    flows=("accounts.receive_event",),
    setup=before_its_owner,
    act=lambda context: send(context.event),
    whole=linked,
)


def waiting_for_an_end():
    """A second subscription is refused while the first one lives; now that has ended."""
    context = with_a_story(lambda told: subscription("created", told, "active"))
    second = story(context.user, customer=context.told.customer)
    context.event = subscription("created", second, "active")
    send(context.event)
    send(subscription("deleted", context.told, "canceled", after=9))
    context.told = second
    return context


def replay(context):
    if replay_event(event_id=context.event["id"], by=BY).state == "failed":
        raise EventNotApplied


def replayed(context):
    """Each try that was committed is counted and audited, whether or not it was of use."""
    event = Event.objects.get(pk=context.event["id"])
    tries = event.attempts - 1
    return judge(
        event=((event.state, audits(event)), ("failed", tries), ("applied", max(tries, 1))),
        subscription=(status_of(context), None, "active"),
        changes=(changes_by(context.event), 0, 1),
    )


REPLAY = Scenario(
    name="replay_event",
    flows=("accounts.replay_event",),
    setup=waiting_for_an_end,
    act=replay,
    whole=replayed,
    refusals=(EventNotApplied,),
)


def in_doubt():
    context = with_a_story(
        lambda told: subscription("updated", told, "active"),
        lambda told: subscription("updated", told, "past_due"),
    )
    context.row = Subscription.objects.get(pk=context.told.subscription)
    context.found = subscription_object(context.told, "unpaid")
    return context


def settled(context):
    now = Subscription.objects.get(pk=context.told.subscription)
    state = (now.status, now.event_rank, now.in_doubt_since is None)
    return judge(
        state=(state, ("past_due", 1, False), ("unpaid", 2, True)),
        promise=(promised(READ_SUBSCRIPTION, now.pk), 1, 1),
    )


SETTLE = Scenario(
    name="settle_doubt",
    flows=("accounts.settle_doubt",),
    setup=in_doubt,
    act=lambda context: settle_doubt(
        subscription=context.told.subscription,
        found=context.found,
        asked_at=context.row.event_created_at,
        by=BY,
    ),
    whole=settled,
)


def use_one(context):
    key = context.operation
    return use(wedding=wedding_of(context), metric=Metric.INVITATIONS, operation=key, by=BY)


def counted(context):
    counters = UsageCounter.objects.filter(wedding=wedding_of(context))
    return judge(
        counter=(sum(each.value for each in counters), 0, 1),
        entry=(UsageEntry.objects.filter(operation_key=context.operation).count(), 0, 1),
    )


USE = Scenario(name="use", flows=("accounts.use",), setup=couple, act=use_one, whole=counted)

SCENARIOS = [RECEIVE, RECEIVE_PAYMENT, RECEIVE_FAILING, RECEIVE_OWNER, REPLAY, SETTLE, USE]
