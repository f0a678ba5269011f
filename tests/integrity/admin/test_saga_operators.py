"""Sagas at the desk: two persons, all of a kind at once, and what can be done after the end."""

import json

import pytest

from integrity.models import PausedKind, Saga
from integrity.saga import control
from integrity.saga.kinds import pause_kind
from integrity.saga.preview import ahead
from tests.integrity.admin.desk import IN_DIALOG, form, operator, page, text
from tests.integrity.admin.saga_desk import (  # noqa: F401
    BOB,
    ann,
    at,
    completed,
    do,
    fresh,
    look,
    new,
    own_sagas,
    provider,
    refused,
    retrying,
    waiting,
)
from tests.integrity.saga import toys
from tests.integrity.saga.toys import A_WORD_OF_HERS
from tests.integrity.toy.models import Mailbox

# ruff: noqa: F811 - fixtures
pytestmark = pytest.mark.django_db(transaction=True)
LIST, OVERVIEW = page("saga_changelist"), page("overview_changelist")


class TestTheSecondPerson:
    def test_the_first_is_told_that_it_takes_another_and_the_page_says_who_asked(self, client, ann):
        saga = refused("ada")
        dialog = client.get(page("saga_mark_done", saga.pk))
        assert "you ask for it, and somebody else confirms it" in text(dialog)
        assert dialog.context["dialog"]["submit"] == "Ask for it"

        do(client, "mark_done", saga, reason="seen at the mailer")
        shown = text(client.get(at(saga)))
        assert "Somebody else has to confirm it" in shown
        assert "asked to mark the step as done: “seen at the mailer”." in shown
        assert "waits for a second person" in text(client.get(LIST)).partition("<table")[2]
        assert "You have asked for it." in text(do(client, "mark_done", saga))
        assert fresh(saga).state == "attention"

    def test_another_one_reads_it_and_confirms(self, client, ann):
        saga = refused("ada")
        control.mark_done(saga=saga.uid, by=BOB)
        dialog = client.get(page("saga_mark_done", saga.pk))
        assert "by operator bob: “because”. You confirm it" in text(dialog)
        assert "It is about “Remove” at mailer." in text(dialog)
        assert dialog.context["dialog"]["submit"] == "Confirm it"

        do(client, "mark_done", saga)
        assert fresh(saga).state == "running"
        assert "second person" not in text(client.get(at(saga)))


class TestAKind:
    def test_is_paused_and_resumed_and_every_page_says_so(self, client, ann):
        saga = new("ada")
        asked = text(client.get(page("saga_pause_kind")))
        assert f"{toys.KIND} (1 under way)" in asked

        why = form(kind=toys.KIND, reason="the mailer loses calls")
        client.post(page("saga_pause_kind"), why, headers=IN_DIALOG)

        assert PausedKind.objects.get().reason == "the mailer loses calls"
        for place in (LIST, OVERVIEW):
            assert f"All of {toys.KIND} are paused" in text(client.get(place))
        assert "All of its kind have been paused for" in text(client.get(at(saga)))
        assert "its kind is paused" in text(client.get(LIST))
        told = do(client, "run_now", saga)
        assert told.status_code == 200
        assert "It is due, and waits: all of its kind are paused." in text(client.get(at(saga)))

        link = f"{page('saga_resume_kind')}?kind={toys.KIND}"
        assert f'href="{link}"' in text(client.get(LIST))
        client.post(page("saga_resume_kind"), form(kind=toys.KIND), headers=IN_DIALOG)
        assert not PausedKind.objects.exists()

    def test_is_not_chosen_where_there_is_nothing_to_do(self, client, ann):
        pause_kind(kind=toys.KIND, by=BOB)
        answer = client.post(page("saga_pause_kind"), form(kind=toys.KIND), headers=IN_DIALOG)
        assert "Select a valid choice" in text(answer)


class TestAfterTheEnd:
    def test_a_look_shows_what_is_left_and_makes_it_a_finding(self, client, ann):
        saga = completed("ada")
        assert "Verify again" in text(client.get(at(saga)))
        Mailbox.objects.update(removed=False)

        answer = client.post(page("saga_verify", saga.pk), {"reason": "she complains"})
        assert (answer.status_code, "left behind" in text(answer)) == (200, True)
        assert saga.steps.get(name="remove").left_behind
        assert "tidied" in [each["name"] for each in client.get(at(saga)).context["verbs"]]

    def test_one_under_way_is_not_verified(self, client, ann):
        answer = look(client, waiting("ada"), how="verify")
        assert "only after one that has ended" in text(answer)

    def test_it_is_begun_again_as_another_saga_and_each_leads_to_the_other(self, client, ann):
        saga = completed("ada")
        told = ahead(fresh(saga), "again")
        assert [each.step for each in told] == [step.name for step in toys.steps()]
        assert not any(each.key for each in told)

        answer = do(client, "again", saga)

        begun = Saga.objects.get(retry_of=saga.uid)
        assert answer.headers["HX-Redirect"] == at(begun)
        assert f'href="{at(saga)}"' in text(client.get(at(begun)))
        assert f'href="{at(begun)}"' in text(client.get(at(saga)))

    def test_its_whole_course_is_a_file_without_anything_personal(self, client, ann):
        saga = refused("ada")
        control.retry(saga=saga.uid, by=BOB)
        answer = client.get(page("saga_history", saga.pk))
        course = json.loads(answer.content)

        assert answer["Content-Disposition"].endswith(f'"saga-{saga.uid}.json"')
        assert course["asked_for_by"] == {"kind": "user"}
        assert [each["name"] for each in course["steps"]] == [step.name for step in toys.steps()]
        assert course["events"][-1]["by"] == {"kind": "operator", "id": "bob"}
        assert course["audit"][-1]["verb"] == "integrity.saga_retry"
        assert not A_WORD_OF_HERS.search(answer.content.decode())

    def test_only_whoever_may_export_takes_it_away(self, client):
        client.force_login(operator("view_saga"))
        assert client.get(page("saga_history", new("ada").pk)).status_code == 403


def test_a_list_says_which_stalls_and_a_view_shows_them(client, ann):
    saga = retrying("ada")
    assert "stalled" not in text(client.get(LIST)).partition("<table")[2]
    Saga.objects.filter(pk=saga.pk).update(first_failed_at="2020-01-01T00:00Z")

    for query in ("", "?view=stalled"):
        assert "stalled" in text(client.get(LIST + query)).partition("<table")[2]
    assert [each["saga"] for each in client.get(f"{LIST}?view=stalled").context["lines"]] == [saga]
