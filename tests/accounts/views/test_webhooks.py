"""The endpoint: what is hostile is refused, what is kept is committed before it says so."""

import threading
from copy import deepcopy
from unittest.mock import patch

import pytest
from django.test import Client
from django.urls import reverse

from accounts.billing.webhooks import MOST_BYTES
from accounts.models import Event, EventChange
from integrity.transactions import CommitNotConfirmed
from tests.accounts.billing.stripe_story import (
    SECRET,
    checkout,
    customer,
    event,
    invoice,
    raw,
    signed,
    story,
    subscription,
)
from tests.accounts.billing.test_webhooks import HOSTILE
from tests.factories import CoupleFactory
from tests.rivals import in_threads, rival, wait_for_a_blocked_session

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def secrets(settings):
    settings.STRIPE_WEBHOOK_SECRETS = ["whsec_another", SECRET]


def deliver(body, header=None, **more):
    client = Client(enforce_csrf_checks=True, raise_request_exception=False)
    return client.post(
        reverse("accounts_stripe_webhook"),
        data=body,
        content_type="application/json",
        headers={"Stripe-Signature": signed(body) if header is None else header},
        **more,
    )


def test_an_event_is_kept_and_applied_without_a_csrf_token():
    answer = deliver(raw(checkout(story(CoupleFactory()))))

    assert (answer.status_code, answer.content) == (200, b"applied\n")
    assert Event.objects.get().state == "applied"


def test_a_replay_within_five_minutes_has_no_effect():
    body = raw(checkout(story(CoupleFactory())))
    header = signed(body)

    assert [deliver(body, header).content for _ in range(2)] == [b"applied\n", b"repeated\n"]
    assert EventChange.objects.count() == 1


@pytest.mark.parametrize("header", ["", "t=1,v1=a", "garbled"])
def test_what_is_not_signed_is_refused(header):
    answer = deliver(raw(checkout(story(CoupleFactory()))), header)

    assert answer.status_code == 400
    assert not Event.objects.exists()


def test_a_get_is_answered_by_405():
    assert Client().get(reverse("accounts_stripe_webhook")).status_code == 405


class TestSize:
    def test_too_much_is_refused_before_it_is_parsed(self):
        with patch("accounts.views.webhooks.check_signature") as never:
            answer = deliver(b" " * (MOST_BYTES + 1), "t=1")

        assert answer.status_code == 413
        never.assert_not_called()

    def test_the_announced_size_is_enough(self):
        assert deliver(b"{}", "t=1", CONTENT_LENGTH=str(10**12)).status_code == 413

    def test_a_size_of_thousands_of_digits_is_too_much(self):
        assert deliver(b"{}", "t=1", CONTENT_LENGTH="9" * 5000).status_code == 413

    def test_a_lie_about_the_size_is_no_way_round(self):
        assert deliver(b" " * (MOST_BYTES + 1), "t=1", CONTENT_LENGTH="2").status_code == 400

    def test_as_much_as_is_allowed_is_read(self):
        body = raw(event("a.type", story(None), {"object": "a", "text": "a"}))
        body += b" " * (MOST_BYTES - len(body))

        assert deliver(body).status_code == 200


def signed_bytes(body):
    """Of what isn't even text."""
    import hmac
    import time

    at = int(time.time())
    return f"t={at},v1={hmac.new(SECRET.encode(), b'%d.' % at + body, 'sha256').hexdigest()}"


HOSTILE_CONTENTS = [
    {"metadata": {"user_id": "\u0000"}},
    {"metadata": {"user_id": "\ud800"}},
    {"metadata": "\u0000", "status": "\u0000"},
    {"customer": "\u0000"},
    {"customer": ["cus_1"]},
    {"id": {"a": "b"}},
    {"id": "\ud800"},
    {"items": {"data": [{"current_period_end": 10**30}]}},
    {"status": "\ud800", "items": None},
    {"cancel_at_period_end": float("1e308")},
    {"extra": {f"key{n}": "\u0000" for n in range(10_000)}},
]


