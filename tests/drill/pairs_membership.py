"""Two who ask, come and go at once, and what must be true however they meet."""

from uuid import uuid4

from django.db.models import Sum

from accounts.errors import LinkNoLongerValid, MailedAMomentAgo
from accounts.invitations import AlreadyTwo, InvitationEnded, invite, withdraw_invitation
from accounts.membership import HoldsWork, NothingToLeave, join_wedding, leave_wedding
from accounts.models import Invitation, Wedding
from integrity.drill.interleave import Pair
from integrity.flows import AlreadyDone
from integrity.models import FlowOutcome
from onboarding.wizard import StepNotReached, finish
from tests.drill.facts import BY, couple, profile_of, wedding_of
from tests.drill.membership import (
    alone,
    ask,
    asked,
    before_it_goes_again,
    came,
    come,
    go,
    guest,
    host,
    invited,
    state_of,
    two,
    with_an_invitation,
)
from tests.drill.verdicts import answered, expect


def weddings_of(context):
    return Wedding.objects.filter(members__user__in=context.people, status="open")


def nobody_is_lost(*allowed, weddings):
    """Everybody plans an open wedding, so many of them in all, and no link leads to a third place."""

    def verdict(context, first, second):
        planned = weddings_of(context)
        links = Invitation.objects.filter(wedding__in=context.weddings, state="waiting")
        return answered(first, second, *allowed) or expect(
            people=(planned.count(), len(context.people)),
            weddings=(planned.distinct().count(), weddings),
            waiting=(links.count(), 0),
        )

    return verdict


# Asking

DOUBLE_CLICK = Pair(
    name="a click on inviting and itself",
    setup=host,
    first=ask,
    second=ask,
    verdict=lambda context, first, second: (
        answered(first, second, (None, AlreadyDone)) or expect(state=(asked(context), "all"))
    ),
    alike=True,
)


def ask_anew(context):
    """Another form: another tab, or another device."""
    return invite(user=context.user, email=context.new_email, by=BY, operation=str(uuid4()))


TWO_TABS_INVITE = Pair(
    name="inviting in two tabs",
    setup=host,
    first=ask,
    second=ask_anew,
    verdict=lambda context, first, second: (
        answered(first, second, (None, MailedAMomentAgo)) or expect(state=(asked(context), "all"))
    ),
)

# Coming


def two_guests():
    """With a link each, and the same one as well."""
    context = with_an_invitation(host())
    context.guests = [couple().user, couple().user]
    invited(wedding_of(context), context.user, f"{context.token} too")
    return remember(context, context.user, *context.guests)


def remember(context, *people):
    context.people = people
    context.weddings = [Wedding.objects.get(members__user=each) for each in people]
    return context


def comes(number, link=""):
    return lambda context: join_wedding(
        user=context.guests[number], token=context.token + link, by=BY
    )


ONE_LINK = Pair(
    name="two who follow one link",
    setup=two_guests,
    first=comes(0),
    second=comes(1),
    verdict=nobody_is_lost((None, LinkNoLongerValid), weddings=2),
    alike=True,
)
TWO_LINKS = Pair(
    name="two links to one wedding",
    setup=two_guests,
    first=comes(0),
    second=comes(1, " too"),
    verdict=nobody_is_lost((None, LinkNoLongerValid), weddings=2),
)


def each_other():
    """Both have asked the other, and both say yes."""
    context = with_an_invitation(host())
    other = with_an_invitation(host())
    context.guests, context.back = [other.user], other.token
    context.retries = retries()
    return remember(context, context.user, other.user)


def retries():
    """How often a join was run again, as it is after a deadlock."""
    joins = FlowOutcome.objects.filter(flow="accounts.join_wedding")
    return joins.aggregate(sum=Sum("retries", default=0))["sum"]


EACH_OTHER = Pair(
    name="two who join each other",
    setup=each_other,
    first=comes(0),
    second=lambda context: join_wedding(user=context.user, token=context.back, by=BY),
    verdict=lambda context, first, second: (
        nobody_is_lost((None, LinkNoLongerValid), weddings=1)(context, first, second)
        or expect(retries=(retries() - context.retries, 0))
    ),
)
COME_TWICE = Pair(
    name="a click on joining and itself",
    setup=guest,
    first=come,
    second=come,
    verdict=lambda context, first, second: (
        answered(first, second, (None, AlreadyDone)) or expect(state=(came(context), "all"))
    ),
    alike=True,
)


def take_back(context):
    return withdraw_invitation(user=context.host, invitation=context.invitation, by=BY)


def one_or_the_other(context, first, second):
    state = "withdrawn" if first.error else "accepted"
    return answered(first, second, (None, InvitationEnded), (LinkNoLongerValid, None)) or expect(
        state=(state_of(context), state), came=(came(context) == "all", not first.error)
    )


COME_AND_TAKE_BACK = Pair(
    name="joining and taking the invitation back",
    setup=guest,
    first=come,
    second=take_back,
    verdict=one_or_the_other,
)


def host_and_guest():
    context = guest()
    return remember(context, context.host, context.user)


COME_AND_ASK = Pair(
    name="joining and inviting another one",
    setup=host_and_guest,
    first=come,
    second=lambda context: invite(user=context.host, email=context.new_email, by=BY),
    verdict=nobody_is_lost((None, None), (None, AlreadyTwo), weddings=1),
)


def about_to_finish():
    """On another device, somebody is about to get a checklist."""
    there, context = with_an_invitation(host()), couple(profile__step=2)
    context.host, context.token, context.invitation = there.user, there.token, there.invitation
    context.version = profile_of(context).version
    return remember(context, there.user, context.user)


def gets_a_checklist(context):
    return finish(user=context.user, version=context.version, by=BY)


COME_AND_FINISH = Pair(
    name="joining and getting a checklist of one's own",
    setup=about_to_finish,
    first=come,
    second=gets_a_checklist,
    verdict=lambda context, first, second: (
        answered(first, second, (None, StepNotReached), (HoldsWork, None))
        or expect(tasks=(context.weddings[1].tasks.exists(), bool(first.error)))
    ),
)

# Going


def about_to_be_left():
    context = alone()
    context.guests = [couple(profile__step=1).user]
    return remember(context, context.user, *context.guests)


GO_AND_COME = Pair(
    name="leaving a wedding that somebody joins",
    setup=about_to_be_left,
    first=go,
    second=comes(0),
    verdict=nobody_is_lost((None, None), (None, LinkNoLongerValid), weddings=2),
)


def both():
    context = two()
    return remember(context, context.user, context.partner)


BOTH_GO = Pair(
    name="both leave",
    setup=both,
    first=go,
    second=lambda context: leave_wedding(user=context.partner, by=BY),
    verdict=nobody_is_lost((None, NothingToLeave), weddings=2),
)
ASK_AGAIN_AND_COME = Pair(
    name="a link sent again and the first one followed",
    setup=lambda: _with_a_guest(before_it_goes_again()),
    first=ask,
    second=comes(0),
    verdict=lambda context, first, second: (
        answered(first, second, (None, LinkNoLongerValid), (AlreadyTwo, None))
        or expect(together=(weddings_of(context).distinct().count(), 2 if second.error else 1))
    ),
)


def _with_a_guest(context):
    context.guests = [couple().user]
    return remember(context, context.user, *context.guests)


PAIRS = [each for each in list(vars().values()) if isinstance(each, Pair)]
