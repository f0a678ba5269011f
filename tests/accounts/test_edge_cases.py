"""What is done to a part of an account past the flows; docs/edge-cases.md has the whole table."""

from uuid import uuid4

import pytest
from django.db import NotSupportedError
from django.db.transaction import atomic

from accounts.elsewhere.contact import verified_couples
from accounts.elsewhere.identity import couples
from accounts.models import Contact, Identity, Profile, Tombstone, User
from integrity.invariants import invariants
from tests.database import check_deferred, execute, refused_as
from tests.factories import CoupleFactory

pytestmark = pytest.mark.django_db
FORGET = ("DELETE FROM", "TRUNCATE")


@pytest.fixture
def ada():
    return CoupleFactory(email="ada@example.com", address__verified=True)


def violating(name):
    return list(invariants.get(f"accounts.{name}").violations())


def told(ada):
    """Resend knows them as they are."""
    Contact.objects.create(user=ada, contact_id="con_1")
    Contact.objects.update(told=verified_couples().get(pk=ada.pk).fingerprint)


def test_an_account_that_is_marked_as_leaving_by_hand_is_found(ada):
    assert violating("whoever_leaves_is_being_deleted") == []
    execute("UPDATE accounts_user SET leaving_since = '2020-02-02T12:00Z'")

    assert violating("whoever_leaves_is_being_deleted") == [ada]


def test_who_was_deleted_is_not_inserted_again():
    Tombstone.objects.create(uid=(uid := uuid4()))

    with refused_as("accounts_user_is_not_tombstoned"):
        User.objects.create(uid=uid, email="ada@example.com")


@pytest.mark.parametrize("how", FORGET)
def test_an_identity_that_is_forgotten_here_is_found(how, ada, settings):
    settings.SUPABASE_URL = settings.SUPABASE_SERVICE_KEY = "set"
    Identity.objects.create(user=ada, told=couples().get(pk=ada.pk).fingerprint)
    assert violating("every_couple_has_an_identity") == []
    check_deferred()
    execute(f"{how} accounts_identity")

    assert violating("every_couple_has_an_identity") == [ada]


@pytest.mark.parametrize("how", FORGET)
def test_a_contact_that_is_forgotten_here_is_found(how, ada, settings):
    settings.RESEND_CONTACTS_KEY = "set"
    told(ada)
    assert violating("resend_knows_every_verified_couple") == []
    check_deferred()
    execute(f"{how} accounts_contact")

    assert violating("resend_knows_every_verified_couple") == [ada]


def test_a_wish_that_is_changed_past_the_flow_is_found(ada):
    told(ada)
    execute("UPDATE accounts_contact SET unsubscribed = true")

    assert violating("resend_knows_every_verified_couple") == [ada]


def test_weddings_are_not_emptied():
    CoupleFactory()
    check_deferred()

    with pytest.raises(NotSupportedError, match="foreign key"), atomic():
        execute("TRUNCATE accounts_wedding")
    with refused_as("accounts_couple_has_a_wedding"):
        execute("TRUNCATE accounts_wedding CASCADE")


def test_an_address_that_is_changed_by_hand_proves_nothing_and_is_found(ada):
    execute("UPDATE account_emailaddress SET email = 'eve@example.com'")

    assert not Profile.objects.get(user=ada).email_verified
    assert violating("primary_address_is_the_users_email") == [ada]
