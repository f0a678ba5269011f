"""The pages about plan changes and comparisons: facts to read, linked, and open to who may look."""

import re
from datetime import timedelta

import pytest
from django.contrib.admin.utils import quote
from django.urls import get_resolver, reverse
from django.utils import timezone

from accounts.billing.plan import buy_premium, change_renewal
from accounts.models import (
    Comparison,
    Contact,
    Event,
    ListedSubscription,
    MissedEvent,
    PlanChange,
    Subscription,
)
from accounts.views.webhooks import STRIPE
from integrity.models import OutboxMessage
from integrity.sealed import seal
from tests.accounts.billing.stripe_story import an_event, story, subscription
from tests.accounts.billing.test_inbox import send
from tests.factories import CoupleFactory, OperatorFactory
from tests.integrity.admin.desk import operator

pytestmark = pytest.mark.django_db(transaction=True)
MODELS = {
    "planchange": PlanChange,
    "comparison": Comparison,
    "missedevent": MissedEvent,
    "listedsubscription": ListedSubscription,
    "subscription": Subscription,
    "event": Event,
}
NEW = list(MODELS)[:4]


@pytest.fixture(autouse=True)
def desk():
    get_resolver().url_patterns  # noqa: B018 - the admin is put together with the URLs


@pytest.fixture
def couple():
    """Who has subscribed, has cancelled, and whose subscription is otherwise at Stripe."""
    couple = CoupleFactory(email="ada@example.com")
    told = story(couple, customer="cus_Ada", subscription="sub_1_Ada")
    send(subscription("created", told, "active"))
    change_renewal(user=couple, renews=False, by=STRIPE)
    Comparison.objects.create(since=timezone.now(), finished_at=timezone.now())
    MissedEvent.objects.create(stripe_id="evt_1_23", type="invoice.paid", sealed=seal({"body": ""}))
    ListedSubscription.objects.create(
        stripe_id="sub_1_Ada",
        status="past_due",
        cancel_at_period_end=False,
        period_end=timezone.now(),
        customer_id="cus_Ada",
        seen_at=timezone.now(),
        differs_since=timezone.now() - timedelta(days=1),
    )
    return couple


def listing(model):
    return reverse(f"admin:accounts_{model}_changelist")


def page(model, row=None):
    row = row or MODELS[model].objects.get()
    return reverse(f"admin:accounts_{model}_change", args=[quote(row.pk)])


def shown(client, url, **query):
    answer = client.get(url, query)
    assert answer.status_code == 200
    return " ".join(answer.text.split())


@pytest.mark.parametrize("model", MODELS)
def test_a_page_is_open_to_exactly_its_own_permission(client, couple, model):
    for held in MODELS:
        client.force_login(operator(f"view_{held}"))
        wanted = 200 if held == model else 403
        assert client.get(listing(model)).status_code == wanted, held
        assert client.get(page(model)).status_code == wanted, held


def test_a_replay_is_open_to_exactly_its_own_permission(client):
    event = an_event()
    url = reverse("admin:accounts_event_replay", args=[quote(event.pk)])
    form = {"reason": "a test", "operation": "5d1c5d1c-5d1c-45d1-85d1-5d1c5d1c5d1c"}
    for held in [*(f"view_{each}" for each in MODELS), "retry_effect", "apply_repair"]:
        client.force_login(operator(held))
        assert client.post(url, form).status_code == 403, held
    client.force_login(operator("replay_event"))
    assert client.post(url, form).status_code == 302


@pytest.mark.parametrize("model", NEW)
def test_nobody_adds_changes_or_deletes_a_fact(client, couple, model):
    client.force_login(OperatorFactory())
    before = MODELS[model].objects.values().get()
    name = f"admin:accounts_{model}"
    key = [quote(before[MODELS[model]._meta.pk.attname])]

    assert client.get(reverse(f"{name}_add")).status_code == 403
    for verb in ("change", "delete"):
        assert client.post(reverse(f"{name}_{verb}", args=key)).status_code == 403
    chosen = {"action": "delete_selected", "_selected_action": key}
    client.post(listing(model), chosen)
    assert MODELS[model].objects.values().get() == before


