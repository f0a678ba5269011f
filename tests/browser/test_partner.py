"""One of two asks the other by mail, who comes with an account and a wedding of their own, and goes."""

import pytest
from playwright.sync_api import expect

from accounts.models import Wedding
from tests.browser.test_couple import log_in
from tests.factories import OnboardedCoupleFactory


def open_the_invitation(visitor):
    visitor.open("/demo/mail/")
    visitor.page.get_by_role("row").nth(1).get_by_role("link").click()
    visitor.page.locator("main").locator("a[href*='/join/']").first.click()


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without"])
def test_two_meet_in_one_wedding_and_part(scripts, open_browser, deliver_mail):
    ada, grace = OnboardedCoupleFactory(), OnboardedCoupleFactory()
    his, hers = open_browser(scripts=scripts), open_browser(scripts=scripts)
    log_in(hers, ada)
    log_in(his, grace)

    hers.open("/account/partner/")
    hers.look_around()
    hers.type(email=grace.email)
    hers.press("Send the invitation")
    expect(hers.page.locator("main")).to_contain_text("Invitations on their way")
    hers.look_around()
    deliver_mail()

    open_the_invitation(his)
    his.sees("Plan together?")
    his.look_around()
    his.page.locator("[name=closes_work]").check()
    his.press("Yes, plan together")
    expect(his.page.locator("main")).not_to_contain_text("Plan together?")
    shared = Wedding.objects.get(members__user=grace)
    assert {each.user_id for each in shared.members.all()} == {ada.pk, grace.pk}

    his.open("/account/partner/")
    his.look_around()
    his.follow("Leave this wedding")
    his.look_around()
    his.press("Yes, leave this wedding")
    his.open("/account/partner/")
    his.sees("Invite your partner")
    assert [each.user_id for each in shared.members.all()] == [ada.pk]
    assert Wedding.objects.filter(members__user=grace, status="open").count() == 1
