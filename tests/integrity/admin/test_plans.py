"""A plan's page: the way from the plan to its undo, each step by a verb, each verb for its state."""

import pytest
from django.utils import timezone

from integrity.models import AuditEntry, Heartbeat, RepairPlan, Run
from integrity.repair import Obstacle
from integrity.repair.plan import plan_repair
from integrity.repair.queueing import work_queued
from tests.integrity.admin.desk import form, operator, page, text
from tests.integrity.admin.plan_desk import (  # noqa: F401
    COPY,
    ann,
    at,
    authors,
    do,
    drifted,
    drifted_pages,
    fresh,
    offered,
)
from tests.integrity.repair.conftest import ADA, mended, planned
from tests.integrity.toy.models import Author, Page

# ruff: noqa: F811 - fixtures
pytestmark = pytest.mark.django_db(transaction=True)


def test_the_whole_way_from_the_plan_to_its_undo(client, ann, drifted):
    answer = client.post(page("repair_plan", COPY), form(limit=10), follow=True)
    plan = RepairPlan.objects.get()
    assert "Nothing is changed yet" in text(answer)
    assert offered(client, plan) == {"approve", "cancel", "reveal"}

    assert "Approved." in text(do(client, "approve", plan))
    assert offered(client, plan) == {"apply", "cancel", "reveal"}

    assert "It is queued" in text(do(client, "apply", plan))
    assert offered(client, plan) == {"pause", "cancel", "reveal"}
    assert Page.objects.filter(email="old").count() == 3

    work_queued()
    result = client.get(at(plan))
    assert "Done: 3 of 3 changes. The check after it found that the invariant holds" in text(result)
    assert offered(client, plan) == {"undo", "reveal"}

    assert "The undo is queued" in text(do(client, "undo", plan))
    work_queued()
    result = text(client.get(at(plan)))
    assert "Undone: 3 changes were put back. The check after it found that" in result
    assert "Checked after the undo" in result
    assert "0 findings resolved, 3 found" in result
    assert Page.objects.filter(email="old").count() == 3
    assert {each.actor_id for each in AuditEntry.objects.all()} == {str(ann.uid)}


class TestThePreview:
    def test_says_how_many_rows_of_what_and_by_which_rules(self, client, ann, drifted):
        said = text(client.get(at(plan_repair(repair=COPY, by=ADA))))

        for part in (
            "Update</dt><dd>3<small>toy_page",
            "At most 10,000 rows, or 5 % of a table",
            "begins with 1 row, then 10",
            "changed since the plan is skipped, and listed. With more than 5%",
            "Possible for 30 days, for rows that nobody has edited since",
            "and begins by",
        ):
            assert part in said, part

    def test_says_that_an_undo_would_break_a_promise(self, client, ann, drifted):
        plan = plan_repair(repair=COPY, by=ADA)
        RepairPlan.objects.update(undo_refusal="toy_every_author_has_a_page")

        assert "that would break toy_every_author_has_a_page" in text(client.get(at(plan)))

    def test_shows_each_row_before_and_after_masked(self, client, ann, drifted):
        said = text(client.get(at(plan_repair(repair=COPY, by=ADA))))

        assert "<del>o… (3)</del> <ins>a… (19)</ins>" in said
        assert "author0@example.com" not in said

    def test_tells_what_is_empty_from_what_is_not_there(self, client, ann, drifted_pages):
        drifted_pages()
        for email in ("", None):
            Page.objects.create(author=Author.objects.create(email="ada"), email=email)
        said = text(client.get(at(plan_repair(repair=COPY, by=ADA))))

        assert "<del>(empty)</del>" in said
        assert "<del>(nothing)</del>" in said

    def test_shows_values_to_who_says_why_for_ten_minutes(self, client, ann, drifted):
        plan = plan_repair(repair=COPY, by=ADA)
        do(client, "reveal", plan, reason="which one?")

        assert "author0@example.com" in text(client.get(at(plan)))
        entry = AuditEntry.objects.latest("pk")
        assert (entry.verb, entry.reason) == ("integrity.repair_revealed", "which one?")

        client.force_login(operator("view_repairplan", "reveal_repair"))
        assert "author0@example.com" not in text(client.get(at(plan)))

    def test_is_paged_and_counts_no_further_than_anybody_pages(
        self, client, ann, drifted_pages, authors, monkeypatch
    ):
        monkeypatch.setattr("integrity.admin.pages.MOST", 50)
        drifted_pages()
        authors(60, pages=True)
        plan = plan_repair(repair=COPY, by=ADA)

        first, third = client.get(at(plan)), client.get(at(plan), {"p": 3})

        assert "more than 50, page 1 of 3" in text(first)
        assert [len(each.context["changes"]) for each in (first, third)] == [25, 1]
        assert client.get(at(plan), {"p": "nonsense", "state": "nonsense"}).status_code == 200

    def test_escapes_what_people_wrote(self, client, ann, drifted_pages):
        drifted_pages()
        author = Author.objects.create(email="<img onerror=x>")
        Page.objects.create(author=author, email="<script>alert(1)</script>")
        plan = plan_repair(repair=COPY, by=ADA)
        do(client, "reveal", plan)

        said = text(client.get(at(plan)))
        assert "&lt;img onerror" in said
        assert "<img onerror" not in said
        assert "<script>alert" not in said


