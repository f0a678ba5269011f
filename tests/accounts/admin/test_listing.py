"""The pages about lists of people elsewhere: facts to read, linked, and nothing to change."""

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.elsewhere.listing import differs
from accounts.invariants.listing import UNLIKE_IDENTITIES
from accounts.models import Listing
from tests.factories import CoupleFactory, OperatorFactory

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def seen():
    couple = CoupleFactory(email="ada@example.com")
    found = differs(Listing.Of.IDENTITIES, "banned", str(couple.uid), couple.uid)
    found.seen_in, found.readings = Listing.objects.create(of="identities"), 2
    found.save(force_insert=True)
    return found


def shown(client, row):
    client.force_login(OperatorFactory())
    name = f"admin:accounts_{row._meta.model_name}"
    assert client.post(reverse(f"{name}_change", args=[row.pk])).status_code == 403
    assert client.get(reverse(f"{name}_changelist")).status_code == 200
    return client.get(reverse(f"{name}_change", args=[row.pk])).text


def test_a_difference_leads_to_its_person_and_its_invariant(client, seen):
    text = shown(client, seen)

    assert "is banned there, and may log in here" in text
    assert reverse("admin:integrity_invariant_change", args=[UNLIKE_IDENTITIES]) in text
    assert "ada@example.com" in text


def test_a_reading_that_is_not_finished_says_where_it_stands(client, seen):
    assert "not finished: reads who is there" in shown(client, seen.seen_in)


@pytest.mark.parametrize("page", ["listing", "difference"])
def test_both_lists_say_when_each_was_complete_and_what_to_do(client, settings, page):
    settings.SUPABASE_URL, settings.SUPABASE_SERVICE_KEY = "https://a.example", "key"
    settings.RESEND_CONTACTS_KEY = ""
    client.force_login(OperatorFactory())

    def text():
        return client.get(reverse(f"admin:accounts_{page}_changelist")).text

    assert "not compared. Set RESEND_CONTACTS_KEY first." in text()
    assert "never read to their end" in text()
    assert "manage.py people compare identities" in text()
    Listing.objects.create(of="identities", finished_at=timezone.now(), read=3)
    assert "manage.py people compare identities" not in text()
    assert "3 people" in text()