class TestPlanChange:
    def test_leads_to_the_person_the_subscription_and_the_effect(self, client, couple):
        client.force_login(OperatorFactory())
        told = shown(client, page("planchange"))

        effect = OutboxMessage.objects.get(effect="accounts.carry_out_plan_change")
        for url in (
            reverse("admin:accounts_user_change", args=[couple.pk]),
            page("subscription"),
            reverse("admin:integrity_outboxmessage_change", args=[effect.pk]),
        ):
            assert f'href="{url}"' in told

    @pytest.mark.parametrize("words", ["ada@", "sub_1_Ada", "{change}", "{couple}"])
    def test_is_found_by_whom_and_by_what_it_is_about(self, client, couple, words):
        client.force_login(OperatorFactory())
        row = PlanChange.objects.get()
        words = words.format(change=row.uid, couple=couple.uid)

        # In a cell of its own: a link within another one leads nowhere.
        to_it = rf'href="{page("planchange")}[^"]*"[^>]*>\s*Cancel'
        assert re.search(to_it, shown(client, listing("planchange"), q=words))
        assert page("planchange") not in shown(client, listing("planchange"), q="eve@")

    def test_never_shows_the_page_on_which_anybody_may_pay(self, client, settings, couple):
        settings.STRIPE_API_KEY, settings.STRIPE_PRICE = "sk_test_x", "price_x"
        change = buy_premium(user=CoupleFactory(), by=STRIPE)
        where = {"checkout_id": "cs_1", "checkout_url": "https://pay.example/secret"}
        PlanChange.objects.filter(pk=change.pk).update(
            state="open", answered_at=timezone.now(), **where
        )
        client.force_login(OperatorFactory())

        assert "cs_1" in shown(client, page("planchange", change))
        assert "secret" not in shown(client, page("planchange", change))


class TestComparison:
    def test_says_what_is_missed_and_what_differs_and_leads_there(self, client, couple):
        client.force_login(OperatorFactory())
        told = shown(client, page("comparison"))

        for model in ("missedevent", "listedsubscription"):
            assert f'href="{listing(model)}">1</a>' in told
        assert "/integrity/invariant/accounts.every_event_of_stripe_is_here/" in told

    def test_a_missed_event_says_whether_it_has_come_since(self, client, couple):
        client.force_login(OperatorFactory())
        assert "It has not come." in shown(client, page("missedevent"))

        event = an_event(name="evt_1_23")

        assert f'href="{page("event", event)}"' in shown(client, page("missedevent"))

    def test_a_listed_subscription_and_ours_lead_to_each_other(self, client, couple):
        client.force_login(OperatorFactory())
        there, here = page("listedsubscription"), page("subscription")
        user = reverse("admin:accounts_user_change", args=[couple.pk])

        assert f'href="{here}"' in shown(client, there)
        assert f'href="{user}"' in shown(client, there)
        assert f'href="{there}"' in shown(client, here)
        assert there in shown(client, listing("listedsubscription"), q="cus_Ada")

    def test_one_that_is_not_here_says_so_and_whom_it_names(self, client, couple):
        eve = CoupleFactory()
        known = {"status": "active", "cancel_at_period_end": False, "period_end": timezone.now()}
        row = ListedSubscription.objects.create(
            stripe_id="sub_2", user_uid=eve.uid, seen_at=timezone.now(), **known
        )
        client.force_login(OperatorFactory())
        told = shown(client, page("listedsubscription", row))

        assert "not here" in told
        assert reverse("admin:accounts_user_change", args=[eve.pk]) in told


def test_a_person_s_page_has_the_contact_and_the_plan(client, couple):
    Contact.objects.create(user=couple, contact_id="c0ffee", told="x", unsubscribed=True)
    client.force_login(operator("view_person"))
    told = shown(client, reverse("admin:accounts_person_change", args=[couple.uid]))

    assert "<dt>id at Resend</dt><dd>c0ffee</dd><dt>told</dt><dd>yes</dd>" in told
    assert "<dt>wants no news</dt><dd>yes</dd>" in told
    assert f'<dt>cancel</dt><dd><a class="text-link underline" href="{page("planchange")}"' in told
    assert f'href="{page("subscription")}"' in told


def test_an_empty_part_of_a_page_says_that_it_is_empty(client, couple):
    client.force_login(OperatorFactory())
    told = shown(client, page("event", an_event()))

    assert "None.</p>" in told
    assert "<th" not in told.partition('id="changes-group"')[2]
