"""What the pages of sagas say, to whom, and that looking at them changes nothing."""

import pytest
from django.db.models import Q
from django.utils import timezone

from integrity.admin.saga_page import read
from integrity.admin.saga_timeline import attempts
from integrity.admin.saga_words import verdict
from integrity.models import AuditEntry, Incident, Saga, SagaEvent, SagaStep
from integrity.saga.definition import sagas
from tests.factories import CoupleFactory
from tests.integrity.admin.desk import finding, operator, page, text
from tests.integrity.admin.saga_desk import (  # noqa: F401
    SITUATIONS,
    VERBS,
    ann,
    at,
    at_a_gate,
    completed,
    do,
    everything,
    fresh,
    left_behind,
    look,
    offered,
    own_sagas,
    past,
    paused,
    provider,
    refused,
    retrying,
    stuck_before,
    undo_failed,
    waiting,
)
from tests.integrity.saga import toys

# ruff: noqa: F811 - fixtures
pytestmark = pytest.mark.django_db(transaction=True)
LIST = page("saga_changelist")
SAID = {
    "new": "It has not begun; step 1 of 8, “Freeze”, comes first.",
    "waiting": "It goes on in 13 d, as planned.",
    "retrying": "That has failed once",
    "at a gate": "It waits for mailer, which refuses everybody, and asks again in 59 min.",
    "past the point of no return": "it can only go on. The next try is in 59 min.",
    "refused past it": "a step was refused for good. The last error: 422.",
    "going back": "It is taking back step 2 of 8, “Mute”.",
    "undo failed": "It stands still at “Mute”: a step could not be taken back.",
    "stuck before it": "Look at mailer whether it is done. If so, mark it as done",
    "paused": "somebody paused it: “because”. Nothing happens until somebody resumes it.",
    "completed": "All its steps are done.",
    "taken back": "What it had done was taken back.",
    "left something behind": "A person ended it as it stood. It left behind: “Remove”.",
}


@pytest.mark.parametrize("situation", SITUATIONS)
def test_the_verdict_says_what_is_true_and_what_comes_next(situation):
    reach, _ = SITUATIONS[situation]
    told = verdict(read(fresh(reach("ada"))))
    assert SAID[situation] in f"{told.now} {told.then} {told.do}"


def test_at_a_gate_no_tries_are_counted_for_they_were_none():
    saga = retrying("ada")
    Saga.objects.filter(pk=saga.pk).update(wait=Saga.Wait.GATE)
    told = verdict(read(fresh(saga))).now
    assert "It has been held up there for" in told
    assert "failed once" not in told


def test_looking_changes_nothing_and_calls_nobody(client, ann):
    seen = [reach(name) for name, reach in {"a": completed, "b": refused, "c": waiting}.items()]
    before = everything()
    for saga in seen:
        assert client.get(at(saga), {"p": "nonsense"}).status_code == 200
        assert client.get(page("saga_probe", saga.pk)).status_code == 405
    for verb in VERBS:
        assert client.get(page(f"saga_{verb}", seen[1].pk)).status_code == 200
    for query in ({"q": "ada"}, {"view": "all"}, {"view": "nonsense"}):
        assert client.get(LIST, query).status_code == 200
    assert client.get(page("overview_changelist")).status_code == 200
    assert everything() == before
    assert client.post(at(seen[0])).status_code == 403


class TestTheList:
    def test_each_view_has_what_it_says(self, client, ann):
        made = {each: each(each.__name__) for each in (completed, left_behind, undo_failed)}
        made |= {each: each(each.__name__) for each in (past, paused, retrying, at_a_gate)}

        def shown(view):
            found = client.get(LIST, {"view": view}).context["cl"].result_list
            return {reach for reach, saga in made.items() if saga in found}

        assert shown("active") == set(made) - {completed, left_behind}
        assert shown("person") == shown("back") == {undo_failed}
        assert shown("retrying") == {past, retrying}
        assert shown("gate") == {at_a_gate}
        assert shown("past") == {past}
        assert shown("paused") == {paused}
        assert shown("left") == {left_behind}
        assert shown("ended") == {completed, left_behind}
        assert shown("overdue") == set()
        toys.pass_time(7200)
        assert shown("overdue") == {past, retrying, at_a_gate}

    def test_a_line_tells_how_far_it_is_and_what_is_wrong(self, client, ann):
        retrying("ada")
        said = text(client.get(LIST))
        for part in ("Close an account", "running", "tries again", "2 of 8", "Mute", "not_done"):
            assert part in said, part

    def test_finds_by_the_beginning_of_an_id_and_by_a_subject(self, client, ann):
        ada, bob = waiting("ada"), waiting("bob")
        for asked in (str(ada.uid), str(ada.uid)[:8], "ada"):
            found = client.get(LIST, {"q": asked}).context["cl"].result_list
            assert list(found) == [ada], asked
        assert bob not in client.get(LIST, {"q": "%"}).context["cl"].result_list

    def test_its_export_holds_no_formula(self, client, ann):
        waiting("=1+1")
        sent = b"".join(client.get(page("saga_export")).streaming_content).decode()
        assert "'=1+1" in sent
        assert "@example.com" not in sent


