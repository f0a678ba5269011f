"""The pages about payments: facts to read, and one verb."""

import pytest
from django.contrib.admin import site
from django.contrib.admin.utils import quote
from django.contrib.auth.models import Permission
from django.urls import get_resolver, reverse

from accounts.billing.usage import use
from accounts.models import Event, Metric, Payment, Subscription, Tombstone, UsageCounter
from accounts.views.webhooks import STRIPE
from integrity.models import AuditEntry
from tests.accounts.billing.stripe_story import an_event, invoice, story, subscription
from tests.accounts.billing.test_inbox import send
from tests.factories import CoupleFactory, OperatorFactory

pytestmark = pytest.mark.django_db(transaction=True)
PAGES = ["event", "subscription", "payment", "usagecounter"]


@pytest.fixture
def couple():
    """Who pays, has paid and uses."""
    couple = CoupleFactory(email="ada@example.com")
    told = story(couple)
    send(subscription("created", told, "active"))
    send(invoice("paid", told))
    wedding = couple.membership.wedding
    use(wedding=wedding, metric=Metric.INVITATIONS, operation="invitation:1", by=STRIPE)
    return couple


@pytest.fixture
def operator(client):
    get_resolver().url_patterns  # noqa: B018 - the admin is put together with the URLs
    client.force_login(OperatorFactory())


def page(client, model, row):
    return client.get(reverse(f"admin:accounts_{model}_change", args=[quote(row.pk)]))


def replay(client, event):
    url = reverse("admin:accounts_event_replay", args=[quote(event.pk)])
    form = {"reason": "a test", "operation": "5d1c5d1c-5d1c-45d1-85d1-5d1c5d1c5d1c"}
    return client.post(url, form, follow=True)


def test_each_list_is_shown_and_searched(client, operator, couple):
    for model in PAGES:
        url = reverse(f"admin:accounts_{model}_changelist")
        assert client.get(url).status_code == 200
        assert client.get(url, {"q": "ada@example.com"}).status_code == 200
        assert client.get(url, {"q": "\u0000"}).status_code in (200, 302)


def test_a_payment_is_found_by_address_and_by_stripes_id(client, operator, couple):
    url = reverse("admin:accounts_payment_changelist")
    name = Payment.objects.get().pk
    for words in ("ada@", str(couple.uid), name):
        assert name in client.get(url, {"q": words}).text
    assert name not in client.get(url, {"q": "eve@"}).text


def test_an_event_shows_which_rows_it_changed_and_not_what_it_says(client, operator, couple):
    event = Event.objects.get(type="customer.subscription.created")
    shown = page(client, "event", event).text

    assert f"accounts.subscription:{Subscription.objects.get().pk}" in shown
    assert "ada@example.com" not in shown


def test_a_subscription_says_until_when_premium_lasts(client, operator, couple):
    assert "premium until" in page(client, "subscription", Subscription.objects.get()).text.lower()


def test_a_subscription_that_was_given_notice_or_has_ended_does_not_renew(couple):
    admin, known = site.get_model_admin(Subscription), Subscription.objects.get()
    assert admin.renews(known)
    assert not admin.renews(Subscription(status="active", cancel_at_period_end=True))
    assert not admin.renews(Subscription(status="canceled"))


def test_an_event_says_in_words_why_it_changed_nothing():
    event = Event(reason="other_mode", livemode=False)
    admin = site.get_model_admin(Event)
    assert (admin.mode(event), admin.why(event)) == ("test", Event.Reason.OTHER_MODE.label)
    assert admin.why(Event(reason="NotUnderstood")) == "NotUnderstood"


def test_a_payment_of_somebody_who_is_gone_has_its_page(client, operator, couple):
    tombstone = Tombstone.objects.create(uid=couple.uid)
    Payment.objects.update(user=None, tombstone=tombstone)

    assert str(tombstone) in page(client, "payment", Payment.objects.get()).text


def test_a_counter_shows_its_entries(client, operator, couple):
    assert "invitation:1" in page(client, "usagecounter", UsageCounter.objects.get()).text


def test_nobody_adds_changes_or_deletes_a_fact(client, operator, couple):
    for model, kind in zip(PAGES, (Event, Subscription, Payment, UsageCounter), strict=True):
        row = kind.objects.order_by("pk").first()
        name = f"admin:accounts_{model}"
        assert client.get(reverse(f"{name}_add")).status_code == 403
        assert client.post(reverse(f"{name}_delete", args=[quote(row.pk)])).status_code == 403
        assert client.post(reverse(f"{name}_change", args=[quote(row.pk)])).status_code == 403


class TestReplay:
    def test_an_id_with_underscores_leads_to_its_event(self, client, operator):
        """The admin takes `_23` in an address for an escaped character."""
        event = an_event(name="evt_1_23")
        verb = reverse("admin:accounts_event_replay", args=[quote(event.pk)])

        assert verb in page(client, "event", event).text
        assert "The event changed nothing" in replay(client, event).text

    def test_of_an_applied_event_it_says_that_it_was_a_no_op(self, client, operator, couple):
        shown = replay(client, Event.objects.filter(state="applied").first())

        assert "A no-op: this event was applied before" in shown.text
        assert not AuditEntry.objects.filter(verb="accounts.event_replayed").exists()

    def test_of_an_ignored_event_it_says_what_became_of_it(self, client, operator):
        shown = replay(client, an_event())

        assert "The event changed nothing: ignored, no_owner." in shown.text
        assert AuditEntry.objects.get(verb="accounts.event_replayed").reason == "a test"

    def test_a_forgotten_event_is_refused_in_the_dialog(self, client, operator):
        event = an_event()
        Event.objects.update(sealed=None)

        assert "Ask Stripe to send it again" in replay(client, event).text

    def test_it_takes_its_own_permission(self, client):
        get_resolver().url_patterns  # noqa: B018
        clerk = OperatorFactory(is_superuser=False)
        clerk.user_permissions.add(Permission.objects.get(codename="view_event"))
        client.force_login(clerk)
        event = an_event()
        assert replay(client, event).status_code == 403

        clerk.user_permissions.add(Permission.objects.get(codename="replay_event"))
        assert replay(client, event).status_code == 200
