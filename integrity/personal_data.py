"""What integrity's own tables hold of people: little, and none of it for long."""

from typing import Any

from django.db.models import Q

from integrity.models import PlannedChange, RepairPlan
from integrity.privacy import eraser, hold, hold_table, holdings

MADE_UP = "an id that is drawn at random"
NAME = "a name that this project's code gives"
STATE = "a word of ours"
ACTOR = "the public id of an operator, or who ran a command on the machine"
REASON = "an operator's words on why; an e-mail address in them is struck out"
ERROR = "the kind of an error, or a text of ours without addresses and names"
NUMBERS = "names of ours, ids and numbers"
SUBJECT = "a model and the public id or the key of a row"


def _each(why: str, *columns: str) -> dict[str, str]:
    return dict.fromkeys(columns, why)


hold(
    "integrity.OutboxMessage",
    sealed={"sealed": "a mail with its address, or whatever else an effect needs to be personal"},
    erased="Gone once it is delivered. What waits or was given up goes by an eraser of the app that"
    " promised it.",
    neither={
        **_each(MADE_UP, "uid", "lease_token"),
        "effect": NAME,
        "key": "ids, and digests of addresses",
        "ordering_key": "ids",
        "payload": "ids only, at most 8 kB",
        "state": STATE,
        "last_error": ERROR,
    },
)
hold(
    "integrity.PlannedChange",
    personal=("before", "change", "after"),
    erased="Rows as a repair found and left them go when the time for its undo is over, and"
    " integrity.journals erases a person's at once.",
    neither={
        **_each("the key of a row", "subject", "key"),
        "table": "the name of a table",
        "assigned": "keys that were drawn",
        "hash": "a digest of all the rest",
        "action": STATE,
        "state": STATE,
        "error": ERROR,
    },
)
hold(
    "integrity.AuditEntry",
    neither={
        **_each(STATE, "actor_kind", "via", "verb"),
        "actor_id": ACTOR,
        "subject": SUBJECT,
        "reason": REASON,
        "detail": NUMBERS,
        "request_id": MADE_UP,
    },
)
hold(
    "integrity.Finding",
    neither={
        **_each(MADE_UP, "uid", "first_run", "last_run"),
        "invariant": NAME,
        "subject": SUBJECT,
        "discriminator": "which of a row's violations it is, in ids and words of ours",
        "fingerprint": "a digest of the three before",
        "state": STATE,
        "evidence": "what was expected and what is there, masked: the first letter and the length",
        "assignee": ACTOR,
        "reason": REASON,
        "resolution": STATE,
    },
)
hold(
    "integrity.RepairPlan",
    neither={
        **_each(MADE_UP, "uid", "run"),
        **_each(NAME, "repair", "invariant", "subject_model"),
        **_each(STATE, "kind", "state", "verdict"),
        **_each(ACTOR, "created_by_kind", "created_by_id", "approved_by_kind", "approved_by_id"),
        **_each(ERROR, "undo_refusal", "apply_refusal", "obstacles", "error"),
        "approve_reason": REASON,
        "hash": "a digest of all changes",
    },
)
hold(
    "integrity.UnattendedRepair",
    neither={
        "repair": NAME,
        **_each(ACTOR, "allowed_by_kind", "allowed_by_id"),
        "reason": REASON,
    },
)
hold(
    "integrity.Run",
    neither={
        **_each(MADE_UP, "uid", "lease_token"),
        **_each(STATE, "kind", "state", "status", "actor_kind"),
        "scope": NAME,
        "actor_id": ACTOR,
        "reason": REASON,
        "error": ERROR,
        "detail": NUMBERS,
    },
)
hold(
    "integrity.RunResult",
    neither={"invariant": NAME, "result": STATE, "references": NUMBERS, "reason": ERROR},
)
hold(
    "integrity.Incident",
    neither={"uid": MADE_UP, "subject": NAME, **_each(STATE, "kind", "state")},
)
hold(
    "integrity.Alert", neither={"uid": MADE_UP, "sent": "whom it reached of ALERT_ADDRESSES, when"}
)
hold("integrity.IncidentChange", neither={**_each(STATE, "step", "kind"), "run": MADE_UP})
hold("integrity.Operation", neither={"flow": NAME, "key": "ids, and digests of addresses"})
hold("integrity.FlowOutcome", neither={"flow": NAME, "outcome": STATE})
hold("integrity.EffectCount", neither={"effect": NAME})
hold("integrity.Heartbeat", neither={"name": "the name of a kind of process"})
hold(
    "integrity.PromisedTrigger",
    neither=_each("what a migration has made", "table", "name", "enabled", "definition", "function")
    | {"fingerprint": "a digest of all that"},
)
hold(
    "integrity.SagaSecret",
    sealed={
        "sealed": "addresses, vendors' ids and prior values that a saga needs to go on or back"
    },
    erased="Gone when the saga ends.",
    neither={"purpose": STATE},
)
hold(
    "integrity.Saga",
    neither={
        **_each(MADE_UP, "uid", "owner", "retry_of"),
        "kind": NAME,
        "subject": "the public id of what it is about",
        "options": NUMBERS,
        "actor_kind": STATE,
        "actor_via": STATE,
        "actor_id": ACTOR,
        "reason": REASON,
        "error_class": STATE,
        "error": ERROR,
    },
)
hold(
    "integrity.SagaStep",
    neither={**_each(NAME, "name", "kind", "provider"), "result": NUMBERS},
)
hold(
    "integrity.SagaEvent",
    neither={
        "event": STATE,
        "step": NAME,
        "actor_kind": STATE,
        "actor_id": ACTOR,
        "detail": "ids, numbers, texts without addresses, and an operator's reason",
    },
)
hold(
    "integrity.SagaCount",
    neither={**_each(NAME, "kind", "step"), **_each(STATE, "event", "word")},
)
hold(
    "integrity.PausedKind",
    neither={"kind": NAME, "actor_kind": STATE, "actor_id": ACTOR, "reason": REASON},
)
hold("integrity.ProviderGate", neither={"provider": NAME, "reason": ERROR, "sagas": MADE_UP})
hold_table("django_migrations", neither={"app": NAME, "name": NAME})


@eraser("integrity.journals")
def erase_journals(person: Any, limit: int) -> int:
    """What repairs keep of a person's rows; of a repair that is at work, later."""
    idle = PlannedChange.objects.exclude(plan__state__in=RepairPlan.AT_WORK)
    found = idle.filter(_of(person)).values_list("plan", "position").distinct()[:limit]
    for plan, position in list(found):
        PlannedChange.objects.filter(plan=plan, position=position).delete()
    return len(found)


def _of(person: Any) -> Q:
    """The journal names rows by table and key."""
    tables = set(PlannedChange.objects.order_by().values_list("table", flat=True).distinct())
    theirs = Q(pk__in=[])
    for each in holdings:
        if each.rows and each.model and each.table in tables:
            columns = [field.column for field in each.model._meta.pk_fields]
            keys = each.rows(person).order_by().values_list(*columns)
            theirs |= Q(table=each.table, key__in=[_key(columns, key) for key in keys])
    return theirs


def _key(columns: list[str], values: tuple[Any, ...]) -> dict[str, Any]:
    return {
        name: value if isinstance(value, int) else str(value)
        for name, value in zip(columns, values, strict=True)
    }
