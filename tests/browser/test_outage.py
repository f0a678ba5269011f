"""A visitor of the demo and the identity provider: a deletion that needs a person, and an outage."""

import io
import re

import pytest
from django.core.management.base import OutputWrapper
from playwright.sync_api import expect

from accounts.models import Tombstone
from demo.contents import prepare
from demo.faults import OPERATOR
from demo.leavers import BY, TOGETHER, standing_still
from integrity.models import Incident, OutboxMessage, ProviderGate, Saga
from integrity.saga.engine import run_due
from integrity.watch import keep_watch
from tests.accounts.leaving.story import LONG_AGO, time_passes
from tests.browser.visitor import WCAG, Visitor
from tests.rounds import rounds_until

SAGAS = "/admin/integrity/saga/"
REFUSES_ALL = "integrity.no_provider_refuses_all"


@pytest.fixture
def password(vendors, settings, tmp_path):
    """Of the demo's operator. Nobody else is at work here, so no call can land late."""
    settings.DEBUG = True
    settings.STAND_INS_URL = vendors.url
    settings.INTEGRITY = {**settings.INTEGRITY, "SAGA_QUIET": 0.0}
    out = OutputWrapper(io.StringIO())
    return prepare(couples=12, out=out, vendors=tmp_path / "vendors").password


def log_in(newcomer: Visitor, password: str) -> None:
    newcomer.type(login=OPERATOR, password=password)
    newcomer.press("Log in")


def sees_said(newcomer: Visitor, text: str) -> None:
    expect(newcomer.page.get_by_text(re.compile(text)).first).to_be_visible()


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without"])
def test_a_deletion_that_needs_a_person_is_found_and_healed(open_browser, password, scripts):
    newcomer, saga = open_browser(scripts=scripts), standing_still()
    newcomer.open("/demo/")
    newcomer.follow("Open the overview")
    log_in(newcomer, password)
    newcomer.sees("Sagas that need a person or keep failing")
    newcomer.look_around(**WCAG)

    newcomer.open("/demo/")
    newcomer.look_around()
    newcomer.follow("See why it stands still")
    newcomer.sees("Delete an account: needs a person")
    sees_said(newcomer, "It stands still at “Remove the identity”: .*405 method_not_allowed")
    newcomer.look_around(**WCAG)
    newcomer.follow("Try again")
    newcomer.type(reason="The firewall lets it through by now")
    newcomer.press("Try again")
    sees_said(newcomer, "a worker takes it within seconds")
    run_due()
    newcomer.page.reload()

    newcomer.sees("Delete an account: completed")
    newcomer.open("/admin/integrity/overview/")
    expect(newcomer.page.get_by_text("Sagas that need a person")).to_have_count(0)
    assert Tombstone.objects.filter(uid=saga.subject).exists()
    newcomer.open("/demo/")
    expect(newcomer.page.get_by_text("One deletion needs a person")).to_have_count(0)


def all_come_to_the_gate() -> None:
    shut = ProviderGate.objects.filter(shut_until__isnull=False)
    for _ in rounds_until(shut.exists, "a gate that is shut"):
        run_due()
        Saga.objects.filter(state__in=Saga.ACTIVE).update(wake_at=LONG_AGO)
    run_due()
    for _ in range(2):
        keep_watch(by=BY)
    assert ProviderGate.objects.count() == 1
    assert Incident.objects.get(subject=REFUSES_ALL).state == "open"


def all_come_to_their_end() -> None:
    active = Saga.objects.filter(state__in=Saga.ACTIVE)
    for _ in rounds_until(lambda: not active.exists(), "the end of every deletion"):
        time_passes()
        run_due()


def test_an_outage_is_one_gate_and_one_alert_and_ends_by_itself(open_browser, password):
    newcomer = open_browser()
    newcomer.open("/demo/")
    newcomer.follow("As a vendor who fails")
    newcomer.press("Switch Supabase Auth off")
    newcomer.press("Let three couples leave now")
    sees_said(newcomer, "3 deletions under way")
    newcomer.look_around()
    all_come_to_the_gate()

    newcomer.follow("See them on the desk")
    log_in(newcomer, password)
    newcomer.is_at(SAGAS)
    waiting = newcomer.page.get_by_role("row").filter(has_text="waits for a provider")
    expect(waiting).to_have_count(TOGETHER)
    newcomer.look_around(**WCAG)
    waiting.first.get_by_role("link").first.click()
    newcomer.sees("Providers that refuse everybody")
    newcomer.look_around(**WCAG)

    newcomer.open("/demo/vendors/")
    newcomer.press("Switch Supabase Auth on again")
    sees_said(newcomer, "Supabase Auth is up")
    all_come_to_their_end()
    newcomer.open(SAGAS + "?view=ended")
    ended = newcomer.page.get_by_role("row").filter(has=newcomer.page.get_by_role("link"))
    expect(ended.filter(has_text="completed")).to_have_count(TOGETHER)
    assert not ProviderGate.objects.exists()
    assert not OutboxMessage.objects.filter(state="dead").exists()
