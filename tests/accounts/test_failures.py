"""A request that failed is remembered under the id that its error page shows."""

from datetime import timedelta

import pytest
from django.db import connection
from django.db.models.functions import Now
from django.http import HttpRequest
from django.test import Client
from django.urls import reverse

from accounts.failures import remember
from accounts.models import FailedRequest
from integrity.flows import Busy
from integrity.retention import count_expired
from tests.factories import CoupleFactory
from tests.integrity.admin.desk import operator, text

pytestmark = pytest.mark.django_db(transaction=True)
SEARCH = reverse("admin:accounts_person_changelist")


@pytest.fixture
def broken(monkeypatch):
    """The front page raises this."""

    def breaking(error):
        def raises(*args, **kwargs):
            raise error

        monkeypatch.setattr("config.front.render", raises)

    return breaking


def fail(user=None):
    client = Client(raise_request_exception=False)
    if user:
        client.force_login(user)
    return client.get(reverse("accounts_home") if user else "/")


def named(name="abc"):
    request = HttpRequest()
    request.request_id, request.resolver_match = name, None
    return request


def test_a_crash_is_remembered_by_its_name_alone(broken):
    broken(ValueError("ada@example.com was quoted"))
    answer = fail()
    assert answer.status_code == 500
    failed = FailedRequest.objects.get(request_id=answer.headers["X-Request-Id"])
    assert (failed.page, failed.event, failed.error) == ("front", "request.failed", "ValueError")
    assert failed.user is None


def test_so_is_what_was_busy(broken):
    broken(Busy("accounts.sign_up"))
    assert fail().status_code == 503
    assert FailedRequest.objects.get().event == "request.busy"


def test_a_page_that_is_not_there_is_no_failure():
    assert Client().get("/nowhere/").status_code == 404
    assert not FailedRequest.objects.exists()


def test_whose_it_was_is_known_and_the_support_id_leads_there(client, monkeypatch):
    couple = CoupleFactory(profile__step=0)
    request = named("0123456789abcdef")
    request.user = couple
    remember(request, event="request.failed", error="ValueError")

    client.force_login(operator("view_person"))
    answer = client.post(SEARCH, {"q": "0123456789abcdef"}, follow=True)

    assert str(couple.uid) in answer.redirect_chain[0][0]
    assert "0123456789abcdef" in text(answer)


def test_the_support_id_of_a_stranger_says_what_failed(client):
    remember(named("0123456789abcdef"), event="request.busy", error="accounts.sign_up")
    client.force_login(operator("view_person"))
    assert "request.busy accounts.sign_up" in text(client.post(SEARCH, {"q": "0123456789abcdef"}))


def test_the_same_request_is_remembered_once_and_failing_to_is_no_failure(monkeypatch, caplog):
    remember(named(), event="request.failed")
    remember(named(), event="request.failed")
    assert FailedRequest.objects.count() == 1
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE accounts_failedrequest RENAME TO elsewhere")
    try:
        remember(named("def"), event="request.failed")
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE elsewhere RENAME TO accounts_failedrequest")
    assert "request.not_remembered" in caplog.text


def test_it_is_forgotten_with_the_rest_of_the_history():
    remember(named("old"), event="request.failed")
    FailedRequest.objects.update(at=Now() - timedelta(days=91))
    remember(named("new"), event="request.failed")
    assert count_expired()["failed requests"] == 1
