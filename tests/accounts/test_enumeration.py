"""Nobody learns from our answers whether an address has an account."""

import re

import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import MD5PasswordHasher
from django.test import Client

from tests import mailbox
from tests.accounts.pages import (
    EMAIL,
    FORGOTTEN,
    OTHER_ADDRESS,
    PARTNER,
    RESEND,
    SIGN_UP,
    WAITING,
    log_in,
    sign_up,
)
from tests.factories import PASSWORD, CoupleFactory, OperatorFactory

pytestmark = pytest.mark.django_db(transaction=True)

UNKNOWN = "nobody@example.com"
KNOWN = [
    "verified@example.com",
    "waiting@example.com",
    "operator@example.com",
    "closed@example.com",
    "promised@example.com",
]


def signing_up(client, email, own):
    return [client.get(SIGN_UP), sign_up(client, email), client.get(WAITING)]


def asking_again(client, email, own):
    sign_up(client, email)
    start_over()
    return [client.post(RESEND), client.get(WAITING)]


def asking_again_too_soon(client, email, own):
    sign_up(client, email)
    return [client.post(RESEND), client.get(WAITING)]


def changing_to_it(client, email, own):
    sign_up(client, own)
    start_over()
    return [client.post(OTHER_ADDRESS, {"email": email}), client.get(WAITING)]


def changing_to_it_and_asking_again(client, email, own):
    changing_to_it(client, email, own)
    start_over()
    return [client.post(RESEND), client.get(WAITING)]


def changing_from_it(client, email, own):
    sign_up(client, email)
    start_over()
    return [client.post(OTHER_ADDRESS, {"email": own}), client.get(WAITING)]


def changing_from_it_to_one_that_was_mailed(client, email, own):
    sign_up(client, email)
    start_over()
    visitor = Client()
    sign_up(visitor, f"visitor-of-{own}")
    visitor.post(OTHER_ADDRESS, {"email": own})
    return [client.post(OTHER_ADDRESS, {"email": own}), client.get(WAITING)]


def forgetting_the_password(client, email, own):
    return [client.post(FORGOTTEN, {"email": email}), client.get("/password/sent/")]


def logging_in(client, email, own):
    return [log_in(client, email, password="a wrong password")]


def signing_up_and_logging_in(client, email, own):
    """With the password of the sign-up: it is that of an account, or of none."""
    sign_up(client, email, "the visitor's own words")
    answers = [log_in(each, email, "the visitor's own words") for each in (Client(), client)]
    mailbox.forget()  # Whoever waits for the link gets it once more, which nobody else sees.
    return answers


def moving_there(client, email, own):
    couple = CoupleFactory(email=own, address__verified=True)
    log_in(client, couple.email)
    form = {"action_add": "1", "email": email, "password": PASSWORD}
    return [client.post(EMAIL, form), client.get(EMAIL)]


def inviting(client, email, own):
    couple = CoupleFactory(email=own, address__verified=True)
    log_in(client, couple.email)
    return [client.post(PARTNER, {"email": email}), client.get(PARTNER)]


JOURNEYS = [
    signing_up,
    asking_again,
    asking_again_too_soon,
    changing_to_it,
    changing_to_it_and_asking_again,
    changing_from_it,
    changing_from_it_to_one_that_was_mailed,
    forgetting_the_password,
    logging_in,
    signing_up_and_logging_in,
    moving_there,
    inviting,
]


@pytest.fixture(autouse=True)
def known():
    CoupleFactory(email="verified@example.com", address__verified=True)
    CoupleFactory(email="waiting@example.com")
    OperatorFactory(email="operator@example.com")
    CoupleFactory(email="closed@example.com", address__verified=True, is_active=False)
    mover = CoupleFactory(email="mover@example.com", address__verified=True)
    EmailAddress.objects.create(
        user=mover, email="promised@example.com", verified=True, primary=False
    )


@pytest.fixture
def hashed(monkeypatch):
    """How often a password was hashed: what takes the time in all of these."""
    calls = []
    encode = MD5PasswordHasher.encode

    def counted(self, password, salt):
        calls.append(salt)
        return encode(self, password, salt)

    monkeypatch.setattr(MD5PasswordHasher, "encode", counted)
    return calls


@pytest.mark.parametrize("email", KNOWN)
@pytest.mark.parametrize("journey", JOURNEYS)
def test_known_and_unknown_addresses_get_the_same(journey, email, hashed):
    with_known = everything_seen(journey, email, hashed, own="mine@example.com")
    with_unknown = everything_seen(journey, UNKNOWN, hashed, own="again@example.com")

    assert with_known == with_unknown


def test_the_comparison_sees_a_difference(hashed):
    once = everything_seen(signing_up, UNKNOWN, hashed, own="mine@example.com")

    assert once != everything_seen(signing_up, "no address", hashed, own="mine@example.com")


def everything_seen(journey, email, hashed, *, own):
    start_over()
    hashed.clear()
    client = Client()
    answers = [seen(answer, email, own) for answer in journey(client, email, own)]
    cookies = {
        name: {key: value for key, value in cookie.items() if key != "expires"}
        for name, cookie in client.cookies.items()
    }
    return {
        "answers": answers,
        "cookies": cookies,
        "mails": len(mailbox.promised()),
        "hashes": len(hashed),
    }


def seen(answer, email, own):
    page = answer.content.decode().replace(email, "ADDRESS").replace(own, "OWN")
    page = re.sub(r'(type="hidden"[^>]*) value="[^"]*"', r"\1", page)
    page = re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "UID", page)
    headers = {name: value for name, value in answer.items() if name != "X-Request-Id"}
    headers.pop("Content-Length", None)
    headers.pop("Expires", None)
    return answer.status_code, headers, sorted(answer.cookies), page


def start_over():
    mailbox.forget()
    mailbox.a_minute_later()
