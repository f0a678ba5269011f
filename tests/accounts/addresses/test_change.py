"""Who meets a change of address that is under way, and what the page says of it."""

import pytest
from allauth.account.models import EmailAddress

from accounts.actors import VISITOR, acting
from accounts.addresses.change import change_facts
from accounts.addresses.requesting import request_email_change
from accounts.errors import AddressIsChanging, EmailTaken, LinkNoLongerValid
from accounts.leaving.deletion import Wish, leave
from accounts.lookup import find_user
from accounts.models import Tombstone, User
from accounts.passwords import set_password
from accounts.signup import sign_up
from accounts.simulators.faults import FOREVER, Fault
from integrity.models import Saga
from tests import mailbox
from tests.accounts.addresses.story import (
    NEW,
    OLD,
    ask,
    assert_moved,
    assert_stayed,
    change,
    confirm,
    known,
    notices,
)
from tests.accounts.elsewhere.supabase_story import there
from tests.accounts.leaving.story import run, run_to_the_end, time_passes
from tests.accounts.pages import EMAIL, is_logged_in, log_in, press
from tests.factories import PASSWORD, CoupleFactory, OperatorFactory

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def vendors(vendors, settings):
    """The identity provider alone."""
    settings.RESEND_CONTACTS_KEY = settings.RESEND_SEGMENT = ""
    settings.STRIPE_API_KEY = ""
    return vendors


@pytest.fixture
def ada(vendors):
    return known()


@pytest.fixture
def out(vendors):
    """The provider is down."""
    vendors.supabase.faults.add(Fault("status", status=503, times=FOREVER))
    return vendors.supabase.faults


def opens(client, email):
    log_in(client, email)
    opened = is_logged_in(client)
    client.logout()
    return opened


def page(client):
    return client.get(EMAIL).content.decode()


class TestConfirming:
    def test_answers_at_once_and_calls_nobody(self, ada, vendors):
        calls = len(vendors.supabase.calls)

        change(ada)

        assert len(vendors.supabase.calls) == calls
        assert User.objects.get().email == OLD

    def test_twice_is_once(self, ada):
        change(ada)

        with pytest.raises(LinkNoLongerValid):
            confirm(ada)

    @pytest.mark.parametrize("make", [CoupleFactory, OperatorFactory])
    def test_needs_no_saga_where_no_identity_is_kept(self, settings, make):
        if make is CoupleFactory:
            settings.SUPABASE_URL = ""
        user = make(email=OLD, address__verified=True)
        ask(user)

        assert confirm(user).moves_to == ""
        assert User.objects.get().email == NEW
        assert not Saga.objects.exists()

    def test_an_address_that_somebody_has_is_refused_as_an_old_link_is(self, ada):
        CoupleFactory(email=NEW)
        ask(ada)

        with pytest.raises(LinkNoLongerValid):
            confirm(ada)

        assert not Saga.objects.exists()


class TestLoggingIn:
    def test_is_by_exactly_one_address_at_any_time(self, ada, client):
        saga = change(ada)
        before = [opens(client, each) for each in (OLD, NEW)]
        assert run_to_the_end(saga) == "completed"

        assert before == [True, False]
        assert [opens(client, each) for each in (OLD, NEW)] == [False, True]