class TestHostileBodies:
    @pytest.mark.parametrize("body", HOSTILE, ids=lambda body: repr(body[:12]))
    def test_signed_or_not_it_is_no_500(self, body):
        refused = 400 if len(body) <= MOST_BYTES else 413
        assert deliver(body, "t=1,v1=a").status_code == refused
        assert deliver(body, signed_bytes(body)).status_code == refused
        assert not Event.objects.exists()

    @pytest.mark.parametrize("contents", HOSTILE_CONTENTS, ids=lambda each: repr(each)[:30])
    def test_inside_an_event_it_is_kept(self, contents):
        told = story(CoupleFactory())
        hostile = {"object": "subscription", "customer": told.customer} | contents
        body = raw(event("customer.subscription.updated", told, hostile))

        assert deliver(body).status_code == 200
        assert Event.objects.get().state in ("failed", "ignored")

    @pytest.mark.parametrize(
        "build",
        [
            lambda told: customer("deleted", told),
            checkout,
            lambda told: subscription("updated", told, "active"),
            lambda told: invoice("paid", told),
        ],
        ids=["customer", "checkout", "subscription", "invoice"],
    )
    def test_whatever_is_in_a_field_of_somebody_we_know_it_is_no_500(self, build):
        told = story(CoupleFactory())
        deliver(raw(customer("created", told)))
        answers = {}
        for path in list(_paths(build(told)["data"]["object"])):
            for value in HOSTILE_VALUES:
                hostile = build(told)
                _put(hostile["data"]["object"], path, value)
                answers[path, repr(value)[:9]] = deliver(raw(hostile)).status_code

        assert {each: code for each, code in answers.items() if code not in (200, 400)} == {}


HOSTILE_VALUES = [
    "x\u0000",
    "\ud800",
    "x" * 300,
    10**400,
    1.5,
    True,
    None,
    ["\u0000"],
    {"id": "\u0000"},
]


def _paths(thing, *before):
    """Where something is in it."""
    inner = thing.items() if isinstance(thing, dict) else enumerate(thing)
    for key, value in deepcopy(list(inner)):
        yield (*before, key)
        if isinstance(value, dict | list):
            yield from _paths(value, *before, key)


def _put(thing, path, value):
    *before, last = path
    for key in before:
        thing = thing[key]
    thing[last] = value


class TestCommit:
    def test_without_a_commit_stripe_is_told_to_come_again(self):
        body = raw(checkout(story(CoupleFactory())))
        with patch("accounts.views.webhooks.receive_event", side_effect=CommitNotConfirmed):
            answer = deliver(body)

        assert answer.status_code == 503

    def test_a_second_delivery_waits_for_the_first_ones_commit(self):
        told = story(CoupleFactory())
        body = raw(customer("created", told))
        first = "INSERT INTO accounts_event (stripe_id, type, happened_at, livemode, state, reason)"
        values = " VALUES (%s, 'a', now(), false, 'ignored', 'stale')"
        name = body.decode().partition('"id": "')[2].partition('"')[0]

        with rival() as other, rival() as looker, in_threads() as start:
            other("BEGIN")
            other(first + values, name)
            second = start(deliver, body=body)
            wait_for_a_blocked_session(looker)
            assert not second.done()
            other("COMMIT")
            answer = second.result()

        assert (answer.status_code, answer.content) == (200, b"repeated\n")

    def test_many_at_once_are_one(self):
        body = raw(customer("created", story(CoupleFactory())))
        gate = threading.Barrier(4)

        def at_once():
            gate.wait()
            return deliver(body)

        with in_threads() as start:
            answers = [start(at_once) for _ in range(4)]
        said = sorted(each.result().content for each in answers)

        assert said == [b"applied\n", *[b"repeated\n"] * 3]
        assert EventChange.objects.count() == 1
