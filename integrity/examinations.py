"""What `manage.py integrity doctor` looks at: items that each app declares in `<app>/doctor.py`.

    @examination("shop.the_till_opens", "A sale can be rung up.")
    def the_till_opens() -> Outcome:
        return ok("rung up and taken back")

An examination leaves nothing behind: it reads, or takes back what it wrote. It is run on production.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from integrity.registry import Registry

OK, FAILED, SKIPPED, UNKNOWN = "ok", "failed", "skipped", "unknown"


@dataclass(frozen=True)
class Outcome:
    """What is true now, and what to do next. Made by the functions below."""

    result: str
    what: str
    do: str = ""


@dataclass(frozen=True)
class Examination:
    """`title` says what ought to be, as a sentence."""

    name: str
    title: str
    look: Callable[[], Outcome]


@dataclass(frozen=True)
class Examined:
    examination: Examination
    outcome: Outcome


examinations: Registry[Examination] = Registry("examination")


def examination(name: str, title: str) -> Callable[[Callable[[], Outcome]], Callable[[], Outcome]]:
    """Declare an item of the checklist. `name` is stable and dotted: `app.what_ought_to_be`."""

    def declare(look: Callable[[], Outcome]) -> Callable[[], Outcome]:
        examinations.add(Examination(name, title, look))
        return look

    return declare


def ok(what: str) -> Outcome:
    return Outcome(OK, what)


def failed(what: str, *, do: str) -> Outcome:
    return Outcome(FAILED, what, do)


def skipped(what: str, *, do: str) -> Outcome:
    """There is nothing to look at here, which may be as it should be: a person decides."""
    return Outcome(SKIPPED, what, do)


def unknown(what: str, *, do: str) -> Outcome:
    """Nobody can tell, which is never as good as ok."""
    return Outcome(UNKNOWN, what, do)


def chosen(names: Sequence[str]) -> list[Examination]:
    """Those of these names or apps; all of them for no name. Raises UnknownName."""
    if not names:
        return list(examinations)
    found: dict[str, Examination] = {}
    for name in names:
        of_app = [each for each in examinations if each.name.startswith(f"{name}.")]
        found |= {each.name: each for each in of_app or [examinations.get(name)]}
    return list(found.values())


def examine(those: Sequence[Examination]) -> Iterator[Examined]:
    for each in those:
        yield Examined(each, _look(each))


def _look(each: Examination) -> Outcome:
    try:
        return each.look()
    except Exception as error:  # noqa: BLE001 - the rim: one item that fails hides no other's
        # What follows the first line may quote a row.
        reason = str(error).partition("\n")[0]
        return unknown(f"{type(error).__name__}: {reason}", do="Read the log, then look again.")
