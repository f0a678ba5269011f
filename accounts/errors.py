"""What can go wrong with an account. Each docstring says what to do next."""

import re

from django.db import Error

from integrity.sqlstate import QUERY_CANCELED, RETRYABLE, constraint_name, sqlstate


class AccountError(Exception):
    def __str__(self) -> str:
        return super().__str__() or " ".join((self.__doc__ or "").split())


class CouplesSignUp(AccountError):
    """Call accounts.signup.sign_up(): a couple is made together with their wedding."""


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
