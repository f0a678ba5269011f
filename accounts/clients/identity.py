"""Supabase Auth: who may log in there. A user has the same id there as here.

Source of what its answers mean: internal/api/admin.go and internal/api/errors.go of the
repository supabase/auth, at commit bc32168e.
"""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.conf import settings

from accounts.clients.answers import rows_in, text_in, understood
from accounts.clients.http import Caller
from accounts.clients.outcomes import Missing, Rejected, Unknown

# Errors of this version and later name themselves by a text.
API_VERSION = "2024-01-01"
# A Go duration, which knows no days; a hundred years.
BANNED, FREE = "876000h", "none"
PAGE = 200


@dataclass(frozen=True)
class Identity:
    id: UUID
    email: str
    banned_until: datetime | None
    is_verified: bool = False

    @property
    def is_banned(self) -> bool:
        return self.banned_until is not None and self.banned_until > datetime.now(UTC)


def identities() -> "Identities | None":
    """None where Supabase isn't configured."""
    if not (settings.SUPABASE_URL and settings.SUPABASE_SERVICE_KEY):
        return None
    key = settings.SUPABASE_SERVICE_KEY
    return Identities(
        Caller(
            vendor="supabase",
            base_url=f"{settings.SUPABASE_URL}/auth/v1",
            headers=(
                ("apikey", key),
                ("Authorization", f"Bearer {key}"),
                ("X-Supabase-Api-Version", API_VERSION),
            ),
            code_in=("error_code", "code"),
            missing="user_not_found",
        )
    )


class Identities:
    """Raises the outcomes of accounts.clients.outcomes."""

    def __init__(self, caller: Caller) -> None:
        self._ask = caller.ask

    def find(self, uid: UUID) -> Identity | None:
        """
        Raises:
            Unknown: the answer is about somebody else.
        """
        try:
            found = _identity(self._ask("users.get", "GET", "/admin/users/{}", str(uid)))
        except Missing:
            return None
        if found.id != uid:
            raise Unknown("supabase users.get", code="of_another")
        return found

    def create(self, uid: UUID, *, email: str, is_verified: bool) -> None:
        """Done too where it is there already, with this address.

        There is no idempotency key, and an id that is taken is answered by the same 500 as a real
        failure: so what is there is read at once.

        Raises:
            Rejected: the address, or the id with another address, belongs to somebody.
        """
        body = {"id": str(uid), "email": email, "email_confirm": is_verified}
        try:
            self._ask("users.create", "POST", "/admin/users", body=body)
        except Rejected as error:
            if error.code != "email_exists" or not self._is_there(uid, email):
                raise
        except Unknown:
            if not self._is_there(uid, email):
                raise

    def _is_there(self, uid: UUID, email: str) -> bool:
        found = self.find(uid)
        if found and found.email.lower() != email.lower():
            raise Rejected("supabase users.create", code="id_taken")
        return found is not None

    def set_email(self, uid: UUID, *, email: str, is_verified: bool) -> None:
        """
        Raises:
            Missing: there is no such user.
            Rejected: with the code `email_exists`, the address belongs to somebody else.
        """
        self._put("users.set_email", uid, {"email": email, "email_confirm": is_verified})

    def ban(self, uid: UUID) -> None:
        """No log-in and no refresh; what verifies tokens by itself takes one until it expires.

        Raises:
            Missing: there is no such user.
        """
        self._put("users.ban", uid, {"ban_duration": BANNED})

    def free(self, uid: UUID) -> None:
        """
        Raises:
            Missing: there is no such user.
        """
        self._put("users.free", uid, {"ban_duration": FREE})

    def remove(self, uid: UUID) -> None:
        """For good. Done too where it was removed before.

        Never softly: that is as final, and keeps the id from being used again.
        """
        body = {"should_soft_delete": False}
        with suppress(Missing):
            self._ask("users.remove", "DELETE", "/admin/users/{}", str(uid), body=body)

    def all(self) -> Iterator[Identity]:
        """The newest first, by pages: whoever comes or goes meanwhile shifts them. Compare ids,
        and look twice."""
        number = 1
        while users := self.page(number):
            yield from users
            if len(users) < PAGE:
                return
            number += 1

    def page(self, number: int) -> list[Identity]:
        """The newest first, at most `PAGE` of them; the first page is 1."""
        query = {"page": number, "per_page": PAGE}
        told = self._ask("users.list", "GET", "/admin/users", query=query)
        with understood("supabase users.list"):
            users = rows_in(told, "users")
        return list(map(_identity, users))

    def _put(self, operation: str, uid: UUID, fields: dict[str, Any]) -> None:
        self._ask(operation, "PUT", "/admin/users/{}", str(uid), body=fields)


@understood("supabase users")
def _identity(told: dict[str, Any]) -> Identity:
    given = told.get("banned_until")
    until = datetime.fromisoformat(given) if given else None
    return Identity(
        id=UUID(text_in(told, "id")),
        email=str(told.get("email") or ""),
        banned_until=until and until.replace(tzinfo=until.tzinfo or UTC),
        is_verified=bool(told.get("email_confirmed_at")),
    )
