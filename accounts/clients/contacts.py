"""Resend's contacts: who gets our news.

Its 404 says `not_found` of a contact and of a wrong address alike, so that an absence counts only
once the list of contacts answers under the same address.
"""

import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from typing import Any

from django.conf import settings

from accounts.clients.answers import id_in, rows_in, text_in, understood
from accounts.clients.http import Caller
from accounts.clients.outcomes import Missing, Rejected, Unknown, Wait

PAGE = 100
# Seconds from call to call: Resend takes five a second of one team, and mails need some of them.
APART = 0.25
# A pause of at most so many seconds is made in place. To tell of one person takes several calls, and
# whoever begins with the first again after each pause may never come to the last.
SHORT_PAUSE, PAUSES = 2.0, 2


@dataclass(frozen=True)
class Contact:
    id: str
    email: str
    first_name: str
    last_name: str
    unsubscribed: bool


def caller(key: str) -> Caller:
    return Caller(
        vendor="resend",
        base_url=settings.RESEND_API_URL,
        headers=(("Authorization", f"Bearer {key}"),),
        code_in=("name",),
        missing="not_found",
        busy=frozenset({"concurrent_idempotent_requests"}),
    )


def contacts() -> "Contacts | None":
    """None where the key of the contacts isn't configured. A key for sending will not do."""
    if not settings.RESEND_CONTACTS_KEY:
        return None
    return Contacts(caller(settings.RESEND_CONTACTS_KEY))


class Contacts:
    """Raises the outcomes of accounts.clients.outcomes. All calls set values, so each may be
    made again."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    def find(self, id_or_email: str) -> Contact | None:
        """None only where Resend proves that there is none.

        Raises:
            Unknown: the answer is about somebody else.
        """
        try:
            found = _contact(self._ask("contacts.get", "GET", "/contacts/{}", id_or_email))
        except Missing:
            self._prove_the_address()
            return None
        if id_or_email not in (found.id, found.email.lower()):
            raise Unknown("resend contacts.get", code="of_another")
        return found

    def put(self, *, email: str, first_name: str, last_name: str, unsubscribed: bool) -> str:
        """Make the contact with this address be so, whether it is there or not. Returns its id.

        To create one that is there succeeds, and changes nothing; so it is also set, and read.

        Raises:
            Unknown: it reads otherwise than it was set.
        """
        body = {"email": email, "first_name": first_name, "last_name": last_name}
        made = self._ask(
            "contacts.create", "POST", "/contacts", body={**body, "unsubscribed": unsubscribed}
        )
        with understood("resend contacts.create"):
            id = id_in(made)
        self.set(Contact(id, email, first_name, last_name, unsubscribed))
        return id

    def set(self, wanted: Contact) -> None:
        """Set all of a contact, and read it back.

        Raises:
            Missing: there is no such contact.
            Unknown: it reads otherwise than it was set.
        """
        fields = asdict(wanted)
        del fields["id"]
        self._update(wanted.id, fields)
        found = self.find(wanted.id)
        if found is None or _spelt(found) != _spelt(wanted):
            raise Unknown("resend contacts.update", code="reads_otherwise")

    def set_unsubscribed(self, id: str, *, unsubscribed: bool) -> None:
        """Mute a contact, or take that back.

        Raises:
            Missing: there is no such contact.
        """
        self._update(id, {"unsubscribed": unsubscribed})

    def remove(self, id: str) -> None:
        """By its id, for an address may belong to somebody who came back. Done too where it was
        removed before."""
        try:
            self._ask("contacts.remove", "DELETE", "/contacts/{}", id)
        except Missing:
            self._prove_the_address()

    def add_to_segment(self, id: str, segment: str) -> None:
        self._ask("segments.add", "POST", "/contacts/{}/segments/{}", id, segment)

    @understood("resend segments.list")
    def segments(self, id: str) -> list[str]:
        """Ids, to be restored by whoever has to make the contact anew."""
        return [
            text_in(one, "id") for one in self._pages("segments.list", "/contacts/{}/segments", id)
        ]

    @understood("resend topics.list")
    def topics(self, id: str) -> dict[str, str]:
        """`opt_in` or `opt_out` by the topic's id."""
        told = self._pages("topics.list", "/contacts/{}/topics", id)
        return {text_in(one, "id"): text_in(one, "subscription") for one in told}

    def all(self, *, after: str = "") -> Iterator[Contact]:
        """
        Args:
            after: the id after which to go on.
        """
        yield from map(_contact, self._pages("contacts.list", "/contacts", after=after))

    def _ask(self, operation: str, method: str, path: str, *ids: str, **what: Any) -> Any:
        for _ in range(PAUSES):
            time.sleep(APART)
            try:
                return self._caller.ask(operation, method, path, *ids, **what)
            except Wait as error:
                if error.after > SHORT_PAUSE:
                    raise
                time.sleep(error.after)
        return self._caller.ask(operation, method, path, *ids, **what)

    def _update(self, id: str, fields: dict[str, Any]) -> None:
        try:
            self._ask("contacts.update", "PATCH", "/contacts/{}", id, body=fields)
        except Missing:
            self._prove_the_address()
            raise

    def _prove_the_address(self) -> None:
        told = self._ask("contacts.list", "GET", "/contacts", query={"limit": 1})
        if told.get("object") != "list":
            raise Rejected("resend contacts.list", code="no_list")

    def _pages(
        self, operation: str, path: str, *ids: str, after: str = ""
    ) -> Iterator[dict[str, Any]]:
        """Raises Unknown: there is more, it says, and shows what it has shown before."""
        seen = {"", after}
        while True:
            start = {"after": after} if after else {}
            page = self._ask(operation, "GET", path, *ids, query={"limit": PAGE, **start})
            with understood(f"resend {operation}"):
                rows, has_more = rows_in(page, "data"), bool(page.get("has_more"))
                after = id_in(rows[-1]) if rows else after
            if has_more and after in seen:
                raise Unknown(f"resend {operation}", code="pages_repeat")
            yield from rows
            if not has_more:
                return
            seen.add(after)


@understood("resend contacts")
def _contact(told: dict[str, Any]) -> Contact:
    return Contact(
        id=id_in(told),
        email=text_in(told, "email"),
        first_name=told.get("first_name") or "",
        last_name=told.get("last_name") or "",
        unsubscribed=bool(told["unsubscribed"]),
    )


def _spelt(contact: Contact) -> Contact:
    """Resend may write an address its own way."""
    return replace(contact, email=contact.email.lower())
