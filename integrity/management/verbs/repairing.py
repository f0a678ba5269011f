"""`integrity plan`, `approve`, `apply`, `undo`: mend what is broken."""

import signal
import sys
import threading
from argparse import ArgumentParser
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from difflib import get_close_matches
from types import FrameType
from typing import Any
from uuid import UUID

from integrity import cli
from integrity.audit import command_actor
from integrity.invariants import invariants
from integrity.leases import LeaseLost
from integrity.models import Finding, RepairPlan
from integrity.progress import progress_line
from integrity.registry import UnknownName
from integrity.repair.apply import apply, undo
from integrity.repair.approve import approve, takes_second_person, waits_for_another_than
from integrity.repair.declare import repairs, repairs_of
from integrity.repair.errors import NotFound, Refused, Stopped
from integrity.repair.plan import NothingToRepair, plan_repair
from integrity.repair.preview import changes_of, facts, find_plan, note_reveal
from integrity.repair.standing import count_changes, sentence, standing_of

State = RepairPlan.State


class RepairVerbs(cli.VerbCommand):
    def add_repair_verbs(self) -> None:
        planning = self.add_verb("plan", "Plan a repair, and show it. Changes no data.")
        planning.add_argument("name", metavar="REPAIR|ID")
        planning.add_argument("--subject", action="append", default=[], metavar="KEY")
        planning.add_argument("--finding", action="append", default=[], metavar="UID", type=UUID)
        planning.add_argument("--limit", type=cli.positive, help="violating rows at most")
        _add_preview(planning)
        looking = self._add_plan_verb("preview", "Show a plan and its changes.")
        looking.add_argument("--state", default="", help="only changes in this state")
        looking.add_argument("--reveal", action="store_true", help="unmasked; audited")
        _add_preview(looking)
        approving = self._add_plan_verb("approve", "Say that a plan may be applied.")
        approving.add_argument("--hash", help="of the plan that was looked at")
        applying = self._add_plan_verb("apply", "Apply a plan, and check the invariant again.")
        applying.add_argument(
            "--confirm",
            action="append",
            default=[],
            metavar="TEXT",
            help="what is in the way, in the very words that the refusal asks for",
        )
        for verb in (applying, self._add_plan_verb("undo", "Put back what a plan has changed.")):
            verb.add_argument("--yes", action="store_true", help="don't ask")
        self.add_verb("repairs", "List the declared repairs.")

    def _add_plan_verb(self, name: str, help: str) -> ArgumentParser:
        verb = self.add_verb(name, help)
        verb.add_argument("plan", metavar="PLAN", type=UUID)
        verb.add_argument("--reason", default="", help="why, for the record")
        return verb

    def verb_repairs(self, options: dict[str, Any]) -> int:
        lines = [
            {
                "repair": each.name,
                "invariant": each.invariant,
                "kind": each.kind.value,
                "second_person": each.needs_second_person,
                "irreversible": each.irreversible,
                "statement": each.statement,
            }
            for each in repairs
        ]
        self.show(options, lines)
        return cli.HOLDS

    def verb_plan(self, options: dict[str, Any]) -> int:
        with refusals():
            repair = _named(options["name"])
            subjects = [*options["subject"], *_subjects(options["finding"], of=repair)]
            try:
                plan = plan_repair(
                    repair=repair,
                    subjects=subjects or None,
                    limit=options["limit"],
                    by=command_actor(),
                )
            except NothingToRepair:
                self.say("No row that it may touch breaks the invariant: there is nothing to do.")
                return cli.HOLDS
        self._show(options, plan)
        self.tell_next(plan)
        return cli.HOLDS

    def tell_next(self, plan: RepairPlan) -> None:
        """What is true of the plan, and who does what next: here, or in the admin."""
        self.say(sentence(standing_of(plan)))
        verb, who = "apply", ""
        if plan.state == State.DRAFT and takes_second_person(plan):
            me = command_actor()
            waits = waits_for_another_than(plan, kind=me.kind, id=me.id)
            verb, who = "approve", f", by anybody but {me.id}" if waits else ""
        if plan.state in (State.DRAFT, State.APPROVED):
            self.say(f"next{who}: manage.py integrity {verb} {plan.uid} --reason ...")
            self.say("or, in the admin: Integrity, Repair plans")

    def verb_preview(self, options: dict[str, Any]) -> int:
        with refusals():
            plan = find_plan(options["plan"])
            if options["reveal"]:
                note_reveal(plan=plan.uid, by=command_actor(options["reason"]))
        self._show(options, plan, state=options["state"], reveal=options["reveal"])
        return cli.HOLDS

    def _show(self, options: dict[str, Any], plan: RepairPlan, **which: Any) -> None:
        lines = changes_of(plan, after=options["after"], limit=options["rows"], **which)
        if options["format"] == "table":
            self.show_one(options, facts(plan))
            self.stdout.write(cli.table(lines))
        else:
            self.show_one(options, {"schema_version": 1, **facts(plan), "rows": lines})

    def verb_approve(self, options: dict[str, Any]) -> int:
        with refusals():
            plan = find_plan(options["plan"])
            signed = options["hash"] or plan.hash
            by = command_actor(options["reason"])
            approved = approve(plan=plan.uid, hash=signed, by=by)
        self.show_one(options, facts(approved))
        self.tell_next(approved)
        return cli.HOLDS

    def verb_apply(self, options: dict[str, Any]) -> int:
        with refusals():
            plan = find_plan(options["plan"])
            self.ask(
                options,
                f"{plan.repair}: {count_changes(plan.changes)}. Undo: {facts(plan)['undo']}.",
            )
            by = command_actor(options["reason"])
            if plan.state == State.DRAFT:
                approve(plan=plan.uid, hash=plan.hash, by=by)
            return self.work(
                options,
                plan,
                lambda **watching: apply(
                    plan=plan.uid, by=by, confirmed=options["confirm"], **watching
                ),
            )

    def verb_undo(self, options: dict[str, Any]) -> int:
        with refusals():
            plan = find_plan(options["plan"])
            self.ask(options, f"Undo {count_changes(plan.applied)} of {plan.repair}.")
            by = command_actor(options["reason"])
            return self.work(
                options, plan, lambda **watching: undo(plan=plan.uid, by=by, **watching)
            )

    def ask(self, options: dict[str, Any], what: str) -> None:
        """On a terminal a person is asked; elsewhere `--yes` has to say it."""
        if options["yes"]:
            return
        if not sys.stdin.isatty():
            raise cli.refused(f"{what} Say --yes to go on.")
        self.stderr.write(f"{what} Go on? [y/N] ", ending="")
        self.stderr.flush()
        if input().strip().lower() not in ("y", "yes"):
            raise cli.refused("Nothing was changed.")

    def work(
        self, options: dict[str, Any], plan: RepairPlan, begin: Callable[..., RepairPlan]
    ) -> int:
        """Do it, show how far it is, and stop after the chunk in hand when asked to."""
        watch = progress_line(plan.repair, self.stderr)
        with stop_between_chunks() as stop:
            done = begin(watch=watch, stop=stop)
        self.show_one(options, facts(done))
        return self.tell_end(done)

    def tell_end(self, plan: RepairPlan) -> int:
        if plan.state in RepairPlan.AT_WORK:
            self.say(
                f"Paused between two chunks. Go on with: manage.py integrity resume {plan.uid}"
            )
            return cli.INTERRUPTED
        self.say(sentence(standing_of(plan)))
        if plan.state == State.UNDONE:
            return cli.FOUND if plan.conflicts else cli.HOLDS
        for state, count in (("stale", plan.stale), ("failed", plan.failed)):
            if count:
                self.say(f"See which: manage.py integrity preview {plan.uid} --state {state}")
        if plan.state != State.APPLIED or plan.failed or plan.stale or plan.verdict == "broken":
            return cli.FOUND
        return cli.HOLDS if plan.verdict == "holds" else cli.UNKNOWN


