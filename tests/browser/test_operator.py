"""An operator's way: to the account of a couple, a verb with its reason, and what is kept of it."""

import pytest
from playwright.sync_api import expect

from accounts.models import Hold
from tests.browser.visitor import PHONE, WCAG, Visitor
from tests.factories import PASSWORD, OnboardedCoupleFactory, OperatorFactory

REASON = "They asked by telephone"
VERB = "Set the interests"


@pytest.fixture
def couple():
    return OnboardedCoupleFactory(email="ada@example.com", interests=["music", "food", "flowers"])


@pytest.fixture
def operator(open_browser, couple):
    """Logged in, at the first page of the admin."""
    user, operator = OperatorFactory(), open_browser()
    operator.open("/admin/")
    operator.type(login=user.email, password=PASSWORD)
    operator.press("Log in")
    operator.is_at("/admin/")
    return operator


def open_account(operator: Visitor) -> None:
    operator.page.locator("#nav-sidebar").get_by_role("link", name="Users").click()
    operator.page.get_by_role("link", name="ada@example.com").click()
    expect(operator.page.get_by_text("What operators did")).to_be_visible()


def dialog(operator: Visitor):
    return operator.page.locator("#modal-content")


def test_sets_interests_by_the_dialog_and_finds_it_in_the_audit_log(operator, couple):
    open_account(operator)
    operator.follow(VERB)
    dialog(operator).get_by_role("checkbox", name="Music").uncheck()
    operator.type(reason=REASON)
    dialog(operator).get_by_role("button", name=VERB).click()
    expect(dialog(operator).get_by_role("alert")).to_contain_text("at least 3")
    expect(dialog(operator).locator("[name=reason]")).to_have_value(REASON)

    dialog(operator).get_by_role("checkbox", name="Ceremony").check()
    dialog(operator).get_by_role("button", name=VERB).click()

    expect(operator.page.get_by_text("1 new, 1 removed")).to_be_visible()
    operator.follow("What operators did")
    row = operator.page.get_by_role("row").filter(has_text=REASON)
    expect(row).to_contain_text(f"accounts.user:{couple.uid}")


def test_adds_a_couple_whose_mail_then_waits_in_the_outbox(operator, deliver_mail):
    operator.page.locator("#nav-sidebar").get_by_role("link", name="Users").click()
    operator.follow("Add a couple")
    operator.type(email="new@example.com", reason=REASON)
    dialog(operator).get_by_role("button", name="Add the couple").click()
    expect(operator.page.get_by_role("link", name="new@example.com")).to_be_visible()

    operator.page.locator("#nav-sidebar").get_by_role("link", name="Outbox").click()
    expect(operator.page.get_by_role("row").filter(has_text="accounts.mail")).to_have_count(1)
    deliver_mail()
    operator.page.reload()
    expect(operator.page.get_by_role("row").filter(has_text="accounts.mail")).to_have_count(0)


def test_uses_a_verb_on_a_phone(operator):
    operator.page.set_viewport_size(PHONE)
    operator.open("/admin/accounts/user/")
    operator.page.get_by_role("link", name="ada@example.com").click()
    operator.page.get_by_role("link", name="more_horiz").click()
    operator.follow(VERB)
    expect(dialog(operator).get_by_role("button", name=VERB)).to_be_in_viewport(ratio=1)


def test_finds_every_page_in_order(operator, couple):
    # With all the verbs that an account may have.
    Hold.objects.create(user=couple, reason="a court asks", placed_by="eve")
    pages = [
        "",
        "accounts/user/",
        f"accounts/user/{couple.pk}/change/",
        f"accounts/user/{couple.pk}/set-interests",
        f"accounts/wedding/{couple.membership.wedding_id}/change/",
        "onboarding/task/",
        "integrity/outboxmessage/",
        "integrity/auditentry/",
        "django_celery_beat/periodictask/",
        "auth/group/add/",
    ]
    for page in pages:
        operator.open(f"/admin/{page}")
        operator.look_around(**WCAG)