class TestThePage:
    def test_keeps_every_attempt_with_its_error_and_its_key(self, client, ann, provider):
        provider.faults.extend([toys.FAULTS["refused"](), toys.FAULTS["unknown"]()])
        saga = toys.begin("ada")
        toys.settle(seconds=86_000)

        mute = client.get(at(saga)).context["timeline"][1]

        told = [(each.outcome, each.error_class) for each in mute["attempts"]]
        assert told == [("failed", "not_done"), ("failed", "unknown"), ("done", "")]
        assert {each.key for each in mute["attempts"]} == {f"saga:{saga.uid}:mute:do:0"}

    def test_of_an_attempt_whose_worker_died_no_answer_was_kept(self):
        begun = {"step": "a", "event": "step_begun", "at": timezone.now()}
        failed = begun | {"event": "undo_not_done", "detail": {"error_class": "refused"}}
        events = [
            SagaEvent(fence=1, **begun),
            SagaEvent(fence=2, **begun),
            SagaEvent(fence=2, **begun | {"event": "step_done"}),
            SagaEvent(fence=3, **begun | {"event": "undo_begun"}),
            SagaEvent(fence=3, **failed),
            SagaEvent(fence=3, **failed | {"event": "step_undo_failed"}),
        ]
        told = [(each.way, each.outcome, each.error_class) for each in attempts(events)]
        assert told == [
            ("do", "no answer was kept", ""),
            ("do", "done", ""),
            ("undo", "could not be undone", "refused"),
        ]

    def test_marks_the_point_of_no_return_and_the_shut_gate(self, client, ann):
        assert "Point of no return, passed" in text(client.get(at(completed("ada"))))
        said = text(client.get(at(at_a_gate("bob"))))
        assert "Point of no return, not passed" in said
        assert "<b>mailer</b>" in said

    def test_no_call_is_told_of_before_the_step_was_begun(self, client, ann):
        saga = retrying("ada")
        doubt = "a call was made, and nobody knows what it did"
        SagaStep.objects.filter(saga=saga, name="mute").update(in_doubt=True)
        assert doubt in text(client.get(at(saga)))
        SagaStep.objects.filter(saga=saga).update(in_doubt=Q(started_at=None))
        assert doubt not in text(client.get(at(saga)))

    def test_looks_at_each_system_for_who_says_why(self, client, ann):
        saga = stuck_before("ada")
        said = text(look(client, saga, reason="is it there?"))
        assert "not done</span>" in said
        entry = AuditEntry.objects.get()
        assert (entry.verb, entry.reason) == ("integrity.saga_probe", "is it there?")

        client.force_login(operator("probe_saga"))
        assert look(client, saga).status_code == 403
        assert AuditEntry.objects.count() == 1

    def test_shows_how_things_were_to_who_says_why_and_no_secret_to_anybody(self, client, ann):
        saga = waiting("ada")
        hidden = text(client.get(at(saga)))
        assert "prior:mute" in hidden
        assert "muted <code>" not in hidden

        do(client, "reveal", saga)
        said = text(client.get(at(saga)))
        assert "muted <code>false</code>" in said
        assert "ada@example.com" not in said
        assert "reveal" not in offered(client, saga)

        client.force_login(operator("view_saga", "reveal_saga"))
        assert "muted <code>" not in text(client.get(at(saga)))

    def test_tells_of_one_that_this_code_does_not_know(self, client, ann):
        saga = refused("ada")
        sagas._entries.clear()
        assert "This code does not know toy.close_account/1" in text(client.get(at(saga)))
        assert "does not know" in text(client.get(page("saga_retry", saga.pk)))
        assert client.get(LIST).status_code == 200
        assert "doesn&#x27;t know" in text(look(client, saga))

    def test_names_what_it_leaves_behind_when_a_person_ends_it(self, client, ann):
        saga = undo_failed("ada")
        asked = client.get(page("saga_resolve", saga.pk)).context["form"]
        assert asked.initial["left_behind"] == ["mute"]

        assert "Select a valid choice" in text(do(client, "resolve", saga, left_behind=["seal"]))
        do(client, "resolve", saga, left_behind=["mute"])
        assert saga.steps.get(left_behind=True).name == "mute"


class TestTheWays:
    def test_lead_from_a_finding_and_an_incident_to_the_sagas(self, client, ann):
        saga = refused("ada")
        about = {"invariant": "integrity.no_saga_needs_a_person"}
        one = finding(subject=f"integrity.saga:{saga.pk}", **about)
        assert at(saga) in text(client.get(page("finding_change", one.pk)))
        assert one.invariant in text(client.get(at(saga)))

        named = {"subject": about["invariant"], "kind": "broken", "state": "open"}
        told = Incident.objects.create(**named, severity=3, opened_at=timezone.now())
        assert f"{LIST}?view=person" in text(client.get(page("incident_change", told.pk)))

    def test_lead_to_the_person_and_back(self, client, ann):
        couple = CoupleFactory()
        saga = waiting(str(couple.uid))
        link = f"/admin/accounts/person/{couple.uid}/change/"
        assert link in text(client.get(at(saga)))
        assert link in text(client.get(LIST))
        client.force_login(operator("view_person"))
        assert at(saga) in text(client.get(link))

    def test_the_overview_counts_those_that_need_somebody(self, client, ann):
        stuck = refused("ada")
        retrying("bob")
        context = client.get(page("overview_changelist")).context
        told = context["sagas"]
        assert (told.under_way, told.need_a_person, told.retry, told.gates) == (2, 1, 1, 0)
        assert context["troubled"][0]["saga"] == stuck
