"""`manage.py saga`: see, run and steer the operations that go over several systems."""

import time
from dataclasses import asdict
from typing import Any

from django.db.models import Count

from integrity import cli
from integrity.heartbeats import SAGAS, stand_in
from integrity.management.verbs.saga_facts import event_of, facts_of, line_of, step_of
from integrity.management.verbs.sagas import SagaVerbs, by, known, refusals, saga_id
from integrity.management.verbs.tombstones import TombstoneVerbs
from integrity.models import Saga
from integrity.saga import control, manifest
from integrity.saga.engine import run_due
from integrity.saga.kinds import named
from integrity.saga.lawful import asked_for
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
    "again": "Begin one that has ended once more, as another saga.",
    "tidied": "Say that what it left behind is gone.",
}
BY_TWO = ("mark-done", "skip-undo")
LOOKING = {
    "probe": "Look at its systems now.",
    "verify": "Look whether one that has ended left something; that becomes a finding.",
    "reveal": "Show how things were before its steps, which an undo puts back.",
}


class Command(SagaVerbs, TombstoneVerbs):
    help = "See, run and steer the operations that go over several systems."

    def add_verbs(self) -> None:
        listing = self.add_verb("list", "List those under way, the next one first.")
        listing.add_argument("--state", choices=Saga.State.values)
        listing.add_argument("--kind")
        listing.add_argument("--all", action="store_true", help="also those that have ended")
        listing.add_argument("--limit", type=cli.positive, default=50)
        show = self.add_verb("show", "Show one: where it is, its steps, and what happened.")
        show.add_argument("uid", type=saga_id, metavar="SAGA")
        run = self.add_verb("run", "Go on with those that are due, as the worker does.")
        run.add_argument("--loop", action="store_true", help="go on until interrupted")
        run.add_argument("--every", type=cli.seconds, default=1.0, metavar="SECONDS")
        self._add_steering()
        self.add_tombstones()
        self.add_more()
        self.add_verb("manifest", "Take the declared steps into each app's sagas.json.")

    def _add_steering(self) -> None:
        for name, text in {**STEERING, **LOOKING}.items():
            verb = self.add_verb(name, text)
            verb.add_argument("uid", type=saga_id, metavar="SAGA")
            verb.add_argument("--reason", required=True)
            if name == "retry":
                verb.add_argument("--new-key", action="store_true", help="after a probe said no")
            if name == "resolve":
                verb.add_argument("--left", nargs="*", default=[], metavar="STEP")
            if name in BY_TWO:
                verb.add_argument("--confirm", action="store_true", help="what somebody asked for")

    def verb_list(self, options: dict[str, Any]) -> int:
        chosen = Saga.objects.annotate(of=Count("steps")).order_by("wake_at", "pk")
        if options["state"]:
            chosen = chosen.filter(state=options["state"])
        elif not options["all"]:
            chosen = chosen.filter(finished_at=None)
        if options["kind"]:
            with refusals():
                chosen = chosen.filter(kind=named(options["kind"]))
        self.show(options, [line_of(each) for each in chosen[: options["limit"]]])
        left = chosen.count() - options["limit"]
        if left > 0:
            self.say(f"{left:,} more; raise --limit to see them.")
        return cli.HOLDS

    def verb_show(self, options: dict[str, Any]) -> int:
        saga = known(options["uid"])
        steps = [step_of(each, saga.kind) for each in saga.steps.order_by("position")]
        events = [event_of(each) for each in saga.events.order_by("pk")]
        if options["format"] == "table":
            self.show_one(options, facts_of(saga))
            self.stdout.write(cli.table(steps))
            self.stdout.write(cli.table(events))
        else:
            self.show_one(options, {**facts_of(saga), "steps": steps, "events": events})
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
            seen = probe(saga=options["uid"], by=by(options))
        self.show(options, [asdict(each) for each in seen])
        told = all(each.found != "cant_tell" for each in seen)
        return cli.HOLDS if told else cli.UNKNOWN

    def verb_reveal(self, options: dict[str, Any]) -> int:
        with refusals():
            reveal(saga=options["uid"], by=by(options))
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
            now = verb(saga=options["uid"], by=by(options), **more)
        self.show_one(options, facts_of(now))
        if asked_for(now, verb.__name__):
            self.say("Noted. It is done once somebody else confirms it: the same, and --confirm.")
            return cli.REFUSED
        return cli.HOLDS

    def _by_two(self, options: dict[str, Any]) -> int:
        """Nobody confirms unawares what somebody else has asked for."""
        seen = known(options["uid"])
        asked = asked_for(seen, options["verb"].replace("-", "_"))
        if asked and not options["confirm"]:
            why = asked.detail.get("reason", "")
            raise cli.refused(
                f"{asked.actor_kind} {asked.actor_id} has asked for it: “{why}”. Somebody else, who"
                " has seen it as well, adds --confirm."
            )
        if options["confirm"] and not asked:
            raise cli.refused("Nobody has asked for it as it stands now. Without --confirm you do.")
        return self._steer(options, version=seen.fence)

    verb_pause = verb_resume = verb_run_now = verb_skip_timer = _steer
    verb_compensate = verb_tidied = verb_again = _steer
    verb_mark_done = verb_skip_undo = _by_two
