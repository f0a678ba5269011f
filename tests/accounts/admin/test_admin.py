from uuid import uuid4

import pytest
from allauth.mfa.models import Authenticator
from django.contrib.auth.models import Permission
from django.urls import reverse

from accounts.invitations import invite
from accounts.models import Address, Export, Profile, User, Wedding
from integrity.audit import SYSTEM
from integrity.models import AuditEntry, OutboxMessage, Saga
from tests.factories import CoupleFactory, OperatorFactory

pytestmark = pytest.mark.django_db(transaction=True)
ADD = "/admin/accounts/user/add-couple"


@pytest.fixture
def operator(client):
    operator = OperatorFactory(is_superuser=False)
    permit(operator, "view_user", "view_profile", "view_wedding", "view_export")
    client.force_login(operator)
    return operator


def _invite(user):
    return invite(user=user, email="grace@example.com", by=SYSTEM)


def permit(user, *codenames):
    permissions = Permission.objects.filter(codename__in=codenames)
    assert permissions.count() == len(codenames)
    user.user_permissions.add(*permissions)


def url_of(verb, user=None):
    args = [user.pk] if user else []
    return reverse(f"admin:accounts_user_{verb}", args=args)


def post(client, url, **form):
    return client.post(url, {"operation": uuid4()} | form, headers={"HX-Request": "true"})


class TestFacts:
    @pytest.mark.parametrize("model", [User, Profile, Wedding, Export])
    def test_can_be_read(self, client, operator, model):
        Export.objects.create(saga=uuid4(), user=CoupleFactory())
        name = f"admin:accounts_{model._meta.model_name}"

        for instance in model.objects.all():
            assert client.get(reverse(f"{name}_change", args=[instance.pk])).status_code == 200
        assert client.get(reverse(f"{name}_changelist")).status_code == 200

    @pytest.mark.parametrize("model", [User, Profile, Wedding, Export])
    def test_can_be_changed_by_nobody(self, client, model):
        client.force_login(OperatorFactory())
        Export.objects.create(saga=uuid4(), user=CoupleFactory())
        name, instance = f"admin:accounts_{model._meta.model_name}", model.objects.first()

        assert client.get(reverse(f"{name}_add")).status_code == 403
        assert client.post(reverse(f"{name}_change", args=[instance.pk])).status_code == 403
        assert client.post(reverse(f"{name}_delete", args=[instance.pk])).status_code == 403

    def test_of_an_invitation_nobody_sees_whom_it_was_sent_to(self, client, operator):
        permit(operator, "view_invitation")
        ada = CoupleFactory(email="ada@example.com", address__verified=True)
        page = reverse("admin:accounts_invitation_change", args=[_invite(ada).pk])

        for url in (page, reverse("admin:accounts_invitation_changelist")):
            shown = client.get(url).content.decode()
            assert "ada@example.com" in shown
            assert "grace@example.com" not in shown
        assert client.post(page).status_code == 403

    @pytest.mark.parametrize("text", ["ada@", "ADA@example.com"])
    def test_an_account_is_found_by_the_beginning_of_its_address(self, client, operator, text):
        ada, bob = CoupleFactory(email="ada@example.com"), CoupleFactory(email="bob@example.com")

        page = client.get(reverse("admin:accounts_user_changelist"), {"q": text})

        assert str(ada.email) in page.text
        assert str(bob.email) not in page.text

    def test_an_account_is_found_by_the_address_that_it_waits_at(self, client, operator):
        ada, bob = CoupleFactory(email="ada@exmaple.com"), CoupleFactory(email="bob@example.com")
        Address.objects.create(user=ada, email="right@example.com")

        page = client.get(reverse("admin:accounts_user_changelist"), {"q": "Right@"})

        assert ada.email in page.text
        assert bob.email not in page.text

    def test_an_id_above_the_page_is_spelt_as_it_is(self, client, operator):
        ada = CoupleFactory(uid="abcdef00-0000-4000-8000-000000000000")

        page = client.get(reverse("admin:accounts_user_change", args=[ada.pk]))

        assert "Abcdef00" not in page.text
        assert "Users" in page.text

    def test_an_account_is_found_by_its_id(self, client, operator):
        ada, bob = CoupleFactory(), CoupleFactory()

        page = client.get(reverse("admin:accounts_user_changelist"), {"q": str(ada.uid)})

        assert ada.email in page.text
        assert bob.email not in page.text


