"""Passwords: the link for a forgotten one, and the change."""

from allauth.account.utils import user_pk_to_url_str
from django.contrib.auth.tokens import default_token_generator

from accounts.addresses.links import promise_account_exists
from accounts.addresses.requesting import keep_the_address
from accounts.emails import canonical_email
from accounts.errors import PasswordChangedMeanwhile
from accounts.locks import lock_user
from accounts.lookup import is_promised
from accounts.mail import enqueue_mail, link
from accounts.mail_limits import digest, limit_mail
from accounts.models import User
from integrity.audit import Actor, audit
from integrity.flows import claim_operation, flow


@flow("accounts.request_password_reset")
def request_password_reset(*, email: str, by: Actor) -> None:
    """Write one mail to the address: with a link if it has an account, else saying that it hasn't, or
    not yet, or that nobody can log in with it.

    Raises:
        MailedAMomentAgo: nothing was sent.
    """
    email = canonical_email(email)
    limit_mail("reset", email)
    user = User.objects.filter(email=email).first()
    if user and user.is_active:
        _promise_reset_link(user)
    elif user or is_promised(email):
        promise_account_exists(email)
    else:
        _promise_no_account(email)


@flow("accounts.set_password")
def set_password(*, user: User, password_hash: str, by: Actor) -> None:
    """Replace the password that `user` had when the caller looked, and tell the mailbox.

    Every session ends, because its hash contains the password. An address that waits to become
    the account's is forgotten: whoever asked for it may be the one who is shut out now.

    Raises:
        PasswordChangedMeanwhile: it isn't that password any more.
        AlreadyDone: that password was replaced by this flow before; look which one holds.
    """
    claim_operation(f"{user.uid}:{digest(user.password)}")
    held = lock_user(user)
    if held.password != user.password:
        raise PasswordChangedMeanwhile
    held.password = password_hash
    held.save(update_fields=["password"])
    stays = keep_the_address(held, by=by)
    enqueue_mail(
        "password_changed",
        to=held.email,
        key=f"password_changed:{user.uid}:{digest(password_hash)}",
        context={"reset_link": link("account_reset_password"), "stays": stays},
        about=held,
    )
    audit("accounts.password_set", by=by, subject=held)


def reset_proof(user: User) -> tuple[str, str]:
    """What the page for a new password asks for: whose, and the proof. It works once."""
    return user_pk_to_url_str(user), default_token_generator.make_token(user)


def _promise_reset_link(user: User) -> None:
    whose, proof = reset_proof(user)
    enqueue_mail(
        "password_reset",
        to=user.email,
        # Not the user alone: a log-in in between makes the link of a mail that waits worthless.
        key=f"password_reset:{user.uid}:{digest(proof)}",
        context={"link": link("account_reset_password_from_key", whose, proof)},
        about=user,
    )


def _promise_no_account(email: str) -> None:
    enqueue_mail(
        "no_account",
        to=email,
        key=f"no_account:{digest(email)}",
        context={"signup_link": link("account_signup")},
    )
