"""The pages of whoever leaves: asked once more, shown to whoever has the link, taken back by a click."""

from datetime import timedelta
from unittest import mock

import pytest
from django.db.models.functions import Now
from django.utils import timezone

from accounts.actors import VISITOR
from accounts.leaving.deletion import GRACE_DAYS, Wish, leave
from accounts.models import User
from integrity.audit import Actor
from integrity.models import Saga
from integrity.saga.control import pause
from tests import mailbox
from tests.accounts.leaving.story import changed, run, run_to_the_end
from tests.accounts.leaving.test_matrix import refuse
from tests.accounts.pages import ACCOUNT, FORGOTTEN, is_logged_in, log_in
from tests.factories import PASSWORD, OnboardedCoupleFactory, OperatorFactory

pytestmark = pytest.mark.django_db(transaction=True)
DELETE = "/account/delete/"


@pytest.fixture
def ada(client):
    user = OnboardedCoupleFactory(email="ada@example.com")
    log_in(client)
    return user


def ask(client, **answers):
    return client.post(DELETE, {"password": PASSWORD, "when": "later", **answers})


def words(response):
    return " ".join(response.content.decode().split())


class TestAsking:
    def test_says_what_goes_and_what_stays(self, client, ada):
        page = words(client.get(DELETE))

        assert "What goes" in page
        assert "What stays" in page
        assert "Payments, as the law asks" in page
        assert "partner" not in page

    def test_with_a_partner_asks_whose_end_it_is(self, client, ada):
        OnboardedCoupleFactory(wedding=ada.membership.wedding, tasks=0)

        assert "I leave alone" in words(client.get(DELETE))
        ask(client, whose="both")
        assert Saga.objects.get().options["ends_wedding"] is True

    def test_is_linked_from_the_account(self, client, ada):
        assert DELETE in words(client.get(ACCOUNT))

    @pytest.mark.parametrize("answers", [{"password": "wrong"}, {"when": "someday"}])
    def test_without_the_password_nothing_happens(self, client, ada, answers):
        assert ask(client, **answers).status_code == 200
        assert not Saga.objects.exists()
        assert is_logged_in(client)

    def test_operators_are_not_asked(self, client):
        client.force_login(OperatorFactory())

        assert client.get(DELETE).url == ACCOUNT

    def test_leads_to_a_page_that_needs_no_log_in(self, client, ada):
        answer = ask(client)

        assert not client.session.get("_auth_user_id")
        page = client.get(answer.url)
        assert "Until then nothing is deleted" in words(page)
        assert page["Referrer-Policy"] == "same-origin"

    def test_a_double_click_leads_there_too(self, client, ada, other_client):
        log_in(other_client)
        operation = client.get(DELETE).context["form"]["operation"].value()
        first = ask(client, operation=operation)
        client.force_login(User.objects.get(pk=ada.pk))

        assert ask(client, operation=operation).url == first.url


class TestLoggedInWhileItWaits:
    @pytest.mark.parametrize("path", ["/account/", "/account/plan/", "/home/", "/", DELETE])
    def test_every_page_leads_to_the_one(self, client, ada, path):
        here = ask(client).url
        log_in(client)

        assert client.get(path).url == here

    def test_log_out_works(self, client, ada):
        ask(client)
        log_in(client)
        client.post("/logout/")

        assert "_auth_user_id" not in client.session

    def test_without_a_deletion_under_way_it_says_so(self, client, ada):
        User.objects.update(leaving_since=Now())

        page = client.get(ACCOUNT)
        assert page.status_code == 409
        assert "This account is to be deleted" in words(page)


class TestTheStatusPage:
    def test_says_nothing_about_who_it_is(self, client, ada, other_client):
        page = words(other_client.get(ask(client).url))

        for word in (ada.email, "Ada", "Grace", str(ada.uid)):
            assert word not in page

    def test_keeps_the_account_without_a_log_in(self, client, ada, other_client):
        here = ask(client).url

        page = other_client.post(f"{here}stay/", follow=True)

        assert "We are putting everything back" in words(page)
        assert Saga.objects.get().state == "compensating"

    @pytest.mark.parametrize("when", ["now", "later"])
    def test_names_no_day_that_is_over(self, client, ada, when):
        """Between the end of the wait and the seal a vendor may hold it up, and it can still be kept."""
        page = ask(client, when=when)
        later = timezone.now() + timedelta(days=GRACE_DAYS + 1)
        with mock.patch("django.utils.timezone.now", return_value=later):
            told = words(client.get(page.url))

        assert "any moment" in told
        assert "UTC we begin" not in told
        assert "Keep my account" in told
        assert "Look again" in told

    def test_the_mail_promises_no_way_back_from_now(self, client, ada):
        ask(client, when="now")

        mail = mailbox.last()
        assert "or keep it" not in mail.text + mail.html
        assert "can't be taken back" in mail.text

    def test_tells_when_all_is_gone_and_to_whom_it_matters(self, client, ada):
        here = ask(client, when="now").url
        run_to_the_end(Saga.objects.get())

        assert "Your account is deleted" in words(client.get(here))
        assert mailbox.kinds() == [("left", ada.email)]
        log_in(client)
        assert not is_logged_in(client)

    def test_tells_what_is_gone_already(self, client, ada):
        here = ask(client, when="now").url
        run(Saga.objects.get())

        page = words(client.get(here))
        assert "can&#8217;t be taken back any more" in page
        assert "all that you planned here: gone" in page
        assert "Keep my account" not in page
        assert "past the point of no return" in words(client.post(f"{here}stay/", follow=True))

    def test_tells_when_all_is_as_before(self, client, ada):
        here = ask(client).url
        run(Saga.objects.get())
        client.post(f"{here}stay/")
        run_to_the_end(Saga.objects.get())

        assert "Everything is as it was before" in words(client.get(here))
        assert mailbox.kinds()[-1] == ("staying", ada.email)
        log_in(client)
        assert is_logged_in(client)

    def test_tells_that_it_could_not_be_done(self, client, ada):
        here = ask(client, when="now").url
        with changed("preflight", run=refuse):
            run_to_the_end(Saga.objects.get())

        assert "Your account could not be deleted" in words(client.get(here))
        assert "could not delete it" in mailbox.last().text

    def test_tells_when_a_person_looks_at_it(self, client, ada):
        here = ask(client).url
        pause(saga=Saga.objects.get().uid, by=Actor("command", "ann", "a look", via="cli"))

        page = client.post(f"{here}stay/", follow=True)
        assert "a person is looking at it" in words(page)
        assert Saga.objects.get().cancelled_at is None

    def test_a_link_that_isn_t_ours_is_not_found(self, client, ada):
        ask(client)
        assert client.get(f"/leaving/{Saga.objects.get().uid}/").status_code == 404
        assert client.post(f"/leaving/{Saga.objects.get().uid}/stay/").status_code == 404

    def test_looking_changes_nothing(self, client, ada):
        here = ask(client).url

        assert client.get(f"{here}stay/").status_code == 405
        assert client.post(here).status_code == 405


def test_a_new_password_is_refused_in_plain_words(client, ada, other_client):
    other_client.post(FORGOTTEN, {"email": ada.email})
    link = mailbox.last().path
    leave(user=ada, wish=Wish(), by=VISITOR)
    form = other_client.get(link, follow=True)

    page = other_client.post(form.request["PATH_INFO"], {"password1": "another good one"})

    assert page.status_code == 409
    assert "keep it first" in words(page)
