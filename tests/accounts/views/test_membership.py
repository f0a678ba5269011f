"""The pages of who plans along: each says what will happen, and does it by a POST alone."""

import pytest
from django.contrib.messages import get_messages
from django.test import Client

from accounts.billing import usage
from accounts.models import Invitation, Metric, Wedding
from tests import mailbox
from tests.accounts.billing.stripe_story import story, subscription
from tests.accounts.billing.test_inbox import send
from tests.accounts.pages import log_in, press, sign_up
from tests.accounts.test_invitations import ask, couple
from tests.factories import CoupleFactory, OnboardedCoupleFactory, OperatorFactory, TaskFactory

pytestmark = pytest.mark.django_db(transaction=True)
PARTNER, LEAVE = "/account/partner/", "/account/partner/leave/"
EMAIL = "grace@example.com"
GIVE_UP = {"closes_work": "on"}


@pytest.fixture
def ada(client):
    user = couple(email="ada@example.com")
    client.force_login(user)
    return user


@pytest.fixture
def grace(other_client):
    user = couple(email=EMAIL)
    other_client.force_login(user)
    return user


def words(answer):
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def told(answer):
    return " ".join(str(each) for each in get_messages(answer.wsgi_request))


def link_from(user, email=EMAIL):
    ask(user, email)
    return mailbox.last().path


def wedding_of(user):
    return Wedding.objects.get(members__user=user)


def subscribe(user):
    send(subscription("created", story(user), "active"))


class TestInviting:
    def test_the_mail_leaves_and_the_page_lists_it(self, client, ada):
        answer = client.post(PARTNER, {"email": "Grace@Example.com"})

        assert answer.url == PARTNER
        assert mailbox.kinds() == [("invitation", EMAIL)]
        shown = words(client.get(PARTNER))
        assert f'<dd class="address">{EMAIL}</dd>' in shown
        assert "1 of 20 invitations are used this month" in shown

    def test_a_double_click_is_one_invitation(self, client, ada):
        form = {"email": EMAIL, "operation": "6f0b7f0e-0000-4000-8000-000000000001"}

        for _ in range(2):
            assert client.post(PARTNER, form).url == PARTNER

        assert Invitation.objects.count() == 1

    @pytest.mark.parametrize(
        ("typed", "said"),
        [
            ("grace", "Enter an e-mail address like"),
            ("ada@example.com", "This is your own address"),
        ],
    )
    def test_what_cannot_be_sent_is_said_at_the_field(self, typed, said, client, ada):
        shown = words(client.post(PARTNER, {"email": typed}))

        assert said in shown
        assert f'value="{typed}"' in shown

    def test_the_limit_of_the_plan_is_said_in_words(self, client, ada, monkeypatch):
        monkeypatch.setitem(usage.LIMITS, Metric.INVITATIONS, {"free": 0, "premium": 0})

        assert "allowance is used up" in words(client.post(PARTNER, {"email": EMAIL}))
        assert not Invitation.objects.exists()

    def test_too_soon(self, client, ada):
        client.post(PARTNER, {"email": EMAIL})

        assert "less than a minute ago" in words(client.post(PARTNER, {"email": EMAIL}))

    def test_too_often(self, client, ada):
        answers = [client.post(PARTNER, {"email": f"g{n}@example.com"}) for n in range(11)]

        assert [each.status_code for each in answers] == [302] * 10 + [429]

    def test_it_is_sent_again_with_another_link(self, client, ada):
        first = link_from(ada)
        mailbox.a_minute_later()

        client.post(f"{PARTNER}{Invitation.objects.get().uid}/again/")

        assert mailbox.last().path != first
        assert "does not work any more" in words(Client().get(first))

    def test_it_is_taken_back(self, client, ada):
        first = link_from(ada)
        page = f"{PARTNER}{Invitation.objects.get().uid}/"

        assert "taken back" in told(client.post(f"{page}withdraw/"))

        assert "has ended" in told(client.post(f"{page}withdraw/"))
        assert "has ended" in told(client.post(f"{page}again/"))
        assert EMAIL not in words(client.get(PARTNER))
        assert "does not work any more" in words(Client().get(first))

    @pytest.mark.parametrize("verb", ["again", "withdraw"])
    def test_others_invitations_are_nobody_s_business(self, verb, client, ada, grace):
        link_from(grace, "third@example.com")

        for uid in (Invitation.objects.get().uid, ada.uid):
            assert client.post(f"{PARTNER}{uid}/{verb}/").status_code == 404


class TestComingAsSomebodyNew:
    def test_signing_up_leads_back_to_the_invitation(self, ada):
        path, visitor = link_from(ada), Client()
        shown = words(visitor.get(path))
        assert "ada@example.com" in shown
        assert f'href="/signup/?next={path}"' in shown

        sign_up(visitor, EMAIL, next=path)
        assert press(visitor, mailbox.last()).url == path
        assert "Is empty, and is closed" in words(visitor.get(path))
        visitor.post(path)

        assert wedding_of(ada).members.count() == 2
        assert "The two of you" in words(visitor.get(PARTNER))

    def test_logging_in_does_too(self, ada, grace):
        path = link_from(ada)

        assert log_in(Client(), EMAIL, next=path).url == path

    def test_a_stranger_s_post_does_nothing(self, ada):
        path = link_from(ada)

        assert "You are invited" in words(Client().post(path))
        assert Invitation.objects.get().state == "waiting"


