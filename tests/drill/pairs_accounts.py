"""Sign-ups, links and relays that may meet, and what must be true however they do."""

from uuid import uuid4

from accounts.addresses.verification import confirm_email, resend_verification
from accounts.errors import EmailTaken, LinkNoLongerValid
from accounts.models import Address, User
from accounts.signup import sign_up
from integrity.drill.interleave import Pair
from integrity.evaluate import evaluate
from integrity.flows import AlreadyDone
from integrity.models import OutboxMessage
from integrity.relay import deliver_due
from tests.drill import platform
from tests.drill.accounts import signed_up
from tests.drill.addresses import changed, changing
from tests.drill.facts import (
    BY,
    couple,
    mails,
    profile_of,
    stranger,
)
from tests.drill.verdicts import answered, expect

# Sign-up


def sign_up_as(spelling, operation="operation"):
    return lambda context: sign_up(
        email=spelling(context.email), password_hash="!x", by=BY, operation=vars(context)[operation]
    )


def one_account(*allowed):
    def verdict(context, first, second):
        state = signed_up(context)
        wrong = "" if state == "all" else state
        return wrong or answered(first, second, *allowed)

    return verdict


SIGN_UP_RIVALS = Pair(
    name="sign-up and sign-up in another spelling",
    setup=lambda: stranger(other=str(uuid4())),
    first=sign_up_as(str.upper),
    second=sign_up_as(str.title, "other"),
    verdict=one_account((None, EmailTaken)),
    alike=True,
)

DOUBLE_CLICK = Pair(
    name="sign-up clicked twice",
    setup=stranger,
    first=sign_up_as(str),
    second=sign_up_as(str),
    verdict=one_account((None, AlreadyDone)),
    alike=True,
)


NO_GHOSTS = (
    "accounts.every_user_has_a_profile",
    "accounts.every_couple_has_a_wedding",
    "accounts.every_wedding_has_stats",
)


def check(context):
    """A check has one snapshot: what is half-way in another transaction is no finding."""
    results = evaluate(NO_GHOSTS).results
    context.broken = [each.invariant.name for each in results if each.result != "holds"]


CHECK_AND_SIGN_UP = Pair(
    name="sign-up and a check",
    setup=stranger,
    first=sign_up_as(str),
    second=check,
    verdict=lambda context, first, second: (
        answered(first, second, (None, None)) or expect(broken=(context.broken, []))
    ),
)


# Addresses


def change_against_sign_up():
    context = changing()
    context.stranger = stranger()
    context.stranger.email = context.new_email
    return context


def address_has_one_owner(context, first, second):
    owners = User.objects.filter(email=context.new_email).count()
    proven = Address.objects.filter(email=context.new_email, verified=True).count()
    return answered(first, second, (None, EmailTaken), (LinkNoLongerValid, None)) or expect(
        owners=(owners, 1), proven=(proven, 0 if first.error else 1)
    )


def confirm_change(context):
    return confirm_email(user=context.user, email=context.new_email, by=BY, operation="")


CHANGE_AND_SIGN_UP = Pair(
    name="e-mail change and a sign-up with that address",
    setup=change_against_sign_up,
    first=confirm_change,
    second=lambda context: sign_up_as(str)(context.stranger),
    verdict=address_has_one_owner,
)

CONFIRM_TWICE = Pair(
    name="the link followed twice",
    setup=changing,
    first=confirm_change,
    second=confirm_change,
    verdict=lambda context, first, second: (
        answered(first, second, (None, LinkNoLongerValid))
        or expect(state=(changed(context), "all"))
    ),
    alike=True,
)

RESEND_AND_VERIFY = Pair(
    name="a link sent again and the first one followed",
    setup=couple,
    first=lambda context: resend_verification(user=context.user, by=BY),
    second=lambda context: confirm_email(user=context.user, email=context.email, by=BY),
    verdict=lambda context, first, second: expect(
        verified=(profile_of(context).email_verified, True),
        welcome=(mails(f"welcome:{context.user.uid}"), 1),
    ),
)

# The outbox


def delivered_once(context, first, second):
    left = OutboxMessage.objects.filter(key=context.key).count()
    return answered(first, second, (None, None)) or expect(
        left=(left, 0), sent=(platform.sent(context), 1)
    )


TWO_RELAYS = Pair(
    name="two relays",
    setup=platform.promise,
    first=lambda context: deliver_due(),
    second=lambda context: deliver_due(),
    verdict=delivered_once,
    alike=True,
)

PAIRS = [each for each in list(vars().values()) if isinstance(each, Pair)]
