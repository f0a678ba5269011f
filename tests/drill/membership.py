"""Who plans which wedding: asking, taking back, coming, going."""

from datetime import timedelta

from django.db.models.functions import Now

from accounts.invitations import (
    InvitationEnded,
    _hashed,
    expire_invitations,
    invite,
    withdraw_invitation,
)
from accounts.membership import join_wedding, leave_wedding
from accounts.models import Invitation, Profile, UsageCounter, Wedding, WeddingStats
from integrity.drill.core import Scenario
from tests.drill.facts import BY, audits, couple, fresh_email, judge, mailed, mails, wedding_of
from tests.factories import CoupleFactory

LATER = timedelta(days=14)


def host(**fields):
    """Somebody who may invite."""
    return couple(address__verified=True, **fields)


def ask(context):
    return invite(user=context.user, email=context.new_email, by=BY, operation=context.operation)


def asked(context):
    wedding = wedding_of(context)
    used = UsageCounter.objects.filter(wedding=wedding, value=1).count()
    return judge(
        invitation=(wedding.invitations.filter(email=context.new_email).count(), 0, 1),
        mail=(_mails_of(wedding), 0, 1),
        used=(used, 0, 1),
        limit=(mailed("invite", context.new_email), False, True),
        audit=(audits(context.user), 0, 1),
    )


def _mails_of(wedding):
    return sum(mails(f"invitation:{each.uid}") for each in wedding.invitations.all())


INVITE = Scenario(name="invite", flows=("accounts.invite",), setup=host, act=ask, whole=asked)


def invited(wedding, user, secret):
    return Invitation.objects.create(
        wedding=wedding,
        invited_by=user,
        email=fresh_email(),
        token_hash=_hashed(secret),
        expires_at=Now() + LATER,
    )


def with_an_invitation(context):
    context.token = context.operation.replace("-", "")
    context.invitation = invited(wedding_of(context), context.user, context.token)
    return context


def before_it_goes_again():
    context = with_an_invitation(host())
    context.new_email = context.invitation.email
    return context


def asked_again(context):
    old = Invitation.objects.get(pk=context.invitation.pk)
    new = wedding_of(context).invitations.exclude(pk=old.pk)
    return judge(
        old=((old.state, bool(old.email)), ("waiting", True), ("withdrawn", False)),
        new=(new.filter(state="waiting", email=context.new_email).count(), 0, 1),
        mail=(_mails_of(wedding_of(context)), 0, 1),
    )


INVITE_AGAIN = Scenario(
    name="invite, again",
    flows=("accounts.invite",),
    setup=before_it_goes_again,
    act=ask,
    whole=asked_again,
)


def take_back(context):
    return withdraw_invitation(user=context.user, invitation=context.invitation, by=BY)


def state_of(context):
    return Invitation.objects.get(pk=context.invitation.pk).state


WITHDRAW = Scenario(
    name="withdraw_invitation",
    flows=("accounts.withdraw_invitation",),
    setup=lambda: with_an_invitation(host()),
    act=take_back,
    whole=lambda context: judge(
        state=(state_of(context), "waiting", "withdrawn"), audit=(audits(context.user), 0, 1)
    ),
    done_before=(InvitationEnded,),
)


def long_ago():
    context = with_an_invitation(host())
    mine = Invitation.objects.filter(pk=context.invitation.pk)
    mine.update(created_at=Now() - LATER, expires_at=Now() - timedelta(minutes=1))
    return context


EXPIRE = Scenario(
    name="expire_invitations",
    flows=("accounts.expire_invitations",),
    setup=long_ago,
    act=lambda context: expire_invitations(),
    whole=lambda context: judge(state=(state_of(context), "waiting", "expired")),
)


def guest():
    """Somebody with a link to another's wedding; both weddings have one more link of their own."""
    there, context = with_an_invitation(host(profile__step=1)), host(profile__step=1)
    context.host, context.token, context.invitation = there.user, there.token, there.invitation
    context.own, context.theirs = wedding_of(context), wedding_of(there)
    context.others = [
        invited(context.own, context.user, f"{context.token} back"),
        invited(context.theirs, there.user, f"{context.token} too"),
    ]
    return context


def come(context):
    return join_wedding(user=context.user, token=context.token, by=BY, operation=context.operation)


def came(context):
    own = Wedding.objects.get(pk=context.own.pk)
    others = Invitation.objects.filter(pk__in=[each.pk for each in context.others])
    profile = Profile.objects.get(user=context.user)
    return judge(
        wedding=(wedding_of(context).pk, context.own.pk, context.theirs.pk),
        own=(own.status, "open", "closed"),
        invitation=(state_of(context), "waiting", "accepted"),
        others=({each.state for each in others}, {"waiting"}, {"withdrawn"}),
        wizard=(profile.step, 1, 0),
        mail=(mails(f"partner_joined:{context.host.uid}:"), 0, 1),
        audit=(audits(context.user), 0, 1),
    )


JOIN = Scenario(
    name="join_wedding",
    flows=("accounts.join_wedding",),
    setup=guest,
    act=come,
    whole=came,
)


def two():
    """Two who plan one wedding."""
    context = host(profile__step=1)
    context.wedding = wedding_of(context)
    context.partner = CoupleFactory(email=fresh_email(), wedding=context.wedding)
    return context


def go(context):
    return leave_wedding(user=context.user, by=BY, operation=context.operation)


def went(context):
    own, old = wedding_of(context), Wedding.objects.get(pk=context.wedding.pk)
    return judge(
        moved=(own.pk != old.pk, False, True),
        old=(old.status, "open", "open"),
        members=(
            [each.role for each in old.members.order_by("pk")],
            ["owner", "partner"],
            ["owner"],
        ),
        stats=(WeddingStats.objects.filter(wedding=own).exclude(wedding=old).count(), 0, 1),
        wizard=(Profile.objects.get(user=context.user).step, 1, 0),
        mail=(mails(f"partner_left:{context.partner.uid}:"), 0, 1),
        audit=(audits(context.user), 0, 1),
    )


LEAVE = Scenario(
    name="leave_wedding", flows=("accounts.leave_wedding",), setup=two, act=go, whole=went
)


def alone():
    context = with_an_invitation(host(profile__step=1))
    context.wedding = wedding_of(context)
    Wedding.objects.filter(pk=context.wedding.pk).update(place="Oslo")
    return context


def began_again(context):
    own, old = wedding_of(context), Wedding.objects.get(pk=context.wedding.pk)
    return judge(
        moved=(own.pk != old.pk, False, True),
        old=((old.status, old.members.count()), ("open", 1), ("closed", 0)),
        invitation=(state_of(context), "waiting", "withdrawn"),
        wizard=(Profile.objects.get(user=context.user).step, 1, 0),
        audit=(audits(context.user), 0, 1),
    )


BEGIN_AGAIN = Scenario(
    name="leave_wedding, alone",
    flows=("accounts.leave_wedding",),
    setup=alone,
    act=go,
    whole=began_again,
)

SCENARIOS = [INVITE, INVITE_AGAIN, WITHDRAW, EXPIRE, JOIN, LEAVE, BEGIN_AGAIN]
