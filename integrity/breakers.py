"""How the promises about the machinery itself are broken on purpose."""

from datetime import timedelta

from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.db.models.functions import Now, TruncHour

from integrity.audit import SYSTEM
from integrity.invariants.declare import invariants
from integrity.leases import begin
from integrity.models import (
    FlowOutcome,
    Heartbeat,
    OutboxMessage,
    PromisedTrigger,
    ProviderGate,
    Run,
    RunResult,
    Saga,
    SagaStep,
)
from integrity.repair.names import quoted
from integrity.selftest import breaker

LONG_AGO = timedelta(days=2)


@breaker("integrity.no_effect_is_dead")
def give_an_effect_up() -> None:
    OutboxMessage.objects.create(effect="selftest", key="dead", state="dead", dead_at=Now())


@breaker("integrity.every_effect_is_delivered_in_time")
def let_an_effect_wait() -> None:
    due = Now() - LONG_AGO
    OutboxMessage.objects.create(effect="selftest", key="late", available_at=due)


@breaker("integrity.every_trigger_is_as_promised")
def switch_a_trigger_off() -> None:
    promised = PromisedTrigger.objects.order_by("pk")[0]
    with connection.cursor() as cursor:
        cursor.execute(
            f"ALTER TABLE {quoted(promised.table)} DISABLE TRIGGER {quoted(promised.name)}"
        )


@breaker("integrity.every_process_gives_signs_of_life")
def fall_silent() -> None:
    Heartbeat.objects.update_or_create(name="selftest", defaults={"at": Now() - LONG_AGO})


@breaker("integrity.no_flow_keeps_failing")
def fail_again_and_again() -> None:
    FlowOutcome.objects.create(
        flow="selftest",
        hour=TruncHour(Now()),
        outcome="failed",
        count=9,
        seconds_total=9,
        seconds_max=1,
    )


@breaker("integrity.every_sweep_was_made")
def miss_a_sweep() -> None:
    """As if it had been installed two days ago, and had never swept since."""
    MigrationRecorder.Migration.objects.filter(app="integrity").update(applied=Now() - LONG_AGO)


@breaker("integrity.every_invariant_was_proven_lately")
def look_away_for_long() -> None:
    run = begin(kind=Run.Kind.CHECK, scope="selftest", by=SYSTEM)
    RunResult.objects.create(
        run=run,
        invariant=invariants.names()[0],
        severity=3,
        result="holds",
        complete=True,
        seconds=0,
        at=Now() - LONG_AGO,
    )


@breaker("integrity.every_saga_moves_in_time")
def let_a_saga_wait() -> None:
    _saga(wake_at=Now() - LONG_AGO)


@breaker("integrity.no_saga_needs_a_person")
def park_a_saga() -> None:
    parked = {"state": "attention", "attention": "refused", "parked_from": "running"}
    Saga.objects.filter(pk=_saga().pk).update(**parked)


@breaker("integrity.no_saga_is_stalled")
def fail_a_saga_for_long() -> None:
    _saga(first_failed_at=Now() - LONG_AGO, error_class="not_done")


@breaker("integrity.no_provider_refuses_all")
def shut_a_gate() -> None:
    ProviderGate.objects.create(provider="selftest", shut_until=Now() + LONG_AGO)


@breaker("integrity.no_effect_of_a_saga_is_left")
def leave_an_effect() -> None:
    SagaStep.objects.create(
        saga=_saga(wake_at=Now() + LONG_AGO), position=0, name="step", left_behind=True
    )


def _saga(**values: object) -> Saga:
    return Saga.objects.create(
        kind="selftest", version=1, subject="1", actor_kind="system", **values
    )
