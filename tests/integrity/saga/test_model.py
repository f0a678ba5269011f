"""Each state of a saga meets each event: it is in the table, or it is refused, by the verbs and by the
database."""

import pytest
from django.db.transaction import atomic

from integrity.audit import Actor
from integrity.models import Saga
from integrity.saga import control
from integrity.saga.engine import run_due
from integrity.saga.kinds import pause_kind, resume_kind
from integrity.saga.lawful import Refused, lawful
from integrity.saga.outcomes import RefusedForGood
from integrity.saga.start import PastTheEnd, cancel
from integrity.transactions import transaction
from tests.integrity.saga.test_promises import Undone, as_state, write
from tests.integrity.saga.toys import ADA, FAULTS, KIND, begin, pass_time, provider, settle

pytestmark = pytest.mark.django_db(transaction=True)
GRACE = Actor("operator", "grace", "to see what happens", via="admin")
MARY = Actor("operator", "mary", "she has looked as well", via="admin")
LONGEST = 15 * 86_400

# What stands behind the stroke is where it was parked.
PARKED_FORWARD = {"running", "compensating", "resolved"}
PARKED_BACK = {"compensating", "resolved"}
NEXT = {
    "running": {"running", "compensating", "attention/running", "paused/running", "completed"},
    "compensating": {
        "compensating",
        "attention/compensating",
        "paused/compensating",
        "compensated",
    },
    "attention/running": {"attention/running", *PARKED_FORWARD},
    "attention/compensating": {"attention/compensating", *PARKED_BACK},
    "paused/running": {"paused/running", *PARKED_FORWARD},
    "paused/compensating": {"paused/compensating", *PARKED_BACK},
    "completed": set(),
    "compensated": set(),
    "resolved": set(),
}
BACK = {name for name in NEXT if "compensat" in name}
WAYS = {
    "attention/compensating": ["compensating"],
    "paused/compensating": ["compensating"],
    "compensated": ["compensating"],
    "resolved": ["paused/running"],
}


def put(saga, situation):
    state, _, parked = situation.partition("/")
    return write(saga, as_state(state, parked))


def taken_by_the_database(saga, situation):
    refused = None
    with pytest.raises(Undone), atomic():
        refused = put(saga, situation)
        raise Undone
    return refused is None


@pytest.mark.parametrize(
    ("before", "sealed"),
    [(each, False) for each in NEXT] + [(each, True) for each in NEXT if each not in BACK],
)
def test_the_database_takes_what_the_table_has_and_nothing_else(before, sealed):
    saga = begin().pk
    if sealed:
        assert write(saga, "pivot_at = now(), pivot_position = 0, position = 1") is None
    for situation in [*WAYS.get(before, []), before]:
        assert situation == "running" or put(saga, situation) is None

    taken = {after for after in NEXT if taken_by_the_database(saga, after)}

    assert taken == NEXT[before] - (BACK if sealed else set())


def new(name):
    return begin(name)


def failing(name):
    provider.faults.append(FAULTS["refused"]())
    return at_work(name)


def at_work(name):
    saga = begin(name)
    run_due()
    return saga


def sealed(name):
    saga = at_work(name)
    provider.faults.append(FAULTS["refused"]())
    pass_time(LONGEST)
    run_due()
    return saga


def going_back(name):
    saga = at_work(name)
    with transaction():
        cancel(saga, by=ADA)
    return saga


def paused(situation):
    def make(name):
        return control.pause(saga=situation(name).uid, by=GRACE)

    return make


def given_up_by_workers(name):
    saga = begin(name)
    Saga.objects.filter(pk=saga.pk).update(crashes=3)
    run_due()
    return saga


def refused_behind_the_seal(name):
    provider.faults.extend([None, None, FAULTS["rejected"]()])
    return ended(name)


def not_undone(name):
    provider.faults.extend([None, RefusedForGood("422"), RefusedForGood("no undo")])
    return ended(name)


def taken_back(name):
    provider.faults.append(FAULTS["rejected"]())
    return ended(name)


def resolved(name):
    return control.resolve(saga=paused(at_work)(name).uid, by=GRACE)


def asked_for_by_another(name):
    saga = refused_behind_the_seal(name)
    control.mark_done(saga=saga.uid, by=MARY)
    return saga


def with_its_kind_paused(situation):
    def make(name):
        saga = situation(name)
        pause_kind(kind=KIND, by=MARY)
        return saga

    return make


def after_its_kind_went_on(name):
    saga = with_its_kind_paused(at_work)(name)
    resume_kind(kind=KIND, by=MARY)
    return saga


