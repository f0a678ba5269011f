"""The second factor, when its owner has lost it."""

from allauth.mfa.models import Authenticator

from accounts.errors import NoSecondFactor
from accounts.locks import lock_user
from accounts.mail import enqueue_mail, link
from accounts.models import User
from integrity.audit import Actor, audit
from integrity.flows import flow


@flow("accounts.remove_second_factor")
def remove_second_factor(*, user: User, by: Actor) -> None:
    """Take it away with its recovery codes, and tell the mailbox: the password alone opens now.

    Raises:
        NoSecondFactor: there is none.
    """
    user = lock_user(user)
    factors = Authenticator.objects.filter(user=user)
    newest = factors.order_by("-pk").first()
    if newest is None:
        raise NoSecondFactor
    removed, _ = factors.delete()
    enqueue_mail(
        "second_factor_removed",
        to=user.email,
        # Who sets up another one and loses that, too, is told again.
        key=f"second_factor_removed:{user.uid}:{newest.pk}",
        context={"reset_link": link("account_reset_password")},
        about=user,
    )
    audit("accounts.second_factor_removed", by=by, subject=user, detail={"removed": removed})
