"""Each step of a copy meets each kind of failure, and it ends whole, waits, or leaves nothing."""

import pytest

from accounts.clients import payments
from accounts.exporting.copies import KIND, ready_export
from accounts.exporting.facts import export_facts
from accounts.leaving.deletion import Wish, leave
from accounts.simulators.faults import FOREVER, Fault
from integrity.models import SagaSecret
from tests import mailbox
from tests.accounts.exporting.story import ask, assert_nothing_is_kept, make, opened, rows, tables
from tests.accounts.leaving.story import (
    assert_gone,
    at_vendors,
    changed,
    known_everywhere,
    run,
    run_through_deaths,
    run_to_the_end,
    time_passes,
)
from tests.accounts.leaving.test_matrix import ANN, PASSING, refuse
from tests.rounds import rounds_until

pytestmark = pytest.mark.django_db(transaction=True)
CALLS = {
    "ask_stripe": ("stripe", "GET", "/v1/customers"),
    "ask_resend": ("resend", "GET", "/contacts/"),
    "ask_supabase": ("supabase", "GET", "/admin/users/"),
}
LOCAL = ("begin", "collect", "write")


@pytest.fixture
def ada(vendors):
    return known_everywhere(vendors)


@pytest.fixture
def meets(fails):
    def script(call, **how):
        vendor, method, path = CALLS[call]
        payments._sdk.cache_clear()
        fails(vendor, Fault(method=method, path=path, **how))

    return script


def test_what_the_vendors_keep_is_in_it_and_nothing_is_changed_there(ada, vendors):
    before = at_vendors(ada, vendors)

    files = opened(make(ada.user))

    assert rows(files, "stripe_customers")[0]["email"] == ada.user.email
    assert tables(files)["stripe_subscriptions"]["rows"][0]["id"] == ada.subscription
    assert tables(files)["stripe_subscriptions"]["rows"][0]["created"].endswith("+00:00")
    assert rows(files, "resend_contact")[0]["id"] == ada.contact
    assert rows(files, "supabase_identity")[0]["id"] == ada.uid
    assert "What Stripe, who collects what you pay" in files["index.html"]
    assert at_vendors(ada, vendors) == before
    assert not SagaSecret.objects.exists()


def test_whom_no_vendor_knows_has_no_part_of_theirs(ada, vendors):
    vendors.stripe.remove_customer(ada.customer)
    del vendors.resend.state["contacts"][ada.contact]
    del vendors.supabase.state["users"][ada.uid]

    names = set(tables(opened(make(ada.user))))

    assert not names & {"stripe_customers", "resend_contact", "supabase_identity"}


def test_half_a_sign_of_a_vendor_s_is_written_as_its_number(ada, vendors):
    """JSON from elsewhere may have it, and no file in UTF-8 can."""
    vendors.stripe.state["customers"][ada.customer]["name"] = "Ada \ud83d"

    files = opened(make(ada.user))

    assert rows(files, "stripe_customers")[0]["name"] == "Ada \\ud83d"
    assert tables(files)["stripe_customers"]["rows"][0]["name"] == "Ada \ud83d"


class TestAPassingFailure:
    @pytest.mark.parametrize("how", PASSING)
    def test_is_waited_out_at_every_call(self, ada, vendors, meets, how):
        for call in CALLS:
            meets(call, **PASSING[how])

        files = opened(make(ada.user))

        assert not any(each.faults for each in vendors.all.values()), "each was met"
        assert {"stripe_customers", "resend_contact", "supabase_identity"} < set(tables(files))
        assert mailbox.kinds() == [("export_ready", ada.user.email)]

    @pytest.mark.parametrize("when", ["before", "after"])
    def test_so_is_a_worker_that_dies_in_each_step(self, ada, when):
        saga = ask(ada.user)
        deaths = run_through_deaths(saga, (*LOCAL, *CALLS), after=when == "after", kind=KIND)

        assert (saga.state, deaths) == ("completed", 6)
        assert opened(ready_export(ada.user))
        assert ada.user.exports.count() == 1


class TestAFailureThatStays:
    @pytest.mark.parametrize("call", CALLS)
    def test_of_a_vendor_leaves_nothing_and_says_so(self, ada, meets, call):
        status = 400 if call == "ask_stripe" else 422
        meets(call, kind="status", status=status)

        assert run_to_the_end(ask(ada.user)) == "compensated"

        assert_nothing_is_kept(ada.user)
        assert mailbox.kinds() == [("export_failed", ada.user.email)]
        facts = export_facts(ada.user)
        assert (facts.stage, facts.why, facts.may_ask) == ("failed", "refused", True)

    @pytest.mark.parametrize("step", LOCAL)
    def test_of_ours_does_too(self, ada, step):
        with changed(step, kind=KIND, run=refuse):
            assert run_to_the_end(ask(ada.user)) == "compensated"

        assert_nothing_is_kept(ada.user)

    def test_the_log_says_where_and_quotes_nobody(self, ada, caplog):
        def stumble(at):
            raise ValueError(f"{ada.user.email} of Ada")

        with changed("write", kind=KIND, run=stumble):
            assert run_to_the_end(ask(ada.user)) == "compensated"

        assert f"ValueError at {__name__}:" in caplog.text
        assert ada.user.email not in caplog.text
        assert "of Ada" not in caplog.text

    def test_a_vendor_that_is_down_is_waited_for_and_then_given_up(self, ada, vendors, meets):
        meets("ask_resend", kind="status", status=500, times=FOREVER)
        saga = ask(ada.user)
        run(saga)
        facts = export_facts(ada.user)
        assert (facts.stage, facts.is_late, facts.progress.step) == ("making", True, 3)
        for _ in rounds_until(lambda: run(saga) != "running", "that it is given up"):
            time_passes()

        assert export_facts(ada.user).stage == "clearing"
        vendors.resend.faults.clear()
        assert run_to_the_end(saga) == "compensated"
        assert export_facts(ada.user).why == "no_answer"
        assert_nothing_is_kept(ada.user)

    def test_one_copy_that_failed_leaves_the_one_before(self, ada, meets):
        before = make(ada.user)
        meets("ask_supabase", kind="status", status=422)

        assert run_to_the_end(ask(ada.user)) == "compensated"
        assert ready_export(ada.user) == before


class TestWhileTheAccountGoes:
    def test_what_a_vendor_said_goes_at_the_seal(self, ada, vendors, meets):
        """The copy stands still at a vendor that doesn't answer, with what another one has said."""
        meets("ask_resend", kind="status", status=500, times=FOREVER)
        copy = ask(ada.user)
        run(copy)
        assert SagaSecret.objects.filter(saga=copy).exists()
        vendors.resend.faults.clear()

        deletion = leave(user=ada.user, wish=Wish(days=0), by=ANN)
        assert run_to_the_end(deletion) == "completed"

        assert not SagaSecret.objects.exists()
        assert run_to_the_end(copy) == "compensated"
        assert_gone(ada, vendors)