class TestComing:
    def test_looking_changes_nothing(self, ada, grace, other_client):
        path = link_from(ada)

        assert "Plan together?" in words(other_client.get(path))
        assert Invitation.objects.get().state == "waiting"

    def test_a_double_click_is_one(self, ada, grace, other_client):
        path = link_from(ada)
        form = {"operation": "6f0b7f0e-0000-4000-8000-000000000001"}

        answers = [other_client.post(path, form) for _ in range(2)]

        assert [each.url for each in answers] == ["/home/", "/home/"]
        assert "You plan together now" in told(answers[0])

    def test_what_would_be_closed_is_said_and_asked_for(self, ada, other_client):
        grace = OnboardedCoupleFactory(tasks=2, wedding__place="Rome", wedding__date="2031-05-17")
        other_client.force_login(grace)
        path = link_from(ada)
        shown = words(other_client.get(path))
        assert "2 tasks (none of them done), the day (17 May 2031) and the place (Rome)" in shown

        assert "Say that it may be closed" in words(other_client.post(path))
        assert other_client.post(path, GIVE_UP).status_code == 302

        assert wedding_of(grace) == wedding_of(ada)

    def test_work_begun_since_the_page_was_shown_is_not_lost(self, ada, grace, other_client):
        path = link_from(ada)
        TaskFactory(wedding=wedding_of(grace))

        shown = words(other_client.post(path))

        assert 'name="closes_work"' in shown
        assert "1 task (none of them done)" in shown

    def test_somebody_s_partner_is_sent_to_leave_first(self, ada, grace, other_client):
        CoupleFactory(wedding=wedding_of(grace))
        path = link_from(ada)

        assert "You plan with somebody else" in words(other_client.get(path))
        assert "You plan with somebody else" in words(other_client.post(path, GIVE_UP))

    def test_the_own_link_leads_to_the_own_page(self, client, ada):
        answer = client.get(link_from(ada))

        assert (answer.url, told(answer)) == (PARTNER, "You plan this wedding already.")

    def test_an_operator_is_told_that_they_plan_none(self, client, ada):
        path = link_from(ada)
        client.force_login(OperatorFactory())

        assert "operator's account" in told(client.get(path))
        assert "operator's account" in told(client.post(path))

    def test_who_pays_is_said(self, ada, grace, other_client):
        path = link_from(ada)
        assert "premium" not in words(other_client.get(path))
        subscribe(grace)
        assert "it counts for both of you" in words(other_client.get(path))
        subscribe(ada)
        assert "one is enough" in words(other_client.get(path))


def test_bad_used_old_and_taken_back_links_look_the_same(ada, grace, other_client):
    """In nothing but what belongs to the visit."""
    used, old, back = (link_from(couple(), f"{n}@example.com") for n in "abc")
    other_client.post(used)
    Invitation.objects.filter(email="b@example.com").update(
        created_at="2020-01-01T00:00:00Z", expires_at="2020-01-15T00:00:00Z"
    )
    Invitation.objects.filter(email="c@example.com").update(
        state="withdrawn", email="", ended_at="2026-01-01T00:00:00Z"
    )

    pages = {words(Client().get(path)) for path in (used, old, back, f"/join/{'x' * 43}/")}

    assert len(pages) == 1
    assert "does not work any more" in pages.pop()


class TestGoing:
    def test_what_becomes_of_it_is_said_first(self, client):
        ada = OnboardedCoupleFactory(tasks=2)
        OnboardedCoupleFactory(wedding=wedding_of(ada), profile__name="Grace")
        client.force_login(ada)

        shown = words(client.get(LEAVE))

        assert "Stays as it is with Grace" in shown
        assert "closes_work" not in shown
        assert wedding_of(ada).members.count() == 2

    def test_and_then_done(self, client, ada):
        CoupleFactory(wedding=wedding_of(ada))

        answer = client.post(LEAVE)

        assert (answer.url, "new wedding of your own" in told(answer)) == ("/home/", True)
        assert wedding_of(ada).members.count() == 1

    def test_the_last_one_is_asked_to_give_it_up(self, client):
        ada = OnboardedCoupleFactory(tasks=2)
        client.force_login(ada)
        assert "Is closed, and with it 2 tasks" in words(client.get(LEAVE))

        assert "Say that it may be closed" in words(client.post(LEAVE))
        assert client.post(LEAVE, GIVE_UP).url == "/home/"

    def test_what_is_empty_is_not_left(self, client, ada):
        for answer in (client.get(LEAVE), client.post(LEAVE)):
            assert (answer.url, "nothing to leave" in told(answer)) == (PARTNER, True)

    def test_who_pays_is_said(self, client, ada):
        grace = CoupleFactory(wedding=wedding_of(ada))
        assert "Nobody pays" in words(client.get(LEAVE))
        subscribe(grace)
        assert "yours is the free plan then" in words(client.get(LEAVE))
        subscribe(ada)
        assert "it goes with you" in words(client.get(LEAVE))


class TestOthers:
    @pytest.mark.parametrize("path", [PARTNER, LEAVE])
    def test_a_stranger_is_asked_who_they_are(self, path):
        assert Client().get(path).url.startswith("/login/")
        assert Client().post(path).url.startswith("/login/")

    @pytest.mark.parametrize("path", [PARTNER, LEAVE])
    def test_an_operator_plans_no_wedding(self, path, client):
        client.force_login(OperatorFactory())

        for answer in (client.get(path, follow=True), client.post(path, follow=True)):
            assert answer.redirect_chain[-1][0] == "/account/"

    def test_the_account_page_says_who_plans_along(self, client, ada):
        assert "Only you so far" in words(client.get("/account/"))
        CoupleFactory(wedding=wedding_of(ada), email=EMAIL)
        assert EMAIL in words(client.get("/account/"))
