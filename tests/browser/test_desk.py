"""A newcomer's way over the desk: what is broken, how it is seen, judged and checked again."""

import io
import re

import pytest
from django.core.management.base import OutputWrapper
from playwright.sync_api import expect

from accounts.models import User
from demo.contents import prepare
from demo.faults import FAULTS, OPERATOR
from integrity.models import AuditEntry, Finding, Run
from integrity.queued import make_queued
from tests.browser.visitor import WCAG, Visitor

REASON = "Seen on the desk"
COUNTS = "A wedding's stats say how many tasks are done."
WITH_AND_WITHOUT_SCRIPTS = pytest.mark.parametrize("scripts", [True, False])


@pytest.fixture
def password(site, settings):
    """Of the demo's operator; what is broken in it is found."""
    settings.DEBUG = True
    made = prepare(couples=8, out=OutputWrapper(io.StringIO()))
    return made.password


@pytest.fixture
def enter(open_browser, password):
    """By the demo's first page to the overview, as it tells one to do."""

    def enter(*, scripts: bool = True) -> Visitor:
        newcomer = open_browser(scripts=scripts)
        newcomer.open("/demo/")
        newcomer.follow("Open the overview")
        newcomer.type(login=OPERATOR, password=password)
        newcomer.press("Log in")
        newcomer.is_at("/admin/integrity/overview/")
        return newcomer

    return enter


def first_finding(newcomer: Visitor):
    newcomer.follow(COUNTS)
    found = newcomer.page.get_by_role("link", name=re.compile(r"^accounts\.weddingstats:"))
    expect(found).to_have_count(3)
    found.first.click()


@WITH_AND_WITHOUT_SCRIPTS
def test_finds_what_is_broken_from_the_first_page(enter, scripts):
    newcomer = enter(scripts=scripts)
    expect(
        newcomer.page.get_by_text(re.compile(r"\d+ of \d+ invariants are broken"))
    ).to_be_visible()
    expect(newcomer.page.get_by_role("row").filter(has_text="broken")).to_have_count(5)

    first_finding(newcomer)

    expect(newcomer.page.get_by_role("row").filter(has_text="value")).to_be_visible()


@WITH_AND_WITHOUT_SCRIPTS
def test_judges_a_finding_and_is_named_in_the_audit_log(enter, scripts):
    newcomer = enter(scripts=scripts)
    first_finding(newcomer)
    newcomer.follow("Acknowledge")
    newcomer.type(reason=REASON)
    newcomer.press("Acknowledge")
    expect(
        newcomer.page.get_by_text("integrity.finding_acknowledged").filter(has_text=REASON)
    ).to_be_visible()

    newcomer.open("/admin/integrity/auditentry/")
    row = newcomer.page.get_by_role("row").filter(has_text=REASON)
    expect(row).to_contain_text("integrity.finding")


def test_asks_for_a_check_and_reads_its_results(enter):
    newcomer = enter()
    newcomer.follow("Check all now")
    newcomer.type(reason=REASON)
    newcomer.press("Check now")
    expect(newcomer.page.get_by_text("The check is queued")).to_be_visible()
    assert len(make_queued()) == 1

    newcomer.open("/admin/integrity/run/")
    newcomer.page.get_by_role("row").nth(1).get_by_role("link").click()

    expect(newcomer.page.get_by_role("heading", name=re.compile("Check of all"))).to_be_visible()
    expect(newcomer.page.get_by_role("row").filter(has_text="broken")).to_have_count(5)


def test_finds_a_user_without_a_profile_by_the_address(enter):
    newcomer = enter()
    newcomer.open("/admin/accounts/person/")
    newcomer.type(q="imported1@example.com")
    newcomer.press("Find")
    expect(newcomer.page.get_by_text("broken for this person")).to_be_visible()
    newcomer.look_around(**WCAG)


def test_plants_them_again(open_browser, password):
    newcomer = open_browser()
    newcomer.open("/demo/")
    newcomer.look_around()
    newcomer.press("Plant them again")
    expect(newcomer.page.get_by_text("a check has found them")).to_be_visible()


def test_finds_every_page_of_the_desk_in_order(enter):
    newcomer = enter()
    finding, run = Finding.objects.order_by("pk")[0], Run.objects.get()
    pages = [
        "overview/",
        "finding/",
        "finding/?view=resolved",
        f"finding/{finding.pk}/change/",
        "invariant/",
        f"invariant/{FAULTS[0].invariant}/change/",
        "run/",
        f"run/{run.pk}/change/",
        "repair/",
        "repair/onboarding.recount_done_tasks/change/",
        "repairplan/",
        "saga/",
        "incident/",
        "auditentry/",
        f"auditentry/{AuditEntry.objects.order_by('pk')[0].pk}/change/",
    ]
    for page in pages:
        newcomer.open(f"/admin/integrity/{page}")
        newcomer.look_around(**WCAG)
    assert User.objects.filter(profile=None).exists(), "a page has mended something"
