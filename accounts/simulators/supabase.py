"""Supabase Auth's API for admins.

Source: internal/api/admin.go, internal/api/errors.go and internal/models/user.go of the
repository supabase/auth (MIT), at commit bc32168e.
"""

import hashlib
import re
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from accounts.simulators.account import SERVICE_KEY
from accounts.simulators.asked import Answer, Asked, Refused
from accounts.simulators.vendor import Vendor

CODES = {
    400: "validation_failed",
    401: "no_authorization",
    403: "not_admin",
    404: "user_not_found",
    422: "email_exists",
    429: "over_request_rate_limit",
}
SECONDS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1, "m": 60, "h": 3600}
DURATION = re.compile(r"(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h)")
LATEST = datetime(9999, 1, 1, tzinfo=UTC).timestamp()
Object = dict[str, Any]


class Supabase(Vendor):
    name = "supabase"
    routes = {
        ("GET", "admin/users"): "list_users",
        ("POST", "admin/users"): "create_user",
        ("GET", "admin/users/{}"): "get_user",
        ("PUT", "admin/users/{}"): "update_user",
        ("DELETE", "admin/users/{}"): "delete_user",
    }

    def empty(self) -> dict[str, Any]:
        return {"users": {}}

    def answer(self, asked: Asked) -> Answer:
        try:
            if not asked.token or not asked.headers.get("apikey"):
                raise self.refused(401)
            if asked.token != SERVICE_KEY:
                raise self.refused(403)
            return super().answer(asked)
        except Refused as refused:
            return _in_older_words(asked, refused.answer)

    def error(self, status: int, code: str = "", message: str = "") -> Any:
        code = code or CODES.get(status, "unexpected_failure")
        return {"code": code, "message": message or "An error, on purpose."}

    def refused(self, status: int, code: str = "", message: str = "") -> Refused:
        return Refused(Answer(status, self.error(status, code, message)))

    def unknown_path(self, asked: Asked) -> Answer:
        return Answer(404, "404 page not found", mimetype="text/plain")

    def list_users(self, asked: Asked) -> Object:
        wanted = asked.parameters
        page, size = (_count(wanted.get(name, default)) for name, default in PAGES)
        if not page or not size:
            raise self.refused(400)
        like = _like(str(wanted.get("filter", "")))
        newest = [one for one in reversed(self.state["users"].values()) if like.search(_text(one))]
        return {"aud": "authenticated", "users": newest[(page - 1) * size : page * size]}

    def create_user(self, asked: Asked) -> Object:
        given = _object(asked)
        email = given.get("email")
        if not isinstance(email, str) or "@" not in email:
            raise self.refused(400)
        if self._holder(email):
            raise self.refused(422)
        id = str(uuid4()) if "id" not in given else self._uuid(given["id"], status=400)
        if id in self.state["users"]:
            raise self.refused(500, message="Database error creating new user")
        self.add_user(id, given)
        self.took_effect("user.created", id)
        return self._one(id)

    def add_user(self, id: str, given: Object) -> None:
        """As if it had been here all along: nothing is asked, and the ledger has no line of it."""
        made: Object = {"id": id, "aud": "authenticated", "role": "authenticated", "identities": []}
        made |= {"email": "", "created_at": self._stamp(), "app_metadata": {}, "user_metadata": {}}
        self.state["users"][id] = made
        self._apply(made, given)

    def get_user(self, asked: Asked, id: str) -> Object:
        return self._one(id)

    def update_user(self, asked: Asked, id: str) -> Object:
        found = self._one(id)
        given = _object(asked)
        holder = self._holder(str(given.get("email", "")))
        if holder and holder["id"] != id:
            raise self.refused(422)
        self._apply(found, given)
        self.took_effect("user.updated", id, details={"fields": sorted(given)})
        return found

    def delete_user(self, asked: Asked, id: str) -> Object:
        found = self._one(id)
        if not _object(asked).get("should_soft_delete"):
            del self.state["users"][id]
            self.took_effect("user.deleted", id)
        elif not found.get("deleted_at"):
            hashed = hashlib.sha256(f"{id}{found['email']}".encode()).hexdigest()
            found |= {"email": hashed, "deleted_at": self._stamp(), "user_metadata": {}}
            self.took_effect("user.deleted_softly", id)
        return {}

    def _one(self, id: str) -> Object:
        found: Object | None = self.state["users"].get(self._uuid(id, status=404))
        if found is None:
            raise self.refused(404, message="User not found")
        return found

    def _uuid(self, text: Any, *, status: int) -> str:
        try:
            return str(UUID(str(text)))
        except ValueError:
            raise self.refused(status, "validation_failed", "not an UUID") from None

    def _holder(self, email: str) -> Object | None:
        users = self.state["users"].values()
        return next((one for one in users if one["email"] == email.lower()), None)

    def _apply(self, user: Object, given: Object) -> None:
        if isinstance(given.get("email"), str):
            user["email"] = given["email"].lower()
        if given.get("email_confirm"):
            user["email_confirmed_at"] = user["confirmed_at"] = self._stamp()
        for name in ("user_metadata", "app_metadata"):
            if isinstance(given.get(name), dict):
                user[name] = {**user[name], **given[name]}
        if "ban_duration" in given:
            self._ban(user, str(given["ban_duration"]))
        user["updated_at"] = self._stamp()

    def _ban(self, user: Object, duration: str) -> None:
        if duration == "none":
            user.pop("banned_until", None)
            return
        parts = DURATION.findall(duration)
        if not parts or "".join(number + unit for number, unit in parts) != duration:
            raise self.refused(400)
        seconds = sum(float(number) * SECONDS[unit] for number, unit in parts)
        user["banned_until"] = self._stamp(seconds)

    def _stamp(self, later: float = 0) -> str:
        return datetime.fromtimestamp(min(self.clock() + later, LATEST), UTC).isoformat()


PAGES = (("page", 1), ("per_page", 50))


def _in_older_words(asked: Asked, answer: Answer) -> Answer:
    """Without the version in its headers, a caller gets a number for a code."""
    if asked.headers.get("X-Supabase-Api-Version"):
        return answer
    body = {"code": answer.status, "error_code": answer.body["code"], "msg": answer.body["message"]}
    return Answer(answer.status, body, answer.headers)


def _object(asked: Asked) -> Object:
    return asked.json if isinstance(asked.json, dict) else {}


def _count(given: Any) -> int:
    text = str(given)
    return int(text) if text.isdecimal() else 0


def _like(pattern: str) -> re.Pattern[str]:
    """The filter goes into a LIKE as it is, so its wildcards are wildcards."""
    parts = [{"%": ".*", "_": "."}.get(letter, re.escape(letter)) for letter in pattern]
    return re.compile("".join(parts), re.IGNORECASE | re.DOTALL)


def _text(user: Object) -> str:
    return f"{user['email']}\n{user['user_metadata'].get('full_name', '')}"
