"""Operators: they run the desk and plan no wedding."""

from collections.abc import Collection, Sequence

from django.contrib.auth.models import Group
from django.db import IntegrityError

from accounts.errors import EmailTaken, NotAnOperator, UnknownGroup
from accounts.locks import lock_user
from accounts.models import Address, Kind, User
from accounts.models.users import EMAIL_IS_UNIQUE
from integrity.audit import Actor, audit
from integrity.flows import flow
from integrity.sqlstate import constraint_name


@flow("accounts.make_operator")
def make_operator(
    *,
    email: str,
    password_hash: str,
    is_superuser: bool,
    by: Actor,
    groups: Collection[str] = (),
) -> User:
    """Make an account for the admin, with a verified address.

    The admin's log-in asks for one, and whoever makes an operator vouches for it.

    Args:
        groups: what they may do, by the names of groups that there are.

    Raises:
        EmailTaken: there is an account with this address; a couple's never becomes an operator's.
        UnknownGroup
    """
    chosen = _groups(groups)
    user = _insert_operator(email, password_hash, is_superuser=is_superuser)
    Address.objects.create(user=user, email=email, verified=True, primary=True)
    user.groups.set(chosen)
    audit("accounts.operator_made", by=by, subject=user, detail={"groups": sorted(groups)})
    return user


@flow("accounts.set_groups")
def set_groups(*, user: User, groups: Collection[str], by: Actor) -> None:
    """Let an operator do what these groups may, and nothing else; it counts from their next click.

    Nothing is written, nor audited, where it is so already.

    Raises:
        NotAnOperator, UnknownGroup, UserNotFound
    """
    held = lock_user(user)
    if held.kind != Kind.OPERATOR:
        raise NotAnOperator
    chosen = _groups(groups)
    before = list(held.groups.order_by("name").values_list("name", flat=True))
    if set(before) == set(groups):
        return
    held.groups.set(chosen)
    detail = {"groups": sorted(groups), "before": before}
    audit("accounts.groups_set", by=by, subject=held, detail=detail)


def _insert_operator(email: str, password_hash: str, *, is_superuser: bool) -> User:
    try:
        return User.objects.create(
            email=email,
            password=password_hash,
            kind=Kind.OPERATOR,
            is_staff=True,
            is_superuser=is_superuser,
        )
    except IntegrityError as error:
        if constraint_name(error) == EMAIL_IS_UNIQUE:
            raise EmailTaken from error
        raise


def _groups(names: Collection[str]) -> Sequence[Group]:
    found = list(Group.objects.filter(name__in=names).order_by("name"))
    missing = set(names) - {each.name for each in found}
    if missing:
        raise UnknownGroup(missing, Group.objects.order_by("name").values_list("name", flat=True))
    return found
