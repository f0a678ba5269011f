"""`manage.py integrity plan`, `approve`, `apply` and `undo`, as a shell sees them."""

import getpass
import json
import os
import signal

import pytest

from integrity.invariants import FieldDrift
from integrity.models import AuditEntry, Finding, RepairPlan, Run
from integrity.repair.plan import plan_repair
from integrity.sweep import check
from tests.integrity.repair.conftest import (  # noqa: F401 - fixtures
    ADA,
    authors,
    drifted_pages,
    missing_pages,
)
from tests.integrity.toy.models import Page

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def integrity(manage):
    return lambda *arguments: manage("integrity", *arguments)


@pytest.fixture
def plan(integrity, missing_pages, authors):  # noqa: F811
    missing_pages()
    authors(12)
    ended = integrity("plan", "toy.every_author_has_a_page", "--format", "json")
    return json.loads(ended.out)


def test_plans_shows_the_rows_masked_and_changes_nothing(integrity, missing_pages, authors):  # noqa: F811
    missing_pages()
    authors(3)

    ended = integrity("plan", "toy.make_pages", "--rows", "2")

    assert ended.code == 0
    assert "email: a… (19)" in ended.out
    assert "author0@example.com" not in ended.out
    assert ended.out.count("toy_page") == 2
    assert "integrity apply" in ended.err
    assert not Page.objects.exists()


def test_plans_what_a_finding_is_about(integrity, missing_pages, authors):  # noqa: F811
    missing_pages()
    authors(3)
    check(by=ADA)
    finding = Finding.objects.order_by("pk")[1]

    ended = integrity("plan", "toy.make_pages", "--finding", finding.uid, "--format", "json")

    document = json.loads(ended.out)
    assert (document["schema_version"], document["violating_rows"]) == (1, 1)
    assert document["rows"][0]["subject"] == finding.subject


@pytest.mark.parametrize("which", ["nobody's", "another's"])
def test_a_finding_that_is_not_its_own_plans_nothing(integrity, missing_pages, authors, which):  # noqa: F811
    missing_pages()
    authors(3)
    check(by=ADA)
    uid = "5b1f2f3e-3c27-4c2e-9d5c-0a4a5d3b8f11"
    if which == "another's":
        finding = Finding.objects.first()
        Finding.objects.filter(pk=finding.pk).update(invariant="toy.another")
        uid = finding.uid

    ended = integrity("plan", "toy.make_pages", "--finding", uid)

    assert (ended.code, RepairPlan.objects.count()) == (2, 0)
    assert f"No finding of what toy.make_pages mends: {uid}" in ended.err


def test_nothing_to_plan_is_no_failure(integrity, missing_pages):  # noqa: F811
    missing_pages()
    assert integrity("plan", "toy.make_pages").code == 0


def test_an_unknown_repair_is_a_usage_error_that_names_the_nearest(integrity, missing_pages):  # noqa: F811
    missing_pages()
    ended = integrity("plan", "toy.make_page")
    assert (ended.code, "toy.make_pages" in ended.err) == (2, True)


def test_a_misspelt_invariant_is_not_taken_for_another_repair(integrity, missing_pages, declared):  # noqa: F811
    missing_pages()
    ended = integrity("plan", "toy.every_author_has_page")
    assert (ended.code, "Did you mean 'toy.every_author_has_a_page'?" in ended.err) == (2, True)

    declared(FieldDrift("toy.alone", model="toy.Page", field="email", source="author__email"))
    ended = integrity("plan", "toy.alone")
    assert (ended.code, "integrity runbook toy.alone" in ended.err) == (2, True)


def test_the_plans_are_listed_the_newest_first(integrity, missing_pages, authors):  # noqa: F811
    missing_pages()
    authors(1)
    old, new = (plan_repair(repair="toy.make_pages", by=ADA) for _ in range(2))
    integrity("cancel", old.uid)

    listed = json.loads(integrity("plans", "--format", "json").out)
    assert [(each["plan"], each["state"], each["by"]) for each in listed] == [
        (str(new.uid), "draft", "operator ada"),
        (str(old.uid), "cancelled", "operator ada"),
    ]
    assert str(old.uid) not in integrity("plans", "--state", "draft").out


def test_lists_the_repairs(integrity, missing_pages):  # noqa: F811
    missing_pages()
    assert "toy.make_pages" in integrity("repairs").out


@pytest.mark.parametrize(("second_person", "next_verb"), [(False, "apply"), (True, "approve")])
def test_says_who_does_what_next_here_and_in_the_admin(
    integrity,
    missing_pages,  # noqa: F811
    authors,  # noqa: F811
    second_person,
    next_verb,
):
    missing_pages(second_person=second_person)
    authors(1)

    said = integrity("plan", "toy.make_pages").err

    assert "Nothing is changed yet" in said
    who = f", by anybody but {getpass.getuser()}" if second_person else ""
    assert f"next{who}: manage.py integrity {next_verb} {RepairPlan.objects.get().uid}" in said
    assert "in the admin: Integrity, Repair plans" in said


