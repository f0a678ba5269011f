"""Stripe writes to the address that the account has, also once it was changed."""

import pytest

from accounts.actors import acting
from accounts.addresses.verification import confirm_email
from accounts.billing.address import TELL_STRIPE
from accounts.leaving.deletion import stay
from accounts.models import Customer, User
from integrity.models import OutboxMessage
from integrity.relay import deliver_due
from tests.accounts.addresses.story import NEW, OLD, ask
from tests.accounts.leaving.story import LATER, begin, known_everywhere, run_to_the_end
from tests.factories import CoupleFactory

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def known(vendors, settings):
    known = known_everywhere(vendors, OLD)
    # The change is made at once, and only Stripe is told of it.
    settings.SUPABASE_URL = settings.RESEND_CONTACTS_KEY = ""
    return known


def change(user, email=NEW):
    ask(user, email)
    confirm_email(user=user, email=email, by=acting(user))


def promised():
    return OutboxMessage.objects.filter(effect=TELL_STRIPE)


def deliver():
    OutboxMessage.objects.exclude(effect=TELL_STRIPE).delete()
    promised().update(available_at="2020-01-01T00:00Z")
    deliver_due()


def there(known, vendors):
    return vendors.stripe.state["customers"][known.customer].get("email")


def test_whoever_changes_it_gets_receipts_there_and_is_forgotten_here(known, vendors):
    change(known.user)
    deliver()

    assert there(known, vendors) == NEW
    assert not promised().exists()


def test_to_and_fro_it_is_where_the_account_is(known, vendors):
    for email in (NEW, OLD, NEW):
        change(User.objects.get(), email)
        deliver()

        assert there(known, vendors) == email


def test_nobody_is_told_of_whoever_has_never_paid(known):
    change(CoupleFactory(email="eve@example.com", address__verified=True))

    assert not promised().exists()


def test_whoever_leaves_is_told_of_once_they_stay(known, vendors):
    change(known.user)
    saga = begin(known, LATER)
    deliver()
    assert there(known, vendors) == OLD

    stay(deletion=saga.uid, by=acting(known.user))
    assert run_to_the_end(saga) == "compensated"
    deliver()

    assert there(known, vendors) == NEW


def test_without_a_key_it_waits(known, vendors, settings):
    change(known.user)
    key, settings.STRIPE_API_KEY = settings.STRIPE_API_KEY, ""
    deliver()
    assert promised().get().state == "pending"

    settings.STRIPE_API_KEY = key
    deliver()
    assert there(known, vendors) == NEW


def test_of_a_customer_who_is_gone_there_is_nobody_to_write_to(known, vendors):
    Customer.objects.filter(pk=known.customer).update(stripe_id="cus_gone")
    change(known.user)
    deliver()

    assert not promised().exists()
