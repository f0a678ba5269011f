"""A person steers a saga: its row, its steps, its timeline and the audit log say the same."""

from types import SimpleNamespace
from uuid import uuid4

from accounts.leaving.deletion import KIND
from integrity.drill.core import Scenario
from integrity.models import PausedKind, Saga, SagaSecret, SagaStep
from integrity.saga import control
from integrity.saga.control import NotFound
from integrity.saga.kinds import pause_kind, resume_kind
from integrity.saga.lawful import Refused
from tests.drill.facts import BY, audits, judge


def parked():
    """One whose second step could not be undone."""
    saga = Saga.objects.create(
        kind="drill.steer", version=1, subject=str(uuid4()), actor_kind="system"
    )
    for position, name in enumerate(("first", "second")):
        SagaStep.objects.create(
            saga=saga, position=position, name=name, kind="remote", status="undo_failed"
        )
    SagaSecret.objects.create(saga=saga, purpose="prior:second", sealed=b"")
    Saga.objects.filter(pk=saga.pk).update(state="compensating", position=-1)
    park = {"state": "attention", "attention": "undo_failed", "parked_from": "compensating"}
    Saga.objects.filter(pk=saga.pk).update(**park)
    return SimpleNamespace(saga=saga)


def settled():
    """Parked sagas of other shots would break an invariant that is not about this one."""
    return ["integrity.no_saga_needs_a_person", "integrity.no_effect_of_a_saga_is_left"]


def steered(verb, *, state, steps, left=0, secrets=1):
    def look(context):
        now = Saga.objects.get(pk=context.saga.pk)
        return judge(
            state=(now.state, "attention", state),
            fence=(now.fence, 0, 1),
            steps=(now.steps.filter(status="undo_failed").count(), 2, steps),
            left=(now.steps.filter(left_behind=True).count(), 0, left),
            secrets=(now.secrets.count(), 1, secrets),
            event=(now.events.filter(event=verb).count(), 0, 1),
            audit=(audits(now), 0, 1),
        )

    return Scenario(
        name=f"steer_saga, {verb}",
        flows=("integrity.steer_saga",),
        setup=parked,
        act=lambda context: ACTS[verb](context.saga.uid),
        whole=look,
        done_before=(Refused,),
        refusals=(Refused,),
        excused=lambda context: settled(),
    )


ACTS = {
    "retry": lambda saga: control.retry(saga=saga, by=BY),
    "resolve": lambda saga: control.resolve(saga=saga, by=BY, left_behind=["first"]),
}


def about(paused):
    """A paused kind, which there is or isn't, and how often it was audited."""
    return SimpleNamespace(paused=paused, audits=audits(paused))


def nothing_paused():
    PausedKind.objects.filter(kind=KIND).delete()
    return about(PausedKind(kind=KIND))


def a_paused_kind():
    who = {"actor_kind": "operator", "actor_id": "drill", "reason": "drill"}
    return about(PausedKind.objects.create(kind=f"drill.{uuid4().hex}", **who))


def there(context):
    return PausedKind.objects.filter(kind=context.paused.kind).count()


def written(context, *, before):
    return judge(
        row=(there(context), before, 1 - before),
        audit=(audits(context.paused), context.audits, context.audits + 1),
    )


PAUSE_KIND = Scenario(
    name="pause_kind",
    flows=("integrity.pause_kind",),
    setup=nothing_paused,
    act=lambda context: pause_kind(kind=context.paused.kind, by=BY),
    whole=lambda context: written(context, before=0),
    done_before=(Refused,),
    refusals=(Refused,),
)
RESUME_KIND = Scenario(
    name="resume_kind",
    flows=("integrity.resume_kind",),
    setup=a_paused_kind,
    act=lambda context: resume_kind(kind=context.paused.kind, by=BY),
    whole=lambda context: written(context, before=1),
    done_before=(NotFound,),
    refusals=(NotFound,),
)
SCENARIOS = [
    PAUSE_KIND,
    RESUME_KIND,
    steered("retry", state="compensating", steps=0),
    steered("resolve", state="resolved", steps=2, left=1, secrets=0),
]
