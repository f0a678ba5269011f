"""A copy that has outlived its time is found a day later, and removed."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.invariants.exports import no_export_outlives_its_week
from accounts.models import Export, ExportPiece
from integrity.models import PlannedChange
from integrity.saga.control import pause, resolve
from tests.accounts.exporting.story import ask, make
from tests.accounts.exporting.test_copies import ANN
from tests.accounts.repairs.test_people import mended
from tests.factories import OnboardedCoupleFactory

pytestmark = pytest.mark.django_db(transaction=True)


def hours(number):
    return timezone.now() - timedelta(hours=number)


@pytest.fixture
def ada():
    return OnboardedCoupleFactory()


def test_it_has_a_day_to_go(ada):
    export = make(ada)
    mine = Export.objects.filter(pk=export.pk)

    for ended, found in ((-1, 0), (23, 0), (25, 1)):
        mine.update(began_at=hours(200), expires_at=hours(ended))
        assert no_export_outlives_its_week().count() == found


def test_what_nobody_makes_any_more_is_found_and_what_is_being_made_is_not(ada):
    saga = ask(ada)
    Export.objects.create(saga=saga.uid, user=ada, began_at=hours(25))
    Export.objects.update(began_at=hours(25))
    assert not no_export_outlives_its_week().exists()

    pause(saga=saga.uid, by=ANN)
    resolve(saga=saga.uid, by=ANN)
    assert no_export_outlives_its_week().exists()


def test_the_repair_removes_it_and_keeps_nothing_of_it(ada):
    fresh = make(OnboardedCoupleFactory())
    make(ada)
    Export.objects.filter(user=ada).update(began_at=hours(200), expires_at=hours(25))

    result = mended("accounts.remove_outlived_exports")

    assert (result.applied, result.verdict) == (1, "holds")
    assert list(Export.objects.all()) == [fresh]
    assert set(ExportPiece.objects.values_list("export", flat=True)) == {fresh.pk}
    assert "sealed" not in str(list(PlannedChange.objects.values_list("before", flat=True)))
