"""Operators: they run the desk and plan no wedding."""

from accounts.models import Address, Kind, User
from integrity.audit import Actor, audit
from integrity.flows import flow


@flow("accounts.make_operator")
def make_operator(*, email: str, password_hash: str, is_superuser: bool, by: Actor) -> User:
    """Make an account for the admin, with a verified address.

    The admin's log-in asks for one, and whoever makes an operator vouches for it.
    """
    user = User.objects.create(
        email=email,
        password=password_hash,
        kind=Kind.OPERATOR,
        is_staff=True,
        is_superuser=is_superuser,
    )
    Address.objects.create(user=user, email=email, verified=True, primary=True)
    audit("accounts.operator_made", by=by, subject=user)
    return user
