"""The handle of a stand-in that runs in a process of its own: look, break, act, start over."""

from collections.abc import Callable, Iterable
from typing import Any

from accounts.simulators.asked import Answer, Asked
from accounts.simulators.faults import Fault
from accounts.simulators.vendor import Vendor
from accounts.simulators.webhooks import Webhooks

PLACE = "/control/"


class Control:
    """In front of one vendor: answers below `/control/`, passes on the rest.

    Only JSON is taken: a page of another origin can't send it without being asked first.
    """

    def __init__(self, vendor: Vendor) -> None:
        self.vendor = vendor

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if not environ["PATH_INFO"].startswith(PLACE):
            return self.vendor(environ, start_response)
        return self.answer(Asked.read(environ)).response()(environ, start_response)

    def answer(self, asked: Asked) -> Answer:
        verb = asked.path.removeprefix(PLACE)
        if asked.method == "GET" and not verb:
            return Answer(200, {**self.vendor.shown(), **self._webhooks_shown()})
        asks: dict[str, Callable[..., Any]] = {
            "faults": self._faults,
            "clear": self._clear,
            "do": self._do,
            "reset": self._reset,
            "webhooks": self._script,
        }
        if asked.method != "POST" or verb not in asks or not isinstance(asked.json, dict):
            return Answer(404, {"error": "There is no such control."})
        if asked.content_type != "application/json":
            return Answer(415, {"error": "Only JSON is taken."})
        try:
            return Answer(200, {"done": asks[verb](**asked.json)})
        except (LookupError, TypeError, ValueError) as error:
            return Answer(422, {"error": str(error)})

    def _faults(self, **fault: Any) -> None:
        self.vendor.faults.add(Fault(**fault))
        self._keep()

    def _clear(self) -> None:
        self.vendor.faults.clear()
        self._keep()

    def _keep(self) -> None:
        with self.vendor.lock:
            self.vendor.save()

    def _reset(self) -> None:
        self.vendor.reset()

    def _do(self, verb: str, id: str, **values: Any) -> Any:
        """Something that happens without being asked for: a renewal, somebody else's edit."""
        if verb not in self.vendor.verbs:
            raise ValueError(f"{self.vendor.name} can {', '.join(self.vendor.verbs)}.")
        return getattr(self.vendor, verb)(id, **values)

    @property
    def _webhooks(self) -> Webhooks | None:
        return getattr(self.vendor, "webhooks", None)

    def _script(self, **values: Any) -> None:
        """Say how events are sent; with `now`, send at once all that waits."""
        if self._webhooks is None:
            raise ValueError(f"{self.vendor.name} sends no events.")
        now = values.pop("now", False)
        self._webhooks.script(**values)
        if now:
            self._webhooks.deliver()

    def _webhooks_shown(self) -> dict[str, Any]:
        if self._webhooks is None:
            return {}
        names = ("late", "copies", "reverse", "held", "sent")
        shown = {name: getattr(self._webhooks, name) for name in names}
        shown["waiting"] = [delivery.event["id"] for delivery in self._webhooks.waiting]
        return {"webhooks": shown}
