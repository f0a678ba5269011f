import json

from accounts.simulators.account import STRIPE_PRICE
from accounts.simulators.stripe_api import Stripe


def test_what_it_knows_outlives_its_process(tmp_path):
    first = Stripe(store=tmp_path / "stripe.json")
    with first.lock:
        customer = first.add_customer({"email": "ada@example.com"})
        subscription = first.subscribe(customer, STRIPE_PRICE, {})["id"]
        first.save()

    second = Stripe(store=tmp_path / "stripe.json")

    assert second.found(subscription)["status"] == "active"
    assert [line.verb for line in second.ledger] == [line.verb for line in first.ledger]


def test_started_over_it_knows_nothing(tmp_path):
    vendor = Stripe(store=tmp_path / "stripe.json")
    vendor.add_customer({"email": "ada@example.com"})
    vendor.reset()

    assert json.loads((tmp_path / "stripe.json").read_text())["state"]["customers"] == {}
    assert not vendor.ledger


def test_an_event_that_was_not_taken_is_sent_by_the_next_process(tmp_path):
    first = Stripe(store=tmp_path / "stripe.json")
    answers, sent = [200, 500], []
    first.webhooks.send = lambda body, headers: answers.pop(0)
    for email in ("ada@example.com", "eve@example.com"):
        first.add_customer({"email": email})
    first.webhooks.deliver()
    first.save()

    second = Stripe(store=tmp_path / "stripe.json")
    second.webhooks.send = lambda body, headers: sent.append(json.loads(body)) or 200
    second.webhooks.deliver()

    assert [event["data"]["object"]["email"] for event in sent] == ["eve@example.com"]
