"""From a visitor to a verified account: each flow as its caller calls it, and what must come of it."""

from types import SimpleNamespace

from django.contrib.auth.models import Group

from accounts.actors import VISITOR
from accounts.addresses.verification import confirm_email, resend_verification
from accounts.doctor import rehearse_sign_up
from accounts.errors import EmailTaken, MailedAMomentAgo
from accounts.mail import render, send_mail
from accounts.models import Address, Member, Profile, User, Wedding, WeddingStats
from accounts.operators import make_operator, set_groups
from accounts.passwords import request_password_reset
from accounts.privacy import reveal
from accounts.signup import remind_of_account, sign_up
from integrity.drill.core import Scenario
from integrity.models import AuditEntry
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
)
from tests.factories import OperatorFactory

LIMITED = {"refusals": (MailedAMomentAgo,), "done_before": (MailedAMomentAgo,)}


def signed_up(context):
    user = User.objects.filter(email=context.email).first()
    mine = {"user__email": context.email}
    return judge(
        user=(int(user is not None), 0, 1),
        address=(Address.objects.filter(**mine).count(), 0, 1),
        profile=(Profile.objects.filter(email=context.email).count(), 0, 1),
        member=(Member.objects.filter(**mine).count(), 0, 1),
        wedding=(Wedding.objects.filter(members__user__email=context.email).count(), 0, 1),
        stats=(
            WeddingStats.objects.filter(wedding__members__user__email=context.email).count(),
            0,
            1,
        ),
        mail=(mails(f"verify:{user.uid}:") if user else 0, 0, 1),
        limit=(mailed("verify", context.email), False, True),
        audit=(audits(user) if user else 0, 0, context.audits),
    )


SIGN_UP = Scenario(
    name="sign_up",
    flows=("accounts.sign_up",),
    setup=stranger,
    act=lambda context: sign_up(
        email=context.email, password_hash="!x", by=BY, operation=context.operation
    ),
    whole=signed_up,
)


def reminded(context):
    return judge(
        mail=(mails("account_exists:"), context.mails, context.mails + 1),
        limit=(mailed("verify", context.email), False, True),
    )


REMIND_OF_ACCOUNT = Scenario(
    name="remind_of_account",
    flows=("accounts.remind_of_account",),
    setup=lambda: stranger(mails=mails("account_exists:")),
    act=lambda context: remind_of_account(email=context.email, by=VISITOR),
    whole=reminded,
    **LIMITED,
)


def resent(context):
    return judge(
        mail=(mails(f"verify:{context.user.uid}:"), 0, 1),
        limit=(mailed("verify", context.email), False, True),
        audit=(audits(context.user), 0, 1),
    )


RESEND = Scenario(
    name="resend_verification",
    flows=("accounts.resend_verification",),
    setup=couple,
    act=lambda context: resend_verification(user=context.user, by=BY),
    whole=resent,
    **LIMITED,
)


def verified(context):
    return judge(
        addresses=(
            addresses_of(context),
            [(context.email, True, False)],
            [(context.email, True, True)],
        ),
        profile=(profile_of(context).email_verified, False, True),
        welcome=(mails(f"welcome:{context.user.uid}"), 0, 1),
        audit=(audits(context.user), 0, context.audits),
    )


VERIFY = Scenario(
    name="confirm_email, first",
    flows=("accounts.confirm_email",),
    setup=couple,
    act=lambda context: confirm_email(
        user=context.user, email=context.email, by=BY, operation=context.operation
    ),
    whole=verified,
)


def reset_requested(context):
    return judge(
        mail=(mails(f"password_reset:{context.user.uid}:"), 0, 1),
        limit=(mailed("reset", context.email), False, True),
    )


REQUEST_RESET = Scenario(
    name="request_password_reset",
    flows=("accounts.request_password_reset",),
    setup=couple,
    act=lambda context: request_password_reset(email=context.email, by=VISITOR),
    whole=reset_requested,
    **LIMITED,
)


SEND_MAIL = Scenario(
    name="send_mail",
    flows=("accounts.send_mail",),
    setup=lambda: stranger(
        sealed=render("no_account", to=fresh_email(), context={"signup_link": "/"})
    ),
    act=lambda context: send_mail(
        kind="no_account", sealed=context.sealed, key=context.operation, by=VISITOR
    ),
    whole=lambda context: judge(mail=(mails(context.operation), 0, 1)),
)


def operator_made(context):
    mine = {"user__email": context.email}
    return judge(
        user=(User.objects.filter(email=context.email, kind="operator").count(), 0, 1),
        address=(Address.objects.filter(**mine, verified=True, primary=True).count(), 0, 1),
        profile=(Profile.objects.filter(**mine, email_verified=True).count(), 0, 1),
        group=(Group.objects.filter(user__email=context.email).count(), 0, 1),
        audit=(sum(audits(user) for user in User.objects.filter(email=context.email)), 0, 1),
    )


MAKE_OPERATOR = Scenario(
    name="make_operator",
    flows=("accounts.make_operator",),
    setup=lambda: stranger(group=Group.objects.create(name=fresh_email()).name),
    act=lambda context: make_operator(
        email=context.email, password_hash="!x", is_superuser=False, groups=[context.group], by=BY
    ),
    whole=operator_made,
    done_before=(EmailTaken,),
)


def an_operator():
    group = Group.objects.create(name=fresh_email())
    return SimpleNamespace(user=OperatorFactory(email=fresh_email()), group=group)


SET_GROUPS = Scenario(
    name="set_groups",
    flows=("accounts.set_groups",),
    setup=an_operator,
    act=lambda context: set_groups(user=context.user, groups=[context.group.name], by=BY),
    whole=lambda context: judge(
        groups=(context.user.groups.count(), 0, 1), audit=(audits(context.user), 0, 1)
    ),
)


def rehearsals():
    return AuditEntry.objects.filter(verb="accounts.sign_up_rehearsed").count()


REHEARSE = Scenario(
    name="rehearse_sign_up",
    flows=("accounts.rehearse_sign_up",),
    setup=lambda: stranger(rehearsals=rehearsals(), mails=mails("verify:")),
    act=lambda context: rehearse_sign_up(by=BY),
    whole=lambda context: judge(
        users=(User.objects.filter(email__endswith="@rehearsal.invalid").count(), 0, 0),
        mails=(mails("verify:"), context.mails, context.mails),
        audit=(rehearsals() > context.rehearsals, False, True),
    ),
)

REVEAL = Scenario(
    name="reveal_person",
    flows=("accounts.reveal_person",),
    setup=couple,
    act=lambda context: reveal(user=context.user, by=BY),
    whole=lambda context: judge(audit=(audits(context.user), 0, 1)),
)


SCENARIOS = [
    MAKE_OPERATOR,
    SET_GROUPS,
    REHEARSE,
    REVEAL,
    SIGN_UP,
    REMIND_OF_ACCOUNT,
    RESEND,
    VERIFY,
    REQUEST_RESET,
    SEND_MAIL,
]
