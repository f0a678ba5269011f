"""A saga that has ended: is anything of it left, and once more, please."""

import pytest

from integrity.invariants import invariants
from integrity.models import AuditEntry, Saga
from integrity.saga import control
from integrity.saga.lawful import Refused, lawful
from integrity.saga.probing import probe
from integrity.saga.verifying import verify
from tests.integrity.saga import toys
from tests.integrity.saga.test_control import GRACE, fresh, refused, waiting  # noqa: F401
from tests.integrity.saga.toys import begin, events, settle
from tests.integrity.toy.models import Account, Mailbox

# ruff: noqa: F811 - fixtures
pytestmark = pytest.mark.django_db(transaction=True)
LEFT = "integrity.no_effect_of_a_saga_is_left"


@pytest.fixture
def completed():
    saga = begin()
    settle()
    return fresh(saga)


def found(saga):
    return {each.step: (each.found, each.left) for each in verify(saga=saga.uid, by=GRACE)}


class TestALookAfterIt:
    def test_finds_nothing_where_all_is_as_it_should_be(self, completed, provider):
        calls = len(provider.calls)
        assert found(completed)["remove"] == ("done", False)
        assert (len(provider.calls), events(completed)[-1]) == (calls, "verify")
        assert AuditEntry.objects.get().verb == "integrity.saga_verify"

    def test_keeps_what_is_there_again_as_a_finding(self, completed):
        Mailbox.objects.update(removed=False)
        assert found(completed)["remove"] == ("not_done", True)

        assert [each.name for each in invariants.get(LEFT).violations()] == ["remove"]
        assert completed.events.get(event="left_behind").detail["steps"] == "remove"
        control.tidied(saga=completed.uid, by=GRACE)
        assert not invariants.get(LEFT).violations().exists()

    def test_says_nothing_of_what_came_before_the_point_of_no_return(self, completed):
        Mailbox.objects.update(muted=False)
        assert found(completed)["mute"] == ("not_done", False)

    def test_takes_what_is_set_after_its_undo_for_left_only_where_it_cannot_have_been_so_before(
        self, waiting
    ):
        control.compensate(saga=waiting.uid, by=GRACE)
        settle()
        Mailbox.objects.update(muted=True)
        assert found(waiting)["mute"] == ("done", False)
        toys.declare(mute={"capture": None})
        assert found(waiting)["mute"] == ("done", True)

    def test_says_what_nobody_can_tell_any_more(self, completed):
        toys.declare(remove={"probe": lambda at: at.secret("who")["email"]})
        seen = verify(saga=completed.uid, by=GRACE)[-1]
        assert (seen.found, seen.why, seen.left) == (
            "cant_tell",
            "what it takes to ask was forgotten when the saga ended (KeyError)",
            None,
        )

    def test_is_for_what_has_ended(self, waiting):
        with pytest.raises(Refused, match="only after one that has ended"):
            verify(saga=waiting.uid, by=GRACE)
        with pytest.raises(control.NoReason):
            verify(saga=waiting.uid, by=toys.ADA)


class TestOnceMore:
    def test_it_is_another_saga_that_names_the_first(self, refused):
        control.resolve(saga=refused.uid, by=GRACE)
        begun = control.again(saga=refused.uid, by=GRACE)

        assert (begun.retry_of, begun.subject, begun.state) == (refused.uid, "ada", "running")
        assert (begun.actor_id, fresh(refused).state) == ("grace", "resolved")
        assert events(refused)[-1] == "again seal" or "again" in events(refused)[-1]
        settle()
        assert fresh(begun).state == "completed"
        assert not Account.objects.exists()

    def test_not_while_one_is_under_way(self, completed):
        control.again(saga=completed.uid, by=GRACE)
        with pytest.raises(Refused, match="under way"):
            control.again(saga=completed.uid, by=GRACE)
        assert Saga.objects.count() == 2

    def test_not_where_the_kind_says_no_way(self, completed):
        toys.declare()
        toys.sagas._entries[f"{toys.KIND}/1"] = toys.replace(
            toys.sagas.get(f"{toys.KIND}/1"), again=None
        )
        assert "again" not in lawful(completed)

    def test_nor_after_an_end_that_leaves_nothing_to_do(self, completed, refused):
        control.resolve(saga=refused.uid, by=GRACE)
        declared = toys.sagas.get(f"{toys.KIND}/1")
        toys.sagas._entries[declared.name] = toys.replace(declared, again_after=("resolved",))
        assert ("again" in lawful(completed), "again" in lawful(fresh(refused))) == (False, True)


def test_a_look_at_a_parked_one_asks_with_the_key_of_its_call(refused, monkeypatch):
    keys = []
    toys.declare(remove={"probe": lambda at: keys.append(at.key) or toys.Probe.DONE})
    probe(saga=refused.uid, by=GRACE)
    assert keys == [f"saga:{refused.uid}:remove:do:0"]
