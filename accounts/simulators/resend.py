"""Resend's API, as far as we call it: mails, contacts, their segments and topics."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from accounts.simulators.account import CONTACTS_KEY, SENDING_KEY
from accounts.simulators.asked import Answer, Asked, Refused
from accounts.simulators.vendor import Vendor

DAY = 86_400
NAMES = {
    400: "validation_error",
    401: "missing_api_key",
    403: "invalid_api_key",
    404: "not_found",
    409: "concurrent_idempotent_requests",
    422: "validation_error",
    429: "rate_limit_exceeded",
}
# Of a contact, in the list of them.
LISTED = ("id", "email", "first_name", "last_name", "created_at", "unsubscribed")
FIELDS = {"first_name": str, "last_name": str, "unsubscribed": bool, "properties": dict}
Object = dict[str, Any]
Deliver = Callable[[Object], None]


class Resend(Vendor):
    name = "resend"
    routes = {
        ("POST", "emails"): "send",
        ("GET", "emails/{}"): "get_email",
        ("POST", "contacts"): "create_contact",
        ("GET", "contacts"): "list_contacts",
        ("GET", "contacts/{}"): "get_contact",
        ("PATCH", "contacts/{}"): "update_contact",
        ("DELETE", "contacts/{}"): "remove_contact",
        ("GET", "contacts/{}/segments"): "list_segments",
        ("POST", "contacts/{}/segments/{}"): "add_to_segment",
        ("DELETE", "contacts/{}/segments/{}"): "remove_from_segment",
        ("GET", "contacts/{}/topics"): "list_topics",
        ("PATCH", "contacts/{}/topics"): "update_topics",
    }

    def __init__(self, *, store: Path | None = None, deliver: Deliver | None = None) -> None:
        self.deliver = deliver
        super().__init__(store=store)

    def empty(self) -> dict[str, Any]:
        return {"contacts": {}, "emails": {}, "segments": {}, "topics": {}, "keys": {}}

    def answer(self, asked: Asked) -> Answer:
        if not asked.token:
            return self._refusal(401)
        if asked.token == SENDING_KEY and asked.segments[0] != "emails":
            return self._refusal(401, "restricted_api_key")
        if asked.token not in (SENDING_KEY, CONTACTS_KEY):
            return self._refusal(403)
        answer = super().answer(asked)
        is_new = asked.method == "POST" and asked.path == "/contacts"
        return Answer(201, answer.body) if is_new and answer.status == 200 else answer

    def _refusal(self, status: int, name: str = "") -> Answer:
        return Answer(status, self.error(status, name))

    def refused(self, status: int, name: str = "") -> Refused:
        return Refused(self._refusal(status, name))

    def error(self, status: int, code: str = "", message: str = "") -> Any:
        name = code or NAMES.get(status, "internal_server_error")
        text = message or "An error, on purpose."
        return {"statusCode": status, "name": name, "message": text}

    def unknown_path(self, asked: Asked) -> Answer:
        """In the same words as for an absent contact."""
        return self._refusal(404)

    def send(self, asked: Asked) -> Object:
        mail = _object(asked)
        if not all(mail.get(name) for name in ("from", "to", "subject")):
            raise self.refused(422)
        key = asked.headers.get("Idempotency-Key", "")
        known = self.state["keys"].get(key)
        if known and known["at"] > self.clock() - DAY:
            if known["mail"] != mail:
                raise self.refused(409, "invalid_idempotent_request")
            return {"id": known["id"]}
        id = self.new_id()
        self.state["emails"][id] = {
            "id": id,
            "object": "email",
            "created_at": self._stamp(),
            "last_event": "delivered",
            **mail,
            "to": mail["to"] if isinstance(mail["to"], list) else [mail["to"]],
        }
        if key:
            self.state["keys"][key] = {"at": self.clock(), "mail": mail, "id": id}
        self.took_effect("email.sent", id, details={"key": key})
        if self.deliver:
            self.deliver(self.state["emails"][id])
        return {"id": id}

    def get_email(self, asked: Asked, id: str) -> Object:
        found: Object | None = self.state["emails"].get(id)
        if found is None:
            raise self.refused(404)
        return found

    def create_contact(self, asked: Asked) -> Object:
        """One that is there stays as it is, and the answer doesn't tell."""
        given = _object(asked)
        email, values = given.get("email"), self._fields(given)
        if not isinstance(email, str) or "@" not in email:
            raise self.refused(422)
        present = self._by(email)
        id = present["id"] if present else self.new_id()
        if present is None:
            self.add_contact(id, email, **values)
            self.took_effect("contact.created", id)
        return {"object": "contact", "id": id}

    def add_contact(self, id: str, email: str, **values: Any) -> None:
        """As if it had been here all along: nothing is asked, and the ledger has no line of it."""
        made = {"id": id, "object": "contact", "email": email, "created_at": self._stamp()}
        blank = {"first_name": None, "last_name": None, "unsubscribed": False}
        self.state["contacts"][id] = {**made, **blank, "properties": {}, **values}

    def list_contacts(self, asked: Asked) -> Object:
        segment = asked.parameters.get("segment_id")
        inside = [
            {name: one[name] for name in LISTED if one.get(name) is not None}
            for one in self.state["contacts"].values()
            if not segment or segment in self.state["segments"].get(one["id"], [])
        ]
        return self._listed(asked, inside)

    def get_contact(self, asked: Asked, id: str) -> Object:
        return self._one(id)

    def update_contact(self, asked: Asked, id: str) -> Object:
        found = self._one(id)
        given = _object(asked)
        email, values = str(given.get("email", found["email"])), self._fields(given)
        holder = self._by(email)
        if holder and holder is not found:
            raise self.refused(422)
        found |= {"email": email, **values}
        self.took_effect("contact.updated", found["id"], details={"fields": sorted(given)})
        return {"object": "contact", "id": found["id"]}

    def _fields(self, given: Object) -> Object:
        values = {name: given[name] for name in FIELDS if name in given}
        if any(not isinstance(value, FIELDS[name]) for name, value in values.items()):
            raise self.refused(422)
        return values

    def remove_contact(self, asked: Asked, id: str) -> Object:
        found = self._one(id)
        for kind in ("contacts", "segments", "topics"):
            self.state[kind].pop(found["id"], None)
        self.took_effect("contact.removed", found["id"])
        return {"object": "contact", "id": found["id"], "deleted": True}

    def list_segments(self, asked: Asked, id: str) -> Object:
        segments = self.state["segments"].get(self._one(id)["id"], [])
        return self._listed(asked, [{"id": one, "name": "News"} for one in segments])

    def add_to_segment(self, asked: Asked, id: str, segment: str) -> Object:
        contact = self._one(id)["id"]
        inside = self.state["segments"].setdefault(contact, [])
        if segment not in inside:
            inside.append(segment)
            self.took_effect("segment.added", contact, details={"segment": segment})
        return {"object": "contact_segment", "contact_id": contact, "segment_id": segment}

    def remove_from_segment(self, asked: Asked, id: str, segment: str) -> Object:
        contact = self._one(id)["id"]
        inside = self.state["segments"].setdefault(contact, [])
        if segment in inside:
            inside.remove(segment)
            self.took_effect("segment.removed", contact, details={"segment": segment})
        return {"object": "contact_segment", "contact_id": contact, "deleted": True}

    def list_topics(self, asked: Asked, id: str) -> Object:
        topics = self.state["topics"].get(self._one(id)["id"], {})
        told = [{"id": one, "name": "News", "subscription": how} for one, how in topics.items()]
        return self._listed(asked, told)

    def update_topics(self, asked: Asked, id: str) -> Object:
        contact = self._one(id)["id"]
        topics = _object(asked).get("topics")
        if not isinstance(topics, list):
            raise self.refused(422)
        given = {one["id"]: one["subscription"] for one in topics if _is_topic(one)}
        self.state["topics"].setdefault(contact, {}).update(given)
        self.took_effect("topics.updated", contact)
        told = [{"id": one, "subscription": how} for one, how in given.items()]
        return {"object": "contact_topics", "contact_id": contact, "topics": told}

    def _one(self, id_or_email: str) -> Object:
        found = self._by(id_or_email)
        if found is None:
            raise self.refused(404)
        return found

    def _by(self, id_or_email: str) -> Object | None:
        wanted = id_or_email.lower()
        people = self.state["contacts"].values()
        return next((one for one in people if wanted in (one["id"], one["email"].lower())), None)

    def _listed(self, asked: Asked, data: list[Object]) -> Object:
        given = str(asked.parameters.get("limit", 20))
        if not given.isdecimal() or not 1 <= int(given) <= 100:
            raise self.refused(422)
        ids, after = [one["id"] for one in data], asked.parameters.get("after")
        rest = data[ids.index(after) + 1 :] if after in ids else data
        size = int(given)
        return {"object": "list", "data": rest[:size], "has_more": len(rest) > size}

    def _stamp(self) -> str:
        return datetime.fromtimestamp(self.clock(), UTC).isoformat(sep=" ")


def _object(asked: Asked) -> Object:
    return asked.json if isinstance(asked.json, dict) else {}


def _is_topic(one: Any) -> bool:
    is_one = isinstance(one, dict) and isinstance(one.get("id"), str)
    return is_one and one.get("subscription") in ("opt_in", "opt_out")