def _add_preview(verb: ArgumentParser) -> None:
    verb.add_argument("--rows", type=cli.positive, default=20, help="changes to show")
    verb.add_argument("--after", type=int, default=0, metavar="POSITION")


def _named(name: str) -> str:
    """A repair, or the one repair of an invariant."""
    of_invariant = repairs_of(name)
    if len(of_invariant) > 1:
        names = ", ".join(each.name for each in of_invariant)
        raise cli.usage(f"{name} has several repairs; name one: {names}")
    if of_invariant:
        return of_invariant[0].name
    if name in invariants:
        raise cli.usage(f"No repair mends {name}. See: manage.py integrity runbook {name}")
    _suggest(name)
    return repairs.get(name).name


def _suggest(name: str) -> None:
    """The nearest of both kinds of name: the nearest repair may mend something else."""
    near = get_close_matches(name, [*repairs.names(), *invariants.names()], n=1)
    if name not in repairs and near and near[0] not in repairs:
        raise cli.usage(f"There is no repair or invariant {name!r}. Did you mean {near[0]!r}?")


def _subjects(findings: list[UUID], *, of: str) -> list[str]:
    known = dict(
        Finding.objects.filter(uid__in=findings, invariant=repairs.get(of).invariant).values_list(
            "uid", "subject"
        )
    )
    if unknown := [str(each) for each in findings if each not in known]:
        raise cli.usage(f"No finding of what {of} mends: {', '.join(unknown)}")
    return list(known.values())


@contextmanager
def refusals() -> Iterator[None]:
    """What the engine refuses, as exit codes."""
    try:
        yield
    except UnknownName as error:
        raise cli.usage(f"{error} See: manage.py integrity repairs") from error
    except NotFound as error:
        raise cli.usage(f"{error} See: manage.py integrity plans") from error
    except Refused as error:
        raise cli.refused(str(error)) from error
    except LeaseLost as error:
        raise cli.unknown(f"Run {error} was taken over by somebody else.") from error
    except Stopped as error:
        raise cli.found(str(error)) from error


@contextmanager
def stop_between_chunks() -> Iterator[Callable[[], bool]]:
    """Ctrl-C and SIGTERM end the work after the chunk in hand; a second one ends it at once."""
    asked = threading.Event()

    def ask(number: int, frame: FrameType | None) -> None:
        if asked.is_set():
            raise KeyboardInterrupt
        asked.set()

    before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield asked.is_set
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
