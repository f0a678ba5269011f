"""Repairs: what mends what, the ways that lead to a plan, and what may run by itself."""

import json

import pytest
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME

from integrity.audit import SYSTEM
from integrity.models import AuditEntry, Finding, RepairPlan, Run, UnattendedRepair
from integrity.repair import CopyField, declare_repair
from integrity.sweep import check
from tests.integrity.admin.desk import finding, form, operator, page, text
from tests.integrity.repair.conftest import authors as authors
from tests.integrity.repair.conftest import drifted_pages as drifted_pages
from tests.integrity.toy.models import Page

pytestmark = pytest.mark.django_db(transaction=True)
COPY = "toy.copy_addresses"
PLAN = page("repair_plan", COPY)
LOOKS = ("view_repair", "view_repairplan", "view_overview", "view_invariant", "view_finding")


@pytest.fixture
def ann(client):
    """Plans, and lets repairs run by themselves."""
    verbs = ("plan_repair", "allow_unattended_repair", "forbid_unattended_repair")
    user = operator(*LOOKS, *verbs)
    client.force_login(user)
    return user


@pytest.fixture
def found(drifted_pages, authors):
    """Three drifted pages, each with its finding."""
    drifted_pages()
    authors(3, pages=True)
    check(by=SYSTEM)
    return list(Finding.objects.order_by("subject"))


def test_the_list_says_what_each_does_and_whether_it_can_be_undone(client, ann, found):
    declare_repair(
        CopyField(
            "toy.copy_for_good",
            invariant="toy.pages_have_the_address",
            statement="Copies it for good.",
            irreversible=True,
        )
    )
    said = text(client.get(page("repair_changelist")))
    for part in ("Copies the address.", "broken</span> 3", "cannot be undone", PLAN):
        assert part in said, part


def test_a_page_says_what_is_declared_of_it(client, ann, found):
    said = text(client.get(page("repair_change", COPY)))
    for part in ("10,000 rows, or 5 %", "by whoever may approve", f"integrity plan {COPY}"):
        assert part in said, part
    assert client.get(page("repair_change", "toy.nothing")).status_code == 404


def test_a_page_promises_no_second_person_where_that_is_switched_off(client, ann, found, setting):
    assert "a second person approves" in text(client.get(page("repair_change", COPY)))
    setting(SECOND_PERSON=False)
    assert "second person" not in text(client.get(page("repair_change", COPY)))


class TestTheWayToAPlan:
    @pytest.mark.parametrize(
        "place",
        [page("overview_changelist"), page("invariant_change", "toy.pages_have_the_address")],
    )
    def test_leads_from_what_is_broken(self, client, ann, found, place):
        assert PLAN in text(client.get(place))

        client.force_login(operator(*LOOKS))
        said = text(client.get(place))
        assert PLAN not in said
        assert page("repair_change", COPY) in said

    def test_leads_from_a_finding_to_a_plan_for_its_row(self, client, ann, found):
        one = found[1]
        links = client.get(page("finding_change", one.pk)).context["repairs"]
        assert [each["title"] for each in links] == ["Plan a repair"]
        held = client.get(links[0]["url"]).context["form"].initial
        assert held["findings"] == str(one.uid)

        client.post(PLAN, form(limit=10, findings=held["findings"]))

        plan = RepairPlan.objects.get()
        assert [each.subject for each in plan.planned.all()] == [[int(one.subject.split(":")[1])]]

    def test_names_each_where_there_are_several(self, client, ann, found):
        options = {"invariant": "toy.pages_have_the_address", "statement": "Copies."}
        declare_repair(CopyField("toy.other", **options))
        links = client.get(page("finding_change", found[0].pk)).context["repairs"]
        assert [each["title"] for each in links] == [
            "Plan a repair: toy.copy_addresses",
            "Plan a repair: toy.other",
        ]

    def test_a_link_fills_in_nothing_but_the_findings(self, client, ann, found):
        held = client.get(PLAN, {"operation": "x", "reason": "x", "limit": "1"}).context["form"]
        assert held["reason"].value() is None
        assert held["limit"].value() == 10_000

    @pytest.mark.parametrize("junk", ["x", "5b1f2f3e-3c27-4c2e-9d5c-0a4a5d3b8f11"])
    def test_findings_that_are_not_there_plan_nothing(self, client, ann, found, junk):
        client.post(PLAN, form(limit=10, findings=junk))
        other = finding()
        client.post(PLAN, form(limit=10, findings=other.uid))
        assert not RepairPlan.objects.exists()

    def test_where_nothing_is_broken_it_says_so(self, client, ann, found):
        Page.objects.all().delete()
        said = text(client.post(PLAN, form(limit=10)))
        assert "No row that the repair may touch breaks the invariant now." in said
        assert not RepairPlan.objects.exists()

    def test_a_plan_is_no_longer_than_was_asked(self, client, ann, found):
        client.post(PLAN, form(limit=2))
        assert RepairPlan.objects.get().changes == 2
        assert "100000" in text(client.post(PLAN, form(limit=100_001)))

    def test_the_same_form_sent_twice_makes_one_plan(self, client, ann, found):
        sent = form(limit=10)
        client.post(PLAN, sent)
        assert "nothing was done twice" in text(client.post(PLAN, sent))
        assert RepairPlan.objects.count() == 1