class TestAddingACouple:
    def test_makes_a_whole_one_and_says_who_and_why(self, client, operator):
        permit(operator, "add_couple")

        answer = post(client, url_of("add_couple"), email="New@Example.com", reason="they rang up")

        assert answer.headers["HX-Redirect"] == reverse("admin:accounts_user_changelist")
        user = User.objects.get(email="new@example.com")
        assert not user.has_usable_password()
        assert OutboxMessage.objects.get().payload == {"kind": "verify", "user": str(user.uid)}
        entry = AuditEntry.objects.get()
        assert (entry.actor_kind, entry.actor_id) == ("operator", str(operator.uid))
        assert (entry.reason, entry.via) == ("they rang up", "admin")
        assert entry.verb == "accounts.signed_up"

    def test_without_scripts_leads_back_to_the_list(self, client, operator):
        permit(operator, "add_couple")
        form = {"operation": uuid4(), "email": "new@example.com", "reason": "they rang up"}

        answer = client.post(url_of("add_couple"), form)

        assert answer.url == reverse("admin:accounts_user_changelist")

    @pytest.mark.parametrize(
        ("form", "said"),
        [
            ({"email": "ada@example.com", "reason": "again"}, "There is an account"),
            ({"email": "nonsense", "reason": "typed badly"}, "Enter an e-mail address"),
            ({"email": "new@example.com"}, "This field is required"),
        ],
    )
    def test_that_cannot_be_says_why_and_keeps_what_was_typed(self, client, operator, form, said):
        permit(operator, "add_couple")
        CoupleFactory(email="ada@example.com")

        answer = post(client, url_of("add_couple"), **form)

        assert said in answer.text
        assert form["email"] in answer.text
        assert not AuditEntry.objects.exists()


class TestResendingTheVerification:
    def test_sends_the_mail_once_more(self, client, operator):
        permit(operator, "resend_verification")
        couple = CoupleFactory()

        post(client, url_of("resend_verification", couple), reason="lost it")

        assert OutboxMessage.objects.get().payload["kind"] == "verify"
        assert AuditEntry.objects.get().subject == f"accounts.user:{couple.uid}"

    def test_of_a_proven_address_is_refused_in_words(self, client, operator):
        permit(operator, "resend_verification")
        couple = CoupleFactory(address__verified=True)

        answer = post(client, url_of("resend_verification", couple), reason="lost it")

        assert "verified already" in answer.text
        assert not OutboxMessage.objects.exists()

    def test_of_nobody_is_not_found(self, client, operator):
        permit(operator, "resend_verification")

        answer = client.post(
            reverse("admin:accounts_user_resend_verification", args=[999_999]),
            {"operation": uuid4(), "reason": "lost it"},
        )

        assert answer.status_code == 404


class TestRemovingTheSecondFactor:
    def test_removes_it_tells_its_owner_and_keeps_the_reason(self, client, operator):
        permit(operator, "remove_second_factor")
        couple = CoupleFactory()
        Authenticator.objects.create(user=couple, type="totp", data={})

        post(client, url_of("remove_second_factor", couple), reason="the phone fell into a lake")

        assert not Authenticator.objects.exists()
        assert OutboxMessage.objects.get().payload["kind"] == "second_factor_removed"
        assert AuditEntry.objects.get().reason == "the phone fell into a lake"

    def test_where_there_is_none_is_refused_in_words(self, client, operator):
        permit(operator, "remove_second_factor")

        answer = post(
            client, url_of("remove_second_factor", CoupleFactory()), reason="they rang up"
        )

        assert "has no second factor" in answer.text
        assert not AuditEntry.objects.exists()


class TestDeletingAnAccount:
    def test_is_begun_and_called_off_from_the_page_with_a_reason(self, client, operator):
        permit(operator, "end_account")
        ada = CoupleFactory()

        post(client, url_of("end_account", ada), whose="both", when="later", reason="she wrote")
        saga = Saga.objects.get()
        assert saga.options["ends_wedding"] is True
        assert (saga.actor_id, saga.reason) == (str(operator.uid), "she wrote")
        assert User.objects.get(pk=ada.pk).leaving_since

        post(client, url_of("keep_account", ada), reason="she thought better of it")
        verbs = list(AuditEntry.objects.order_by("pk").values_list("verb", flat=True))
        assert verbs == ["accounts.leaving_asked", "accounts.leaving_called_off"]
        assert Saga.objects.get().state == "compensating"

    @pytest.mark.parametrize("verb", ["end_account", "keep_account"])
    def test_needs_its_permission(self, client, operator, verb):
        answer = post(client, url_of(verb, CoupleFactory()), when="now", whose="alone", reason="x")

        assert answer.status_code == 403
        assert not Saga.objects.exists()

    def test_says_what_is_refused(self, client, operator):
        permit(operator, "end_account")

        answer = post(client, url_of("keep_account", CoupleFactory()), reason="she wrote")

        assert "to be deleted" in answer.text