def begun_again(name):
    saga = resolved(name)
    control.again(saga=saga.uid, by=GRACE)
    return saga


def ended(name):
    saga = begin(name)
    settle()
    return saga


# The verbs that each allows, by what they lead to; None where another test tells.
SAME, BACKWARD = {"pause": "paused", "run_now": "running"}, {"compensate": "compensating"}
ONCE_MORE = {"again": "running"}
LOOK, END = {"probe": None}, {"resolve": "resolved"}
AGAIN = {"retry": "running", "retry_with_new_key": None}
TABLE = [
    (new, SAME | BACKWARD),
    (failing, SAME | BACKWARD | LOOK),
    (at_work, SAME | BACKWARD | LOOK | {"skip_timer": "running"}),
    (sealed, SAME | LOOK),
    (going_back, {"pause": "paused", "run_now": "compensating"} | LOOK),
    (paused(at_work), {"resume": "running"} | BACKWARD | LOOK | END),
    (paused(going_back), {"resume": "compensating"} | LOOK | END),
    (paused(sealed), {"resume": "running"} | LOOK | END),
    (given_up_by_workers, {"retry": "running", "mark_done": None} | BACKWARD | END),
    (refused_behind_the_seal, AGAIN | LOOK | END | {"mark_done": "attention"}),
    (asked_for_by_another, AGAIN | LOOK | END | {"mark_done": "running"}),
    (not_undone, AGAIN | LOOK | END | {"retry": "compensating", "skip_undo": "attention"}),
    # That its kind is paused stops the workers, and nobody's decision.
    (with_its_kind_paused(new), SAME | BACKWARD),
    (with_its_kind_paused(at_work), SAME | BACKWARD | LOOK | {"skip_timer": "running"}),
    (with_its_kind_paused(going_back), {"pause": "paused", "run_now": "compensating"} | LOOK),
    (with_its_kind_paused(resolved), LOOK | ONCE_MORE),
    (after_its_kind_went_on, SAME | BACKWARD | LOOK | {"skip_timer": "running"}),
    (ended, LOOK | ONCE_MORE),
    (taken_back, LOOK | ONCE_MORE),
    (resolved, LOOK | ONCE_MORE),
    (begun_again, LOOK | {"again": None}),
]
VERBS = {verb for _, allowed in TABLE for verb in allowed}


def now(saga):
    return Saga.objects.values().get(pk=saga.pk)


@pytest.mark.parametrize(("make", "allowed"), TABLE)
def test_each_verb_is_lawful_or_refused_and_then_changes_nothing(make, allowed):
    saga = make("ada")
    saga.refresh_from_db()
    assert {verb for verb in lawful(saga) if verb in VERBS} == set(allowed)

    before = now(saga)
    for verb in sorted(VERBS - set(allowed) - {"probe", "retry_with_new_key"}):
        with pytest.raises(Refused):
            getattr(control, verb)(saga=saga.uid, by=GRACE)
    if "retry_with_new_key" not in allowed and "retry" in allowed:
        with pytest.raises(Refused):
            control.retry(saga=saga.uid, by=GRACE, new_key=True)
    if saga.state != "running" or saga.pivot_at:
        with pytest.raises(PastTheEnd), transaction():
            cancel(Saga.objects.get(pk=saga.pk), by=ADA)
    assert now(saga) == before


@pytest.mark.parametrize(
    ("make", "verb", "after"),
    [
        (make, verb, after)
        for make, allowed in TABLE
        for verb, after in allowed.items()
        if after is not None
    ],
)
def test_each_lawful_verb_leads_where_the_table_says(make, verb, after):
    saga = make("ada")

    assert getattr(control, verb)(saga=saga.uid, by=GRACE).state == after


def test_what_was_begun_again_is_not_begun_once_more_while_it_is_under_way():
    saga, before = begun_again("ada"), Saga.objects.count()
    with pytest.raises(Refused, match="under way"):
        control.again(saga=saga.uid, by=GRACE)
    assert Saga.objects.count() == before


@pytest.mark.parametrize("make", [new, at_work, going_back, resolved])
def test_of_a_paused_kind_no_worker_moves_any(make):
    saga = with_its_kind_paused(make)("ada")
    before = now(saga)
    pass_time(LONGEST)
    run_due()
    moved = {"wake_at", "first_failed_at"}
    assert {**before, **dict.fromkeys(moved)} == {**now(saga), **dict.fromkeys(moved)}
