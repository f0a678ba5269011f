"""`integrity pause`, `resume`, `cancel`: steer a repair that is at work."""

from dataclasses import asdict
from typing import Any

from integrity import cli
from integrity.audit import command_actor
from integrity.management.verbs.repairing import RepairVerbs, refusals
from integrity.models import UnattendedRepair
from integrity.repair.apply import go_on
from integrity.repair.control import cancel, pause, resume
from integrity.repair.preview import facts, find_plan
from integrity.repair.trial import try_out
from integrity.repair.unattended import allow_unattended, forbid_unattended, repair_unattended

TOTALS = ("good", "applied", "stale", "refusal")


class ControlVerbs(RepairVerbs):
    def add_control_verbs(self) -> None:
        self._add_plan_verb("resume", "Go on with a plan that was paused, or whose process died.")
        for name, text in (
            ("pause", "Ask a repair to stop after the chunk in hand."),
            ("cancel", "Give a plan up; what it has changed stays, and can be undone."),
        ):
            verb = self._add_plan_verb(name, text)
            verb.add_argument("--force", action="store_true", help="its process is gone")
        self._add_plan_verb("trial", "Try a plan out: apply, ask every invariant, roll back.")
        unattended = self.add_verb("unattended", "Which repairs run by themselves; allow, forbid.")
        unattended.add_argument("--allow", metavar="REPAIR")
        unattended.add_argument("--forbid", metavar="REPAIR")
        unattended.add_argument("--run", action="store_true", help="do now what is allowed")
        unattended.add_argument("--reason", default="", help="why, for the record")

    def verb_pause(self, options: dict[str, Any]) -> int:
        by = command_actor(options["reason"])
        with refusals():
            run = pause(plan=options["plan"], by=by, force=options["force"])
        self.show_one(options, {"run": run.uid, "state": run.state})
        return cli.HOLDS

    def verb_trial(self, options: dict[str, Any]) -> int:
        with refusals():
            trial = try_out(plan=options["plan"], by=command_actor(options["reason"]))
        if options["format"] == "table":
            self.show_one(options, {name: getattr(trial, name) for name in TOTALS})
            self.stdout.write(cli.table([asdict(each) for each in trial.differences]))
            self.stdout.write(cli.table([asdict(each) for each in trial.touched]))
        else:
            self.show_one(options, {"schema_version": 1, "good": trial.good, **asdict(trial)})
        self.say("All of it was rolled back.")
        return cli.HOLDS if trial.good else cli.FOUND

    def verb_unattended(self, options: dict[str, Any]) -> int:
        by = command_actor(options["reason"])
        with refusals():
            if options["allow"]:
                allow_unattended(repair=options["allow"], by=by)
            if options["forbid"]:
                forbid_unattended(repair=options["forbid"], by=by)
        if options["run"]:
            self.show(options, [asdict(each) for each in repair_unattended(by=by)])
        else:
            self.show(options, list(UnattendedRepair.objects.order_by("repair").values()))
        return cli.HOLDS

    def verb_cancel(self, options: dict[str, Any]) -> int:
        by = command_actor(options["reason"])
        with refusals():
            plan = cancel(plan=options["plan"], by=by, force=options["force"])
        self.show_one(options, facts(plan))
        return cli.HOLDS

    def verb_resume(self, options: dict[str, Any]) -> int:
        by = command_actor(options["reason"])
        with refusals():
            plan = find_plan(options["plan"])
            run = resume(plan=plan.uid, by=by)
            return self.work(
                options,
                plan,
                lambda **watching: go_on(plan=plan.uid, run=run, by=by, **watching),
            )
