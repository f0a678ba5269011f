"""What can go wrong with an account. Each docstring says what to do next."""

import re
from collections.abc import Iterable
from uuid import UUID

from django.db import Error

from integrity.sqlstate import QUERY_CANCELED, RETRYABLE, constraint_name, sqlstate


class AccountError(Exception):
    def __str__(self) -> str:
        return super().__str__() or " ".join((self.__doc__ or "").split())


class CouplesSignUp(AccountError):
    """Call accounts.signup.sign_up(): a couple is made together with their wedding."""


# Never told to a visitor: they see what everybody sees, and the mailbox is told instead.
class EmailTaken(AccountError):
    """There is an account with this address."""


class MailedAMomentAgo(AccountError):
    """A mail went to this address less than a minute ago. Wait a moment, then ask again."""


class NothingToVerify(AccountError):
    """Every address of this account is verified already."""


class ChangeWaits(AccountError):
    """The account is verified, and the address it is to change to waits for its own link."""


class AddressIsChanging(AccountError):
    """Your address is being changed just now, or the last change is being taken back. Ask again once
    that is done; the page of your address tells when."""


class AlreadyVerified(AccountError):
    """This account's address is verified. Ask for a change of it instead."""


class SameEmail(AccountError):
    """This is the account's address already."""


# Used, too old, or the address went to somebody else: which of them is nobody's business.
class LinkNoLongerValid(AccountError):
    """This link is no longer valid. Ask for a new one."""


class PasswordChangedMeanwhile(AccountError):
    """The password was changed elsewhere a moment ago. Ask for a new link."""


class NoSecondFactor(AccountError):
    """This account has no second factor."""


class NotAnOperator(AccountError):
    """Groups are for operators, and this account is a couple's. Make another one for the desk."""


class UnknownGroup(AccountError):
    """There is no group of this name. Make it in the admin, with what it may do, or name another."""

    def __init__(self, missing: Iterable[str], known: Iterable[str]) -> None:
        wrong, right = ", ".join(sorted(missing)), ", ".join(known) or "none yet"
        super().__init__(
            f"There is no group {wrong}. Known: {right}. A superuser makes groups in the admin."
        )


class UserNotFound(AccountError):
    """There is no account with this e-mail address or id."""


class SeveralWait(AccountError):
    """More than one account waits for this address. Name one of them by its id:"""

    def __init__(self, uids: Iterable[UUID]) -> None:
        super().__init__(f"{self.__doc__} {', '.join(map(str, uids))}.")


class IsLeaving(AccountError):
    """This account is to be deleted, so nothing of it can be changed. Keep the account first; the
    mail about its deletion has the link."""


def named_violation(error: Error) -> str | None:
    """Which promise the database kept by refusing: a constraint's name, or else the trigger's.

    None for what has no name to it: a lost connection, a lock that was not to be had.
    """
    if sqlstate(error) in {*RETRYABLE, QUERY_CANCELED}:
        return None
    return constraint_name(error) or _trigger_that_failed(error)


def _trigger_that_failed(error: Error) -> str | None:
    context = getattr(getattr(error.__cause__, "diag", None), "context", None) or ""
    found = re.search(r"pgtrigger_(\w+)_[0-9a-f]{5}\(", context)
    return found and found[1]
