"""`integrity pause`, `resume`, `cancel`: steer a repair that is at work."""

from typing import Any

from integrity import cli
from integrity.audit import command_actor
from integrity.management.verbs.repairing import RepairVerbs, refusals
from integrity.repair.apply import go_on
from integrity.repair.control import cancel, pause, resume
from integrity.repair.preview import facts, find_plan


class ControlVerbs(RepairVerbs):
    def add_control_verbs(self) -> None:
        self._add_plan_verb("resume", "Go on with a plan that was paused, or whose process died.")
        for name, text in (
            ("pause", "Ask a repair to stop after the chunk in hand."),
            ("cancel", "Give a plan up; what it has changed stays, and can be undone."),
        ):
            verb = self._add_plan_verb(name, text)
            verb.add_argument("--force", action="store_true", help="its process is gone")

    def verb_pause(self, options: dict[str, Any]) -> int:
        by = command_actor(options["reason"])
        with refusals():
            run = pause(plan=options["plan"], by=by, force=options["force"])
        self.show_one(options, {"run": run.uid, "state": run.state})
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
