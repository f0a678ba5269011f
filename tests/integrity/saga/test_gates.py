"""A provider that refuses everybody: one gate, one that tries, and no saga has an attempt less."""

import pytest

from integrity.models import ProviderGate, Saga
from integrity.saga.engine import run_due
from integrity.saga.outcomes import NotDone, RefusedToAll
from tests.integrity.saga.toys import begin, is_whole, pass_time, settle

pytestmark = pytest.mark.django_db(transaction=True)


def test_one_gate_for_all_and_no_attempt_is_burnt(provider):
    begun = [begin(name) for name in ("ada", "grace", "mary")]
    provider.down = RefusedToAll("401")
    run_due()

    gate = ProviderGate.objects.get()
    assert (gate.provider, gate.reason, len(provider.calls)) == ("mailer", "401", 1)
    assert set(Saga.objects.values_list("attempts", "wait")) == {(0, "gate")}
    pass_time(31)
    run_due()
    assert len(provider.calls) == 2, "one tries whether it is back"
    provider.down = None
    settle()
    assert not ProviderGate.objects.exists()
    assert {is_whole(name) for name in ("ada", "grace", "mary")} == {"closed"}
    assert len(begun) == 3


def test_before_the_pivot_an_outage_of_a_day_takes_all_back(provider):
    """Whichever of them it is that tries whether the provider is back."""
    for name in ("ada", "grace", "mary"):
        begin(name)
    provider.down = RefusedToAll("401")
    run_due()
    pass_time(25 * 3600)
    run_due()
    assert not Saga.objects.filter(state="running").exists()
    calls = len(provider.calls)
    pass_time(7200)
    run_due()
    assert len(provider.calls) <= calls + 1, "nor is an undo forced upon it"

    provider.down = None
    settle()
    assert {is_whole(name) for name in ("ada", "grace", "mary")} == {"as before"}


def test_failures_of_several_sagas_shut_the_gate(provider):
    for name in ("ada", "grace", "mary"):
        begin(name)
    provider.down = NotDone("503")
    run_due()
    assert not ProviderGate.objects.filter(shut_until__isnull=False).exists()
    pass_time(300)
    run_due()

    assert ProviderGate.objects.filter(shut_until__isnull=False).exists()
    calls = len(provider.calls)
    pass_time(20)
    run_due()
    assert len(provider.calls) == calls
