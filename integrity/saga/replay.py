"""What sagas have ended for good, and a restored backup brings back.

    replay(Replay("shop.graves", export=export_graves, look=look_around, again=bury_again))

Declared in `<app>/sagas.py`. The lines of `export` are kept beside every backup, so nothing in them is
personal. After a restore, `look` holds them against what is there, here and at the providers; `again`
does, in one transaction, what it found to be done for one of them. Both may be called as often as one
likes: what is done is not found again.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from integrity.audit import Actor
from integrity.registry import Registry

Line = Mapping[str, Any]


class NotALine(ValueError):
    """This is no line of an export. Give a file that `manage.py saga export-tombstones` has written."""


class NotAllSeen(Exception):
    """Somebody could not be asked, so more may have to be done. Call this again."""


@dataclass(frozen=True)
class Todo:
    """
    Args:
        subject: whom it is about, a public id.
        what: what would be done, in words.
        detail: what `again` needs to know; not shown.
    """

    subject: str
    what: str
    detail: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class Replay:
    """
    Args:
        export: each that was ended for good, as JSON.
        look: what is to be done, given exported lines. Raises NotALine, before anything is found; or
            NotAllSeen, after all that it could see.
        again: do one of them.
    """

    name: str
    export: Callable[[], Iterator[Line]]
    look: Callable[[Iterable[Line]], Iterator[Todo]]
    again: Callable[[Todo, Actor], None]


replays: Registry[Replay] = Registry("replay")


def replay(declared: Replay) -> Replay:
    return replays.add(declared)