class TestApply:
    def test_applies_and_checks(self, integrity, plan):
        ended = integrity(
            "apply", plan["plan"], "--yes", "--reason", "incident 12", "--format", "json"
        )
        done = json.loads(ended.out)

        assert (ended.code, done["applied"], done["verdict"]) == (0, 12, "holds")
        assert Page.objects.count() == 12
        started = AuditEntry.objects.get(verb="integrity.repair_started")
        assert (started.actor_kind, started.via, started.reason) == (
            "command",
            "cli",
            "incident 12",
        )

    def test_asks_first(self, integrity, plan):
        ended = integrity("apply", plan["plan"], "--reason", "incident 12")
        assert (ended.code, "--yes" in ended.err) == (4, True)
        assert not Page.objects.exists()

    def test_wants_a_reason(self, integrity, plan):
        assert integrity("apply", plan["plan"], "--yes").code == 4

    def test_does_not_skip_a_second_person(self, integrity, missing_pages, authors):  # noqa: F811
        missing_pages(second_person=True)
        authors(1)
        mine = json.loads(integrity("plan", "toy.make_pages", "--format", "json").out)["plan"]
        ended = integrity("apply", mine, "--yes", "--reason", "x")
        assert (ended.code, "Somebody else" in ended.err) == (4, True)

        theirs = plan_repair(repair="toy.make_pages", by=ADA)
        assert integrity("approve", theirs.uid, "--reason", "looks right").code == 0
        assert integrity("apply", theirs.uid, "--yes", "--reason", "x").code == 0

    def test_approves_what_was_looked_at(self, integrity, plan):
        ended = integrity("approve", plan["plan"], "--reason", "x", "--hash", "0" * 64)
        assert ended.code == 4
        assert integrity("approve", plan["plan"], "--reason", "x", "--hash", plan["hash"]).code == 0

    def test_says_when_not_all_of_it_could_be_done(self, integrity, drifted_pages, authors):  # noqa: F811
        drifted_pages()
        made = authors(30, pages=True)
        plan = plan_repair(repair="toy.copy_addresses", by=ADA)
        Page.objects.filter(author=made[0]).update(words=5)

        ended = integrity("apply", plan.uid, "--yes", "--reason", "x")

        assert (ended.code, "--state stale" in ended.err) == (1, True)
        assert integrity("preview", plan.uid, "--state", "stale").out.count("toy_page") == 1

    def test_an_unknown_plan_is_a_usage_error(self, integrity):
        ended = integrity("apply", "00000000-0000-0000-0000-000000000000", "--yes")
        assert (ended.code, "See: manage.py integrity plans" in ended.err) == (2, True)

    def test_ctrl_c_finishes_the_chunk_and_says_how_to_go_on(self, integrity, plan, monkeypatch):
        asked = []

        def interrupt(*arguments):
            def once(progress):
                if progress.done == 1 and not asked:
                    asked.append(os.kill(os.getpid(), signal.SIGINT))

            return once

        monkeypatch.setattr("integrity.management.verbs.repairing.progress_line", interrupt)
        ended = integrity("apply", plan["plan"], "--yes", "--reason", "x")

        assert ended.code == 130
        assert f"integrity resume {plan['plan']}" in ended.err
        assert (Page.objects.count(), Run.objects.get().state) == (1, "paused")
        assert integrity("resume", plan["plan"]).code == 0
        assert (Page.objects.count(), RepairPlan.objects.get().applied) == (12, 12)


class TestUndo:
    def test_puts_back(self, integrity, plan):
        integrity("apply", plan["plan"], "--yes", "--reason", "x")

        ended = integrity("undo", plan["plan"], "--yes", "--reason", "wrong", "--format", "json")

        done = json.loads(ended.out)
        assert (ended.code, done["undone"], done["undo"]) == (0, 12, "done")
        assert "12 changes were put back. The check after it found that" in ended.err
        assert not Page.objects.exists()

    def test_lists_what_was_edited_since(self, integrity, plan):
        integrity("apply", plan["plan"], "--yes", "--reason", "x")
        Page.objects.filter(pk=Page.objects.first().pk).update(words=5)

        assert integrity("undo", plan["plan"], "--yes", "--reason", "wrong").code == 1
        assert "edited since" in integrity("preview", plan["plan"], "--state", "conflict").out

    def test_that_is_refused_exits_4(self, integrity, plan):
        assert integrity("undo", plan["plan"], "--yes", "--reason", "wrong").code == 4
        assert RepairPlan.objects.get().error

        cancelled = json.loads(integrity("cancel", plan["plan"], "--format", "json").out)
        assert (cancelled["error"], cancelled["undo"]) == (None, "none: it has changed nothing")
        ended = integrity("undo", plan["plan"], "--yes", "--reason", "wrong")
        assert "It has changed nothing" in ended.err


def test_values_are_shown_to_who_asks_and_the_log_says_so(integrity, plan):
    ended = integrity("preview", plan["plan"], "--reveal", "--reason", "ticket 5")

    assert "author0@example.com" in ended.out
    assert AuditEntry.objects.get(verb="integrity.repair_revealed").reason == "ticket 5"
