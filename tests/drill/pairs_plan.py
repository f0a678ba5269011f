"""Two clicks on one plan, and a click that meets an event, and what must be true however they do."""

from uuid import uuid4

from django.db.models.functions import Now
from django.db.transaction import atomic

from accounts.billing.customers import know_customer
from accounts.billing.plan import (
    AlreadyPremium,
    NoSubscription,
    OneAtATime,
    PartnerIsBuying,
    buy_premium,
    change_renewal,
)
from accounts.models import Customer, Member, PlanChange, Subscription, Wedding
from integrity.drill.interleave import Pair
from integrity.flows import AlreadyDone
from tests.accounts.billing.stripe_story import customer, subscription
from tests.drill.billing import send, with_a_story
from tests.drill.facts import BY, couple, wedding_of
from tests.drill.plan import asked, buy, cancel, subscriber
from tests.drill.verdicts import answered, expect


def buy_anew(context):
    """Another form: another tab, or another device."""
    return buy_premium(user=context.user, by=BY, operation=str(uuid4()))


def keep(context):
    return change_renewal(user=context.user, renews=True, by=BY, operation=str(uuid4()))


def one_intent(*allowed):
    def verdict(context, first, second):
        return answered(first, second, *allowed) or expect(state=(asked(context), "all"))

    return verdict


DOUBLE_CLICK = Pair(
    name="a click on buying and itself",
    setup=couple,
    first=buy,
    second=buy,
    verdict=one_intent((None, AlreadyDone)),
    alike=True,
)
TWO_TABS_BUY = Pair(
    name="buying in two tabs",
    setup=couple,
    first=buy,
    second=buy_anew,
    verdict=one_intent((None, OneAtATime)),
)
CANCEL_AND_KEEP = Pair(
    name="cancelling and taking it back",
    setup=subscriber,
    first=cancel,
    second=keep,
    verdict=one_intent((None, OneAtATime)),
)


def two_partners():
    """Both at home in one wedding."""
    context, other = couple(), couple()
    wedding = wedding_of(other)
    with atomic():
        Member.objects.filter(user=other.user).update(wedding=wedding_of(context), role="partner")
        Wedding.objects.filter(pk=wedding.pk).update(status="closed", closed_at=Now())
    context.partner = other.user
    return context


def partner_buys(context):
    return buy_premium(user=context.partner, by=BY, operation=str(uuid4()))


PARTNERS = Pair(
    name="buying, both partners at once",
    setup=two_partners,
    first=buy,
    second=partner_buys,
    verdict=lambda context, first, second: (
        answered(first, second, (None, PartnerIsBuying))
        or expect(
            changes=(
                PlanChange.objects.filter(user__in=[context.user, context.partner]).count(),
                1,
            )
        )
    ),
)


def about_to_end():
    context = subscriber()
    context.event = subscription("deleted", context.told, "canceled", after=9)
    return context


CANCEL_AND_END = Pair(
    name="cancelling and the end of it",
    setup=about_to_end,
    first=cancel,
    second=lambda context: send(context.event),
    verdict=lambda context, first, second: (
        answered(first, second, (None, None), (NoSubscription, None))
        or expect(status=(Subscription.objects.get(user=context.user).status, "canceled"))
    ),
)


def about_to_begin():
    context = with_a_story()
    context.event = subscription("created", context.told, "active")
    return context


BUY_AND_BEGIN = Pair(
    name="buying and what was bought before",
    setup=about_to_begin,
    first=buy,
    second=lambda context: send(context.event),
    verdict=lambda context, first, second: (
        answered(first, second, (None, None), (AlreadyPremium, None))
        or expect(status=(Subscription.objects.get(user=context.user).status, "active"))
    ),
)


def about_to_be_known():
    context = with_a_story()
    context.event = customer("created", context.told)
    return context


CUSTOMER_TOLD_TWICE = Pair(
    name="a customer that we have made and its event",
    setup=about_to_be_known,
    first=lambda context: know_customer(customer=context.told.customer, user=context.user, by=BY),
    second=lambda context: send(context.event),
    verdict=lambda context, first, second: (
        answered(first, second, (None, None))
        or expect(customers=(Customer.objects.filter(user=context.user).count(), 1))
    ),
)

PAIRS = [each for each in list(vars().values()) if isinstance(each, Pair)]
