"""What is believed of a webhook, and what isn't; without a database."""

import json
import time
from contextlib import suppress

import pytest
import stripe
from hypothesis import given
from hypothesis import settings as hypothesis
from hypothesis import strategies as st

from accounts.billing.webhooks import NotAnEvent, NotAuthentic, check_signature, read_event
from tests.accounts.billing.stripe_story import SECRET, event, raw, signed, story

NOW = 1_800_000_000
BODY = b'{"id": "evt_1"}'


@pytest.fixture(autouse=True)
def secrets(settings):
    settings.STRIPE_WEBHOOK_SECRETS = [SECRET]


def believed(header, *, body=BODY, now=NOW):
    try:
        check_signature(body, header, now=now)
    except NotAuthentic:
        return False
    return True


class TestSignature:
    def test_what_stripe_signs_is_believed(self):
        assert believed(signed(BODY, at=NOW))

    def test_the_sdk_agrees(self):
        header = signed(BODY, at=int(time.time()))

        assert stripe.WebhookSignature.verify_header(BODY.decode(), header, SECRET, 300)
        assert believed(header, now=time.time())

    @pytest.mark.parametrize(("seconds", "fresh"), [(-301, 0), (-300, 1), (300, 1), (301, 0)])
    def test_it_is_at_most_five_minutes_old_or_early(self, seconds, fresh):
        assert believed(signed(BODY, at=NOW + seconds)) == bool(fresh)

    def test_a_changed_byte_is_found(self):
        assert not believed(signed(BODY, at=NOW), body=BODY + b" ")

    def test_a_changed_time_is_found(self):
        header = signed(BODY, at=NOW).replace(str(NOW), str(NOW + 1))

        assert not believed(header)

    def test_another_secret_is_found(self):
        assert not believed(signed(BODY, secret="whsec_of_somebody_else", at=NOW))

    def test_while_secrets_change_both_are_good(self, settings):
        settings.STRIPE_WEBHOOK_SECRETS = ["whsec_new", SECRET]

        assert believed(signed(BODY, at=NOW))
        assert believed(signed(BODY, secret="whsec_new", at=NOW))

    def test_stripe_may_sign_with_both(self):
        good = signed(BODY, at=NOW)

        assert believed(good.replace("v1=", f"v1={'0' * 64},v1="))

    def test_without_a_secret_nothing_is_believed(self, settings):
        settings.STRIPE_WEBHOOK_SECRETS = []

        assert not believed(signed(BODY, secret="", at=NOW))

    @pytest.mark.parametrize(
        "header",
        [
            "",
            "t=",
            f"t={NOW}",
            "v1=a",
            f"t={NOW},v1=",
            f"t={NOW},v1=\u00e9",
            "t=\u0661,v1=a",
            "t=1e3,v1=a",
            f"t={'9' * 5000},v1=a",
            ",,,=",
            "t=-1,v1=a",
            signed(BODY, at=NOW).replace("v1", "v0"),
        ],
    )
    def test_any_other_header_is_not_believed(self, header):
        assert not believed(header)


HOSTILE = [
    b"",
    b"{",
    b"\xff",
    b"[]",
    b"null",
    b"NaN",
    b'"evt_1"',
    b"[" * 100_000,
    b'{"a":' * 100_000,
    b'{"id": 1}',
    b'{"id": NaN}',
    b'{"id": "' + b"9" * 300 + b'"}',
    b'{"created": ' + b"9" * 5000 + b"}",
    json.dumps({f"key{n}": n for n in range(10_000)}).encode(),
    raw(event("ping", story(None), {"id": "a"})).decode().encode("utf-16"),
    raw(event("ping", story(None), {"id": "a"})).replace(b'"a"', b'"\xed\xa0\x80"'),
    b"\xef\xbb\xbf" + raw(event("ping", story(None), {"id": "a"})),
]


class TestBody:
    def test_an_event_is_read(self):
        told = story(None)
        read = read_event(raw(event("ping", told, {"object": "customer", "id": "cus_1"})))

        assert (read.type, read.customer, read.livemode) == ("ping", "cus_1", False)
        assert read.happened_at.timestamp() == told.start

    @pytest.mark.parametrize("body", HOSTILE, ids=lambda body: repr(body[:12]))
    def test_what_is_no_event_is_refused(self, body):
        with pytest.raises(NotAnEvent):
            read_event(body)

    @pytest.mark.parametrize(
        "changes",
        [
            {"id": 1},
            {"id": ""},
            {"id": "evt\u0000"},
            {"id": "evt_\ud800"},
            {"id": "evt 1"},
            {"id": "e" * 256},
            {"type": None},
            {"type": "a\nb"},
            {"livemode": "false"},
            {"livemode": None},
            {"created": None},
            {"created": True},
            {"created": 1.5},
            {"created": -1},
            {"created": 10**40},
            {"created": 253_402_300_799},
            {"api_version": 7},
            {"api_version": "a" * 41},
            {"data": None},
            {"data": []},
            {"data": {"object": []}},
            {"data": {"object": {}}},
        ],
        ids=str,
    )
    def test_what_has_another_shape_is_refused(self, changes):
        with pytest.raises(NotAnEvent):
            read_event(raw(event("ping", story(None), {"id": "a"}) | changes))

    @pytest.mark.parametrize("customer", [None, 1, [], {"id": "cus_1"}, "cus\u0000", "\ud800", ""])
    def test_a_customer_that_has_no_id_is_none(self, customer):
        assert read_event(raw(event("ping", story(None), {"customer": customer}))).customer == ""

    @pytest.mark.parametrize("said", [None, 1, "", "not a uuid", [], {}])
    def test_a_user_that_has_no_uuid_is_none(self, said):
        thing = {"client_reference_id": said, "metadata": {"user_id": said}, "parent": said}

        assert read_event(raw(event("ping", story(None), thing))).user_uids == frozenset()

    @hypothesis(max_examples=300, deadline=None)
    @given(
        st.binary(max_size=200)
        | st.text(max_size=200).map(lambda text: text.encode(errors="surrogatepass"))
    )
    def test_any_bytes_are_read_or_refused(self, body):
        with suppress(NotAnEvent):
            read_event(body)