class TestRivals:
    def test_a_sign_up_with_the_address_is_answered_as_with_any_that_is_known(self, ada, out):
        saga = change(ada)
        run(saga)

        with pytest.raises(EmailTaken):
            sign_up(email=NEW, password_hash="!x", by=VISITOR)

        out.clear()
        time_passes()
        assert run_to_the_end(saga) == "completed"
        assert_moved(ada)

    def test_a_second_proof_of_the_address_is_no_good(self, ada):
        grace = CoupleFactory(address__verified=True)
        ask(grace)
        saga = change(ada)

        with pytest.raises(LinkNoLongerValid):
            confirm(grace)

        assert run_to_the_end(saga) == "completed"

    def test_whoever_asks_for_it_learns_nothing_and_its_mailbox_is_told(self, ada):
        grace = CoupleFactory(address__verified=True)
        change(ada)
        mailbox.a_minute_later()

        request_email_change(user=grace, email=NEW, by=acting(grace))

        assert ("account_exists", NEW) in mailbox.kinds()

    def test_whoever_gets_it_past_the_rules_keeps_it_and_all_is_taken_back(self, ada):
        saga = change(ada)
        EmailAddress.objects.filter(email=NEW).update(verified=False)
        CoupleFactory(email=NEW)
        EmailAddress.objects.filter(user=ada, email=NEW).update(verified=True)

        assert run_to_the_end(saga) == "compensated"

        assert there(ada) == (OLD, True)
        assert notices() == [("email_not_changed", OLD)]

    def test_another_change_waits_until_this_one_is_settled(self, ada):
        saga = change(ada)

        with pytest.raises(AddressIsChanging):
            request_email_change(user=ada, email="third@example.com", by=acting(ada))
        ask(ada, "third@example.com")
        with pytest.raises(AddressIsChanging):
            confirm(ada, "third@example.com")

        EmailAddress.objects.filter(email="third@example.com").delete()
        assert run_to_the_end(saga) == "completed"
        assert_moved(ada)

    def test_a_new_password_calls_it_off(self, ada):
        saga = change(ada)

        set_password(user=ada, password_hash="!new", by=acting(ada))

        assert "another address that was asked for is called off" in mailbox.last().text
        assert run_to_the_end(saga) == "compensated"
        assert_stayed(ada, told=False)

    def test_a_new_password_says_nothing_of_a_move_that_was_made(self, ada):
        assert run_to_the_end(change(ada)) == "completed"

        moved = find_user(NEW)
        set_password(user=moved, password_hash="!new", by=acting(moved))

        assert "another address" not in mailbox.last().text
        assert_moved(ada)

    @pytest.mark.parametrize("how", ["not begun", "under way", "parked"])
    def test_a_deletion_comes_first_and_nothing_comes_back(self, ada, vendors, out, how):
        saga = change(ada)
        if how != "not begun":
            run(saga)
        if how == "parked":
            Saga.objects.filter(pk=saga.pk).update(
                state="attention", attention="refused", parked_from="running"
            )
        deletion = leave(user=ada, wish=Wish(days=0), by=acting(ada))
        out.clear()

        assert run_to_the_end(deletion) == "completed"

        assert there(ada) is None
        assert Tombstone.objects.filter(uid=ada.uid).exists()
        assert not User.objects.exists()
        saga.refresh_from_db()
        assert (saga.state, saga.secrets.count()) == (
            ("attention", 0) if how == "parked" else ("compensated", 0)
        )
        assert not [mail for mail in notices() if mail[0] == "email_changed"]

    def test_support_finds_them_by_either_address(self, ada):
        change(ada)

        assert find_user(OLD) == find_user(NEW) == ada


class TestThePage:
    @pytest.fixture
    def confirmed(self, ada, client):
        log_in(client)
        client.post(EMAIL, {"action_add": "1", "email": NEW, "password": PASSWORD})
        mail = next(each for each in mailbox.promised() if each.to == NEW)
        return press(client, mail)

    def test_tells_that_it_is_being_changed_and_this_browser_goes_on(
        self, confirmed, ada, client, other_client
    ):
        log_in(other_client)
        assert confirmed.url == EMAIL
        assert "We are moving your account" in page(client)
        run_to_the_end(Saga.objects.get())

        assert is_logged_in(client)
        assert not is_logged_in(other_client)
        assert "being changed" not in page(client)
        assert NEW in page(client)

    def test_tells_that_it_takes_longer(self, confirmed, client, vendors):
        vendors.supabase.faults.add(Fault("status", status=503, times=FOREVER))
        run(Saga.objects.get())

        assert "It takes longer now" in page(client)

    def test_tells_that_it_could_not_be_made_and_lets_them_try_again(
        self, confirmed, ada, client, vendors
    ):
        body = {"code": "validation_failed", "message": "no"}
        vendors.supabase.faults.add(Fault("status", method="PUT", status=400, body=body))
        saga = Saga.objects.get()
        run(saga)

        assert "could not be made" in page(client)
        assert notices() == [("email_not_changed", OLD)]
        time_passes()
        run(saga)
        mailbox.a_minute_later()
        client.post(EMAIL, {"action_add": "1", "email": NEW, "password": PASSWORD})
        assert EmailAddress.objects.filter(user=ada, email=NEW, verified=False).exists()

    def test_lets_them_keep_the_old_address(self, confirmed, ada, client):
        client.post(EMAIL, {"action_remove": "1"})

        assert "Your address stays" in page(client)
        assert run_to_the_end(Saga.objects.get()) == "compensated"
        assert change_facts(ada) is None
        assert is_logged_in(client)

    def test_says_so_if_a_person_looks_at_it(self, confirmed, client):
        Saga.objects.update(state="attention", attention="refused", parked_from="running")

        assert "A person is looking" in page(client)

    def test_elsewhere_leads_to_the_log_in(self, ada, client):
        request_email_change(user=ada, email=NEW, by=acting(ada))
        mail = next(each for each in mailbox.promised() if each.to == NEW)

        answer = press(client, mail)

        assert answer.url == "/login/"
        assert "We are moving your account" in client.get("/login/").content.decode()
