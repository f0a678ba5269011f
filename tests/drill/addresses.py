"""The flows of an account that changes its address, its password or its second factor."""

from allauth.mfa.models import Authenticator

from accounts.addresses.requesting import cancel_email_change, request_email_change
from accounts.addresses.verification import change_unverified_email, confirm_email
from accounts.errors import NoSecondFactor
from accounts.models import Address
from accounts.passwords import set_password
from accounts.second_factor import remove_second_factor
from accounts.signup import sign_up_after_all
from integrity.drill.core import Scenario
from tests.drill.accounts import signed_up
from tests.drill.facts import (
    BY,
    addresses_of,
    audits,
    couple,
    fresh_email,
    judge,
    mailed,
    mails,
    profile_of,
    stranger,
    user_now,
)


def changing():
    """A verified couple whose new address waits."""
    context = couple(address__verified=True)
    Address.objects.create(user=context.user, email=context.new_email)
    return context


def changed(context):
    old, new = context.email, context.new_email
    return judge(
        user=(user_now(context).email, old, new),
        profile=(profile_of(context).email, old, new),
        addresses=(
            addresses_of(context),
            [(old, True, True), (new, False, False)],
            [(new, True, True)],
        ),
        notice=(mails(f"email_changed:{context.user.uid}:"), 0, 1),
        audit=(audits(context.user), 0, 1),
    )


CONFIRM_CHANGE = Scenario(
    name="confirm_email, change",
    flows=("accounts.confirm_email",),
    setup=changing,
    act=lambda context: confirm_email(
        user=context.user, email=context.new_email, by=BY, operation=context.operation
    ),
    whole=changed,
)


def retyped(context):
    old, new = context.email, context.new_email
    return judge(
        addresses=(
            addresses_of(context),
            [(old, True, False)],
            [(old, True, False), (new, False, False)],
        ),
        mail=(mails(f"verify:{context.user.uid}:"), 0, 1),
        limit=(mailed("verify", new), False, True),
        audit=(audits(context.user), 0, 1),
    )


CHANGE_UNVERIFIED = Scenario(
    name="change_unverified_email",
    flows=("accounts.change_unverified_email",),
    setup=couple,
    act=lambda context: change_unverified_email(
        user=context.user, email=context.new_email, by=BY, operation=context.operation
    ),
    whole=retyped,
)


SIGN_UP_AFTER_ALL = Scenario(
    name="sign_up_after_all",
    flows=("accounts.sign_up_after_all",),
    setup=stranger,
    act=lambda context: sign_up_after_all(
        email=context.email, password_hash="!x", by=BY, operation=context.operation
    ),
    whole=signed_up,
)


def replacing_a_waiting_address():
    context = changing()
    context.waiting, context.new_email = context.new_email, fresh_email()
    return context


def change_requested(context):
    mine = (context.email, True, True)
    return judge(
        addresses=(
            addresses_of(context),
            [mine, (context.waiting, False, False)],
            [mine, (context.new_email, False, False)],
        ),
        link=(mails(f"email_change:{context.user.uid}:"), 0, 1),
        notice=(mails(f"email_change_requested:{context.user.uid}:"), 0, 1),
        limit=(mailed("verify", context.new_email), False, True),
        audit=(audits(context.user), 0, 1),
    )


REQUEST_CHANGE = Scenario(
    name="request_email_change",
    flows=("accounts.request_email_change",),
    setup=replacing_a_waiting_address,
    act=lambda context: request_email_change(
        user=context.user, email=context.new_email, by=BY, operation=context.operation
    ),
    whole=change_requested,
)


def change_cancelled(context):
    mine = (context.email, True, True)
    return judge(
        addresses=(
            addresses_of(context),
            [mine, (context.new_email, False, False)],
            [mine],
        ),
        audited=(audits(context.user) > 0, False, True),
    )


CANCEL_CHANGE = Scenario(
    name="cancel_email_change",
    flows=("accounts.cancel_email_change",),
    setup=changing,
    act=lambda context: cancel_email_change(user=context.user, by=BY),
    whole=change_cancelled,
)


def password_set(context):
    mine = (context.email, True, True)
    return judge(
        password=(user_now(context).password, context.user.password, "!new"),
        addresses=(
            addresses_of(context),
            [mine, (context.new_email, False, False)],
            [mine],
        ),
        notice=(mails(f"password_changed:{context.user.uid}:"), 0, 1),
        audit=(audits(context.user), 0, 1),
    )


SET_PASSWORD = Scenario(
    name="set_password",
    flows=("accounts.set_password",),
    setup=changing,
    act=lambda context: set_password(user=context.user, password_hash="!new", by=BY),
    whole=password_set,
)


def with_a_second_factor():
    context = couple(address__verified=True)
    for type in (Authenticator.Type.TOTP, Authenticator.Type.RECOVERY_CODES):
        Authenticator.objects.create(user=context.user, type=type, data={})
    return context


def second_factor_removed(context):
    return judge(
        factors=(Authenticator.objects.filter(user=context.user).count(), 2, 0),
        notice=(mails(f"second_factor_removed:{context.user.uid}:"), 0, 1),
        audit=(audits(context.user), 0, 1),
    )


REMOVE_SECOND_FACTOR = Scenario(
    name="remove_second_factor",
    flows=("accounts.remove_second_factor",),
    setup=with_a_second_factor,
    act=lambda context: remove_second_factor(user=context.user, by=BY),
    whole=second_factor_removed,
    done_before=(NoSecondFactor,),
)

SCENARIOS = [
    CONFIRM_CHANGE,
    CHANGE_UNVERIFIED,
    SIGN_UP_AFTER_ALL,
    REQUEST_CHANGE,
    CANCEL_CHANGE,
    SET_PASSWORD,
    REMOVE_SECOND_FACTOR,
]
