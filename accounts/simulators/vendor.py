"""What all stand-ins share: routes, state, a ledger of what took effect, faults, a record."""

import copy
import json
import secrets
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from accounts.simulators.asked import Answer, Asked, Refused
from accounts.simulators.faults import Fault, Faults, reset

HTML = "<html><body><h1>502 Bad Gateway</h1></body></html>"
KEPT_CALLS = 500
Checker = Callable[[Asked, Answer | None], list[str]]
Routes = Mapping[tuple[str, str], str]


@dataclass
class Call:
    """One request and what came of it; status 0 where no answer has left."""

    method: str
    path: str
    status: int = 0
    fault: str = ""
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class Effect:
    """One line of the ledger. `by` is empty for what was asked through the API."""

    verb: str
    id: str
    at: float
    by: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)


class Vendor:
    """A WSGI application. Its state is kept outside our database, so no rollback reaches it."""

    name: ClassVar[str]
    routes: ClassVar[Routes]
    # What somebody may do to it besides calling its API: verbs of the demo and of the tests.
    verbs: ClassVar[tuple[str, ...]] = ("edit",)
    # First segments of paths that are pages for people, and no part of the API: they never fail.
    pages: ClassVar[tuple[str, ...]] = ()

    def __init__(self, *, store: Path | None = None) -> None:
        self.faults = Faults()
        self.checker: Checker | None = None
        self.clock: Callable[[], float] = time.time
        self.lock = threading.RLock()
        self.calls: list[Call] = []
        self.violations: list[str] = []
        self._store = store
        self._released = threading.Event()
        self.state: dict[str, Any] = self.empty()
        self.ledger: list[Effect] = []
        if store and store.exists():
            kept = json.loads(store.read_text())
            self.state |= kept["state"]
            self.ledger = [Effect(**line) for line in kept["ledger"]]
            self.faults.add(*(Fault(**line) for line in kept.get("faults", [])))

    def empty(self) -> dict[str, Any]:
        """The state of an account in which nothing has happened."""
        raise NotImplementedError

    def reset(self) -> None:
        """As new; calls that hang are let go."""
        self._released.set()
        with self.lock:
            self._released = threading.Event()
            self.state = self.empty()
            self.ledger = []
            self.calls, self.violations = [], []
            self.clock = time.time
            self.faults.clear()
            self.save()

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        asked = Asked.read(environ)
        is_page = asked.segments[0] in self.pages
        fault = None if is_page else self.faults.take(asked.method, asked.path)
        kind = fault.kind if fault else ""
        call = Call(asked.method, asked.path, fault=kind, headers=dict(asked.headers))
        with self.lock:
            self.calls = [*self.calls[-KEPT_CALLS:], call]
        answer = self._under(fault, asked, environ["werkzeug.socket"])
        call.status = answer.status
        return answer.response()(environ, start_response)

    def _under(self, fault: Fault | None, asked: Asked, connection: Any) -> Answer:
        kind = fault.kind if fault else ""
        if fault is None or kind == "delay":
            self._wait(fault)
            return self.serve(asked)
        if kind in ("reset_before", "garbage", "status"):
            self._check(asked, None)
            return self._instead(fault, asked, connection)
        answer = self.serve(asked)
        self._afterwards(fault, asked, connection)
        return self.failing(asked, fault) if kind == "status_after" else answer

    def _instead(self, fault: Fault, asked: Asked, connection: Any) -> Answer:
        if fault.kind == "reset_before":
            reset(connection)
        if fault.kind == "garbage":
            return Answer(502, HTML, mimetype="text/html")
        return self.failing(asked, fault)

    def _afterwards(self, fault: Fault, asked: Asked, connection: Any) -> None:
        if fault.kind == "hang_after":
            self._wait(fault)
        if fault.kind in ("hang_after", "reset_after"):
            reset(connection)
        if fault.kind == "changed":
            self.edit(asked.segments[-1], **fault.values)

    def _wait(self, fault: Fault | None) -> None:
        if fault:
            self._released.wait(fault.seconds)

    def failing(self, asked: Asked, fault: Fault) -> Answer:
        body = fault.body if fault.body is not None else self.error(fault.status)
        return Answer(fault.status, body, fault.headers)

    def error(self, status: int, code: str = "", message: str = "") -> Any:
        """An error in this vendor's words."""
        raise NotImplementedError

    def serve(self, asked: Asked) -> Answer:
        with self.lock:
            before = len(self.ledger)
            try:
                answer = self.answer(asked)
            except Refused as refused:
                answer = refused.answer
            if len(self.ledger) > before:
                self.save()
        self._check(asked, answer)
        return answer

    def answer(self, asked: Asked) -> Answer:
        """Of the first route that fits; its parameters are the segments in braces."""
        for (method, pattern), name in self.routes.items():
            found = _matched(pattern, asked.segments)
            if method == asked.method and found is not None:
                return Answer(200, copy.deepcopy(getattr(self, name)(asked, *found)))
        return self.unknown_path(asked)

    def unknown_path(self, asked: Asked) -> Answer:
        raise NotImplementedError

    def edit(self, id: str, /, **values: Any) -> None:
        """Somebody else changes an object, in the vendor's own dashboard."""
        with self.lock:
            found = self.found(id)
            if found is None:
                raise LookupError(f"{self.name} has no {id!r}.")
            found.update(values)
            self.took_effect("edited", id, by="somebody else", details=values)
            self.save()

    def found(self, id: str) -> dict[str, Any] | None:
        """Any object of the state, by its id."""
        kinds = [kind for kind in self.state.values() if isinstance(kind, dict)]
        return next((kind[id] for kind in kinds if isinstance(kind.get(id), dict)), None)

    def took_effect(
        self, verb: str, id: str, *, by: str = "", details: Mapping[str, Any] | None = None
    ) -> None:
        self.ledger.append(Effect(verb, id, self.clock(), by, details or {}))

    def effects(self, verb: str = "", id: str = "") -> list[Effect]:
        return [line for line in self.ledger if verb in ("", line.verb) and id in ("", line.id)]

    def new_id(self, prefix: str = "") -> str:
        return f"{prefix}{secrets.token_hex(8)}"

    def save(self) -> None:
        if self._store:
            ledger = [asdict(line) for line in self.ledger]
            kept = {"state": self.state, "ledger": ledger, "faults": self.faults.kept()}
            scratch = self._store.with_suffix(".part")
            scratch.write_text(json.dumps(kept))
            scratch.rename(self._store)

    def shown(self) -> dict[str, Any]:
        """All there is to see, for the control endpoint."""
        with self.lock:
            return copy.deepcopy(
                {
                    "state": self.state,
                    "ledger": [asdict(line) for line in self.ledger],
                    "calls": [[c.method, c.path, c.status, c.fault] for c in self.calls],
                    "faults": self.faults.listed(),
                    "violations": self.violations,
                }
            )

    def _check(self, asked: Asked, answer: Answer | None) -> None:
        if self.checker:
            found = self.checker(asked, answer)
            with self.lock:
                self.violations += found


def _matched(pattern: str, segments: list[str]) -> list[str] | None:
    parts = pattern.split("/")
    if len(parts) != len(segments):
        return None
    pairs = list(zip(parts, segments, strict=True))
    if any(part not in ("{}", segment) for part, segment in pairs):
        return None
    return [segment for part, segment in pairs if part == "{}"]
