from uuid import uuid4

import pytest

from accounts.clients.identity import identities
from accounts.clients.outcomes import Unknown, Wait
from accounts.clients.payments import payments
from accounts.simulators.account import STRIPE_PRICE

pytestmark = pytest.mark.django_db
ADA = {"email": "ada@example.com", "name": "Ada", "user": "5d1c", "key": "k"}


@pytest.fixture(autouse=True)
def stand_ins_url(vendors, settings):
    settings.STAND_INS_URL = vendors.url


@pytest.fixture
def press(client):
    def press(name, place, /, **values):
        page = client.post(f"/demo/vendors/{name}/{place}/", values, follow=True)
        return page.content.decode()

    return press


def test_all_of_them_are_shown(client):
    page = client.get("/demo/vendors/").content.decode()

    for name in ("Stripe", "Resend", "Supabase Auth"):
        assert name in page
    assert "customers: 0" in page


def test_what_took_effect_is_shown(client):
    customer = payments().create_customer(**ADA)

    page = client.get("/demo/vendors/stripe/").content.decode()

    assert customer in page
    assert "customer.created" in page
    assert "POST /v1/customers" in page


def test_it_is_made_to_fail_and_let_work_again(press):
    page = press("stripe", "fault", kind="status", status=429, times=9)
    with pytest.raises(Wait):
        payments().create_customer(**ADA)

    assert "9 times: status" in page
    assert "Done." in press("stripe", "clear")
    assert payments().create_customer(**ADA)


def test_something_happens_to_a_subscription(vendors, press):
    with vendors.stripe.lock:
        customer = vendors.stripe.add_customer({"email": "ada@example.com"})
        subscription = vendors.stripe.subscribe(customer, STRIPE_PRICE, {})["id"]

    press("stripe", "do", verb="fail_renewal", id=subscription)

    assert payments().subscription(subscription)["status"] == "past_due"


def test_events_are_sent_as_it_is_chosen(vendors, press):
    press("stripe", "webhooks", order="twice")
    assert vendors.stripe.webhooks.copies == 2

    press("stripe", "webhooks", order="not at all")
    assert (vendors.stripe.webhooks.copies, vendors.stripe.webhooks.held) == (1, True)


def test_waiting_events_are_sent_at_once(vendors, press):
    sent = []
    vendors.stripe.webhooks.send = lambda body, headers: sent.append(body) or 200
    try:
        payments().create_customer(**ADA)
        press("stripe", "send")
    finally:
        vendors.stripe.webhooks.send = None

    assert len(sent) == 1


@pytest.mark.parametrize(
    ("verb", "values", "told"),
    [
        ("fault", {"kind": "earthquake"}, "Please check"),
        ("webhooks", {"order": "sideways"}, "Please check"),
        ("do", {"verb": "renew", "id": "sub_nobody"}, "There is no open subscription"),
    ],
)
def test_what_can_not_be_done_is_said(press, verb, values, told):
    assert told in press("stripe", verb, **values)


@pytest.mark.parametrize("path", ["/demo/vendors/acme/", "/demo/vendors/stripe/dance/"])
def test_other_names_are_not_found(client, path):
    assert client.post(path).status_code in (404, 405)
    assert client.get(path).status_code in (404, 405)


def test_where_none_answer_the_page_says_what_to_do(client, settings):
    settings.STAND_INS_URL = "http://127.0.0.1:9"

    page = client.get("/demo/vendors/")

    assert page.status_code == 503
    assert b"Wait a moment" in page.content


def test_where_none_run_the_page_says_so(client, settings):
    settings.STAND_INS_URL = ""

    assert b"No stand-ins run here" in client.get("/demo/vendors/").content
    assert client.get("/demo/vendors/stripe/").status_code == 404


def test_the_identity_provider_is_switched_off_until_it_is_switched_on_again(client, vendors):
    page = client.post("/demo/vendors/switch/", {"to": "off"}, follow=True).content.decode()
    assert "Supabase Auth is switched off." in page
    for _ in range(3):
        with pytest.raises(Unknown, match="503"):
            identities().find(uuid4())
    assert (
        "Until you let it work again: status 503"
        in client.get("/demo/vendors/supabase/").content.decode()
    )

    page = client.post("/demo/vendors/switch/", {"to": "on"}, follow=True).content.decode()
    assert "Supabase Auth is up." in page
    assert identities().find(uuid4()) is None


def test_a_link_switches_nothing_and_lets_nobody_leave(client):
    assert client.get("/demo/vendors/switch/").status_code == 405
    assert client.get("/demo/vendors/leave/").status_code == 405


def test_only_made_up_couples_are_asked_to_leave(client):
    assert client.post("/demo/vendors/leave/").status_code == 404