class TestTheSelection:
    def choose(self, client, *chosen, **fields):
        keys = [each.pk for each in chosen]
        sent = {"action": "plan_selected", ACTION_CHECKBOX_NAME: keys} | fields
        return client.post(page("finding_changelist"), sent, follow=True)

    def test_of_findings_is_planned_together(self, client, ann, found):
        assert "2 selected." in text(self.choose(client, *found[:2]))

        said = self.choose(client, *found[:2], **form(repair=COPY))

        plan = RepairPlan.objects.get()
        assert plan.changes == 2
        assert said.redirect_chain[-1][0] == page("repairplan_change", plan.pk)

    def test_of_several_invariants_is_refused(self, client, ann, found):
        said = text(self.choose(client, found[0], finding(), **form(repair=COPY)))
        assert "Choose findings of one invariant" in said

    def test_of_what_nothing_mends_is_refused(self, client, ann, found):
        said = text(self.choose(client, finding(), **form(repair=COPY)))
        assert "No repair is declared for toy.holds" in said
        assert not RepairPlan.objects.exists()

    def test_is_closed_to_who_may_not_plan(self, client, found):
        client.force_login(operator("view_finding", "acknowledge_finding"))
        self.choose(client, found[0], **form(repair=COPY))
        assert not RepairPlan.objects.exists()


class TestUnattended:
    def offered(self, client):
        verbs = client.get(page("repair_change", COPY)).context["verbs"]
        return {each["name"] for each in verbs}

    def test_is_allowed_after_a_preview_and_taken_back(self, client, ann, found):
        assert self.offered(client) == {"plan", "allow"}
        url = page("repair_allow", COPY)
        assert "The last check came to: broken, 3 rows." in text(client.get(url))

        client.post(url, form("every night the same"))

        assert UnattendedRepair.objects.get().reason == "every night the same"
        assert self.offered(client) == {"plan", "forbid"}
        client.post(page("repair_forbid", COPY), form("it was wrong"))
        assert not UnattendedRepair.objects.exists()
        reasons = AuditEntry.objects.filter(subject=f"integrity.unattendedrepair:{COPY}")
        assert [each.reason for each in reasons.order_by("pk")] == [
            "every night the same",
            "it was wrong",
        ]
        assert "it was wrong" in text(client.get(page("repair_change", COPY)))

    def test_is_never_offered_for_what_cannot_be_undone(self, client, ann, drifted_pages):
        drifted_pages(irreversible=True)
        assert self.offered(client) == {"plan"}
        said = text(client.post(page("repair_allow", COPY), form()))
        assert "never runs by itself" in said


def test_a_run_as_json_names_the_repair(client, found):
    client.force_login(operator("view_run"))
    run = found[0].last_run
    document = json.loads(client.get(page("run_download", Run.objects.get(uid=run).pk)).content)
    assert [each["repair"] for each in document["invariants"]] == [COPY]
