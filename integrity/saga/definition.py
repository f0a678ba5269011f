"""Declare a saga, in `<app>/sagas.py`; the module is found by its name in every installed app.

    saga(
        kind="shop.close_account",
        version=1,
        title="Close an account",
        steps=(
            Local("freeze", run=freeze, undo=thaw),
            Remote(
                "mute", provider="mailer", wanted=mailer_is_configured,
                capture=read_wish, run=mute, undo=unmute, probe=is_muted,
            ),
            Timer("grace", until=lambda at: at.now + timedelta(days=14)),
            Pivot("seal", run=seal),
            Remote("remove", provider="mailer", wanted=mailer_is_configured, run=remove,
                   probe=is_removed),
            Verify("look", run=what_is_left),
            Local("purge", run=purge),
        ),
    )

Every function takes one argument, the `At` of `context.py`, and says by an exception of
`outcomes.py` that it isn't done. The steps run in this order, one at a time; taking back runs in the
opposite order, from the step at which it stopped. The rows of a saga's steps are written when it
starts, so a step that is renamed or taken out would strand those that are under way: raise
`version`, and keep the old declaration until none is left. What a step does may change freely.

- A `Local` step works in the transaction that records it, so it happens once. It returns nothing,
  or a JSON object for later steps and for operators (ids and counts, nothing personal); or `MORE`,
  whereupon what it did is committed, and it is called again in the next transaction.
- A `Remote` step works outside any transaction and may be called again with the same `at.key` until
  it has returned. `probe` only reads, and tells whether the effect is there; it is asked before
  another call whenever nobody can tell. `repeatable` says that a second call changes nothing more
  even without a key, such as setting a value or removing by id; a step needs one of the two.
  `capture` reads what `undo` will need, and is called once, before the first `run`; what it returns
  is sealed. `undo` compares and sets: it sets back only what this saga has set (or raises
  `ChangedSince`), and may run again. Calls have time-outs of their own, half a lease in all.
- Lock your own rows only: the engine writes the saga's row last.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import KW_ONLY, dataclass, field
from datetime import datetime
from enum import Enum
from typing import Any, Final

from integrity.audit import Actor
from integrity.models import Saga
from integrity.registry import DuplicateName, Registry
from integrity.saga.context import At


class Probe(Enum):
    """Whether a step's effect is there."""

    DONE = "done"
    NOT_DONE = "not_done"
    CANT_TELL = "cant_tell"


class More(Enum):
    """Not done yet: commit what was done, and call again."""

    MORE = "more"


MORE: Final = More.MORE
Told = Mapping[str, Any] | None
Again = Callable[[Saga, Actor], Saga]


def _always() -> bool:
    return True


@dataclass(frozen=True)
class Step:
    """
    Args:
        name: what findings, keys and the timeline call it; never changed within a version.
        title: for people; the name, if blank.
        wanted: asked once, at the start: without it the saga has no such step.
    """

    name: str
    _: KW_ONLY
    title: str = ""
    wanted: Callable[[], bool] = _always
    kind: str = field(init=False, default="")

    @property
    def label(self) -> str:
        return self.title or self.name.replace("_", " ").capitalize()


@dataclass(frozen=True)
class Local(Step):
    """A step in our own database. Without an undo there is nothing to take back.

    Args:
        begun_at_start: the transaction that starts the saga does a part of it, so that its undo
            runs even where no worker has come to it.
    """

    run: Callable[[At], Told | More] = field(kw_only=True)
    undo: Callable[[At], None] | None = field(kw_only=True, default=None)
    begun_at_start: bool = field(kw_only=True, default=False)
    kind: str = field(init=False, default="local")


@dataclass(frozen=True)
class Pivot(Step):
    """A local step, and the point of no return: nothing before it is undone once it is done."""

    run: Callable[[At], Told] = field(kw_only=True)
    kind: str = field(init=False, default="pivot")


@dataclass(frozen=True)
class Remote(Step):
    """A step at a provider. All steps of one provider wait when it refuses everybody.

    Before the pivot it needs an undo, after it none.
    """

    provider: str = field(kw_only=True)
    run: Callable[[At], Told] = field(kw_only=True)
    probe: Callable[[At], Probe] | None = field(kw_only=True, default=None)
    repeatable: bool = field(kw_only=True, default=False)
    capture: Callable[[At], Mapping[str, Any]] | None = field(kw_only=True, default=None)
    undo: Callable[[At], None] | None = field(kw_only=True, default=None)
    kind: str = field(init=False, default="remote")


@dataclass(frozen=True)
class Timer(Step):
    """Waits; `until` is asked once, when it is reached."""

    until: Callable[[At], datetime] = field(kw_only=True)
    kind: str = field(init=False, default="timer")


@dataclass(frozen=True)
class Verify(Step):
    """Looks again once every call that was under way must have landed.

    `run` works outside any transaction and returns the names of the steps after the pivot of whose
    effect something is left; they run again, with new keys.
    """

    run: Callable[[At], Collection[str]] = field(kw_only=True)
    kind: str = field(init=False, default="verify")


@dataclass(frozen=True)
class Definition:
    kind: str
    version: int
    title: str
    steps: tuple[Step, ...]
    again: Again | None = None
    again_after: Collection[str] = Saga.FINISHED

    @property
    def name(self) -> str:
        return f"{self.kind}/{self.version}"

    def step(self, name: str) -> Step | None:
        return next((each for each in self.steps if each.name == name), None)


sagas: Registry[Definition] = Registry("saga")
declared_twice: list[Definition] = []


def saga(
    *,
    kind: str,
    version: int,
    title: str,
    steps: tuple[Step, ...],
    again: Again | None = None,
    again_after: Collection[str] = Saga.FINISHED,
) -> Definition:
    """Declare a saga. A second one of its kind and version is a system check error.

    Args:
        kind: `app_label.verb_phrase`.
        version: 1 at first; `start` takes the highest.
        again: starts one in place of one that has ended, with `retry_of` its uid, in the open
            transaction. It raises Refused where that can't be. Without it there is no such verb.
        again_after: the ends that leave something to do again; after others it isn't offered.
    """
    declared = Definition(kind, version, title, steps, again, again_after)
    try:
        return sagas.add(declared)
    except DuplicateName:
        declared_twice.append(declared)
        return declared


def newest(kind: str) -> Definition:
    """The version that is started now. Raises UnknownName."""
    versions = [each for each in sagas if each.kind == kind]
    return max(versions, key=lambda each: each.version) if versions else sagas.get(kind)
