"""The page of whoever wants a copy: asked with the password, shown as it is, given to nobody else."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts.exporting.copies import KIND
from accounts.models import Export
from integrity.models import Saga
from integrity.saga.control import pause, resolve
from tests.accounts.exporting.story import make
from tests.accounts.exporting.test_copies import ANN, a_week_passes
from tests.accounts.leaving.story import changed, run_to_the_end
from tests.accounts.leaving.test_matrix import refuse
from tests.accounts.pages import ACCOUNT, log_in
from tests.factories import PASSWORD, OnboardedCoupleFactory, OperatorFactory

pytestmark = pytest.mark.django_db(transaction=True)
EXPORT, FILE = "/account/export/", "/account/export/download/"


@pytest.fixture
def ada(client):
    user = OnboardedCoupleFactory(email="ada@example.com")
    log_in(client)
    return user


def ask(client, **answers):
    return client.post(EXPORT, {"password": PASSWORD, **answers})


def words(response):
    return " ".join(response.content.decode().split())


def page(client):
    return words(client.get(EXPORT))


class TestAsking:
    @pytest.mark.parametrize("place", [ACCOUNT, "/account/delete/"])
    def test_is_offered_where_one_looks_for_it(self, client, ada, place):
        assert EXPORT in words(client.get(place))

    def test_needs_a_log_in(self):
        for path in (EXPORT, FILE):
            assert Client().get(path).url == f"/login/?next={path}"

    def test_without_the_password_nothing_happens(self, client, ada):
        assert "password" in words(ask(client, password="wrong"))
        assert not Saga.objects.exists()

    def test_leads_to_how_far_it_is(self, client, ada):
        assert ask(client).url == EXPORT

        shown = page(client)
        assert "Step 1 of 3: Beginning" in shown
        assert f'hx-get="{EXPORT}?asked=1"' in shown
        assert 'name="password"' not in shown

    def test_a_double_click_is_one(self, client, ada):
        operation = client.get(EXPORT).context["form"]["operation"].value()
        for _ in range(2):
            assert ask(client, operation=operation).url == EXPORT
        assert Saga.objects.count() == 1

    def test_too_often_is_refused_in_words(self, client, ada, monkeypatch):
        monkeypatch.setattr("accounts.exporting.copies.MOST", 1)
        make(ada)

        assert "You can ask for the next one from" in words(ask(client))

    def test_operators_are_not_asked(self, client):
        client.force_login(OperatorFactory())
        assert client.get(EXPORT).url == ACCOUNT


class TestWhatItSays:
    def test_before_anything_was_asked(self, client, ada):
        assert "Make a copy" in page(client)

    def test_when_it_is_ready(self, client, ada):
        make(ada)

        shown = page(client)
        assert "Your copy is ready" in shown
        assert FILE in shown
        assert "hx-get" not in shown

    def test_when_its_week_is_over(self, client, ada):
        make(ada)
        a_week_passes()

        shown = page(client)
        assert "was here for seven days, and is removed" in shown
        assert FILE not in shown

    def test_when_it_could_not_be_made(self, client, ada):
        with changed("collect", kind=KIND, run=refuse):
            ask(client)
            run_to_the_end(Saga.objects.get())

        assert "refused a part of it" in page(client)
        assert "Make a copy" in page(client)

    def test_when_it_is_too_much(self, client, ada, monkeypatch):
        monkeypatch.setattr("accounts.exporting.steps.MOST", 10)
        ask(client)
        run_to_the_end(Saga.objects.get())

        assert "more of it than fits into one file" in page(client)
        assert str(ada.uid) in page(client)

    def test_when_a_person_looks_at_it_and_when_they_ended_it(self, client, ada):
        ask(client)
        pause(saga=Saga.objects.get().uid, by=ANN)
        assert "a person is looking at it" in page(client)

        resolve(saga=Saga.objects.get().uid, by=ANN)
        assert "ended the last copy" in page(client)

    def test_when_a_service_does_not_answer(self, client, ada, settings):
        settings.STRIPE_API_KEY = "sk_test_any"
        ask(client)
        Saga.objects.update(first_failed_at=timezone.now())
        assert "just now" not in page(client)
        Saga.objects.update(position=1)

        assert "Step 2 of 4: Asking Stripe what it keeps of you" in page(client)
        assert "doesn’t answer just now" in page(client)  # noqa: RUF001

    def test_it_stops_asking_by_itself(self, client, ada):
        ask(client)

        assert "hx-get" not in words(client.get(EXPORT, {"asked": "60"}))


class TestTheFile:
    def test_is_given_to_be_kept_and_never_cached(self, client, ada):
        export = make(ada)

        answer = client.get(FILE)

        content = answer.getvalue()
        assert len(content) == export.size == int(answer["Content-Length"])
        assert answer["Content-Type"] == "application/zip"
        named = f'attachment; filename="everafter-{export.ready_at:%Y-%m-%d}.zip"'
        assert answer["Content-Disposition"] == named
        assert "no-store" in answer["Cache-Control"]
        assert answer["X-Content-Type-Options"] == "nosniff"

    def test_is_theirs_alone(self, client, ada, other_client):
        make(ada)
        OnboardedCoupleFactory(email="eve@example.com", wedding=ada.membership.wedding)
        log_in(other_client, email="eve@example.com")

        assert other_client.get(FILE).url == EXPORT
        assert "There is no copy to download" in words(other_client.get(EXPORT))

    def test_is_not_there_after_its_week(self, client, ada):
        make(ada)
        Export.objects.update(expires_at=timezone.now() - timedelta(seconds=1))

        assert client.get(FILE).url == EXPORT

    def test_while_it_is_made_nothing_is_given(self, client, ada):
        ask(client)

        assert client.get(FILE).url == EXPORT

    def test_sealed_with_a_key_that_is_gone_it_says_so(self, client, ada):
        make(ada).pieces.update(sealed=b"another key's")

        client.get(FILE)
        assert "can&#x27;t be opened any more" in page(client)


class TestWhoeverIsLeaving:
    def test_may_ask_and_take_it_until_the_end(self, client, ada):
        here = client.post("/account/delete/", {"password": PASSWORD, "when": "later"}).url
        assert EXPORT in words(client.get(here))
        log_in(client)
        ask(client)
        run_to_the_end(Saga.objects.get(kind=KIND))

        assert client.get(FILE).getvalue()[:2] == b"PK"
        assert client.get(ACCOUNT).url == here
