"""What operators do with sagas, typed in a shell."""

import json

import pytest

from integrity.models import PausedKind, Saga
from integrity.saga import control
from tests.integrity.saga import toys
from tests.integrity.saga.test_control import LIN, refused  # noqa: F401
from tests.integrity.saga.toys import A_WORD_OF_HERS, KIND, begin, settle
from tests.integrity.toy.models import Mailbox

# ruff: noqa: F811 - fixtures
pytestmark = pytest.mark.django_db(transaction=True)
WHY = ("--reason", "seen to it")
JSON = ("--format", "json")


@pytest.fixture
def completed():
    saga = begin()
    settle()
    return saga


def test_all_of_a_kind_are_paused_and_go_on(manage):
    begin()
    paused = manage("saga", "pause-kind", KIND, *WHY, *JSON)
    assert (paused.code, json.loads(paused.out)["why"]) == (0, "seen to it")
    assert manage("saga", "pause-kind", KIND, *WHY).code == 4
    assert manage("saga", "pause-kind", "toy.nonsense", *WHY).code == 2
    assert json.loads(manage("saga", "run", *JSON).out)[0]["taken_up"] == 0

    listed = {each["kind"]: each for each in json.loads(manage("saga", "kinds", *JSON).out)}
    assert (listed[KIND]["under_way"], listed[KIND]["paused"] is None) == (1, False)
    assert manage("saga", "resume-kind", KIND, *WHY).code == 0
    assert not PausedKind.objects.exists()


def test_a_look_after_the_end_says_by_its_code_what_it_found(manage, completed):
    assert manage("saga", "verify", completed.uid, *WHY).code == 0
    Mailbox.objects.update(removed=False)
    found = manage("saga", "verify", completed.uid, *WHY, *JSON)
    assert found.code == 1
    assert [each["step"] for each in json.loads(found.out) if each["left"]] == ["remove"]


def test_what_nobody_can_tell_any_more_has_a_code_of_its_own(manage, completed):
    toys.declare(remove={"probe": lambda at: at.secret("who")["email"]})
    assert manage("saga", "verify", completed.uid, *WHY).code == 3


def test_it_is_begun_again(manage, completed):
    begun = json.loads(manage("saga", "again", completed.uid, *WHY, *JSON).out)
    assert begun["retry_of"] == str(completed.uid)
    assert Saga.objects.get(uid=begun["saga"]).state == "running"
    assert manage("saga", "again", completed.uid, *WHY).code == 4


def test_what_takes_two_is_not_done_by_the_first(manage, refused):
    first = manage("saga", "mark-done", refused.uid, *WHY)
    assert (first.code, "once somebody else confirms it" in first.err) == (4, True)
    assert manage("saga", "mark-done", refused.uid, *WHY).code == 4
    assert Saga.objects.get().state == "attention"
    control.mark_done(saga=refused.uid, by=LIN)
    assert Saga.objects.get().state == "running"


def test_nobody_confirms_unawares_what_another_has_asked_for(manage, refused):
    nothing = manage("saga", "mark-done", refused.uid, *WHY, "--confirm")
    assert (nothing.code, "Nobody has asked" in nothing.err) == (4, True)

    control.mark_done(saga=refused.uid, by=LIN)
    unawares = manage("saga", "mark-done", refused.uid, *WHY)
    assert (unawares.code, "operator lin has asked for it" in unawares.err) == (4, True)
    assert "mark-done, asked by operator lin" in manage("saga", "show", refused.uid).out
    assert Saga.objects.get().state == "attention"

    assert manage("saga", "mark-done", refused.uid, *WHY, "--confirm").code == 0
    assert Saga.objects.get().state == "running"


def test_what_stands_still_has_no_time_to_go_on_and_what_waits_says_for_what(manage, refused):
    begin("bob")
    control_of = {each["subject"]: each for each in json.loads(manage("saga", "list", *JSON).out)}
    assert (control_of["ada"]["next"], control_of["ada"]["wait"]) == (None, None)
    assert control_of["bob"]["wait"] == "ready"

    manage("saga", "pause-kind", KIND, *WHY)
    listed = {each["subject"]: each for each in json.loads(manage("saga", "list", *JSON).out)}
    assert listed["bob"]["wait"] == "kind paused"


def test_a_kind_that_nobody_declares_is_answered_with_those_there_are(manage):
    assert KIND in manage("saga", "pause-kind", "toy.close_acount", *WHY).err


def test_a_list_of_a_kind_that_nobody_knows_is_no_empty_list(manage):
    begin()
    assert len(json.loads(manage("saga", "list", "--kind", KIND, *JSON).out)) == 1
    asked = manage("saga", "list", "--kind", "toy.nonsense")
    assert (asked.code, KIND in asked.err) == (2, True)


def test_the_beginning_of_an_id_is_answered_with_where_the_whole_is(manage, completed):
    asked = manage("saga", "show", str(completed.uid)[:8])
    assert (asked.code, "saga list --all" in asked.err) == (2, True)


def test_what_is_allowed_is_said_as_it_is_typed(manage, refused):
    said = json.loads(manage("saga", "show", refused.uid, *JSON).out)["allowed_now"].split(", ")
    assert {"retry", "retry --new-key", "mark-done", "resolve"} <= set(said)
    for verb in said:
        assert manage("saga", *verb.split(), "--help").code == 0, verb


def test_its_whole_course_is_json_with_nothing_personal(manage, refused):
    exported = manage("saga", "export", refused.uid)
    course = json.loads(exported.out)
    assert (exported.code, course["schema_version"], course["state"]) == (0, 1, "attention")
    assert not A_WORD_OF_HERS.search(exported.out)
    assert manage("saga", "export", "5b1f2f3e-3c27-4c2e-9d5c-0a4a5d3b8f11").code == 2
