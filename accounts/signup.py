"""Sign-up: everything a couple's account consists of, in one transaction."""

from typing import Any

from allauth.account.models import EmailAddress
from django.db import IntegrityError

from accounts.addresses.links import promise_account_exists, promise_verification
from accounts.elsewhere.identity import promise_first_identity
from accounts.emails import canonical_email
from accounts.errors import EmailTaken
from accounts.mail_limits import digest, limit_mail, note_mail
from accounts.models import Member, User, Wedding, WeddingStats
from accounts.models.users import EMAIL_IS_UNIQUE
from integrity.audit import Actor, audit
from integrity.flows import claim_operation, flow
from integrity.sqlstate import constraint_name
from integrity.transactions import transaction_required


@flow("accounts.sign_up")
def sign_up(*, email: str, password_hash: str, by: Actor, operation: str = "") -> User:
    """Make a couple's account and promise the mail that verifies its address.

    The profile comes by a trigger. The welcome mail waits until the address is verified, so that
    a sign-up sends one mail whether or not the address is known.

    Args:
        password_hash: hashing takes longer than a transaction may; `make_password()` it before.
        operation: the id of the submission. The same id with another address is another one:
            a browser's Back button brings old forms to life.

    Raises:
        EmailTaken: there is an account with this address.
        AlreadyDone: this very submission was committed before.
    """
    email = canonical_email(email)
    claim_operation(operation and f"{operation}:{digest(email)}")
    user = insert_couple(email, password_hash)
    note_mail("verify", email)
    audit("accounts.signed_up", by=by, subject=user)
    return user


@flow("accounts.sign_up_after_all")
def sign_up_after_all(*, email: str, password_hash: str, by: Actor, operation: str = "") -> User:
    """Sign up whose first address had an account, with the address they give instead.

    Limited as `change_unverified_email` is, which answers the others: what a visitor is told
    here must not depend on whether the first address was known.

    Raises:
        EmailTaken: there is an account with this address, too.
        MailedAMomentAgo: nothing was made.
        AlreadyDone: this very submission was committed before.
    """
    email = canonical_email(email)
    claim_operation(operation and f"{operation}:{digest(email)}")
    user = insert_couple(email, password_hash)
    limit_mail("verify", email)
    audit("accounts.signed_up", by=by, subject=user)
    return user


@flow("accounts.remind_of_account")
def remind_of_account(*, email: str, by: Actor) -> None:
    """Tell the mailbox, and nobody else, that its address has an account.

    Raises:
        MailedAMomentAgo: nothing was sent.
    """
    email = canonical_email(email)
    limit_mail("verify", email)
    promise_account_exists(email)


@transaction_required
def insert_couple(email: str, password_hash: str) -> User:
    user, address = insert_rows(email=email, password=password_hash)
    promise_verification(address)
    promise_first_identity(user)
    return user


@transaction_required
def insert_rows(*, is_verified: bool = False, **user: Any) -> tuple[User, EmailAddress]:
    """What a couple's account consists of. Whoever calls it promises what follows from it.

    Raises:
        EmailTaken: there is an account with this address.
    """
    made = _insert_user(user)
    address = EmailAddress.objects.create(
        user=made, email=made.email, primary=True, verified=is_verified
    )
    wedding = Wedding.objects.create()
    Member.objects.create(user=made, wedding=wedding)
    WeddingStats.objects.create(wedding=wedding)
    return made, address


def _insert_user(fields: dict[str, Any]) -> User:
    try:
        return User.objects.create(**fields)
    except IntegrityError as error:
        if constraint_name(error) == EMAIL_IS_UNIQUE:
            raise EmailTaken from error
        raise
