"""The vendors' stand-ins, over the handle that each of them has."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.conf import settings

from accounts.simulators.account import PLACES
from accounts.simulators.faults import FOREVER

TITLES = {"stripe": "Stripe", "resend": "Resend", "supabase": "Supabase Auth"}
# Whom nobody reaches: what each of its calls is answered with, until it is switched on again.
IDENTITIES = "supabase"
OUTAGE = {"kind": "status", "status": 503, "times": FOREVER}
BOOKKEEPING = ("keys", "baskets")
SHOWN = 20
SECONDS = 5.0


class NotThere(Exception):
    """The stand-ins don't answer. They are started by `make demo`, and again if they die."""


@dataclass(frozen=True)
class Vendor:
    name: str
    title: str
    told: dict[str, Any]

    @property
    def kept(self) -> list[tuple[str, int]]:
        """What there is of each kind."""
        state = self.told["state"].items()
        return [(kind, len(objects)) for kind, objects in state if kind not in BOOKKEEPING]

    @property
    def ledger(self) -> list[dict[str, Any]]:
        newest = self.told["ledger"][::-1][:SHOWN]
        return [{**line, "at": datetime.fromtimestamp(line["at"], UTC)} for line in newest]

    @property
    def calls(self) -> list[dict[str, Any]]:
        names = ("method", "path", "status", "fault")
        return [dict(zip(names, call, strict=True)) for call in self.told["calls"][::-1][:SHOWN]]

    @property
    def faults(self) -> list[dict[str, Any]]:
        return list(self.told["faults"])

    @property
    def is_down(self) -> bool:
        """Every call to it fails, and none of them ends that."""
        return any(each["stays"] and not each["path"] for each in self.told["faults"])

    @property
    def subscriptions(self) -> list[dict[str, Any]]:
        return list(self.told["state"].get("subscriptions", {}).values())[::-1][:SHOWN]

    @property
    def webhooks(self) -> dict[str, Any] | None:
        return self.told.get("webhooks")


def are_there() -> bool:
    return bool(settings.STAND_INS_URL)


def look(name: str) -> Vendor:
    return Vendor(name, TITLES[name], _ask("GET", name, ""))


def control(name: str, verb: str, values: dict[str, Any]) -> str:
    """Returns what it refuses, or nothing."""
    return str(_ask("POST", name, verb, values).get("error") or "")


def _ask(method: str, name: str, verb: str, values: Any = None) -> dict[str, Any]:
    import httpx

    url = f"{settings.STAND_INS_URL}{PLACES[name]}/control/{verb}"
    try:
        told: dict[str, Any] = httpx.request(method, url, json=values, timeout=SECONDS).json()
    except (httpx.HTTPError, ValueError) as error:
        raise NotThere from error
    return told
