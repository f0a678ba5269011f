"""The page about one person: found by what they have at hand, masked, and true."""

from uuid import uuid4

import pytest
from django.db import connection
from django.urls import reverse

from accounts.invitations import invite
from accounts.models import Profile, WeddingStats
from integrity.audit import SYSTEM, Actor, audit, request_id
from integrity.models import AuditEntry
from integrity.sweep import check
from integrity.transactions import transaction
from tests.factories import CoupleFactory, OnboardedCoupleFactory
from tests.integrity.admin.desk import form, operator, text

pytestmark = pytest.mark.django_db(transaction=True)
SEARCH = reverse("admin:accounts_person_changelist")


@pytest.fixture
def ann(client):
    user = operator("view_person", "reveal_person")
    client.force_login(user)
    return user


def page(user):
    return reverse("admin:accounts_person_change", args=[user.uid])


def revealing(user):
    return reverse("admin:accounts_person_reveal", args=[user.uid])


def find(client, q):
    return client.post(SEARCH, {"q": q})


def test_invitations_are_shown_with_the_address_masked(client, ann):
    ada = CoupleFactory(address__verified=True)
    assert "Invitations</h2>" not in text(client.get(page(ada)))

    invite(user=ada, email="grace@example.com", by=SYSTEM)

    shown = text(client.get(page(ada)))
    assert "Invitations</h2>" in shown
    assert "g… (17)" in shown
    assert "grace@example.com" not in shown


class TestSearch:
    @pytest.mark.parametrize("spelling", ["ada@example.com", " ADA@example.com "])
    def test_finds_by_address(self, client, ann, spelling):
        ada = CoupleFactory(email="ada@example.com")
        assert find(client, spelling).url == page(ada)

    def test_finds_by_account_id(self, client, ann):
        ada = CoupleFactory()
        assert find(client, str(ada.uid)).url == page(ada)

    def test_finds_by_support_id(self, client, ann):
        ada = CoupleFactory()
        token = request_id.set("0123456789abcdef")
        with transaction():
            audit("test.verb", by=Actor("command", "x"), subject=ada)
        request_id.reset(token)
        assert find(client, "0123456789abcdef").url == page(ada)

    def test_leads_to_what_the_request_did_where_it_was_about_nobody(self, client, ann):
        AuditEntry.objects.create(
            actor_kind="command",
            actor_id="x",
            via="cli",
            verb="test.verb",
            subject="integrity.run:1",
            reason="",
            request_id="0123456789abcdef",
        )
        assert find(client, "0123456789abcdef").url.endswith("auditentry/?q=0123456789abcdef")

    def test_leads_to_what_is_left_of_an_account(self, client, ann):
        with connection.cursor() as cursor:
            cursor.execute("SET session_replication_role = replica")
            Profile.objects.create(user_id=999_999, email="left@example.com")
            cursor.execute("SET session_replication_role = origin")
        check(["accounts.every_profile_has_a_user"], by=SYSTEM)
        assert "/integrity/finding/" in find(client, "left@example.com").url
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM accounts_profile WHERE user_id = 999999")

    @pytest.mark.parametrize(
        "q",
        ["nobody@example.com", "00000000-0000-4000-8000-000000000000", "0123456789abcdef", "\x00"],
    )
    def test_says_when_there_is_nobody(self, client, ann, q):
        answer = find(client, q)
        assert answer.status_code == 200
        if "\x00" not in q:
            assert "There is no account" in text(answer)

    def test_an_address_never_gets_into_a_url(self, client, ann):
        CoupleFactory(email="grace@example.com")
        assert 'method="post"' in text(client.get(SEARCH))
        assert "grace" not in find(client, "grace@example.com").url


class TestThePage:
    def test_says_what_exists_and_that_all_of_it_holds(self, client, ann):
        couple = OnboardedCoupleFactory(tasks=2)
        answer = client.get(page(couple))
        assert "invariants hold for this person" in text(answer)
        assert "There is none." not in text(answer)

    def test_says_what_is_broken(self, client, ann):
        couple = OnboardedCoupleFactory(tasks=2)
        WeddingStats.objects.filter(wedding__members__user=couple).update(tasks_total=9)
        answer = text(client.get(page(couple)))
        assert "is broken for this person" in answer
        assert "A wedding&#x27;s stats say how many tasks there are." in answer

    def test_of_half_an_account_names_the_half_that_is_missing(self, client, ann):
        couple = CoupleFactory()
        with connection.cursor() as cursor:
            cursor.execute("SET session_replication_role = replica")
            Profile.objects.filter(pk=couple.pk).delete()
            cursor.execute("SET session_replication_role = origin")
        answer = text(client.get(page(couple)))
        assert "<h2>Profile</h2> <p" in answer
        assert "Every user has a profile." in answer
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO accounts_profile (user_id, email) VALUES (%s, %s)",
                [couple.pk, couple.email],
            )

    def test_is_masked_until_somebody_says_why(self, client, ann):
        couple = OnboardedCoupleFactory(email="ada@example.com", wedding__place="Oslo")
        personal = ("ada@example.com", "Grace", "Oslo")
        before = text(client.get(page(couple)))
        assert not [each for each in personal if each in before]

        assert "This field is required" in text(client.post(revealing(couple), form(" ")))
        after = text(client.post(revealing(couple), form("they rang up"), follow=True))

        assert [each for each in personal if each in after] == list(personal)
        assert AuditEntry.objects.get().reason == "they rang up"

    def test_of_nobody_is_not_found(self, client, ann):
        for key in (uuid4(), "nonsense"):
            url = reverse("admin:accounts_person_change", args=[key])
            assert client.get(url).status_code == 404


class TestPermissions:
    def test_looking_searching_and_revealing_take_one_each(self, client):
        couple = CoupleFactory(email="ada@example.com")
        client.force_login(operator("view_user"))
        assert client.get(SEARCH).status_code == 403
        assert find(client, "ada@example.com").status_code == 403
        assert client.get(page(couple)).status_code == 403
        client.force_login(operator("view_person"))
        assert client.get(page(couple)).status_code == 200
        assert client.post(revealing(couple), form()).status_code == 403
        assert revealing(couple) not in text(client.get(page(couple)))
        assert not AuditEntry.objects.exists()

    def test_what_was_revealed_is_masked_again_without_the_permission(self, client, ann):
        couple = CoupleFactory(email="ada@example.com")
        client.post(revealing(couple), form())
        ann.user_permissions.remove(ann.user_permissions.get(codename="reveal_person"))
        assert "ada@example.com" not in text(client.get(page(couple)))

    def test_only_the_verbs_that_one_may_use_are_offered(self, client):
        couple = CoupleFactory()
        client.force_login(operator("view_person", "resend_verification"))
        verbs = client.get(page(couple)).context["verbs"]
        assert [each["name"] for each in verbs] == ["resend_verification"]
