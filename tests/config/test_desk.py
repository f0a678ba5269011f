from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from accounts.elsewhere.listing import differs
from accounts.models import Comparison, Listing, MissedEvent
from integrity.invariants import invariants
from integrity.models import Ended, FlowOutcome, OutboxMessage
from integrity.outbox import enqueue
from tests.factories import OperatorFactory
from tests.integrity.admin.desk import run

pytestmark = pytest.mark.django_db
FIGURES = [
    "Invariants broken",
    "Effects given up",
    "Effects waiting",
    "Writes that failed",
    "Accounts made",
]


@pytest.fixture
def desk(client):
    """What the first page shows to an operator who may look at everything."""
    client.force_login(OperatorFactory())
    return lambda: client.get(reverse("admin:index"))


def figure(page, title):
    return next(each for each in page.context["figures"] if each["title"] == title)


def test_what_is_otherwise_at_stripe_is_bad_and_so_is_not_having_asked(desk, settings):
    settings.STRIPE_API_KEY = "sk_test_x"
    never = figure(desk(), "Otherwise at Stripe")
    Comparison.objects.create(since=timezone.now(), finished_at=timezone.now())
    agreed = figure(desk(), "Otherwise at Stripe")
    MissedEvent.objects.create(stripe_id="evt_1", type="invoice.paid", sealed=b"")
    missed = figure(desk(), "Otherwise at Stripe")

    assert (never["is_bad"], never["note"]) == (True, "Never read to the end: does beat run?")
    assert (agreed["count"], agreed["is_bad"]) == (0, False)
    assert (missed["count"], missed["is_bad"]) == (1, True)


def otherwise(of, what, *, readings=2):
    seen = differs(of, what, f"{of}-{what}", None)
    seen.seen_in, seen.readings = Listing.objects.filter(of=of).latest("pk"), readings
    seen.save(force_insert=True)


def test_who_is_otherwise_elsewhere_is_bad_and_who_is_nobodys_is_told(desk, settings):
    settings.RESEND_CONTACTS_KEY = "re_x"
    never = figure(desk(), "Otherwise elsewhere")
    Listing.objects.create(of="contacts", finished_at=timezone.now())
    agreed = figure(desk(), "Otherwise elsewhere")
    otherwise(Listing.Of.CONTACTS, "nobodys")
    strangers = figure(desk(), "Otherwise elsewhere")
    settings.SUPABASE_URL, settings.SUPABASE_SERVICE_KEY = "https://a.example", "key"
    half = figure(desk(), "Otherwise elsewhere")
    Listing.objects.create(of="identities", finished_at=timezone.now())
    otherwise(Listing.Of.IDENTITIES, "nobodys")
    found = figure(desk(), "Otherwise elsewhere")

    assert (never["is_bad"], never["note"]) == (True, "Never read to the end: does beat run?")
    assert (agreed["count"], agreed["is_bad"]) == (0, False)
    assert (strangers["count"], strangers["is_bad"]) == (0, False)
    assert strangers["note"].endswith("; 1 more there, nobody's here")
    assert (half["is_bad"], half["note"][:17]) == (True, "Never read to the")
    assert (found["count"], found["is_bad"]) == (1, True)


def test_what_one_reading_saw_is_not_counted_yet(desk, settings):
    settings.SUPABASE_URL, settings.SUPABASE_SERVICE_KEY = "https://a.example", "key"
    Listing.objects.create(of="identities", finished_at=timezone.now())
    otherwise(Listing.Of.IDENTITIES, "nobodys", readings=1)

    assert figure(desk(), "Otherwise elsewhere")["count"] == 0


def promise(**facts):
    with transaction.atomic():
        enqueue("accounts.mail", key="desk", sealed={})
    OutboxMessage.objects.update(**facts)


def test_on_a_quiet_day_nothing_is_bad(desk):
    page = desk()

    assert [each["title"] for each in page.context["figures"]] == FIGURES
    assert not any(each["is_bad"] for each in page.context["figures"])


def test_what_is_broken_is_bad_and_what_was_never_looked_at_is_said(desk):
    name = invariants.names()[0]
    run([(name, "broken", 3)])

    broken = figure(desk(), "Invariants broken")

    assert (broken["count"], broken["is_bad"]) == (1, True)
    assert "never looked at" in broken["note"]


def test_what_was_given_up_is_bad_and_leads_to_its_list(desk, client):
    promise(state="dead", dead_at=timezone.now())

    given_up = figure(desk(), "Effects given up")

    assert (given_up["count"], given_up["is_bad"]) == (1, True)
    assert client.get(given_up["url"]).context["cl"].result_count == 1


@pytest.mark.parametrize(("minutes", "is_late"), [(0, False), (5, True)])
def test_what_is_due_for_minutes_asks_for_the_worker(desk, minutes, is_late):
    promise(available_at=timezone.now() - timedelta(minutes=minutes))

    waiting = figure(desk(), "Effects waiting")

    assert (waiting["count"], waiting["is_bad"]) == (1, is_late)
    assert ("does the worker run" in waiting["note"]) == is_late


def test_failures_of_the_last_day_are_counted_beside_what_went_well(desk):
    for outcome in ("committed", "failed", "unconfirmed"):
        FlowOutcome.add(Ended("accounts.sign_up", outcome, 0.1))

    page = desk()

    assert figure(page, "Writes that failed")["count"] == 2
    assert figure(page, "Writes that failed")["note"] == "In 24 hours, of 3"
    assert figure(page, "Accounts made")["count"] == 1


def test_one_sees_the_areas_and_figures_that_one_may_look_at(client):
    operator = OperatorFactory(is_superuser=False)
    operator.user_permissions.add(Permission.objects.get(codename="view_user"))
    client.force_login(operator)

    page = client.get(reverse("admin:index"))

    assert page.context["figures"] == []
    assert reverse("admin:accounts_user_changelist") in page.text
    assert reverse("admin:integrity_outboxmessage_changelist") not in page.text


def test_every_page_of_the_menu_is_there_and_says_where_one_is(desk, client):
    areas = desk().context["sidebar_navigation"]

    pages = [client.get(str(item["link"])) for area in areas for item in area["items"]]

    assert {page.status_code for page in pages} == {200}
    assert all(page.context["environment"] == ("demo", "info") for page in pages)


def test_a_password_is_changed_on_the_page_that_tells_its_owner(desk, client):
    desk()
    assert client.get("/admin/password_change/").url == reverse("account_change_password")


def test_who_logs_out_is_back_at_the_front(desk, client):
    desk()
    assert client.post(reverse("admin:logout")).url == "/"
