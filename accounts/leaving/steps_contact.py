"""Leaving, at Resend: first no more news, after the seal no contact. Always by the contact's id."""

from typing import Any

from accounts.clients.contacts import contacts
from accounts.clients.outcomes import Missing
from accounts.elsewhere.contact import contact_of
from accounts.leaving.sealing import TARGETS
from accounts.models import Contact
from accounts.steps import calls_a_vendor, configured, user_of, wait_for_begun_calls
from integrity.saga.context import At
from integrity.saga.definition import Probe
from integrity.saga.outcomes import ChangedSince


@calls_a_vendor
def capture_contact(at: At) -> dict[str, Any]:
    """Whom Resend knows, and whether they had our news."""
    wait_for_begun_calls(at)
    found = contact_of(configured(contacts()), user_of(at))
    if found is None:
        return {"contacts": [], "muted": True}
    return {"contacts": [found.id], "muted": found.unsubscribed}


@calls_a_vendor
def mute_contact(at: At) -> dict[str, Any]:
    client = configured(contacts())
    for id in _to_mute(at):
        try:
            client.set_unsubscribed(id, unsubscribed=True)
        except Missing:
            continue  # Nobody writes to a contact that is gone.
    return {"muted": len(_to_mute(at))}


@calls_a_vendor
def is_contact_muted(at: At) -> Probe:
    client = configured(contacts())
    found = (client.find(id) for id in _to_mute(at))
    return Probe.DONE if all(one is None or one.unsubscribed for one in found) else Probe.NOT_DONE


@calls_a_vendor
def unmute_contact(at: At) -> None:
    """Whoever had our news gets them again, unless they have unsubscribed since."""
    if Contact.objects.filter(user__uid=at.subject, unsubscribed=True).exists():
        return
    client = configured(contacts())
    for id in _to_mute(at):
        found = client.find(id)
        if found is None or not found.unsubscribed:
            raise ChangedSince("the contact was changed or removed since")
        client.set_unsubscribed(id, unsubscribed=False)


@calls_a_vendor
def delete_contact(at: At) -> dict[str, Any]:
    wait_for_begun_calls(at)
    client, ids = configured(contacts()), at.secret(TARGETS)["contacts"]
    for id in ids:
        client.remove(id)
    return {"contacts": len(ids)}


@calls_a_vendor
def is_contact_deleted(at: At) -> Probe:
    client = configured(contacts())
    there = (client.find(id) for id in at.secret(TARGETS)["contacts"])
    return Probe.NOT_DONE if any(there) else Probe.DONE


def _to_mute(at: At) -> list[str]:
    ids: list[str] = [] if at.prior["muted"] else at.prior["contacts"]
    return ids
