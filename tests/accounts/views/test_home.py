"""The account page, and the choice that is made on it."""

from uuid import uuid4

import pytest

from accounts.models import Contact
from integrity.models import AuditEntry, OutboxMessage
from tests.accounts.pages import ACCOUNT, log_in
from tests.factories import CoupleFactory, OperatorFactory

pytestmark = pytest.mark.django_db(transaction=True)
NEWS = "/account/news/"


@pytest.fixture
def ada(client):
    user = CoupleFactory(email="ada@example.com", address__verified=True)
    log_in(client)
    return user


def press(client):
    """The one button that the page offers."""
    form = client.get(ACCOUNT).context["news"]
    return client.post(NEWS, {field.name: str(field.value()) for field in form}, follow=True)


def test_whoever_unsubscribes_is_told_so_and_may_take_it_back(client, ada):
    assert "Unsubscribe" in client.get(ACCOUNT).content.decode()

    page = press(client).content.decode()
    assert "You are unsubscribed." in page
    assert Contact.objects.get(user=ada).unsubscribed
    assert "Get our news again" in page

    assert "You get our news again." in press(client).content.decode()
    assert not Contact.objects.get(user=ada).unsubscribed


def test_resend_is_told(client, ada, vendors):
    press(client)

    assert OutboxMessage.objects.get().payload == {"user": str(ada.uid)}


def test_a_double_click_is_one(client, ada):
    data = {"wanted": "no", "operation": str(uuid4())}
    for _ in range(2):
        page = client.post(NEWS, data, follow=True).content.decode()

    assert "You are unsubscribed." in page
    assert Contact.objects.filter(unsubscribed=True).count() == 1
    assert not AuditEntry.objects.exists(), "what people do themselves isn't audited"


def test_an_old_form_says_how_it_is_now(client, ada):
    data = {"wanted": "no", "operation": str(uuid4())}
    client.post(NEWS, data)
    press(client)

    page = client.post(NEWS, data, follow=True).content.decode()

    assert "You get our news again." in page
    assert not Contact.objects.get().unsubscribed


@pytest.mark.parametrize("data", [{}, {"wanted": "perhaps"}, {"wanted": ["yes", "\0"]}])
def test_what_was_not_on_the_page_changes_nothing(client, ada, data):
    page = client.post(NEWS, data, follow=True).content.decode()

    assert "Nothing was changed." in page
    assert not Contact.objects.exists()


def test_a_link_changes_nothing(client, ada):
    assert client.get(NEWS, {"wanted": "no"}).status_code == 405
    assert not Contact.objects.exists()


def test_a_stranger_chooses_nothing(client):
    CoupleFactory()

    assert client.post(NEWS, {"wanted": "no"}).status_code == 302
    assert not Contact.objects.exists()


def test_an_operator_has_no_news_to_choose(client):
    OperatorFactory(email="ada@example.com")
    log_in(client)

    assert "Our news" not in client.get(ACCOUNT).content.decode()
