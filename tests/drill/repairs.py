"""Repairs: each step from the plan to its undo is whole, whatever happens in the middle of it."""

from integrity.drill.core import Scenario
from integrity.flows import AlreadyDone
from integrity.leases import LeaseLost
from integrity.repair import begin, control, queueing
from integrity.repair.approve import approve
from integrity.repair.errors import Refused
from integrity.repair.plan import plan_repair
from integrity.repair.preview import note_reveal
from integrity.repair.trial import try_out
from integrity.repair.unattended import allow_unattended, forbid_unattended
from tests.drill.facts import BY
from tests.drill.repair_steps import (
    INVARIANT,
    REPAIR,
    WRONG,
    allowed,
    applied,
    apply_chunk,
    approved,
    draft,
    drifted,
    end,
    keep,
    noted,
    paused,
    running,
    silently,
    skip,
    undo_chunk,
    undoing,
    whole,
    worked,
)


def scenario(name, flow, setup, act, *, whole, flows=(), done_before=(Refused, AlreadyDone)):
    return Scenario(
        name=name,
        flows=(f"integrity.{flow}", *flows),
        setup=setup,
        act=act,
        whole=whole,
        refusals=done_before,
        done_before=done_before,
        excused=lambda context: (INVARIANT,),
    )


SCENARIOS = [
    scenario(
        "plan_repair",
        "plan_repair",
        drifted,
        lambda context: plan_repair(repair=REPAIR, by=BY, operation=context.operation),
        whole=whole(state="draft", change="planned"),
    ),
    scenario(
        "approve",
        "approve_repair",
        draft,
        lambda context: approve(
            plan=context.plan.uid, hash=context.plan.hash, by=BY, operation=context.operation
        ),
        whole=whole(state="approved"),
    ),
    scenario(
        "start_repair",
        "start_repair",
        approved,
        lambda context: begin.start(plan=context.plan.uid, confirmed=(), by=BY),
        whole=whole(state="running", run="running"),
    ),
    scenario(
        "apply_chunk",
        "apply_repair_chunk",
        running,
        apply_chunk,
        whole=whole(cursor=1, counts=(1, 0, 0, 0), change="applied", tasks=0),
        done_before=(LeaseLost,),
    ),
    scenario(
        "skip_subject",
        "skip_repair_row",
        running,
        skip,
        whole=whole(cursor=1, counts=(0, 1, 0, 0), change="failed"),
        done_before=(LeaseLost,),
    ),
    scenario(
        "end_repair",
        "end_repair",
        worked,
        end,
        whole=whole(state="applied", run="succeeded"),
        done_before=(LeaseLost,),
    ),
    scenario(
        "start_undo",
        "start_undo",
        applied,
        lambda context: begin.start_undo(plan=context.plan.uid, by=BY),
        whole=whole(state="undoing", run="running"),
    ),
    scenario(
        "undo_chunk",
        "undo_repair_chunk",
        undoing,
        undo_chunk,
        whole=whole(cursor=0, counts=(1, 0, 1, 0), change="undone", tasks=WRONG),
        done_before=(LeaseLost,),
    ),
    scenario(
        "keep_subject",
        "keep_repaired_row",
        undoing,
        keep,
        whole=whole(cursor=0, counts=(1, 0, 0, 1), change="conflict"),
        done_before=(LeaseLost,),
    ),
    scenario(
        "put_off",
        "put_off_repair",
        running,
        lambda context: begin.put_off(plan=context.plan.pk, run=context.run, by=BY),
        whole=whole(run="paused"),
        done_before=(LeaseLost,),
    ),
    scenario(
        "note_refusal",
        "refuse_repair",
        draft,
        lambda context: begin.note_refusal(plan=context.plan.uid, by=BY, error="no"),
        whole=whole(error="no"),
    ),
    scenario(
        "note_verdict",
        "note_verdict",
        draft,
        lambda context: begin.note_verdict(plan=context.plan.pk, verdict="holds"),
        whole=silently(verdict="holds"),
    ),
    scenario(
        "pause_repair",
        "pause_repair",
        running,
        lambda context: control.pause(plan=context.plan.uid, by=BY),
        whole=whole(run="pausing"),
    ),
    scenario(
        "cancel_repair",
        "cancel_repair",
        paused,
        lambda context: control.cancel(plan=context.plan.uid, by=BY),
        whole=whole(state="cancelled", run="cancelled"),
    ),
    scenario(
        "resume_repair",
        "resume_repair",
        paused,
        lambda context: control.resume(plan=context.plan.uid, by=BY),
        whole=whole(run="running"),
    ),
    scenario(
        "queue_repair",
        "queue_repair",
        approved,
        lambda context: queueing.apply_later(
            plan=context.plan.uid, by=BY, operation=context.operation
        ),
        whole=whole(state="running", run="queued"),
    ),
    scenario(
        "queue_undo",
        "queue_undo",
        applied,
        lambda context: queueing.undo_later(
            plan=context.plan.uid, by=BY, operation=context.operation
        ),
        whole=whole(state="undoing", run="queued"),
    ),
    scenario(
        "resume_later",
        "queue_resume",
        paused,
        lambda context: queueing.resume_later(
            plan=context.plan.uid, by=BY, operation=context.operation
        ),
        whole=whole(run="queued"),
    ),
    scenario(
        "try_out",
        "try_repair",
        draft,
        lambda context: try_out(plan=context.plan.uid, by=BY, names=[INVARIANT]),
        whole=whole(),
        flows=("integrity.note_repair_trial",),
    ),
    scenario(
        "note_reveal",
        "reveal_repair",
        draft,
        lambda context: note_reveal(plan=context.plan.uid, by=BY),
        whole=whole(),
    ),
    scenario(
        "allow_unattended",
        "allow_unattended_repair",
        drifted,
        lambda context: allow_unattended(repair=REPAIR, by=BY),
        whole=whole(unattended=True),
    ),
    scenario(
        "forbid_unattended",
        "forbid_unattended_repair",
        lambda: noted(allowed(drifted())),
        lambda context: forbid_unattended(repair=REPAIR, by=BY),
        whole=whole(unattended=False),
    ),
]
