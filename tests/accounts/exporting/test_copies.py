"""A copy of somebody's data: asked for, made as a whole or not at all, kept for a week."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import IntegrityError
from django.utils import timezone

from accounts.exporting.copies import (
    IsSealed,
    NoExport,
    OftenEnough,
    OnlyCouplesExport,
    content_of,
    forget_exports,
    ready_export,
)
from accounts.leaving.deletion import Wish, leave
from accounts.models import Export, ExportPiece, User
from accounts.tasks import forget_copies
from integrity.audit import Actor
from integrity.flows import AlreadyDone
from integrity.models import AuditEntry, Saga
from integrity.saga.control import pause, resolve
from integrity.sealed import UnreadableSeal
from tests import mailbox
from tests.accounts.exporting.story import ask, assert_nothing_is_kept, make, opened, rows, tables
from tests.accounts.leaving.story import run, run_to_the_end
from tests.factories import OnboardedCoupleFactory, OperatorFactory, TaskFactory

pytestmark = pytest.mark.django_db(transaction=True)
ANN = Actor("command", "ann", "she wrote to us", via="cli")


@pytest.fixture
def ada():
    return OnboardedCoupleFactory(email="ada@example.com", tasks=3, profile__name="Ada Ōta")


def a_week_passes():
    Export.objects.update(expires_at=timezone.now())


class TestAsking:
    def test_makes_one_and_says_so_by_mail(self, ada):
        export = make(ada)

        assert export.expires_at - export.ready_at == timedelta(days=7)
        assert mailbox.kinds() == [("export_ready", ada.email)]
        assert mailbox.last().path == "/account/export/"
        assert not export.pieces.filter(kind="rows").exists()

    def test_a_second_time_while_it_is_made_is_the_same(self, ada):
        assert ask(ada) == ask(ada)

    def test_a_double_click_is_one(self, ada):
        operation = str(uuid4())
        ask(ada, operation=operation)

        with pytest.raises(AlreadyDone):
            ask(ada, operation=operation)

    def test_support_does_the_same_and_is_audited(self, ada):
        saga = ask(ada, by=ANN)

        assert (saga.actor_id, AuditEntry.objects.get().verb) == ("ann", "accounts.export_asked")

    def test_three_a_day_are_enough(self, ada, monkeypatch):
        for _ in range(3):
            make(ada)
        with pytest.raises(OftenEnough, match=r"from \d+ \w+, \d\d:\d\d UTC on"):
            ask(ada)

        monkeypatch.setattr("accounts.exporting.copies.WITHIN", timedelta(0))
        assert ask(ada).state == "running"

    def test_operators_have_no_wedding_to_take_along(self):
        with pytest.raises(OnlyCouplesExport):
            ask(OperatorFactory())

    def test_what_is_sealed_is_not_copied(self, ada):
        User.objects.update(is_active=False)

        with pytest.raises(IsSealed):
            ask(ada)

    def test_whoever_is_leaving_may_still_take_a_copy(self, ada):
        leave(user=ada, wish=Wish(), by=ANN)

        assert tables(opened(make(ada)))["accounts_user"]["rows"][0]["leaving_since"]


class TestOneFile:
    def test_a_new_one_takes_the_place_of_the_old_one(self, ada):
        old, new = make(ada), make(ada)

        assert list(Export.objects.all()) == [new]
        assert old.pk != new.pk
        assert set(ExportPiece.objects.values_list("export", flat=True)) == {new.pk}

    def test_the_old_one_is_there_until_then(self, ada):
        old = make(ada)
        ask(ada)

        assert ready_export(ada) == old

    def test_in_many_bites_it_has_every_row_once(self, ada, monkeypatch):
        monkeypatch.setattr("accounts.exporting.steps.BITE", 2)
        monkeypatch.setattr("accounts.exporting.pieces.PIECE", 1000)
        TaskFactory.create_batch(4, wedding=ada.membership.wedding)

        export = make(ada)
        files = opened(export)

        titles = [row["title"] for row in rows(files, "onboarding_task")]
        assert len(titles) == len(set(titles)) == 7
        assert export.pieces.count() > 3
        assert "read in parts, from" in files["README.txt"]

    def test_a_key_of_two_columns_is_gone_on_after_as_well(self, ada, monkeypatch):
        monkeypatch.setattr("accounts.exporting.steps.BITE", 1)

        found = rows(opened(make(ada)), "onboarding_interest")
        assert len(found) == ada.interests.count() > 1

    def test_too_much_is_refused_as_a_whole(self, ada, monkeypatch):
        monkeypatch.setattr("accounts.exporting.steps.MOST", 500)

        assert run_to_the_end(ask(ada)) == "compensated"

        assert_nothing_is_kept(ada)
        assert mailbox.kinds() == [("export_failed", ada.email)]

    def test_what_is_missing_a_piece_is_never_taken_for_all(self, ada, monkeypatch):
        monkeypatch.setattr("accounts.exporting.pieces.PIECE", 1000)
        export = make(ada)
        export.pieces.filter(position=1).delete()

        with pytest.raises(NoExport):
            list(content_of(export))

    def test_a_piece_of_somebody_else_s_is_not_opened(self, ada):
        export, other = make(ada), make(OnboardedCoupleFactory())
        sealed = other.pieces.values_list("sealed", flat=True)[0]
        export.pieces.filter(position=0).update(sealed=sealed)

        with pytest.raises(UnreadableSeal):
            list(content_of(export))

    def test_the_database_refuses_half_a_copy(self, ada):
        export = make(ada)
        with pytest.raises(IntegrityError, match="is_ready_as_a_whole"):
            Export.objects.filter(pk=export.pk).update(size=None)


class TestItsEnd:
    def test_after_a_week_nobody_gets_it_and_the_next_run_removes_it(self, ada):
        make(ada)
        forget_copies()
        assert ready_export(ada)

        a_week_passes()
        assert ready_export(ada) is None
        forget_copies()
        assert not ExportPiece.objects.exists()
        assert not Export.objects.exists()

    def test_in_bites(self, ada, monkeypatch):
        monkeypatch.setattr("accounts.exporting.copies.BITE", 1)
        make(ada)
        make(OnboardedCoupleFactory())
        a_week_passes()

        assert [forget_exports() for _ in range(3)] == [1, 1, 0]

    def test_what_is_being_made_is_left_alone(self, ada):
        saga = ask(ada)
        Export.objects.create(saga=saga.uid, user=ada)

        assert forget_exports() == 0

    def test_what_a_person_of_ours_gave_up_half_way_goes(self, ada):
        saga = ask(ada)
        Export.objects.create(saga=saga.uid, user=ada)
        pause(saga=saga.uid, by=ANN)
        resolve(saga=saga.uid, by=ANN)

        assert forget_exports() == 1


class TestWithTheAccount:
    def test_a_copy_goes_with_it(self, ada):
        make(ada)
        deletion = leave(user=ada, wish=Wish(days=0), by=ANN)

        assert run_to_the_end(deletion) == "completed"
        assert not ExportPiece.objects.exists()
        assert not Export.objects.exists()

    def test_one_that_is_being_made_is_called_off_at_the_seal(self, ada):
        copy = ask(ada)
        Saga.objects.update(wake_at=timezone.now() + timedelta(hours=1))
        deletion = leave(user=ada, wish=Wish(days=0), by=ANN)

        run(deletion)
        copy.refresh_from_db()
        assert copy.cancelled_at
        assert run_to_the_end(copy) == "compensated"
        assert not Export.objects.exists()
        assert ("export_failed", ada.email) not in mailbox.kinds()

    def test_nothing_is_collected_of_what_is_sealed(self, ada):
        saga = ask(ada)
        User.objects.update(is_active=False)

        assert run_to_the_end(saga) == "compensated"
        assert_nothing_is_kept(ada)
