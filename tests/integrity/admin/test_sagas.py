"""Sagas on their pages: what is true, what comes next, and verbs that do what their preview said."""

import pytest

from integrity.models import AuditEntry, ProviderGate, SagaEvent
from integrity.saga import control
from integrity.saga.lawful import takes_second_person
from integrity.saga.preview import ahead
from tests.integrity.admin.desk import form, page, text
from tests.integrity.admin.saga_desk import (  # noqa: F401
    BOB,
    SITUATIONS,
    VERBS,
    ann,
    at,
    do,
    everything,
    fresh,
    look,
    offered,
    own_sagas,
    provider,
    refused,
    retrying,
    undo_failed,
    waiting,
)
from tests.integrity.saga import toys
from tests.integrity.toy.models import Mailbox

# ruff: noqa: F811 - fixtures
pytestmark = pytest.mark.django_db(transaction=True)
EACH_SITUATION = pytest.mark.parametrize("situation", SITUATIONS)
BEGUN = ("step_begun", "undo_begun")
ENDED = ("step_done", "step_undone", "step_skipped", "step_undo_skipped")


def assert_so_it_went(told, events, verb):
    """The steps and the keys of the calls, in order; a late call's undo is noted nowhere."""
    later, told = list(events.order_by("pk")), [each for each in told if not_late(each)]
    assert [each.step for each in told] == [each.step for each in later if each.event in ENDED]
    keys = dict.fromkeys(each.detail["key"] for each in later if each.event in BEGUN)
    assert [each.key for each in told if each.key] == list(keys), verb


def not_late(ahead):
    return "late call" not in ahead.does


class TestTheVerbs:
    @EACH_SITUATION
    def test_those_offered_are_done_as_previewed_and_audited(self, client, ann, situation):
        reach, expected = SITUATIONS[situation]
        for verb in sorted(expected - {"again"}):
            ProviderGate.objects.all().delete()
            saga = reach(verb)
            told = ahead(fresh(saga), verb)
            if takes_second_person(fresh(saga), verb):
                getattr(control, verb)(saga=saga.uid, by=BOB)
            last = SagaEvent.objects.latest("pk").pk
            if verb == "mark_done":
                Mailbox.objects.filter(name=verb).update(muted=True, removed=True)

            answer = do(client, verb, saga, reason="seen to it")

            assert answer.headers.get("HX-Redirect") == at(saga), text(answer)
            entry = AuditEntry.objects.latest("pk")
            assert entry.verb.startswith("integrity.saga_")
            assert (entry.actor_id, entry.reason) == (str(ann.uid), "seen to it")
            assert entry.subject == f"integrity.saga:{saga.uid}"
            toys.settle(seconds=40_000)
            if verb not in ("pause", "resolve", "tidied", "reveal"):
                assert_so_it_went(told, saga.events.filter(pk__gt=last), verb)

    @EACH_SITUATION
    def test_all_others_are_refused_in_words_and_change_nothing(self, client, ann, situation):
        reach, expected = SITUATIONS[situation]
        saga = reach("ada")
        before = everything()
        assert set(offered(client, saga)) == expected

        for verb in sorted(set(VERBS) - expected):
            answer = do(client, verb, saga)
            assert (answer.status_code, 'role="alert"' in text(answer)) == (200, True), verb
            assert "This will be refused" in answer.context["dialog"]["panel"], verb
        assert everything() == before

    def test_what_was_not_looked_at_is_refused_and_then_shown(self, client, ann):
        saga = refused("ada")
        old = form(version=fresh(saga).fence)
        do(client, "retry", saga)
        toys.provider.faults.append(toys.FAULTS["rejected"]())
        toys.run_due()

        url = page("saga_retry", saga.pk)
        answer = client.post(url, old)
        assert "It has moved since you looked" in text(answer)

        again = form(version=answer.context["form"]["version"].value())
        assert client.post(url, again).status_code == 302

    def test_one_without_a_reason_is_refused(self, client, ann):
        saga = refused("ada")
        before = everything()
        assert "This field is required" in text(do(client, "retry", saga, reason=" "))
        assert "Say why" in text(look(client, saga, reason=" "))
        assert everything() == before
