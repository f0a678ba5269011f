"""A plan's page while it is at work, what became of it, and its undo."""

import re
from datetime import timedelta

import pytest
from django.db.models import F
from django.utils import timezone

from integrity.models import AuditEntry, RepairPlan, Run
from integrity.repair.plan import plan_repair
from integrity.repair.queueing import work_queued
from tests.integrity.admin.desk import operator, page, text
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
from tests.integrity.toy.models import Page

# ruff: noqa: F811 - fixtures
pytestmark = pytest.mark.django_db(transaction=True)


class TestTheResult:
    def test_lists_what_was_skipped_as_stale(self, client, ann, drifted_pages, authors):
        drifted_pages()
        authors(30, pages=True)
        plan = planned(COPY)
        page_of_first = Page.objects.order_by("pk").first()
        Page.objects.filter(pk=page_of_first.pk).update(email="edited")
        do(client, "apply", plan)
        work_queued()

        said = client.get(at(plan), {"state": "stale"})

        assert "1 skipped, as the rows had changed since the plan" in text(said)
        assert [each["subject"] for each in said.context["changes"]] == [
            f"toy.page:{page_of_first.pk}"
        ]

    def test_leads_to_the_check_after_it_and_to_its_run(self, client, ann, drifted):
        said = text(client.get(at(mended(COPY))))

        assert "0 still there" in said
        check, repair = Run.objects.get(kind="check"), Run.objects.get(kind="repair")
        for run in (check, repair):
            assert page("run_change", run.pk) in said
        assert page("repairplan_change", RepairPlan.objects.get().pk) in text(
            client.get(page("run_change", repair.pk))
        )

    def test_is_waited_for_while_its_check_is_still_to_come(self, client, ann, drifted):
        plan = mended(COPY)
        assert "again.js" not in text(client.get(at(plan)))

        RepairPlan.objects.update(verdict="")
        assert "again.js" in text(client.get(at(plan)))

        # Whoever was to check it is dead.
        RepairPlan.objects.update(finished_at=F("finished_at") - timedelta(minutes=2))
        assert "again.js" not in text(client.get(at(plan)))


class TestUndoing:
    def test_first_lists_what_was_edited_since(self, client, ann, drifted):
        plan = mended(COPY)
        url = page("repairplan_undo", plan.pk)
        assert "Nothing was edited since" in text(client.get(url))

        edited = Page.objects.first()
        Page.objects.filter(pk=edited.pk).update(words=F("words") + 1)
        said = text(client.get(url))

        assert "1 of 3 was edited since" in said
        assert f"toy.page:{edited.pk}" in said
        assert "Put back 3 changes" in said
        do(client, "undo", plan)
        work_queued()
        assert "Edited since, and left as they are: 1." in text(client.get(at(plan)))

    def test_is_not_offered_where_it_would_break_a_promise(self, client, ann, drifted):
        plan = mended(COPY)
        RepairPlan.objects.update(undo_refusal="toy_promise")
        assert offered(client, plan) == {"reveal"}

    def test_is_not_offered_when_its_time_is_over(self, client, ann, drifted):
        plan = mended(COPY)
        assert offered(client, plan) == {"reveal", "undo"}
        RepairPlan.objects.update(undo_until=F("started_at") - timedelta(days=1))
        assert offered(client, plan) == {"reveal"}


class TestAtWork:
    @pytest.fixture
    def plan(self, client, ann, drifted):
        plan = planned(COPY)
        do(client, "apply", plan)
        return plan

    def test_looks_again_by_a_script_and_without_scripts_when_asked_to(self, client, plan):
        looking, loading = text(client.get(at(plan))), text(client.get(at(plan), {"live": 1}))
        assert ("again.js" in looking, 'http-equiv="refresh"' in looking) == (True, False)
        assert "?live=1" in looking
        assert 'http-equiv="refresh"' in loading

    def test_is_paused_resumed_and_cancelled(self, client, plan):
        assert "Paused." in text(do(client, "pause", plan))
        assert offered(client, plan) == {"resume", "cancel", "reveal"}
        assert "again.js" not in text(client.get(at(plan)))

        assert "It is queued" in text(do(client, "resume", plan))
        assert "Given up." in text(do(client, "cancel", plan))
        assert fresh(plan).state == "cancelled"

    def test_is_forced_once_it_gave_no_sign_of_life(self, client, plan, setting):
        Run.objects.filter(kind="repair").update(state="running")
        assert "force_pause" not in offered(client, plan)
        assert "make sure that it is gone" in text(do(client, "force_cancel", plan))

        setting(RUN_LEASE=0.0)
        assert {"force_pause", "force_cancel", "resume"} <= offered(client, plan)
        assert "Paused." in text(do(client, "force_pause", plan))
        Run.objects.filter(kind="repair").update(state="cancelling")
        assert "Given up." in text(do(client, "force_cancel", plan))

    def test_says_how_far_it_is_how_fast_and_how_long_it_takes(self, client, plan):
        Run.objects.filter(kind="repair").update(state="running")
        RepairPlan.objects.update(cursor=2, applied=2)
        for number in range(2):
            AuditEntry.objects.create(
                at=timezone.now() + timedelta(seconds=2 * number),
                actor_kind="task",
                actor_id="x",
                via="task",
                verb="integrity.repair_chunk_applied",
                subject=f"integrity.repairplan:{plan.uid}",
                detail={"after": number, "upto": number + 1},
            )

        answer = client.get(at(plan))

        assert "66 %, 2 of 3 rows in 2 chunks" in text(answer)
        assert answer.context["pace"]["rate"] == pytest.approx(0.5, rel=0.01)
        assert answer.context["pace"]["left"] == pytest.approx(2, rel=0.01)

    def test_that_nobody_took_can_be_queued_again(self, client, plan):
        Run.objects.update(lease_until=timezone.now())
        assert "No worker took it" in text(client.get(at(plan)))
        assert "resume" in offered(client, plan)


def test_the_list_leads_to_each_plan(client, ann, drifted):
    plan = mended(COPY)
    said = text(client.get(page("repairplan_changelist"), {"repair": COPY, "state": "applied"}))
    assert at(plan) in said
    assert re.search("applied.*holds", said)
    assert "Nothing here" in text(client.get(page("repairplan_changelist"), {"state": "failed"}))


def test_who_may_only_look_is_offered_nothing(client, drifted):
    plan = plan_repair(repair=COPY, by=ADA)
    client.force_login(operator("view_repairplan"))
    answer = client.get(at(plan))
    assert (answer.context["verbs"], answer.context["may_try"]) == ([], False)
    client.force_login(operator("view_run"))
    assert client.get(at(plan)).status_code == 403
