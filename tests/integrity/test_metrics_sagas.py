"""The numbers of sagas that a monitor reads, against sagas that got there by themselves."""

import pytest
from django.db.models.functions import Now

from integrity.models import ProviderGate, Saga
from integrity.saga.kinds import pause_kind
from tests.integrity.admin.saga_desk import (  # noqa: F401
    BOB,
    left_behind,
    new,
    own_sagas,
    provider,
    refused,
    retrying,
)
from tests.integrity.saga.toys import KIND
from tests.integrity.test_metrics import scraped, values

# ruff: noqa: F811 - fixtures
pytestmark = pytest.mark.django_db(transaction=True)


def test_without_a_saga_each_kind_and_provider_counts_nought(own_sagas):
    numbers = scraped()
    assert numbers["integrity_sagas"].values[KIND, "running"] == 0
    assert numbers["integrity_sagas_attention"].values == {}
    assert numbers["integrity_saga_gate_shut_seconds"].values == {
        (name,): 0 for name in ("bank", "mailer", "resend", "stripe", "supabase")
    }
    for name in ("sagas_oldest_due_seconds", "sagas_stalled", "saga_kind_paused"):
        assert numbers[f"integrity_{name}"].values[KIND,] == 0


def test_each_is_counted_where_it_stands(own_sagas):
    left_behind("cleo")
    refused("ada")
    retrying("bob")
    new("dan")

    assert values("integrity_sagas")[KIND, "running"] == 2
    assert values("integrity_sagas")[KIND, "attention"] == 1
    assert values("integrity_sagas_attention") == {(KIND, "refused"): 1}
    assert 0 <= values("integrity_sagas_attention_oldest_seconds")[KIND, "refused"] < 600
    assert values("integrity_sagas_left_behind")[KIND,] == 1


def test_what_is_late_or_stopped_is_told(own_sagas):
    saga = new("ada")
    Saga.objects.filter(pk=saga.pk).update(wake_at="2020-01-01T00:00Z")
    assert values("integrity_sagas_oldest_due_seconds")[KIND,] > 86_400
    Saga.objects.filter(pk=saga.pk).update(first_failed_at="2020-01-01T00:00Z", wait="retry")
    assert values("integrity_sagas_stalled")[KIND,] == 1
    pause_kind(kind=KIND, by=BOB)
    assert values("integrity_saga_kind_paused")[KIND,] == 1
    ProviderGate.objects.create(provider="bank", shut_until=Now(), shut_at="2020-01-01T00:00Z")
    assert values("integrity_saga_gate_shut_seconds")["bank",] > 86_400
