"""Who else looks at an address while it is being changed, and what they are told."""

import json
from uuid import uuid4

import pytest
from allauth.account.models import EmailAddress

from accounts.actors import VISITOR, acting
from accounts.addresses.change import change_facts
from accounts.addresses.requesting import request_email_change
from accounts.clients.contacts import contacts
from accounts.clients.identity import identities
from accounts.elsewhere import pages
from accounts.elsewhere.contact import promise_contact
from accounts.errors import SameEmail
from accounts.models import Difference, User
from accounts.passwords import request_password_reset
from accounts.signup import remind_of_account
from accounts.simulators import account
from accounts.simulators.faults import FOREVER, Fault
from integrity.evaluate import evaluate
from integrity.models import Saga
from integrity.relay import deliver_due
from integrity.saga.control import compensate
from integrity.transactions import transaction
from tests import mailbox
from tests.accounts.addresses.story import (
    NEW,
    OLD,
    assert_moved,
    assert_stayed,
    change,
    changed,
    known,
    notices,
)
from tests.accounts.addresses.test_matrix import ANN, not_yet
from tests.accounts.leaving.story import run, run_to_the_end, time_passes
from tests.accounts.pages import EMAIL, log_in
from tests.rounds import rounds_until

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def vendors(vendors, settings):
    settings.RESEND_CONTACTS_KEY = settings.RESEND_SEGMENT = ""
    # The stand-ins are asked in the clear, which a command refuses otherwise.
    settings.DEBUG = True
    return vendors


@pytest.fixture
def ada(vendors):
    return known()


@pytest.fixture
def half_way(ada, monkeypatch):
    """The provider has the new address, and here it is the old one."""
    monkeypatch.setattr(pages.time, "sleep", lambda seconds: None)
    saga = change(ada)
    with changed("change_here", run=not_yet):
        run(saga)
    assert identities().find(ada.uid).email == NEW
    return saga


def worse():
    return [each.invariant.name for each in evaluate(["accounts"]).results if each.count]


class TestReadingTheProvidersList:
    @pytest.mark.parametrize("how", [["--dry-run"], []])
    def test_to_adopt_finds_nothing_wrong(self, half_way, ada, manage, how):
        ended = manage("adopt_identities", "--format", "json", *how)

        assert not ended.err.startswith("CommandError"), ended.err
        assert (ended.code, json.loads(ended.out)) == (0, [])
        assert run_to_the_end(half_way) == "completed"
        assert_moved(ada)

    def test_twice_to_compare_finds_nothing_wrong(self, half_way, ada, manage):
        for _ in range(2):
            manage("people", "compare")

        assert not Difference.objects.exists()
        assert worse() == []
        assert run_to_the_end(half_way) == "completed"
        assert_moved(ada)
        assert worse() == []

    def test_does_not_promise_the_new_address_to_another_identity(self, ada, vendors, manage):
        saga = change(ada)
        other = uuid4()
        identities().create(other, email=NEW, is_verified=True)

        for how in (["--dry-run"], []):
            ended = manage("adopt_identities", "--format", "json", *how)
            assert [row["result"] for row in json.loads(ended.out)] == ["address_taken"]

        assert not User.objects.filter(uid=other).exists()
        assert saga.finished_at is None


class TestTheNewMailbox:
    @pytest.fixture
    def mail(self, ada):
        change(ada)
        mailbox.forget()
        mailbox.a_minute_later()
        return lambda: next(each for each in mailbox.promised() if each.to == NEW)

    def test_is_told_on_a_reset_that_the_plan_is_on_its_way(self, mail):
        request_password_reset(email=NEW, by=VISITOR)

        assert mailbox.kinds() == [("account_exists", NEW)]
        assert "being" in mail().text
        assert "by the address that you had" in mail().text

    def test_is_told_on_a_sign_up_to_log_in_with_the_old_one(self, mail):
        remind_of_account(email=NEW, by=VISITOR)

        assert "with the address that you had" in mail().text
        assert "You can simply log in" not in mail().text

    def test_of_an_account_is_told_simply_to_log_in(self, ada):
        remind_of_account(email=OLD, by=VISITOR)

        assert "You can simply log in" in mailbox.promised()[-1].text


def test_a_provider_that_refuses_for_days_leaves_a_page_that_promises_no_day(ada, vendors, client):
    log_in(client)
    vendors.supabase.faults.add(Fault("status", status=401, times=FOREVER))
    saga = change(ada)
    for _ in range(3):
        run(saga)
        time_passes()

    page = client.get(EMAIL).content.decode()
    assert "It takes longer now" in page
    assert "for a day" not in page


def test_an_operator_takes_it_back_and_the_mail_does_not_say_why_for_sure(half_way, ada):
    compensate(saga=half_way.uid, by=ANN)

    assert run_to_the_end(half_way) == "compensated"

    assert notices() == [("email_not_changed", OLD)]
    assert "Mostly that is because" in mailbox.promised()[-1].text
    assert change_facts(ada).stage == "failed"
    assert_stayed(ada)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("NEW@Example.COM", "new@example.com"),
        ("ada+new@example.com", "ada+new@example.com"),
        ("ada@b\u00fccher.example", "ada@xn--bcher-kva.example"),
    ],
)
def test_every_spelling_of_an_address_arrives(ada, typed, kept):
    request_email_change(user=ada, email=typed, by=acting(ada))
    saga_of = EmailAddress.objects.get(user=ada, primary=False)
    assert saga_of.email == kept
    saga_of.delete()

    assert run_to_the_end(change(ada, kept)) == "completed"

    assert User.objects.get(pk=ada.pk).email == kept
    assert identities().find(ada.uid).email == kept


def test_the_same_address_otherwise_spelt_is_no_change(ada):
    with pytest.raises(SameEmail):
        request_email_change(user=ada, email="ADA@EXAMPLE.COM", by=acting(ada))


def test_the_contact_follows(ada, settings):
    settings.RESEND_CONTACTS_KEY, settings.RESEND_SEGMENT = account.CONTACTS_KEY, account.SEGMENT
    with transaction():
        promise_contact(ada)
    deliver_due()
    assert [each.email for each in contacts().all()] == [OLD]

    assert run_to_the_end(change(ada)) == "completed"
    for _ in rounds_until(lambda: not deliver_due().count, "the end of what is promised"):
        pass

    assert [each.email for each in contacts().all()] == [NEW]
    assert not Saga.objects.filter(finished_at=None).exists()


def test_an_address_that_is_kept_no_longer_is_not_given_to_the_provider(ada, vendors):
    vendors.supabase.faults.add(Fault("status", method="GET", status=503))
    saga = change(ada)
    assert run(saga) == "running"
    assert saga.steps.get(position=saga.position).name == "set_identity"
    EmailAddress.objects.get(user=ada, primary=False).delete()

    time_passes()
    assert run_to_the_end(saga) == "compensated"

    assert "PUT" not in [call.method for call in vendors.supabase.calls]
    (*_, last) = saga.events.filter(event="step_failed").order_by("pk")
    assert "the new address isn't kept for it any more" in last.detail["error"]
    assert_stayed(ada, told=False)


def test_nothing_of_it_is_done_here_before_the_point_of_no_return(ada):
    """What is done here is not taken back: the old address is anybody's by then."""
    saga = change(ada)
    assert run_to_the_end(saga) == "completed"

    kinds = list(saga.steps.order_by("position").values_list("name", "kind"))
    assert kinds == [
        ("hold_address", "local"),
        ("set_identity", "remote"),
        ("change_here", "pivot"),
    ]
    assert saga.pivot_at is not None
