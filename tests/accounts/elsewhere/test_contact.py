"""What changes about a person promises to tell Resend of it, and what it confirmed is kept."""

import pytest

from accounts.actors import acting
from accounts.addresses.verification import confirm_email
from accounts.clients.contacts import contacts
from accounts.elsewhere.contact import note_contact, verified_couples
from accounts.models import Contact, Profile
from integrity.models import OutboxMessage
from integrity.relay import deliver_due
from integrity.testing import assert_every_invariant_holds
from onboarding.wizard import save_step_one
from tests.accounts.elsewhere.resend_story import (
    ADA,
    EVE,
    again,
    choose,
    move,
    promise,
    sync,
    there,
    verified,
)
from tests.factories import CoupleFactory, OperatorFactory
from tests.onboarding.test_wizard import ANSWERS
from tests.vendors import without_identities

pytestmark = pytest.mark.django_db(transaction=True)
vendors = without_identities


@pytest.fixture
def ada(vendors):
    return verified(ADA, "Ada")


class TestPromised:
    def test_by_the_first_proof_of_the_address(self, vendors):
        user = CoupleFactory(email=ADA)
        confirm_email(user=user, email=ADA, by=acting(user))

        deliver_due()

        assert there(ADA) == ("", False)
        assert Contact.objects.get().contact_id == contacts().find(ADA).id
        assert_every_invariant_holds()

    def test_by_a_name(self, ada):
        sync(ada)
        version = Profile.objects.get().version
        save_step_one(user=ada, version=version, by=acting(ada), **ANSWERS | {"name": "Augusta"})

        deliver_due()

        assert there(ADA) == ("Augusta", False)

    def test_by_another_address_and_the_contact_stays_the_same(self, ada):
        sync(ada)
        id = Contact.objects.get().contact_id
        move(ada, EVE)

        deliver_due()

        assert there(ADA) is None
        assert contacts().find(EVE).id == Contact.objects.get().contact_id == id

    def test_by_an_unsubscription_and_by_taking_it_back(self, ada):
        sync(ada)
        choose(ada, wanted=False)
        deliver_due()
        muted = there(ADA)
        choose(ada, wanted=True)
        deliver_due()

        assert (muted, there(ADA)) == (("Ada", True), ("Ada", False))

    def test_once_however_much_changes_before_it_is_delivered(self, ada, vendors):
        choose(ada, wanted=False)
        promise(ada)
        move(ada, EVE)

        assert OutboxMessage.objects.filter(effect="accounts.sync_contact").count() == 1
        deliver_due()

        assert there(EVE) == ("Ada", True)
        assert len(vendors.resend.effects("contact.created")) == 1

    def test_with_ids_alone_and_in_order_for_each_person(self, ada):
        promise(ada)
        message = OutboxMessage.objects.get()

        assert message.payload == {"user": str(ada.uid)}
        assert message.ordering_key == f"contact:{ada.uid}"

    def test_not_for_whoever_is_not_verified_or_no_couple(self, vendors):
        for user in (CoupleFactory(), OperatorFactory()):
            promise(user)

        assert not OutboxMessage.objects.exists()

    def test_not_where_the_contacts_are_not_configured(self, settings):
        settings.RESEND_CONTACTS_KEY = ""
        promise(verified(ADA))

        assert not OutboxMessage.objects.exists()
        assert_every_invariant_holds()

    def test_but_what_is_known_there_still_is_when_the_key_is_lost(self, ada, settings):
        sync(ada)
        key, settings.RESEND_CONTACTS_KEY = settings.RESEND_CONTACTS_KEY, ""
        choose(ada, wanted=False)

        deliver_due()

        assert OutboxMessage.objects.get().attempts == 0
        settings.RESEND_CONTACTS_KEY = key
        again()
        assert there(ADA) == ("Ada", True)


def test_a_change_between_telling_and_noting_is_found(ada):
    before = verified_couples().get().fingerprint
    choose(ada, wanted=False)
    OutboxMessage.objects.all().delete()

    note_contact(user=ada, contact_id="one", told=before, muted=False)

    contact = Contact.objects.get()
    assert (contact.unsubscribed, contact.muted_by_us) == (True, True)
    assert contact.told != verified_couples().get().fingerprint
