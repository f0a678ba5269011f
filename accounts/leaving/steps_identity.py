"""Leaving, at the identity provider: banned right before the seal, removed after it. The id there is
the uid here, so whoever signs up again with the same address is another one."""

from typing import Any
from uuid import UUID

from accounts.addresses.change import KIND as CHANGE
from accounts.clients.identity import identities
from accounts.clients.outcomes import Missing
from accounts.steps import SOON, calls_a_vendor, configured, wait_for_begun_calls
from integrity.models import Saga
from integrity.saga.context import At
from integrity.saga.definition import Probe
from integrity.saga.outcomes import ChangedSince, Gone, PauseAsked


@calls_a_vendor
def capture_ban(at: At) -> dict[str, Any]:
    wait_for_begun_calls(at)
    _wait_for_the_address(at)
    found = configured(identities()).find(UUID(at.subject))
    return {"banned": found is not None and found.is_banned}


@calls_a_vendor
def ban_identity(at: At) -> None:
    if at.prior["banned"]:
        return
    try:
        configured(identities()).ban(UUID(at.subject))
    except Missing as error:
        raise Gone(str(error)) from None


@calls_a_vendor
def is_identity_banned(at: At) -> Probe:
    found = configured(identities()).find(UUID(at.subject))
    return Probe.DONE if found is None or found.is_banned else Probe.NOT_DONE


@calls_a_vendor
def free_identity(at: At) -> None:
    """Whoever was banned before stays so."""
    if at.prior["banned"]:
        return
    client = configured(identities())
    found = client.find(UUID(at.subject))
    if found is None or not found.is_banned:
        raise ChangedSince("the identity was freed or removed since")
    client.free(found.id)


@calls_a_vendor
def delete_identity(at: At) -> None:
    wait_for_begun_calls(at)
    _wait_for_the_address(at)
    configured(identities()).remove(UUID(at.subject))


@calls_a_vendor
def is_identity_deleted(at: At) -> Probe:
    found = configured(identities()).find(UUID(at.subject))
    return Probe.DONE if found is None else Probe.NOT_DONE


def _wait_for_the_address(at: At) -> None:
    """A change of it was called off when they left. What it has set is put back first."""
    if Saga.objects.filter(kind=CHANGE, subject=at.subject, state__in=Saga.ACTIVE).exists():
        raise PauseAsked("a change of the address is being taken back", after=SOON)
