"""Events that may meet, and uses at the limit, and what must be true however they do."""

from accounts.billing.entitlement import Plan
from accounts.billing.reading import take_subscription
from accounts.billing.usage import LIMITS, LimitReached, use
from accounts.models import Event, Metric, Subscription, UsageCounter
from integrity.drill.interleave import Pair
from integrity.relay import deliver_due
from tests.accounts.billing.stripe_story import customer, subscription, subscription_object
from tests.drill.billing import (
    SETTLE,
    changes_by,
    in_doubt,
    send,
    status_of,
    subscribed,
    with_a_story,
)
from tests.drill.facts import BY, couple, wedding_of
from tests.drill.verdicts import answered, expect


def to_be_told(first, second, *before, **changes):
    def setup():
        context = with_a_story(*before, **changes)
        context.event, context.other = first(context.told), second(context.told)
        return context

    return setup


def an_active_one(told):
    return subscription("created", told, "active")


SAME_EVENT = Pair(
    name="an event and itself",
    setup=lambda: single(),
    first=lambda context: send(context.event),
    second=lambda context: send(context.event),
    verdict=lambda context, first, second: (
        answered(first, second, (None, None)) or expect(state=(subscribed(context), "all"))
    ),
    alike=True,
)


def single():
    context = with_a_story()
    context.event = an_active_one(context.told)
    return context


def newest_wins(context, first, second):
    states = set(
        Event.objects.filter(customer_id=context.told.customer).values_list("state", flat=True)
    )
    return answered(first, second, (None, None)) or expect(
        status=(status_of(context), "past_due"),
        rows=(Subscription.objects.filter(user=context.user).count(), 1),
        newest=(changes_by(context.event) > 0, True),
        failed=("failed" in states, False),
    )


EVENT_AND_OLDER = Pair(
    name="an event and an older one",
    setup=to_be_told(
        lambda told: subscription("updated", told, "past_due", after=9), an_active_one
    ),
    first=lambda context: send(context.event),
    second=lambda context: send(context.other),
    verdict=newest_wins,
)


def nobody_waits(context, first, second):
    deliver_due()
    left = Event.objects.filter(customer_id=context.told.customer).exclude(state="applied")
    return answered(first, second, (None, None)) or expect(
        left=([each.reason for each in left], []), status=(status_of(context), "active")
    )


def one_who_names_the_owner(told):
    told.named = True
    return customer("created", told)


EVENT_AND_OWNER = Pair(
    name="an event and the one that says whose it is",
    setup=to_be_told(an_active_one, one_who_names_the_owner, named=False),
    first=lambda context: send(context.event),
    second=lambda context: send(context.other),
    verdict=nobody_waits,
)


def read_and_told():
    context = with_a_story()
    context.found = subscription_object(context.told, "active")
    context.event = subscription("updated", context.told, "past_due", after=9)
    return context


READ_AND_TOLD = Pair(
    name="a subscription that is fetched and its event",
    setup=read_and_told,
    first=lambda context: take_subscription(found=context.found, by=BY),
    second=lambda context: send(context.event),
    verdict=newest_wins,
)


def doubted_and_told():
    context = in_doubt()
    context.event = subscription("updated", context.told, "paused", after=9)
    return context


def the_later_one_stays(context, first, second):
    failed = Event.objects.filter(customer_id=context.told.customer, state="failed")
    return answered(first, second, (None, None)) or expect(
        status=(status_of(context), "paused"), failed=(failed.count(), 0)
    )


DOUBT_AND_NEWER = Pair(
    name="a doubt that is settled and a newer event",
    setup=doubted_and_told,
    first=SETTLE.act,
    second=lambda context: send(context.event),
    verdict=the_later_one_stays,
)


FREE = LIMITS[Metric.INVITATIONS][Plan.FREE]


def one_left():
    context = couple()
    use_some(context, "before", FREE - 1)
    return context


def use_some(context, name, amount=1):
    key = f"{context.operation}:{name}"
    use(
        wedding=wedding_of(context),
        metric=Metric.INVITATIONS,
        operation=key,
        amount=amount,
        by=BY,
    )


LAST_TWICE = Pair(
    name="the last use and another",
    setup=one_left,
    first=lambda context: use_some(context, "one"),
    second=lambda context: use_some(context, "other"),
    verdict=lambda context, first, second: (
        answered(first, second, (None, LimitReached))
        or expect(
            value=(counter(context).value, FREE), entries=(counter(context).entries.count(), 2)
        )
    ),
    alike=True,
)


def counter(context):
    return UsageCounter.objects.get(wedding=wedding_of(context))


SAME_USE = Pair(
    name="a use and itself",
    setup=couple,
    first=lambda context: use_some(context, "one"),
    second=lambda context: use_some(context, "one"),
    verdict=lambda context, first, second: (
        answered(first, second, (None, None))
        or expect(value=(counter(context).value, 1), entries=(counter(context).entries.count(), 1))
    ),
    alike=True,
)

PAIRS = [each for each in list(vars().values()) if isinstance(each, Pair)]