class TestTheTrial:
    def try_out(self, client, plan):
        return client.post(page("repairplan_trial", plan.pk))

    def test_shows_what_would_come_of_it_and_rolls_it_back(self, client, ann, drifted):
        said = text(self.try_out(client, plan_repair(repair=COPY, by=ADA)))

        assert "It would do what it is for" in said
        assert "toy.pages_have_the_address</code> 3 → 0 violations" in said
        assert Page.objects.filter(email="old").count() == 3

    def test_is_not_made_for_who_may_not_see_what_came_of_it(self, client, drifted):
        plan = plan_repair(repair=COPY, by=ADA)
        client.force_login(operator("try_repair"))

        assert self.try_out(client, plan).status_code == 403
        assert not AuditEntry.objects.filter(verb="integrity.repair_tried").exists()

    def test_is_for_what_has_not_begun(self, client, ann, drifted):
        plan = mended(COPY)

        assert "only what has not begun" in text(self.try_out(client, plan))
        assert client.get(page("repairplan_trial", plan.pk)).status_code == 405


class TestApproving:
    def test_the_planner_is_not_the_second_person(self, client, ann, drifted_pages, authors):
        drifted_pages(second_person=True)
        authors(1, pages=True)
        client.post(page("repair_plan", COPY), form(limit=10))
        plan = RepairPlan.objects.get()
        said = text(client.get(at(plan)))
        assert "It waits for a second person" in said
        assert "somebody else who has the permission “Can approve a repair”" in said
        assert offered(client, plan) == {"cancel", "reveal"}

        assert "Somebody else has to approve it" in text(do(client, "approve", plan))
        assert fresh(plan).state == "draft"

        client.force_login(operator("view_repairplan", "approve_repair"))
        assert offered(client, plan) == {"approve"}
        assert "You planned it" not in text(client.get(at(plan)))
        do(client, "approve", plan, reason="looks right")
        assert (fresh(plan).state, fresh(plan).approve_reason) == ("approved", "looks right")

    def test_needs_nobody_else_where_that_is_switched_off(
        self, client, ann, drifted_pages, authors, setting
    ):
        setting(SECOND_PERSON=False)
        drifted_pages(second_person=True)
        authors(1, pages=True)
        client.post(page("repair_plan", COPY), form(limit=10))
        plan = RepairPlan.objects.get()

        assert "It waits for an approval" in text(client.get(at(plan)))
        assert "approve" in offered(client, plan)
        assert "Approved." in text(do(client, "approve", plan))

    def test_is_for_exactly_what_was_looked_at(self, client, ann, drifted):
        plan = plan_repair(repair=COPY, by=ADA)
        assert "not the plan that was looked at" in text(do(client, "approve", plan, hash="0"))
        assert "meanwhile" in text(do(client, "approve", plan, version=7))
        assert "This field is required" in text(do(client, "approve", plan, reason=""))
        assert fresh(plan).state == "draft"

    def test_comes_too_late_after_half_an_hour(self, client, ann, drifted):
        plan = plan_repair(repair=COPY, by=ADA)
        RepairPlan.objects.update(expires_at=timezone.now())

        said = text(client.get(at(plan)))
        assert "Plan again" in said
        assert "toy.copy_addresses: expired" in said
        assert offered(client, plan) == {"reveal"}
        assert "too old" in text(do(client, "approve", plan))

        listed = page("repairplan_changelist")
        assert at(plan) in text(client.get(listed, {"state": "expired"}))
        assert at(plan) not in text(client.get(listed, {"state": "draft"}))
        assert "expired</span>" in text(client.get(listed))


class TestApplying:
    def test_what_is_in_the_way_is_passed_by_typing_what_it_says(
        self, client, ann, drifted_pages, authors
    ):
        drifted_pages(preflight=(lambda: [Obstacle("A cat sits on it.", confirm="cat")],))
        authors(1, pages=True)
        plan = planned(COPY)
        assert "A cat sits on it." in text(client.get(at(plan)))

        assert "type: cat" in text(do(client, "apply", plan, confirm_0="dog"))
        assert fresh(plan).state == "approved"

        do(client, "apply", plan, confirm_0="cat")
        assert fresh(plan).state == "running"

    def test_what_nothing_helps_against_is_refused_in_words(
        self, client, ann, drifted_pages, authors
    ):
        drifted_pages(preflight=(lambda: [Obstacle("A dog sits on it.")],))
        authors(1, pages=True)
        plan = planned(COPY)

        assert text(do(client, "apply", plan)).count("A dog sits on it.") == 1
        assert (fresh(plan).state, fresh(plan).error) == ("approved", "A dog sits on it.")

    def test_twice_is_done_once(self, client, ann, drifted):
        plan, sent = planned(COPY), form(version=1)
        url = page("repairplan_apply", plan.pk)
        client.post(url, sent)

        assert "nothing was done twice" in text(client.post(url, sent))
        assert Run.objects.filter(kind="repair").count() == 1

    def test_says_how_to_go_on_where_no_worker_is(self, client, ann, drifted, setting):
        plan = planned(COPY)
        do(client, "apply", plan)
        assert "the next `manage.py integrity queued`" in text(client.get(at(plan)))

        setting(REPAIR_DOORBELL=f"{__name__}.nobody")
        Heartbeat.objects.all().delete()
        assert f"manage.py integrity resume {plan.uid}" in text(client.get(at(plan)))
        Heartbeat.objects.update_or_create(name="worker", defaults={"at": timezone.now()})
        assert "manage.py integrity resume" not in text(client.get(at(plan)))


def nobody():
    """Rings."""
