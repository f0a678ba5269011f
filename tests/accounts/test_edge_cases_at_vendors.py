"""What is lost or changed here past the flows, and a vendor knows better: it comes back from there."""

import pytest

from accounts.clients.contacts import contacts
from accounts.elsewhere.contact import wants_news
from accounts.invariants.comparing import AGREES
from accounts.invariants.listing import DELETED_CONTACTS, NOBODYS_CONTACTS
from accounts.models import Difference, Subscription, Tombstone
from accounts.models.deletion import digest
from accounts.repairs.comparing import ask_about, otherwise_listed
from integrity.relay import deliver_due
from tests.accounts.billing.test_comparing import bought as bought
from tests.accounts.billing.test_comparing import hear_all
from tests.accounts.billing.test_comparing import mend as mend_by
from tests.accounts.billing.test_comparing import stripe as stripe
from tests.accounts.billing.test_differences import compare_twice
from tests.accounts.elsewhere.listing_story import CONTACTS, counts, mend, read
from tests.accounts.elsewhere.resend_story import ADA, EVE, choose, sync, there, verified
from tests.database import execute
from tests.vendors import without_identities

pytestmark = pytest.mark.django_db(transaction=True)
vendors = without_identities
DELETE, TRUNCATE = "DELETE FROM accounts_{}", "TRUNCATE accounts_{} CASCADE"


class TestASubscription:
    @pytest.mark.parametrize(
        "sql", [DELETE, TRUNCATE, "UPDATE accounts_{} SET status = 'past_due'"]
    )
    def test_that_is_lost_or_changed_by_hand_is_found_and_taken_over_again(
        self, sql, stripe, bought
    ):
        hear_all(stripe)
        deliver_due()
        execute(sql.format("subscription"))
        compare_twice()
        assert counts(AGREES) == ("broken", 1, 0)

        mend_by(otherwise_listed(), ask_about)
        deliver_due()

        assert counts(AGREES) == ("holds", 0, 0)
        assert Subscription.objects.values_list("pk", "status").get() == (bought, "active")


class TestAContact:
    @pytest.mark.parametrize("sql", [DELETE, TRUNCATE])
    def test_that_is_forgotten_here_is_not_written_to_against_their_wish(self, sql, vendors):
        ada = verified(ADA, "Ada")
        choose(ada, wanted=False)
        deliver_due()
        execute(sql.format("contact"))
        assert wants_news(ada), "nobody here knows better"

        sync(ada)

        assert (wants_news(ada), there(ADA)) == (False, ("Ada", True))

    def test_made_anew_for_a_deleted_person_is_nobody_s_and_is_not_removed(self, vendors):
        """Of their address nothing is kept, by which anybody could tell that it was theirs."""
        client = contacts()
        person = {"email": EVE, "first_name": "", "last_name": "", "unsubscribed": False}
        old = client.put(**person)
        Tombstone.objects.create(
            uid="5b1f2f3e-3c27-4c2e-9d5c-0a4a5d3b8f11", vendor_ids=[digest(old)]
        )
        client.remove(old)
        new = client.put(**person)
        read(CONTACTS, 2)

        assert Difference.objects.get().their_id == new
        assert counts(DELETED_CONTACTS) == ("holds", 0, 0)
        assert counts(NOBODYS_CONTACTS) == ("broken", 1, 0)
        assert mend(DELETED_CONTACTS) == []
        assert there(EVE)
