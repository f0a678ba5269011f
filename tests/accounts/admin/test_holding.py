"""At the desk an account is held and released."""

from datetime import UTC, date, datetime, time

import pytest
from django.urls import reverse

from accounts.models import Hold
from integrity.models import AuditEntry
from tests.accounts.admin.test_admin import permit, post, url_of
from tests.factories import CoupleFactory, OperatorFactory

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def operator(client):
    operator = OperatorFactory(is_superuser=False)
    permit(operator, "view_user")
    client.force_login(operator)
    return operator


class TestHoldingAnAccount:
    def test_is_placed_and_lifted_from_the_page_with_a_reason(self, client, operator):
        permit(operator, "hold_account")
        ada = CoupleFactory()

        post(client, url_of("hold_account", ada), until="2099-05-17", reason="a court asks")
        hold = Hold.objects.get()
        assert (hold.reason, hold.placed_by) == ("a court asks", str(operator.uid))
        assert hold.until == datetime.combine(date(2099, 5, 17), time.max, UTC)

        post(client, url_of("release_account", ada), reason="the court has decided")
        verbs = list(AuditEntry.objects.order_by("pk").values_list("verb", flat=True))
        assert verbs == ["accounts.hold_placed", "accounts.hold_lifted"]
        assert not Hold.objects.exists()

    @pytest.mark.parametrize("verb", ["hold_account", "release_account"])
    def test_needs_its_permission(self, client, operator, verb):
        answer = post(client, url_of(verb, CoupleFactory()), reason="x")

        assert answer.status_code == 403

    def test_a_day_that_is_over_is_refused(self, client, operator):
        permit(operator, "hold_account")

        answer = post(
            client, url_of("hold_account", CoupleFactory()), until="2020-01-01", reason="x"
        )

        assert "This day is over." in answer.text
        assert not Hold.objects.exists()

    def test_the_page_says_so_and_offers_to_release_it_or_to_hold_it_anew(self, client, operator):
        permit(operator, "hold_account")
        ada = CoupleFactory()
        page = reverse("admin:accounts_user_change", args=[ada.pk])
        before = client.get(page).text
        Hold.objects.create(user=ada, reason="a court asks", placed_by="eve")
        after = client.get(page).text

        assert ("Hold the account" in before, "Release the account" in before) == (True, False)
        assert ("Hold the account" in after, "Release the account" in after) == (True, True)
        assert "until it is lifted: a court asks" in after

    def test_one_that_is_over_is_none(self, client, operator):
        permit(operator, "hold_account")
        ada, over = CoupleFactory(), datetime(2026, 1, 1, tzinfo=UTC)
        Hold.objects.create(user=ada, reason="a court asked", placed_by="eve", until=over)

        page = client.get(reverse("admin:accounts_user_change", args=[ada.pk])).text

        assert "a court asked" not in page
        assert "Release the account" not in page

    def test_the_last_day_that_there_is_will_do(self, client, operator):
        permit(operator, "hold_account")

        post(client, url_of("hold_account", CoupleFactory()), until="9999-12-31", reason="x")

        assert Hold.objects.get().until.year == 9999

    def test_a_deletion_that_meets_it_is_begun_with_a_word_about_it(self, client, operator):
        permit(operator, "end_account")
        ada = CoupleFactory()
        Hold.objects.create(user=ada, reason="a court asks", placed_by="eve")

        post(client, url_of("end_account", ada), whose="alone", when="now", reason="x")
        page = client.get(reverse("admin:accounts_user_change", args=[ada.pk]))

        assert "taken back at its last look" in page.text
