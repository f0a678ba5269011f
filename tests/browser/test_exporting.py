"""A couple asks for a copy of their data, sees how far it is, and opens what they have downloaded."""

from datetime import timedelta
from zipfile import ZipFile

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from accounts.exporting.copies import KIND
from accounts.models import Export
from integrity.models import Saga
from integrity.saga.control import pause
from integrity.saga.engine import run_due
from tests.accounts.exporting.test_copies import ANN
from tests.accounts.leaving.story import changed
from tests.accounts.leaving.test_matrix import refuse
from tests.browser.test_couple import log_in
from tests.factories import PASSWORD, OnboardedCoupleFactory


def ask_for_it(visitor):
    visitor.type(password=PASSWORD)
    visitor.press("Make a copy")
    visitor.sees("Your copy is being made")


def download(visitor):
    with visitor.page.expect_download() as begun:
        visitor.follow("Download it")
    return begun.value


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without"])
def test_asks_for_a_copy_and_opens_it(scripts, open_browser, tmp_path):
    ada, couple = open_browser(scripts=scripts), OnboardedCoupleFactory(profile__name="Ada")
    log_in(ada, couple)
    ada.open("/account/")
    ada.follow("Get a copy of your data")
    ada.sees("A copy of your data")
    ada.look_around()

    ask_for_it(ada)
    ada.look_around()
    run_due()
    if not scripts:
        ada.follow("Look again")
    ada.sees("Your copy is ready")
    if scripts:
        expect(ada.page.get_by_role("button", name="Show the password")).to_be_visible()
    ada.look_around()

    file = download(ada)
    file.save_as(tmp_path / "copy.zip")
    assert file.suggested_filename == f"everafter-{timezone.now():%Y-%m-%d}.zip"
    with ZipFile(tmp_path / "copy.zip") as archive:
        archive.extractall(tmp_path)
    if scripts:
        read_it(ada, tmp_path / "index.html")


def read_it(visitor, page):
    """From the disk, as whoever has downloaded it does."""
    visitor.site = "file://"
    visitor.open(page.as_uri())
    visitor.sees("What Everafter keeps of you")
    expect(visitor.page.locator("#accounts_profile")).to_contain_text("Ada")
    visitor.look_around()


def test_is_told_what_went_wrong_and_what_is_over(open_browser):
    ada, couple = open_browser(), OnboardedCoupleFactory()
    log_in(ada, couple)
    ada.open("/account/export/")

    ask_for_it(ada)
    pause(saga=Saga.objects.get().uid, by=ANN)
    ada.open("/account/export/")
    expect(ada.page.locator("main")).to_contain_text("a person is looking at it")
    ada.look_around()
    Saga.objects.update(state="running", parked_from="")

    with changed("collect", kind=KIND, run=refuse):
        run_due()
    ada.open("/account/export/")
    expect(ada.page.locator("main")).to_contain_text("could not be made")
    ada.look_around()

    ask_for_it(ada)
    run_due()
    ada.sees("Your copy is ready")
    Export.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    ada.page.reload()
    expect(ada.page.locator("main")).to_contain_text("is removed")
    ada.look_around()
