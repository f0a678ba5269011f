"""A sealed account goes bit by bit, and after each bit every promise holds."""

import pytest

from accounts.actors import acting
from accounts.billing.inbox import receive_event
from accounts.billing.webhooks import read_event
from accounts.leaving import erasing
from accounts.leaving.deletion import Wish, leave
from accounts.leaving.erasing import erase_some
from accounts.leaving.sealing import seal_account
from accounts.models import Event, Member, Payment, Profile, Tombstone, User, Wedding
from accounts.models.deletion import digest
from accounts.views.webhooks import STRIPE
from integrity.models import OutboxMessage
from integrity.testing import assert_every_invariant_holds
from integrity.transactions import transaction
from onboarding import erasing as onboarding_erasing
from onboarding.models import Interest, Task
from tests.accounts.billing.stripe_story import raw, story, whole_story
from tests.factories import OnboardedCoupleFactory, TaskFactory

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def small_bits(monkeypatch):
    monkeypatch.setattr(erasing, "BATCH", 5)
    monkeypatch.setattr(onboarding_erasing, "BATCH", 2)


@pytest.fixture
def ada():
    """With tasks, a paid plan, and a partner if somebody joins."""
    user = OnboardedCoupleFactory(tasks=3)
    TaskFactory(wedding=user.membership.wedding, done=True)
    for each in whole_story(story(user)):
        receive_event(raw=raw(each), event=read_event(raw(each)), by=STRIPE)
    return user


def partner_of(user):
    return OnboardedCoupleFactory(wedding=user.membership.wedding, tasks=0)


def erase(user, *, ends_wedding=False, look=lambda: None):
    """Returns how many transactions it took; looks after each."""
    leave(user=user, wish=Wish(ends_wedding=ends_wedding), by=acting(user))
    with transaction():
        seal_account(user, customers=[], contacts=[])
    for count in range(1, 50):
        with transaction():
            is_more = erase_some(user, ends_wedding=ends_wedding)
        look()
        if not is_more:
            return count
    raise AssertionError("it never ends")


def mails(kind):
    return OutboxMessage.objects.filter(payload__kind=kind)


class TestAlone:
    def test_nothing_is_left_but_payments_that_name_nobody(self, ada):
        assert erase(ada, look=assert_every_invariant_holds) > 4, "bit by bit"

        assert not User.objects.exists()
        assert not Profile.objects.exists()
        assert not Wedding.objects.exists()
        assert not Task.objects.exists()
        assert not Interest.objects.exists()
        assert not Event.objects.exclude(sealed=None).exists()
        kept = Payment.objects.values_list("user", "tombstone").distinct()
        assert list(kept) == [(None, ada.uid)]

    def test_a_second_time_there_is_nothing_to_do(self, ada):
        erase(ada)

        with transaction():
            assert erase_some(ada, ends_wedding=False) is False

    def test_what_could_not_be_applied_waits_no_more(self, ada):
        Event.objects.filter(type="customer.created").update(state="failed", reason="KeyError")

        erase(ada)

        assert set(Event.objects.values_list("state", "reason")) >= {("ignored", "tombstoned")}
        assert not Event.objects.filter(state="failed").exists()


class TestWithAPartner:
    def test_the_wedding_stays_with_the_partner_who_owns_it_now(self, ada):
        eve, wedding = partner_of(ada), ada.membership.wedding

        erase(ada)

        assert Member.objects.get().user == eve
        assert Member.objects.get().role == "owner"
        assert Wedding.objects.get() == wedding
        assert Task.objects.count() == 4
        assert mails("wedding_is_yours").filter(payload__user=str(eve.uid)).count() == 1

    @pytest.mark.parametrize("ends_wedding", [False, True])
    def test_the_partner_s_page_names_her_no_more(self, ada, ends_wedding):
        eve = partner_of(ada)
        Profile.objects.filter(user=ada).update(name="Augusta")
        Profile.objects.filter(user=eve).update(name="Eve", partner_name="augusta")

        erase(ada, ends_wedding=ends_wedding)

        assert Profile.objects.values_list("name", "partner_name").get() == ("Eve", "")

    def test_what_she_did_stays_done(self, ada):
        partner_of(ada)
        Task.objects.filter(status="done").update(completed_by=ada)

        erase(ada)

        assert Task.objects.filter(status="done", completed_by=None).count() == 1

    def test_ended_for_both_the_partner_begins_anew(self, ada):
        eve, wedding = partner_of(ada), ada.membership.wedding

        erase(ada, ends_wedding=True, look=assert_every_invariant_holds)

        assert Wedding.objects.get() == Member.objects.get(user=eve, role="owner").wedding
        assert Wedding.objects.get() != wedding
        assert not Task.objects.exists()
        assert Profile.objects.get(user=eve).step == 0
        assert Interest.objects.filter(user=eve).exists(), "her answers stay"
        assert mails("wedding_ended").filter(payload__user=str(eve.uid)).count() == 1


class TestTheTombstone:
    def test_refuses_the_uid_and_not_the_address(self, ada):
        erase(ada)

        again = OnboardedCoupleFactory(email=ada.email)

        assert again.uid != ada.uid
        assert Tombstone.objects.get().uid == ada.uid

    def test_has_digests_of_every_id_and_no_id(self, ada):
        known = [*ada.customers.values_list("pk", flat=True), str(ada.uid)]
        erase(ada)

        digests = Tombstone.objects.get().vendor_ids
        assert {digest(each) for each in known} <= set(digests)
        assert len(digests) == 3, "the customer, the subscription, the identity"

    def test_a_late_event_changes_nothing_and_is_not_kept(self, ada):
        told = story(ada)
        told.customer = ada.customers.get().pk
        erase(ada)
        for each in whole_story(told):
            receive_event(raw=raw(each), event=read_event(raw(each)), by=STRIPE)

        late = Event.objects.filter(reason="tombstoned")
        assert late.count() == len(whole_story(told))
        assert not late.exclude(sealed=None).exists()
        assert not User.objects.exists()
