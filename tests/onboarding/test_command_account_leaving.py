"""`manage.py account`: somebody leaves, stays after all, or has to be kept."""

from datetime import datetime

import pytest

from accounts.models import Hold, Tombstone
from integrity.models import AuditEntry, Saga
from tests.factories import CoupleFactory, OperatorFactory
from tests.onboarding.test_command_account import WHY, account, refused

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def ada():
    return CoupleFactory(email="ada@example.com")


class TestDelete:
    def test_begins_it_and_keep_calls_it_off(self, ada, capsys):
        assert account("delete", "ada@example.com", "--both", WHY)["leaving_since"]
        assert "until then `account keep` calls it off" in capsys.readouterr().err
        assert Saga.objects.get().options["ends_wedding"] is True
        assert refused("delete", "ada@example.com", WHY)[0] == 4

        account("keep", "ada@example.com", WHY)
        assert Saga.objects.get().state == "compensating"
        assert AuditEntry.objects.filter(reason="asked by phone").count() == 2

    def test_at_once_there_is_no_time_to_think(self, ada, capsys):
        account("delete", str(ada.uid), "--now", WHY)
        assert "account keep" not in capsys.readouterr().err

        saga = Saga.objects.get()
        assert abs(datetime.fromisoformat(saga.options["until"]) - saga.created_at).seconds < 60

    def test_a_copy_of_the_data_is_for_its_owner_alone(self, ada):
        assert account("export", "ada@example.com", WHY)["email"] == "ada@example.com"

        assert Saga.objects.get().kind == "accounts.export_data"
        assert AuditEntry.objects.get().verb == "accounts.export_asked"
        assert refused("export", OperatorFactory().email, WHY)[0] == 4

    def test_what_isn_t_to_be_deleted_is_kept_anyway(self, ada):
        assert refused("keep", "ada@example.com", WHY)[0] == 4

    def test_needs_a_reason(self, ada):
        assert refused("delete", "ada@example.com")[0] == 2
        assert not Saga.objects.exists()

    def test_of_whom_is_held_says_that_it_will_be_taken_back(self, ada, capsys):
        account("hold", "ada@example.com", WHY)

        account("delete", "ada@example.com", WHY)

        assert "held" in capsys.readouterr().err


class TestHold:
    def test_keeps_it_until_it_is_released_and_both_are_audited(self, ada):
        facts = account("hold", "ada@example.com", WHY)
        assert (facts["held"], facts["held_until"]) == (True, None)
        assert Hold.objects.get(user=ada).reason == "asked by phone"

        assert account("release", str(ada.uid), WHY)["held"] is False
        verbs = AuditEntry.objects.order_by("pk").values_list("verb", "via", "reason")
        assert list(verbs) == [
            ("accounts.hold_placed", "cli", "asked by phone"),
            ("accounts.hold_lifted", "cli", "asked by phone"),
        ]

    def test_lasts_to_the_end_of_its_last_day(self, ada):
        facts = account("hold", "ada@example.com", "--until=2099-05-17", WHY)

        assert facts["held_until"] == "2099-05-17T23:59:59.999999+00:00"

    def test_takes_a_reason_of_any_length(self, ada):
        account("hold", "ada@example.com", f"--reason={'a court asks ' * 99}")

        assert len(Hold.objects.get().reason) > 1000

    def test_to_a_day_that_is_over_is_refused(self, ada):
        assert refused("hold", "ada@example.com", "--until=2020-01-01", WHY)[0] == 4
        assert not Hold.objects.exists()

    @pytest.mark.parametrize("verb", ["hold", "release"])
    def test_needs_a_reason(self, ada, verb):
        assert refused(verb, "ada@example.com")[0] == 2

    @pytest.mark.parametrize("text", ["tomorrow", "2099-02-31"])
    def test_to_what_is_no_day_is_a_wrong_call(self, ada, text):
        _, said = refused("hold", "ada@example.com", f"--until={text}", WHY)

        assert "invalid day" in said

    def test_of_an_operator_or_of_what_is_sealed_is_refused(self, ada):
        Tombstone.objects.bulk_create([Tombstone(uid=ada.uid)])

        for user in (ada, OperatorFactory()):
            assert refused("hold", str(user.uid), WHY)[0] == 4

    def test_what_nobody_holds_isn_t_released(self, ada):
        assert refused("release", "ada@example.com", WHY)[0] == 4
