"""What sagas have done so far, for a monitor.

The database counts each line of a timeline in the transaction that writes it. So these numbers are
true whoever is asked, and stay when a saga is purged.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from django.db.models import Sum

from integrity.exposition import Family, Sample, counter, summary
from integrity.models import Saga, SagaCount, SagaStep
from integrity.saga.definition import Remote, Step, sagas
from integrity.saga.forward import CantTell, OutForTooLong
from integrity.saga.kinds import kinds
from integrity.saga.outcomes import StepError

Status = SagaStep.Status
OVER = (Status.DONE, Status.SKIPPED, Status.UNDONE, Status.UNDO_SKIPPED, Status.UNDO_FAILED)
ERRORS = sorted(each.word for each in (*StepError.__subclasses__(), CantTell, OutForTooLong))
Labels = tuple[tuple[str, str], ...]
TIMED = {"step_done": "do", "step_undone": "undo"}


class _Lines(NamedTuple):
    """How many lines of one sort were `written`; `timed` of them took `seconds` in all."""

    kind: str
    event: str
    step: str
    word: str
    written: int
    timed: int
    seconds: float

    @property
    def kind_only(self) -> Labels:
        return (("kind", self.kind),)

    @property
    def kind_and_step(self) -> Labels:
        return (*self.kind_only, ("step", self.step))


def _kinds() -> list[Labels]:
    return [(("kind", kind),) for kind in kinds()]


def _steps(sort: type[Step] = Step) -> list[Labels]:
    declared = [(saga.kind, step) for saga in sagas for step in saga.steps]
    found = {(kind, step.name) for kind, step in declared if isinstance(step, sort)}
    return [(("kind", kind), ("step", name)) for kind, name in sorted(found)]


def _calls() -> list[Labels]:
    return _steps(Remote)


@dataclass(frozen=True)
class _Counter:
    """
    Args:
        events: the lines that it counts, each with what it counts as where it has no word itself.
        label: under which that is told; none where all are counted together.
        words: more of what is counted from zero on.
        places: where, from zero on.
    """

    name: str
    help: str
    events: Mapping[str, str]
    label: str = ""
    words: Collection[str] = ()
    places: Callable[[], list[Labels]] = _kinds

    def family(self, lines: list[_Lines]) -> Family:
        totals = Counter(dict.fromkeys(self._from_zero(), 0))
        for line in lines:
            if line.event in self.events:
                totals[self._labels(line)] += line.written
        samples = [Sample(dict(labels), total) for labels, total in totals.items()]
        return counter(f"integrity_{self.name}_total", self.help, samples)

    def _from_zero(self) -> Iterator[Labels]:
        words = {*self.events.values(), *self.words} - {""} or {""}
        for place in self.places():
            yield from ((*place, *self._labelled(word)) for word in sorted(words))

    def _labels(self, line: _Lines) -> Labels:
        word = self._labelled(line.word or self.events[line.event])
        return (*(line.kind_only if self.places is _kinds else line.kind_and_step), *word)

    def _labelled(self, word: str) -> Labels:
        return ((self.label, word),) if self.label else ()


COUNTERS = [
    _Counter("sagas_started", "Sagas that were started.", {"started": ""}),
    _Counter(
        "sagas_ended",
        "Sagas that have ended, by how.",
        {"completed": "completed", "compensated": "compensated", "resolve": "resolved"},
        label="state",
    ),
    _Counter(
        "sagas_turned_back",
        "Sagas that began to take back what they had done, by why.",
        {"cancelled": "cancelled", "compensate": "by_a_person", "compensating": ""},
        label="why",
        words=("refused", "changed_since", "given_up"),
    ),
    _Counter(
        "sagas_parked",
        "Sagas that came to need a person, by what for.",
        {"attention": ""},
        label="why",
        words=Saga.Attention.values,
    ),
    _Counter(
        "saga_leases_lost",
        "Leases that ran out on a worker: it died, or stood still for too long.",
        {"worker_died": ""},
    ),
    _Counter(
        "saga_residue",
        "Last looks of a saga that found something left, so that its steps ran again.",
        {"residue": ""},
    ),
    _Counter(
        "saga_calls",
        "Calls to a provider that were begun, each attempt of them.",
        {"step_begun": "do", "undo_begun": "undo"},
        label="way",
        places=_calls,
    ),
    _Counter(
        "saga_failures",
        "Attempts that got a step, or its undo, not done, by what is known of it.",
        {"step_failed": "", "undo_not_done": ""},
        label="error",
        words=ERRORS,
    ),
    _Counter(
        "saga_steps",
        "Steps that are over, by how; found: after a lost answer, the call had done it.",
        {f"step_{status.value}": status.value for status in OVER},
        label="outcome",
        words=["found"],
        places=_steps,
    ),
]


def families() -> Iterator[Family]:
    rows = SagaCount.objects.order_by().values_list("kind", "event", "step", "word")
    counts = rows.annotate(Sum("count"), Sum("timed"), Sum("seconds"))
    lines = [_Lines(*row) for row in counts]
    yield from (each.family(lines) for each in COUNTERS)
    yield _durations(lines)


def _durations(lines: list[_Lines]) -> Family:
    seconds, count = Counter[Labels](), Counter[Labels]()
    for line in lines:
        if line.timed:
            labels = (*line.kind_and_step, ("way", TIMED[line.event]))
            seconds[labels] += line.seconds  # type: ignore[assignment]
            count[labels] += line.timed
    return summary(
        "integrity_saga_call_duration_seconds",
        "How long it took from a step's begin to the answer that it was done, with a look before.",
        [Sample(dict(at), seconds[at], "_sum") for at in count]
        + [Sample(dict(at), count[at], "_count") for at in count],
    )
