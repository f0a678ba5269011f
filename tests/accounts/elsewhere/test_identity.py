"""A couple's identity follows them to the provider, whatever goes wrong on the way."""

from uuid import uuid4

import pytest
from allauth.account.models import EmailAddress

from accounts.actors import acting
from accounts.addresses.verification import confirm_email
from accounts.clients.identity import identities
from accounts.elsewhere.identity import couples, note_identity
from accounts.models import Identity, Tombstone, User
from accounts.repairs.identity import identities_to_make, make_again
from accounts.simulators.faults import Fault
from integrity.evaluate import evaluate
from integrity.models import OutboxMessage
from integrity.saga.engine import run_due
from integrity.testing import assert_every_invariant_holds
from integrity.transactions import transaction
from tests.accounts.elsewhere.supabase_story import again, deliver, promise, signed_up, there
from tests.factories import CoupleFactory, OperatorFactory

pytestmark = pytest.mark.django_db(transaction=True)
ADA, EVE = "ada@example.com", "eve@example.com"
LOST = [
    Fault("reset_before", method="POST"),
    Fault("reset_after", method="POST"),
    Fault("hang_after", method="POST"),
    Fault("status", method="POST", status=500),
    Fault("status_after", method="POST", status=500),
    Fault("garbage", method="GET"),
    Fault("reset_after", method="GET"),
]
HOLDS = "accounts.every_couple_has_an_identity"


@pytest.fixture
def vendors(vendors, settings):
    """The identity provider alone."""
    settings.RESEND_CONTACTS_KEY = settings.RESEND_SEGMENT = ""
    return vendors


@pytest.fixture
def ada(vendors):
    return signed_up(ADA)


def confirm(user, email=ADA):
    confirm_email(user=user, email=email, by=acting(user))


def move(user, email):
    """A proven account's address by its saga, that of any other at once."""
    EmailAddress.objects.create(user=user, email=email, primary=False)
    confirm(user, email)
    run_due()


class TestSignUp:
    def test_promises_an_identity_by_ids_alone(self, ada):
        message = OutboxMessage.objects.get()

        assert message.effect == "accounts.create_identity"
        assert message.payload == {"user": str(ada.uid)}
        assert message.key == message.ordering_key == f"identity:{ada.uid}"

    def test_makes_one_under_the_same_id_and_asks_no_more(self, ada, vendors):
        deliver()
        calls = len(vendors.supabase.calls)
        promise(ada)
        deliver()

        assert there(ada) == (ADA, False)
        assert len(vendors.supabase.effects("user.created")) == 1
        assert len(vendors.supabase.calls) == calls + 1, "the look of this test"
        assert_every_invariant_holds()

    def test_promises_nothing_without_a_provider(self, settings):
        settings.SUPABASE_URL = settings.SUPABASE_SERVICE_KEY = ""
        user = signed_up(ADA)
        confirm(user)
        promise(OperatorFactory())

        assert not OutboxMessage.objects.filter(effect__contains="identity").exists()
        assert_every_invariant_holds()

    def test_is_no_matter_of_the_provider_s_health(self, vendors):
        vendors.supabase.faults.add(Fault("status", status=503, times=9))
        user = signed_up(ADA)
        deliver()

        assert User.objects.get() == user
        assert OutboxMessage.objects.get().attempts == 1


