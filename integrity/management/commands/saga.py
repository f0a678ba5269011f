"""`manage.py saga`: see, run and steer the operations that go over several systems."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any
from uuid import UUID

from django.db.models import Count

from integrity import cli
from integrity.audit import Actor, command_actor
from integrity.heartbeats import SAGAS, stand_in
from integrity.models import Saga, SagaEvent, SagaStep
from integrity.saga import control, manifest
from integrity.saga.control import NoReason, NotFound
from integrity.saga.engine import run_due
from integrity.saga.lawful import Refused, lawful
from integrity.saga.probing import probe
from integrity.saga.revealing import prior_of, reveal

STEERING = {
    "pause": "Do nothing more until it is resumed.",
    "resume": "Go on with one that is paused.",
    "run-now": "Don't wait for the next try.",
    "skip-timer": "End the time that it waits for.",
    "compensate": "Take back what was done; before the point of no return only.",
    "retry": "Try again what it was parked for.",
    "mark-done": "Say that the step at which it is parked is done.",
    "skip-undo": "Give up what couldn't be taken back, and go on with the rest.",
    "resolve": "End one that is paused or parked, as it is.",
    "tidied": "Say that what it left behind is gone.",
}
LOOKING = {
    "probe": "Look at its systems now.",
    "reveal": "Show how things were before its steps, which an undo puts back.",
}


class Command(cli.VerbCommand):
    help = "See, run and steer the operations that go over several systems."

    def add_verbs(self) -> None:
        listing = self.add_verb("list", "List those under way, the next one first.")
        listing.add_argument("--state", choices=Saga.State.values)
        listing.add_argument("--kind")
        listing.add_argument("--all", action="store_true", help="also those that have ended")
        listing.add_argument("--limit", type=cli.positive, default=50)
        show = self.add_verb("show", "Show one: where it is, its steps, and what happened.")
        show.add_argument("uid", type=UUID, metavar="SAGA")
        run = self.add_verb("run", "Go on with those that are due, as the worker does.")
        run.add_argument("--loop", action="store_true", help="go on until interrupted")
        run.add_argument("--every", type=cli.seconds, default=1.0, metavar="SECONDS")
        self._add_steering()
        self.add_verb("manifest", "Take the declared steps into each app's sagas.json.")

    def _add_steering(self) -> None:
        for name, text in {**STEERING, **LOOKING}.items():
            verb = self.add_verb(name, text)
            verb.add_argument("uid", type=UUID, metavar="SAGA")
            verb.add_argument("--reason", required=True)
            if name == "retry":
                verb.add_argument("--new-key", action="store_true", help="after a probe said no")
            if name == "resolve":
                verb.add_argument("--left", nargs="*", default=[], metavar="STEP")

    def verb_list(self, options: dict[str, Any]) -> int:
        chosen = Saga.objects.annotate(of=Count("steps")).order_by("wake_at", "pk")
        if options["state"]:
            chosen = chosen.filter(state=options["state"])
        elif not options["all"]:
            chosen = chosen.filter(finished_at=None)
        if options["kind"]:
            chosen = chosen.filter(kind=options["kind"])
        self.show(options, [_line(each) for each in chosen[: options["limit"]]])
        left = chosen.count() - options["limit"]
        if left > 0:
            self.say(f"{left:,} more; raise --limit to see them.")
        return cli.HOLDS

    def verb_show(self, options: dict[str, Any]) -> int:
        with refusals():
            saga = Saga.objects.filter(uid=options["uid"]).first()
            if saga is None:
                raise NotFound(f"There is no saga {options['uid']}.")
        steps = [_step(each) for each in saga.steps.order_by("position")]
        events = [_event(each) for each in saga.events.order_by("pk")]
        if options["format"] == "table":
            self.show_one(options, _facts(saga))
            self.stdout.write(cli.table(steps))
            self.stdout.write(cli.table(events))
        else:
            self.show_one(options, {**_facts(saga), "steps": steps, "events": events})
        return cli.FOUND if saga.state == Saga.State.ATTENTION else cli.HOLDS

    def verb_run(self, options: dict[str, Any]) -> int:
        taken = 0
        with cli.stoppable():
            while True:
                stand_in(SAGAS)
                ran = run_due()
                taken += ran.taken
                if not options["loop"]:
                    break
                time.sleep(options["every"])
        self.show(options, [{"taken_up": taken, "parked_as_unknown": ran.parked}])
        return cli.FOUND if ran.parked else cli.HOLDS

    def verb_probe(self, options: dict[str, Any]) -> int:
        with refusals():
            seen = probe(saga=options["uid"], by=_by(options))
        self.show(options, [asdict(each) for each in seen])
        told = all(each.found != "cant_tell" for each in seen)
        return cli.HOLDS if told else cli.UNKNOWN

    def verb_reveal(self, options: dict[str, Any]) -> int:
        with refusals():
            reveal(saga=options["uid"], by=_by(options))
        self.show(
            options, [asdict(each) for each in prior_of(Saga.objects.get(uid=options["uid"]))]
        )
        return cli.HOLDS

    def verb_retry(self, options: dict[str, Any]) -> int:
        return self._steer(options, new_key=options["new_key"])

    def verb_resolve(self, options: dict[str, Any]) -> int:
        return self._steer(options, left_behind=options["left"])

    def verb_manifest(self, options: dict[str, Any]) -> int:
        try:
            written = [manifest.write(app) for app in manifest.apps_with_sagas()]
        except manifest.WouldStrand as error:
            raise cli.refused(str(error)) from error
        self.show(options, [{"written": path} for path in written])
        return cli.HOLDS

    def _steer(self, options: dict[str, Any], **more: Any) -> int:
        verb = getattr(control, options["verb"].replace("-", "_"))
        with refusals():
            self.show_one(options, _facts(verb(saga=options["uid"], by=_by(options), **more)))
        return cli.HOLDS

    verb_pause = verb_resume = verb_run_now = verb_skip_timer = _steer
    verb_compensate = verb_mark_done = verb_skip_undo = verb_tidied = _steer


@contextmanager
def refusals() -> Iterator[None]:
    """What the engine refuses, as exit codes."""
    try:
        yield
    except (NotFound, NoReason) as error:
        raise cli.usage(str(error)) from error
    except Refused as error:
        raise cli.refused(str(error)) from error


def _by(options: dict[str, Any]) -> Actor:
    return command_actor(options["reason"])


def _line(saga: Any) -> dict[str, Any]:
    return {
        "saga": saga.uid,
        "kind": saga.kind,
        "subject": saga.subject,
        "state": saga.state,
        "step": f"{min(saga.position + 1, saga.of)} of {saga.of}",
        "next": None if saga.finished_at else f"{saga.wake_at:%Y-%m-%d %H:%M:%S}Z",
        "wait": saga.wait,
        "attempts": saga.attempts,
        "why": saga.attention or saga.error_class or None,
    }


def _facts(saga: Saga) -> dict[str, Any]:
    step = saga.steps.filter(position=saga.position).first()
    return {
        "saga": saga.uid,
        "kind": saga.kind,
        "version": saga.version,
        "subject": saga.subject,
        "state": saga.state,
        "attention": saga.attention or None,
        "step": step.name if step else None,
        "past_the_pivot": saga.pivot_at is not None,
        "wait": saga.wait,
        "next": None if saga.finished_at else f"{saga.wake_at:%Y-%m-%d %H:%M:%S}Z",
        "attempts": saga.attempts,
        "error": saga.error or None,
        "asked_for_by": f"{saga.actor_kind} {saga.actor_id}",
        "allowed_now": " ".join(lawful(saga)) or None,
    }


def _step(step: SagaStep) -> dict[str, Any]:
    return {
        "step": step.name,
        "kind": step.kind,
        "provider": step.provider or None,
        "status": step.status,
        "calls": step.attempts,
        "key_epoch": step.key_epoch,
        "left_behind": step.left_behind,
    }


def _event(event: SagaEvent) -> dict[str, Any]:
    detail = " ".join(f"{name}={value}" for name, value in event.detail.items())
    return {
        "at": f"{event.at:%Y-%m-%d %H:%M:%S}Z",
        "event": event.event,
        "step": event.step or None,
        "by": f"{event.actor_kind} {event.actor_id}",
        "detail": detail or None,
    }
