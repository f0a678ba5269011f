"""The gate before each provider. One that refuses everybody is asked by one saga at a time.

However many sagas wait there, it is one row, one finding and one alert; and none of them has an
attempt less for it.
"""

from datetime import datetime, timedelta

from django.db.models.functions import Now

from integrity.conf import config
from integrity.models import ProviderGate, Saga
from integrity.transactions import transaction_required

FIRST, LONGEST = 30.0, 900.0
# So many failures in a row, met by so many sagas, are the provider's and no saga's own.
FAILURES, SAGAS = 5, 3


def is_shut(provider: str) -> bool:
    return ProviderGate.objects.filter(provider=provider, shut_until__isnull=False).exists()


@transaction_required
def pass_or_wait(provider: str) -> datetime | None:
    """None for whoever may call it now: anybody, or the one that tries whether it is back.

    The others are told when to ask again.
    """
    gate = ProviderGate.objects.select_for_update().filter(provider=provider).first()
    if gate is None or gate.shut_until is None:
        return None
    tried = ProviderGate.objects.filter(provider=provider, shut_until__lte=Now()).update(
        # Until the one that tries has an answer, or is dead.
        shut_until=Now() + timedelta(seconds=config().saga_lease)
    )
    return None if tried else gate.shut_until


@transaction_required
def failed(provider: str, saga: Saga, reason: str) -> bool:
    """It did not deal with a call. Whether its gate is shut now, so that this was no attempt."""
    gate = _held(provider)
    gate.failures += 1
    gate.sagas = sorted({*gate.sagas, saga.pk})[:SAGAS]
    if gate.shut_until or (gate.failures >= FAILURES and len(gate.sagas) >= SAGAS):
        _shut(gate, reason)
        return True
    gate.save(update_fields=["failures", "sagas"])
    return False


@transaction_required
def refused_all(provider: str, reason: str) -> None:
    _shut(_held(provider), reason)


def _held(provider: str) -> ProviderGate:
    ProviderGate.objects.bulk_create([ProviderGate(provider=provider)], ignore_conflicts=True)
    return ProviderGate.objects.select_for_update().get(provider=provider)


def _shut(gate: ProviderGate, reason: str) -> None:
    seconds = min(LONGEST, FIRST * 2 ** min(gate.times, 16))
    ProviderGate.objects.filter(pk=gate.pk).update(
        shut_until=Now() + timedelta(seconds=seconds),
        shut_at=gate.shut_at or Now(),
        times=gate.times + 1,
        reason=reason,
        failures=gate.failures,
        sagas=gate.sagas,
    )
