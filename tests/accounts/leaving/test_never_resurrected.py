"""Who has left does not come back: not by a late call, not by a late event, and not as somebody else."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from accounts.actors import acting
from accounts.billing.plan import buy_premium
from accounts.clients.contacts import Contacts, contacts
from accounts.clients.identity import Identities
from accounts.clients.payments import Payments
from accounts.elsewhere.contact import note_contact, promise_contact
from accounts.models import Contact, Event, Profile, Tombstone, User
from integrity.models import OutboxMessage, Saga
from integrity.privacy import residue_of, residue_under_seal
from integrity.relay import deliver_due
from integrity.testing import assert_every_invariant_holds
from integrity.transactions import transaction
from tests import mailbox
from tests.accounts.billing.test_carrying_out import shop as shop
from tests.accounts.elsewhere.resend_story import again
from tests.accounts.leaving.story import (
    AS_BEFORE,
    LATER,
    Died,
    assert_gone,
    at_vendors,
    begin,
    changed,
    known_everywhere,
    run,
    run_to_the_end,
    time_passes,
)

pytestmark = pytest.mark.django_db(transaction=True)
IRREVERSIBLE = (
    (Payments, "end_subscription"),
    (Payments, "delete_customer"),
    (Contacts, "remove"),
    (Identities, "remove"),
)
STEPS_AFTER = ["end_billing", "delete_contact", "delete_identity", "delete_local"]


@pytest.fixture
def ada(vendors):
    return known_everywhere(vendors)


def begun():
    """Somebody delivers this promise just now."""
    soon = timezone.now() + timedelta(minutes=1)
    OutboxMessage.objects.update(state="leased", begun=True, lease_token=uuid4(), available_at=soon)


class TestACallThatWasUnderWay:
    def test_of_the_contact_is_waited_for(self, ada):
        Contact.objects.update(told="")
        with transaction():
            promise_contact(ada.user)
        begun()
        saga = begin(ada, LATER)

        assert run(saga) == "running"
        assert (saga.error_class, saga.attempts) == ("pause_asked", 0)
        assert saga.steps.get(position=saga.position).name == "pause_billing"

        OutboxMessage.objects.filter(ordering_key__startswith="contact:").delete()
        time_passes()
        run(saga)
        assert saga.steps.get(name="mute_contact").status == "done"

    def test_of_the_plan_is_waited_for_and_what_waits_is_given_up(self, ada):
        change = buy_premium(user=ada.user, by=acting(ada.user))
        begun()
        saga = begin(ada, LATER)
        run(saga)

        change.refresh_from_db()
        assert (change.state, change.reason) == ("failed", "leaving")
        assert saga.error_class == "pause_asked"

    def test_tells_nobody_anything_while_she_leaves(self, ada, vendors):
        Contact.objects.update(told="")
        with transaction():
            promise_contact(ada.user)
        begin(ada, LATER)
        calls = len(vendors.resend.calls)
        again()

        contact = [call for call in vendors.resend.calls[calls:] if "contacts" in call.path]
        assert not contact

    def test_that_ends_after_the_deletion_makes_nothing_new(self, ada, vendors):
        run_to_the_end(begin(ada))
        late = contacts().put(email=ada.user.email, first_name="", last_name="", unsubscribed=False)

        note_contact(user=ada.user, contact_id=late, told="x", muted=False)
        deliver_due()

        assert not vendors.resend.state["contacts"]
        assert not User.objects.exists()


class TestALateEvent:
    def test_of_stripe_s_is_ignored_and_forgotten(self, ada, shop):
        run_to_the_end(begin(ada))

        shop.webhooks.deliver()

        about_her = Event.objects.filter(customer_id=ada.customer)
        assert about_her.count() > 3
        assert set(about_her.values_list("reason", "sealed")) == {("tombstoned", None)}
        assert not User.objects.exists()
        assert not Profile.objects.exists()


class TestTheSameAddressAgain:
    def test_is_another_person_whom_late_retries_don_t_touch(self, ada, vendors):
        saga = begin(ada)
        run(saga)
        assert saga.steps.get(position=saga.position).name == "verify", "she is gone"
        back = known_everywhere(vendors, email=ada.user.email)
        before = at_vendors(back, vendors)

        with changed("verify", run=lambda at: STEPS_AFTER):
            time_passes()
            run(saga)
        assert saga.verify_rounds == 1, "each step ran once more"
        assert run_to_the_end(saga) == "completed"

        assert_gone(ada, vendors)
        assert at_vendors(back, vendors) == before == AS_BEFORE
        assert User.objects.get().uid == back.user.uid


class TestAFrozenWorker:
    """It stood still right before its call, another one took over, and much later it goes on."""

    def test_calls_late_and_by_ids_so_nothing_of_who_is_back_is_touched(
        self, ada, vendors, monkeypatch
    ):
        frozen = [freeze(monkeypatch, *each) for each in IRREVERSIBLE]
        saga = begin(ada)
        for _ in IRREVERSIBLE:
            with pytest.raises(Died):
                run_to_the_end(saga)
            time_passes()
        assert run_to_the_end(saga) == "completed"
        back = known_everywhere(vendors, email=ada.user.email)
        before = at_vendors(back, vendors)

        for thaw in frozen:
            thaw()

        assert at_vendors(back, vendors) == before == AS_BEFORE
        assert_gone(ada, vendors)
        assert User.objects.get().uid == back.user.uid


def freeze(monkeypatch, client, method):
    """The first call stands still; what is returned lets it go on."""
    do, calls = getattr(client, method), []

    def call(self, *args):
        if calls:
            return do(self, *args)
        calls.append((self, *args))
        raise Died

    monkeypatch.setattr(client, method, call)
    return lambda: do(*calls[0])


def test_nothing_personal_is_left(ada, client):
    Profile.objects.update(name="Adalheidis", partner_name="Grimwulf")
    client.force_login(ada.user)
    client.post("/account/delete/", {"password": "wrong"})
    words = ["ada@example.com", "Adalheidis", "Grimwulf", ada.customer, ada.contact]
    assert {each.table for each in residue_of(words)} >= {"accounts_user", "accounts_contact"}

    assert run_to_the_end(begin(ada)) == "completed"
    assert mailbox.kinds() == [("left", "ada@example.com")]
    deliver_due()

    assert residue_of(words) == []
    assert residue_under_seal(words) == []
    assert Saga.objects.get().secrets.count() == 0
    assert Tombstone.objects.get().vendor_ids
    assert_every_invariant_holds()