class TestDelivered:
    @pytest.mark.parametrize("fault", LOST, ids=lambda one: f"{one.kind} {one.method}")
    def test_to_one_identity_after_a_fault(self, vendors, fails, fault):
        fault.times = 1
        fails("supabase", fault)
        user = signed_up(ADA)
        deliver()
        again(2)

        assert there(user) == (ADA, False)
        assert len(vendors.supabase.effects("user.created")) == 1
        assert not OutboxMessage.objects.exists()
        assert_every_invariant_holds()

    def test_with_the_proof_and_every_later_address(self, ada):
        deliver()
        confirm(ada)
        deliver()
        proven = there(ada)
        move(ada, EVE)
        deliver()

        assert (proven, there(ada)) == ((ADA, True), (EVE, True))
        assert_every_invariant_holds()

    def test_once_for_all_that_changed_before(self, ada, vendors):
        confirm(ada)
        move(ada, EVE)
        deliver()

        assert there(ada) == (EVE, True)
        assert [each.verb for each in vendors.supabase.ledger] == ["user.created"]

    def test_later_where_the_provider_asks_for_a_pause(self, ada, vendors):
        vendors.supabase.faults.add(
            Fault("status", method="POST", status=429, headers={"Retry-After": "3"})
        )
        deliver()
        waits = OutboxMessage.objects.get()
        again()

        assert (waits.state, waits.attempts) == ("pending", 0)
        assert there(ada) == (ADA, False)

    def test_later_where_the_key_was_taken_away(self, ada, settings):
        key, settings.SUPABASE_SERVICE_KEY = settings.SUPABASE_SERVICE_KEY, ""
        deliver()
        waits = OutboxMessage.objects.get()
        settings.SUPABASE_SERVICE_KEY = key
        again()

        assert waits.attempts == 0
        assert there(ada) == (ADA, False)

    def test_a_lost_answer_leaves_a_doubt_that_the_next_try_settles(self, ada, vendors):
        deliver()
        confirm(ada)
        vendors.supabase.faults.add(Fault("reset_after", method="PUT"))
        deliver()
        in_doubt = Identity.objects.get().told
        again(2)

        assert (in_doubt, there(ada)) == ("", (ADA, True))
        assert len(vendors.supabase.effects("user.updated")) == 1
        assert_every_invariant_holds()

    def test_not_at_all_while_the_address_is_on_its_way(self, ada, vendors):
        deliver()
        confirm(ada)
        EmailAddress.objects.create(user=ada, email=EVE, primary=False)
        confirm(ada, EVE)
        deliver()

        assert there(ada) == (ADA, False)
        run_due()
        deliver()
        assert there(ada) == (EVE, True)

    def test_to_one_that_somebody_removed_there(self, ada):
        deliver()
        identities().remove(ada.uid)
        confirm(ada)
        deliver()

        assert there(ada) == (ADA, True)


class TestAddressOfSomebodyElse:
    def test_is_a_finding_with_the_reason_after_a_few_tries(self, ada):
        identities().create(uuid4(), email=ADA, is_verified=True)
        deliver()
        assert OutboxMessage.objects.get().attempts == 1
        again(4)

        (result,) = evaluate([HOLDS]).results
        assert (result.result, result.count) == ("broken", 1)
        assert result.violations[0].evidence["actual"] == "email_exists"
        assert not OutboxMessage.objects.exists(), "no more tries: they would end the same"

    def test_is_had_once_it_is_given_up_there_and_the_repair_asks_again(self, ada):
        other = uuid4()
        identities().create(other, email=ADA, is_verified=True)
        deliver()
        again(4)
        identities().remove(other)
        with transaction():
            for deed in identities_to_make():
                make_again(deed)
        deliver()

        assert there(ada) == (ADA, False)
        assert Identity.objects.get().refused == ""
        assert_every_invariant_holds()

    def test_of_ours_is_had_after_that_one_has_moved(self, ada):
        deliver()
        move(ada, EVE)
        OutboxMessage.objects.update(available_at="2040-01-01T00:00Z")
        other = signed_up(ADA)
        deliver()
        assert there(other) is None
        again(2)

        assert (there(ada), there(other)) == ((EVE, True), (ADA, False))
        assert_every_invariant_holds()


class TestDeleted:
    def test_whoever_has_a_tombstone_gets_none(self, ada, vendors):
        Tombstone.objects.create(uid=ada.uid)
        deliver()

        assert not vendors.supabase.ledger
        assert not OutboxMessage.objects.exists()

    @pytest.mark.parametrize("gone", ["sealed", "row and all"])
    def test_one_that_was_made_meanwhile_goes(self, vendors, gone):
        user = CoupleFactory(email=ADA)
        identities().create(user.uid, email=ADA, is_verified=True)
        Tombstone.objects.create(uid=user.uid)
        known = User(pk=2**40 if gone == "row and all" else user.pk, uid=user.uid)

        note_identity(user=known, told="x")
        message = OutboxMessage.objects.get()
        deliver()

        assert message.effect == "accounts.remove_identity"
        assert there(user) is None
        assert not Identity.objects.exists()


def test_a_change_between_telling_and_noting_is_found(ada):
    before = couples().get().fingerprint
    confirm(ada)
    OutboxMessage.objects.all().delete()

    note_identity(user=ada, told=before)

    assert evaluate([HOLDS]).results[0].count == 1
